"""Who and when: company, code, year and period, read from a document's first pages; its file name is only a hint."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from vouch.ingest import english_filing
from vouch.ingest.rejoin import HAN
from vouch.retrieval.types import DocumentKind, Page

FIRST_PAGES = 16
"""Where a report names its company: the cover, the opening pages, and 公司简介 of the longest ones."""
COVER_PAGES = 3


@dataclass(frozen=True, slots=True)
class Identity:
    """What a document says of itself; empty where it says nothing."""

    kind: DocumentKind = "text"
    company: str = ""
    short_name: str = ""
    code: str = ""
    year: int | None = None
    period: str = ""


_FIRM = r"(?:股份有限公司|有限责任公司|集团有限公司|控股有限公司|有限公司)"
_NAME_CHARS = rf"[{HAN}A-Za-z0-9（）()·&\-]"
_DIGITS = {c: str(i) for i, c in enumerate("〇一二三四五六七八九")} | {"零": "0", "○": "0", "Ｏ": "0", "O": "0"}

_LABELLED_NAME = re.compile(
    rf"(?:公司的?(?:法定)?中文名称|公司名称|公司全称)\s*[:：]?\s*({_NAME_CHARS}{{2,40}}?{_FIRM})"
)
_COVER_NAME = re.compile(rf"^\s*({_NAME_CHARS}{{2,40}}?{_FIRM})\s*$", re.MULTILINE)
_TITLE_NAME = re.compile(rf"({_NAME_CHARS}{{2,40}}?{_FIRM})\s*(?:20\d\d|二[〇零○]..)\s*年")
_CODE = re.compile(r"(?:公司|证券|股票|A\s*股)代码\s*[:：]?\s*(\d{6})(?!\d)")
_SHORT = re.compile(
    rf"(?:公司|证券|股票|A\s*股)简称\s*[:：]?\s*((?:[S*]{{0,2}}ST\s?)?[{HAN}A-Za-z0-9]{{2,8}}(?:[-－][{HAN}A-Z]+)?)"
)
_BARE_CODE = re.compile(r"(?<!\d)(\d{6})(?!\d)")
_PERIOD = re.compile(
    r"((?:20\d\d)|(?:二[〇零○ＯO][〇零○ＯO一二三四五六七八九]{2}))\s*年?\s*"
    r"(年度报告|年年度报告|年年报|半年度报告|中期报告|第[一三1-3]季度(?:季)?报告|[一三]季度报告|[一三]季报)(?:全文)?\s*[（(]?(摘要)?"
)
_GUIDELINE = re.compile(
    r"指南|共识|诊疗规范|诊治规范|防治规范|指导原则|专家建议|说明书|临床路径|诊疗方案"
    r"|[Gg]uideline|[Cc]onsensus|[Cc]linical [Pp]ractice"
)
_PERIODS = {"年度": "FY", "年年": "FY", "半年": "H1", "中期": "H1"}


def identify(pages: Sequence[Page], title: str, path: str) -> Identity:
    """Return what the first pages say; what they leave open is taken from the file name."""
    cover = "\n".join(page.text for page in pages[:COVER_PAGES])
    opening = "\n".join(page.text for page in pages[:FIRST_PAGES])
    name = PurePath(path).stem
    if english := english_filing.read(cover, opening):
        return Identity("report", *english)
    found = _chinese(cover, opening, name)
    if found.period or (found.company and found.code):
        return found
    if _GUIDELINE.search(title) or _GUIDELINE.search(name) or _GUIDELINE.search(cover[:300]):
        return Identity("guideline")
    return Identity()


def _chinese(cover: str, opening: str, name: str) -> Identity:
    named = re.sub(r"[_\s]+", "\n", name)
    period = _PERIOD.search(cover) or _PERIOD.search(named)
    if not period:
        return Identity()
    company = _company(cover, opening) or _first(_COVER_NAME, named)
    return Identity(
        kind="report",
        company=company,
        short_name=_short_name(cover, opening, company),
        code=_most_common(_CODE, cover) or _most_common(_CODE, opening) or _first(_BARE_CODE, name),
        year=_year(period[1]),
        period=_period(period[2], bool(period[3])),
    )


def _company(cover: str, opening: str) -> str:
    """Return the full name: from the cover's title, or the company profile (whose long names wrap)."""
    for pattern, text in ((_TITLE_NAME, cover), (_COVER_NAME, cover), (_LABELLED_NAME, opening)):
        if name := _most_common(pattern, text):
            return name
    unwrapped = re.sub(r"\s*\n\s*", "", cover[:400])
    return _first(re.compile(rf"({_NAME_CHARS}{{2,40}}?股份有限公司)"), unwrapped)


def _short_name(cover: str, opening: str, company: str) -> str:
    """Return the labelled short name; where a label stands without one, the start of the company's name is not it."""
    found = _most_common(_SHORT, cover) or _most_common(_SHORT, opening)
    return re.sub(r"\s|(?:公告|股票|证券|变更|公司|编号).*$", "", found) or re.sub(rf"{_FIRM}$", "", company)


def _year(text: str) -> int:
    return int("".join(_DIGITS.get(c, c) for c in text.replace("二", "2", 1)) if not text.isdecimal() else text)


def _period(word: str, abridged: bool) -> str:
    for start, period in _PERIODS.items():
        if word.startswith(start):
            return {"FY": "摘要", "H1": "H1摘要"}[period] if abridged else period
    return {"一": "Q1", "1": "Q1", "2": "H1", "三": "Q3", "3": "Q3"}[re.sub("第", "", word)[0]]


def _first(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match[1] if match else ""


def _most_common(pattern: re.Pattern[str], text: str) -> str:
    """Return the match that is found most often, the first of equals."""
    counted = Counter(match[1].strip() for match in pattern.finditer(text))
    return counted.most_common(1)[0][0] if counted else ""
