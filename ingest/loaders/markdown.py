"""Markdown with tables: the text without its marks, headings as they are nested."""

import re
from collections.abc import Sequence
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from vouch.ingest.loaders.decode import decoding_warnings, read_text
from vouch.ingest.loaders.tables import add_table
from vouch.ingest.pages import PageDraft, assembled
from vouch.ingest.types import Document
from vouch.retrieval.errors import UnreadableDocument

MAX_HEADING = 200
"""Characters; a longer one is a paragraph above a line of dashes that was meant as a rule."""
MAX_BOLD_HEADING = 40
WRAPPED = 60
"""Lines of a paragraph that is wrapped by width are nearly this long; shorter ones were broken on purpose."""

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_TITLE = re.compile(r"^title[ \t]*:[ \t]*(['\"]?)(.+?)\1[ \t]*$", re.MULTILINE)
_SENTENCE = re.compile(r"[。；！？;!?，,]$")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)


class MarkdownLoader:
    """Reads Markdown files: all of one is page 1."""

    def load(self, path: Path) -> Document:
        """Read a file; UnreadableDocument for binary data or nothing to read."""
        text, encoding = read_text(path)
        front = _FRONT_MATTER.match(text)
        stated = _TITLE.search(front[1]) if front else None
        writer = _Writer()
        writer.write(
            MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text[front.end() if front else 0 :])
        )
        pages, blocks = assembled([writer.draft])
        if not pages:
            raise UnreadableDocument("the file holds no text", "copy or download it again")
        first = next((block for block in blocks if block.kind == "heading" and block.level == 1), None)
        title = stated[2] if stated else pages[0].text[first.start : first.end] if first else ""
        return Document(pages, blocks, title=title, warnings=decoding_warnings(text, encoding))


class _Writer:
    """Turns the parser's tokens into blocks."""

    def __init__(self) -> None:
        self.draft = PageDraft(1)
        self.level = 0
        """Of the last heading marked as one; bold lines that act as headings stand one below."""
        self.marks: list[str] = []
        """Bullets and numbers of list items whose first paragraph is still to come."""

    def write(self, tokens: Sequence[Token]) -> None:
        i = 0
        while i < len(tokens):
            token = tokens[i]
            match token.type:
                case "heading_open" if len(tokens[i + 1].content) <= MAX_HEADING:
                    self.level = int(token.tag[1])
                    self.draft.add("heading", " ".join(_lines(tokens[i + 1])), level=self.level)
                    i += 1
                case "list_item_open":
                    self.marks.append(f"{token.info}{token.markup} " if token.info else "- ")
                case "list_item_close":
                    self.marks.clear()
                case "inline":
                    self.paragraph(token)
                case "fence" | "code_block":
                    self.draft.add("prose", token.content)
                case "html_block":
                    self.html(token.content)
                case "table_open":
                    i = self.table(tokens, i)
                case _:
                    pass
            i += 1

    def paragraph(self, token: Token) -> None:
        lines, bold = _lines(token), _bold_lines(token)
        mark, self.marks = "".join(self.marks[-1:]), []
        if not mark and len(lines) > 1 and all(len(line) >= WRAPPED for line in lines[:-1]) and not any(bold):
            self.draft.add("prose", "\n".join(lines))
            return
        for line, is_bold in zip(lines, bold, strict=True):
            text = line.strip()
            if is_bold and not mark and len(text) <= MAX_BOLD_HEADING and not _SENTENCE.search(text):
                self.draft.add("heading", text, level=self.level + 1)
            else:
                self.draft.add("prose", mark + text if text else "")
            mark = ""

    def table(self, tokens: Sequence[Token], start: int) -> int:
        """Append the table that opens here and return where it closes."""
        rows: list[list[str]] = []
        i = start
        while tokens[i].type != "table_close":
            if tokens[i].type == "tr_open":
                rows.append([])
            elif tokens[i].type == "inline":
                rows[-1].append(" ".join(_lines(tokens[i])))
            i += 1
        add_table(self.draft, rows, headers=1 if any(rows[0]) else 0)
        return i

    def html(self, content: str) -> None:
        from vouch.ingest.loaders.html import add_html

        add_html(self.draft, content)


def _lines(token: Token) -> list[str]:
    """Return an inline token's visible text, line by line."""
    text = ""
    for child in token.children or ():
        match child.type:
            case "text" | "code_inline":
                text += child.content
            case "softbreak" | "hardbreak":
                text += "\n"
            case "html_inline" if _BREAK.fullmatch(child.content):
                text += "\n"
            case _:
                pass
    return text.split("\n")


def _bold_lines(token: Token) -> list[bool]:
    """Return, for each line of an inline token, whether all its visible text is bold."""
    lines: list[bool | None] = [None]
    depth = 0
    for child in token.children or ():
        if child.type in ("softbreak", "hardbreak") or (
            child.type == "html_inline" and _BREAK.fullmatch(child.content)
        ):
            lines.append(None)
        depth += (child.type == "strong_open") - (child.type == "strong_close")
        if child.type in ("text", "code_inline") and child.content.strip():
            lines[-1] = depth > 0 and lines[-1] is not False
    return [bool(line) for line in lines]
