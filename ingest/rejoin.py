"""Printed lines back to running text: Chinese without spaces, English with them, hyphenated words whole."""

import re
from functools import partial

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
WIDE = HAN + "\u3000-\u303f\uff00-\uffef\u2018-\u201d"
SOFT_HYPHEN = "\u00ad"

_TICKED = {"\uf052": "√", "\uf0fe": "√", "\uf0a3": "□", "\uf0a8": "□", "\uf06f": "□", "\uf078": "√"}
"""Private glyphs that Wingdings fonts leave in the text layer for ticked and open boxes."""

_BREAK = re.compile(r"[^\S\n]*\n\s*")
_SPACED_HAN = re.compile(rf"(?<![{HAN}])(?:[{HAN}] ){{2,}}[{HAN}]")
_BLANKS = re.compile(r"[^\S\n]{2,}")
_AFTER_WIDE = re.compile(rf"(?<=[{WIDE}])[^\S\n]*\n\s*|[^\S\n]*\n\s*(?=[{WIDE}])")
_PRIVATE = re.compile("[" + "".join(_TICKED) + "]")


def prose(text: str) -> str:
    """Return printed lines as one line of running text."""
    joined = text.replace(SOFT_HYPHEN + "\n", "").replace(SOFT_HYPHEN, "")
    joined = _AFTER_WIDE.sub("", joined)
    joined = re.sub(r"(?<=[A-Za-z]-)\n(?=[a-z])", "", joined)
    return readable(_BREAK.sub(" ", joined))


def rows(text: str) -> str:
    """Return table lines one below the other, without stray blanks."""
    lines = readable(text.replace(SOFT_HYPHEN, "")).split("\n")
    return "\n".join(filter(None, map(str.strip, lines)))


def readable(text: str) -> str:
    """Return text with tick boxes as ordinary characters and letter-spaced Chinese words closed up."""
    ticked = _PRIVATE.sub(lambda match: _TICKED[match.group()], text)
    closed = _SPACED_HAN.sub(lambda match: match.group().replace(" ", ""), ticked)
    return _BLANKS.sub(" ", closed).strip()


squeeze = partial(re.compile(r"\s+").sub, "")
"""Text without any white space, for comparing a quote with a page."""
