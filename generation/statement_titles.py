"""Which table a place on a page belongs to, and its unit: read from the titles printed above it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from vouch.generation.sentences import readable
from vouch.retrieval.types import Page

TitleKind = Literal["consolidated", "parent", "statement", "main", "quarters", ""]
ReadPage = Callable[[int], Page]

PAGES_BACK = 2
"""A statement goes on over at most so many pages before its title is looked for."""

_STATEMENT = re.compile(
    r"(合并|母公司|公司)?\s*(年初[到至]报告期末)?\s*(?:资产负债表|利润表|现金流量表|(?:所有者|股东)权益变动表)(?!日|项目|相关)"
)
_STATEMENT_EN = re.compile(
    r"^[ \t]*consolidated (?:condensed )?(?:balance sheets?|(?:statements? of|income statements?)\b[^\n]{0,50})[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_MAIN_FIGURES = re.compile(r"(?<!分季度)(?<!分季度的)(?:主要会计数据|主要财务数据)")
_QUARTERS = re.compile(r"分季度|第一季度\s*第二季度")
_UNIT = re.compile(r"单位[:：]?\s*(?:人民币)?\s*(百万元|万元|千元|亿元|元)|[(（]人民币?(万元|千元|元)[)）]")
_UNIT_EN = re.compile(
    r"\(?(?:dollars |amounts )?in (?:millions|thousands|billions)|\((?:millions|thousands|billions)\b", re.IGNORECASE
)
_LONGEST_TITLE = 30


@dataclass(frozen=True, slots=True)
class Title:
    """The title nearest above a place."""

    kind: TitleKind = ""
    text: str = ""
    year_to_date: bool = False


def title_above(page: Page, position: int, read: ReadPage) -> Title:
    """Return the title of the statement or table of main figures that a place belongs to."""
    text, number = page.text[:position], page.number
    english = _STATEMENT_EN.findall(text)
    if english:  # not looked for on pages before: notes follow, whose tables bear no such titles
        return Title("consolidated", readable(english[-1].strip()))
    for _ in range(PAGES_BACK + 1):
        found = [m for pattern in (_STATEMENT, _MAIN_FIGURES, _QUARTERS) for m in pattern.finditer(text)]
        titles = sorted((m for m in found if _is_title_line(text, m)), key=lambda m: m.start())
        if titles:
            return _title(titles[-1])
        number -= 1
        if number < 1:
            break
        text = read(number).text
    return Title()


def unit_above(page: Page, position: int, read: ReadPage) -> str:
    """Return the unit printed nearest above a place, on its page or the one before; '' where none is."""
    texts = [page.text[:position]]
    if page.number > 1 and not (_UNIT.search(texts[0]) or _UNIT_EN.search(texts[0])):
        texts.append(read(page.number - 1).text)
    for text in texts:
        found = [match[1] or match[2] for match in _UNIT.finditer(text)]
        english = [match[0].strip("( ") for match in _UNIT_EN.finditer(text)]
        if found or english:
            return (found or english)[-1]
    return ""


def _title(match: re.Match[str]) -> Title:
    text = readable(match[0])
    if match.re is _QUARTERS:
        return Title("quarters", text)
    if match.re is _MAIN_FIGURES:
        return Title("main", text)
    kinds: dict[str, TitleKind] = {"合并": "consolidated", "母公司": "parent", "公司": "parent"}
    return Title(kinds.get(match[1] or "", "statement"), text, bool(match[2]))


def _is_title_line(text: str, match: re.Match[str]) -> bool:
    start = text.rfind("\n", 0, match.start()) + 1
    end = text.find("\n", match.end())
    return len(text[start : end if end >= 0 else len(text)].strip()) <= _LONGEST_TITLE
