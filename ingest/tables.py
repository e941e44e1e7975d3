"""What stands above the rows of a table: caption, unit and column heads."""

import re
from collections.abc import Sequence

MAX_HEADER_LINES = 12

_MONTH = "January|February|March|April|May|June|July|August|September|October|November|December"
_DATE = re.compile(
    rf"\d{{4}}\s*年(?:\s*\d{{1,2}}\s*月)?(?:\s*\d{{1,2}}\s*日)?|\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|(?:{_MONTH})\s+\d{{1,2}}(?:,\s*\d{{4}})?"
    r"|\b(?:19|20)\d\d\b|[表图]\s*\d+(?:[-–.]\d+)*|Table\s+\d+|前\s*\d\s*[名大]"
)
_UNIT = re.compile(r"单位\s*[:：]|币种\s*[:：]")
_DIGIT = re.compile(r"\d")
_HEAD_WORD = re.compile(
    r"项\s*目|附注|序号|名称|金额|比例|本期|上期|期末|期初|年初|本年|上年|同比|增减|类别|说明|合计数|备注"
    r"|In millions|Fiscal|Year|Months"
)


def header_lines(rows: Sequence[str]) -> int:
    """Return how many lines at the top of a table are not data: those without a number that is not a date.

    A table without any number has one head line; a table that begins with a data row has none.
    """
    for i, row in enumerate(rows[: MAX_HEADER_LINES + 1]):
        if not _UNIT.search(row) and _DIGIT.search(_DATE.sub("", row)):
            return i
    if any(_DIGIT.search(_DATE.sub("", row)) for row in rows):
        return MAX_HEADER_LINES
    return 1 if len(rows) > 1 else 0


def is_column_head(text: str) -> bool:
    """Say whether lines above the first number are column heads, not the first rows of a table that goes on."""
    return bool(_UNIT.search(text) or _DATE.search(text) or _HEAD_WORD.search(text))
