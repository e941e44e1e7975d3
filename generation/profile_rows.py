"""Rows of a company's profile: a label and words beside it, two pairs on a line in some reports."""

import re
from collections.abc import Sequence

from vouch.generation.rows import Row, plain_label
from vouch.generation.sentences import rejoined
from vouch.retrieval.types import Page

_LABELS = (
    "股票简称|股票代码|证券简称|证券代码|公告编号|证券事务代表|董事会秘书|变更前的?股票简称|变更后的?股票简称|股票上市证券交易所|公司的?中文名称|公司的?中文简称|公司的?外文名称|公司的?外文名称缩写"
    "|公司的?法定代表人|公司?注册地址|公司?办公地址|邮政编码|公司?网址|公司?国际互联网网址|电子信箱|联系地址|电话|传真|姓名|签字会计师|股票种类"
    "|公司注册地址的?|公司办公地址的?|注册地址的?|办公地址的?|报告期内变更"
)
_NEXT_LABEL = re.compile(rf"\s+(?=(?:{_LABELS})(?:\s|$|[(（:：]))")
_CONTINUES = re.compile(rf"^(?!\s*(?:{_LABELS}|公司|第.节|[一二三四五六七八九十]+、))\s*\S+\s*$")
_HEADS = re.compile(rf"^(?:(?:{_LABELS})(?:\s+|$))+$")
_AMOUNTS = re.compile(r"^-?\d{1,3}(?:,\d{3})+(?:\.\d+)?(?:\s+-?[\d,.]+%?)+$")
"""Several columns of a table: a line item that bears the name of an entry of the profile."""
_EMPTY = re.compile(r"^(?:[(（][^()（）]*[)）]\s*)?[-—/]*$")


def profile_rows(page: Page, terms: Sequence[str]) -> list[Row]:
    """Return the rows of a page whose label is one of the terms, with the words beside it as the only value."""
    found: list[Row] = []
    for term in terms:
        label = re.escape(term)
        pattern = re.compile(
            rf"(?:^|(?<=\s))(?:公司的?|本公司)?{label}(?:\s*[(（][^()（）\n]*[)）])?(?:[ \t]+|[:：]\s*)(\S[^\n]*)",
            re.MULTILINE,
        )
        for match in pattern.finditer(page.text):
            row = _row(page, term, match)
            if row is not None:
                found.append(row)
        if found:
            break
    return found


def _row(page: Page, term: str, match: re.Match[str]) -> Row | None:
    if _HEADS.match(match[1]):
        return _below(page, term, match)
    value = _NEXT_LABEL.split(match[1])[0]
    end = match.start(1) + len(value.rstrip())
    line_end = page.text.find("\n", end)
    whole_line = line_end >= 0 and not page.text[end:line_end].strip()
    if whole_line and len(value.strip()) >= 16:
        following = page.text[line_end + 1 :].split("\n", 1)[0]
        if _CONTINUES.match(following) and len(following.strip()) <= 40:
            end = line_end + 1 + len(following.rstrip())
    text = rejoined(page.text[match.start(1) : end])
    if _EMPTY.match(text) or _AMOUNTS.match(text) or text.startswith(("的", "是", "为", "、", "，")):
        return None
    return Row(plain_label(term), (), term, (text,), match.start(), end)


def _below(page: Page, term: str, match: re.Match[str]) -> Row | None:
    """Return the cell below a label that stands in a line of column heads."""
    start = page.text.rfind("\n", 0, match.start()) + 1
    heads_end = page.text.find("\n", match.start())
    if heads_end < 0:
        return None
    heads = page.text[start:heads_end].split()
    column = next((i for i, head in enumerate(heads) if term in head), -1)
    cells_end = page.text.find("\n", heads_end + 1)
    cells_end = len(page.text) if cells_end < 0 else cells_end
    cells = page.text[heads_end + 1 : cells_end].split()
    if len(cells) == len(heads) + 1 and cells[0] == "姓名":
        column += 1
    elif not len(heads) - 1 <= len(cells) <= len(heads):
        return None
    if not 0 <= column < len(cells):
        return None
    return Row(plain_label(term), (), term, (cells[column],), start, cells_end)
