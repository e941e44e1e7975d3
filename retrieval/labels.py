"""What is left of a printed label when its numbering, signs, notes and spelling variants are taken away."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

_LEAD = re.compile(
    r"(?:[(]?(?:[一二三四五六七八九十]{1,3}|\d{1,2}|[ivx]{1,4})[)、.．:]+(?=\D)"
    r"|[①-⑳★▲△*#·•]+"
    r"|(?:其中|加|减|以及|add|less|including)[:]"
    r"|[-–—、.:])+"
)
_BRACKETS = re.compile(r"[(\[【][^()\[\]【】]*[)\]】]")
_OPEN_BRACKET = re.compile(r"[(\[【].*$")
_LOST_BRACKET = re.compile(r"(?:(?:损失|净?亏损|亏损总额|收益)?以[^\u4e00-\u9fff]{0,5})?号?填?列?\)$")
_END = re.compile(r"[:;,。，、.*#]+$")
_TAIL = re.compile(r"(?:附注|注释|注|note)?[一二三四五六七八九十]{0,3}[、.]?\d{0,3}(?:[、.]\d{1,2})?$")


@lru_cache(maxsize=65536)
def label_key(label: str, spelling: Sequence[tuple[str, str]] = ()) -> str:
    """Return what two printings of the same line share; rows repeat over pages and reports, so results are kept."""
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", label)).lower().replace("’", "'")
    text = _LEAD.sub("", text, count=1) if _LEAD.match(text) else text
    while (shorter := _BRACKETS.sub("", text)) != text:
        text = shorter
    text = _OPEN_BRACKET.sub("", text)
    text = _LOST_BRACKET.sub("", text) or text
    text = _END.sub("", text.replace("/", ""))
    for old, new in spelling:
        text = text.replace(old, new)
    return text


def without_tail(key: str) -> str:
    """Return a key without the reference to a note that ends it: 货币资金七、1 -> 货币资金."""
    return _TAIL.sub("", key)
