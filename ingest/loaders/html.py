"""HTML as its reader sees it: headings, paragraphs, lists and tables; nothing is fetched, no entity is expanded."""

import re
from collections.abc import Iterator
from pathlib import Path

from lxml import etree, html

from vouch.ingest.loaders.decode import decode, decoding_warnings
from vouch.ingest.loaders.files import read_bytes
from vouch.ingest.loaders.html_tables import table_rows
from vouch.ingest.loaders.tables import add_table
from vouch.ingest.pages import PageDraft, assembled
from vouch.ingest.rejoin import WIDE
from vouch.ingest.types import Document
from vouch.retrieval.errors import UnreadableDocument

DECLARATION_WITHIN = 4096
"""Browsers look for the encoding in the first 1024 bytes; saved pages have it a little later."""

_DECLARED = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)|<\?xml[^>]{0,200}?encoding=[\"']([\w.-]+)", re.I
)
_XML_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_HIDDEN_STYLE = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.I)
_DROPPED_TAGS = (
    "script style template noscript nav footer head iframe object embed applet svg math canvas audio video map"
    " select option datalist button input textarea dialog"
)
_INLINE_TAGS = (
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark q ruby rb rp rt s samp small span"
    " strike strong sub sup time tt u var wbr ix:nonnumeric ix:nonfraction ix:continuation"
)
_DROPPED, _INLINE = frozenset(_DROPPED_TAGS.split()), frozenset(_INLINE_TAGS.split())
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_CUT = "its elements are nested more than 256 deep: what stands below was left out"
_LINE_BREAK = "\u2028"
"""Stands for <br>: the only line ends inside a paragraph."""
_BLANKS = re.compile(r"[ \t\r\n\f\xa0]+")
_WIDE_BREAK = re.compile(rf"(?<=[{WIDE}])[ \t]*[\r\n]\s*(?=[{WIDE}])")


class HtmlLoader:
    """Reads HTML files: all of one is page 1."""

    def load(self, path: Path) -> Document:
        """Read a file; UnreadableDocument where nothing of it would be shown."""
        data = read_bytes(path)
        declared = _DECLARED.search(data[:DECLARATION_WITHIN])
        text, encoding = decode(data, (declared[1] or declared[2]).decode("ascii", "ignore") if declared else "")
        draft = PageDraft(1)
        root, is_cut = _parsed(text)
        if root is not None:
            _Writer(draft).write(root)
        pages, blocks = assembled([draft])
        if root is None or not pages:
            raise UnreadableDocument(
                _CUT if is_cut else "the page shows no text: it may be built by scripts",
                "open it in a browser and save it as PDF or text",
            )
        title = _BLANKS.sub(" ", root.findtext(".//title") or "").strip()
        warnings = decoding_warnings(text, encoding) + ((_CUT,) if is_cut else ())
        return Document(pages, blocks, title=title, warnings=warnings)


def add_html(draft: PageDraft, fragment: str) -> None:
    """Append the blocks of a piece of HTML."""
    root, _ = _parsed(fragment)
    if root is not None:
        _Writer(draft).write(root)


def _parsed(text: str) -> tuple[html.HtmlElement | None, bool]:
    """Return the root element, None for a text without any, and whether the parser gave up on deep nesting."""
    parser = html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    data = _XML_DECLARATION.sub("", text).encode("utf-8", "replace")
    try:
        root = html.document_fromstring(data, parser=parser)
    except etree.ParserError:  # lxml's word for "no elements at all"
        return None, False
    return root, any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log)


class _Writer:
    """Walks the tree, gathering inline text until a block element ends the paragraph."""

    def __init__(self, draft: PageDraft) -> None:
        self.draft = draft
        self.inline: list[str] = []
        self.mark = ""
        """Bullet or number of a list item whose text is still to come."""

    def write(self, root: html.HtmlElement) -> None:
        body = root.find("body") if root.tag == "html" else root
        self.flow(body if body is not None else root)
        self.flush()

    def flow(self, element: html.HtmlElement) -> None:
        self.inline.append(element.text or "")
        number = _first_number(element)
        for child in element:
            if not is_dropped(child):
                number += self.child(child, element, number)
            self.inline.append(child.tail or "")

    def child(self, child: html.HtmlElement, parent: html.HtmlElement, number: int) -> int:
        """Take a child element in; return 1 for an item of a list, 0 for anything else."""
        tag = child.tag
        if tag == "br":
            self.inline.append(_LINE_BREAK)
        elif tag in _INLINE:
            self.flow(child)
        elif tag in _HEADINGS:
            self.flush()
            self.draft.add("heading", " ".join(visible_lines(child)), level=_HEADINGS[tag])
        elif tag == "pre":
            self.flush()
            self.draft.add("prose", child.text_content())
        elif tag == "table" and not is_layout(child):
            self.flush()
            rows, headers, caption = table_rows(child, lambda cell: " ".join(visible_lines(cell)))
            add_table(self.draft, rows, headers, caption)
        else:
            self.flush()
            if tag == "li":
                self.mark = f"{number}. " if parent.tag == "ol" else "- "
            self.flow(child)
            self.flush()
            self.mark = "" if tag == "li" else self.mark
            return int(tag == "li")
        return 0

    def flush(self) -> None:
        for line in _shown_lines("".join(self.inline)):
            self.draft.add("prose", self.mark + line)
            self.mark = ""
        self.inline.clear()


def is_dropped(element: html.HtmlElement) -> bool:
    """Say whether a browser shows nothing of an element, or only what stands on every page of a site."""
    if not isinstance(element.tag, str) or element.tag in _DROPPED or "hidden" in element.attrib:
        return True
    return element.get("aria-hidden") == "true" or bool(_HIDDEN_STYLE.search(element.get("style", "")))


def is_layout(table: html.HtmlElement) -> bool:
    """Say whether a table only arranges other content: headings, lists or further tables."""
    return any(True for tag in (*_HEADINGS, "table", "ul", "ol") for _ in table.iterfind(f".//{tag}"))


def visible_lines(element: html.HtmlElement) -> list[str]:
    """Return the lines of text that an element shows."""
    return _shown_lines("".join(_texts(element)))


def _texts(element: html.HtmlElement) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if not is_dropped(child):
            is_inline = child.tag in _INLINE
            yield "" if is_inline else _LINE_BREAK
            yield from _texts(child)
            yield "" if is_inline else _LINE_BREAK
        yield child.tail or ""


def _shown_lines(raw: str) -> list[str]:
    """Return lines with white space as a browser shows it; source lines of Chinese join without a blank."""
    lines = (_BLANKS.sub(" ", _WIDE_BREAK.sub("", part)).strip() for part in raw.split(_LINE_BREAK))
    return [line for line in lines if line]


def _first_number(element: html.HtmlElement) -> int:
    start = element.get("start", "1")
    return int(start) if start.isascii() and start.isdigit() and len(start) < 7 else 1
