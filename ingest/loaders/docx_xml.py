"""Text and styles out of WordprocessingML elements. Knows nothing of files and pages."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"

PAGE_BREAK = "\f"
"""Stands for the place where Word last began a new page."""

_SKIPPED = frozenset([W + "del", W + "moveFrom", W + "rt", W + "pPr", W + "rPr", W + "txbxContent", _FALLBACK])
_HEADING_NAME = re.compile(r"(?:heading|标题)\s*([1-9])$", re.IGNORECASE)
_TOC_NAME = re.compile(r"(?:toc|目录)\s*\d", re.IGNORECASE)
_TITLE_NAMES = frozenset(["title", "标题"])
MAX_CHAIN = 20
"""Styles based on styles; a longer chain runs in a circle."""


@dataclass(frozen=True, slots=True)
class ParagraphStyle:
    """What a paragraph is by its own settings and those of its style."""

    heading: int = 0
    """1 outermost; 0 for none."""
    is_title: bool = False
    is_toc: bool = False
    list_id: str = ""
    list_level: int = 0


def whole(text: str | None, default: int) -> int:
    """Return an attribute's whole number; the default for what is none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else default


def value_of(parent: Any, *names: str) -> str | None:
    """Return the w:val of a descendant named step by step; None where there is none."""
    element = parent
    for name in names:
        element = element.find(W + name) if element is not None else None
    return None if element is None else element.get(W + "val", "")


def text_of(paragraph: Any) -> str:
    """Return what a paragraph shows: insertions but no deletions, nothing hidden, page breaks as PAGE_BREAK."""
    return "".join(_texts(paragraph))


def text_boxes(paragraph: Any) -> Iterator[Any]:
    """Yield the paragraphs of text boxes that are anchored in a paragraph."""
    for box in paragraph.iter(W + "txbxContent"):
        if not any(parent.tag == _FALLBACK for parent in box.iterancestors()):
            yield from box.iter(W + "p")


def _texts(element: Any) -> Iterator[str]:
    for child in element:
        match child.tag:
            case tag if tag in _SKIPPED or not isinstance(tag, str):
                continue
            case tag if tag == W + "r" and value_of(child, "rPr", "vanish") not in (None, "0", "false"):
                continue
            case tag if tag == W + "t":
                yield child.text or ""
            case tag if tag == W + "tab":
                yield "\t"
            case tag if tag in (W + "br", W + "cr"):
                yield "\n"
            case tag if tag == W + "noBreakHyphen":
                yield "-"
            case tag if tag == W + "sym":
                code = child.get(W + "char") or ""
                yield chr(int(code, 16)) if re.fullmatch("[0-9A-Fa-f]{1,4}", code) else ""
            case tag if tag == W + "lastRenderedPageBreak":
                yield PAGE_BREAK
            case _:
                yield from _texts(child)


class Styles:
    """The paragraph styles of a document."""

    def __init__(self, root: Any | None) -> None:
        elements = [] if root is None else root.iterfind(W + "style")
        self._styles = {element.get(W + "styleId"): element for element in elements}

    def of(self, paragraph: Any) -> ParagraphStyle:
        """Return what a paragraph is; its own settings come before its style's, a style's before its parent's."""
        chain = [paragraph]
        style = self._styles.get(value_of(paragraph, "pPr", "pStyle"))
        while style is not None and len(chain) < MAX_CHAIN:
            chain.append(style)
            style = self._styles.get(value_of(style, "basedOn"))
        names = [name for name in (value_of(element, "name") for element in chain[1:]) if name]
        own = names[0] if names else ""
        return ParagraphStyle(
            heading=_heading_level(chain, names),
            is_title=own.lower() in _TITLE_NAMES,
            is_toc=bool(_TOC_NAME.match(own)),
            list_id=_first(chain, "numId") or "",
            list_level=whole(_first(chain, "ilvl"), 0),
        )


def _heading_level(chain: list[Any], names: list[str]) -> int:
    outline = next((level for level in (value_of(element, "pPr", "outlineLvl") for element in chain) if level), None)
    if outline is not None:
        level = whole(outline, 9) + 1
        return level if level <= 9 else 0  # 10 is Word's "body text"
    found = next((match for match in map(_HEADING_NAME.match, names) if match), None)
    return int(found[1]) if found else 0


def _first(chain: list[Any], name: str) -> str | None:
    return next((v for v in (value_of(element, "pPr", "numPr", name) for element in chain) if v is not None), None)
