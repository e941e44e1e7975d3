"""Sets text and tables on PDF pages with reportlab. Knows nothing of companies or figures."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import BaseDocTemplate, CondPageBreak, Flowable, Frame, PageBreak, PageTemplate, Table

MARGIN_X, MARGIN_Y = 64.0, 72.0
TEXT_WIDTH = A4[0] - 2 * MARGIN_X
NO_LINE_START = "，。、；：？！）》”’%％)"
NO_LINE_END = "（《“‘("
NUMBER = re.compile(r"\(?-?\$?(\d{1,3}(,\d{3})*|\d{4,5})(\.\d+)?%?\)?|—|不适用")
"""What is set at the right of its cell; six digits in a row are a code."""


@dataclass(frozen=True)
class Face:
    """The two fonts of a document, and the sizes of its text."""

    text: str
    heading: str
    size: float = 10.0
    table_size: float = 8.5
    indent: float = 20.0
    """Of a paragraph's first line."""


@dataclass
class Contents:
    """Where the headings of a document stand and how many pages it has."""

    pages: dict[str, int] = field(default_factory=dict)
    total: int = 0
    has_sections: bool = False


def chinese_face(font: Path) -> Face:
    """Return the face of the Chinese documents; its font is embedded, subset."""
    pdfmetrics.registerFont(TTFont("sample-cjk", str(font), subfontIndex=0))
    return Face("sample-cjk", "sample-cjk")


def english_face() -> Face:
    """Return the face of the English documents, in fonts that every viewer has."""
    return Face("Times-Roman", "Times-Bold", indent=0.0)


def wrapped(text: str, font: str, size: float, width: float, indent: float = 0.0) -> list[str]:
    """Return the lines of a text: words and numbers stay whole, closing punctuation does not start a line."""
    lines: list[str] = []
    line = ""
    for atom in re.findall(r"[!-~]+|\s|.", text):
        room = width - (indent if not lines else 0.0)
        fits = pdfmetrics.stringWidth(line + atom, font, size) <= room
        if fits or not line or atom in NO_LINE_START:
            line += atom
        else:
            carried = line[-1] if line[-1] in NO_LINE_END else ""
            lines.append(line.removesuffix(carried).rstrip() if carried else line.rstrip())
            line = carried + atom.lstrip()
    return [*lines, line.rstrip()] if line.strip() else lines


class Lines(Flowable):  # type: ignore[misc]  # reportlab has no types
    """Lines of text, one below the other, that may part over two pages."""

    def __init__(self, lines: Sequence[str], font: str, size: float, align: str = "left", indent: float = 0.0) -> None:
        super().__init__()
        self.lines, self.font, self.size, self.align, self.indent = list(lines), font, size, align, indent
        self.leading = size * 1.6

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        """Return the room taken."""
        self.width = width
        return width, self.leading * len(self.lines) + self.size * 0.3

    def split(self, _width: float, height: float) -> list["Lines"]:
        """Return the part that fits and the rest."""
        fit = int((height - self.size * 0.3) // self.leading)
        if fit <= 0 or fit >= len(self.lines):
            return []
        head, rest = self.lines[:fit], self.lines[fit:]
        return [
            Lines(head, self.font, self.size, self.align, self.indent),
            Lines(rest, self.font, self.size, self.align),
        ]

    def draw(self) -> None:
        """Print the lines."""
        self.canv.setFont(self.font, self.size)
        top = self.leading * len(self.lines) - self.size * 0.2
        for number, line in enumerate(self.lines):
            y = top - self.size - number * self.leading + self.size * 0.3
            if self.align == "right":
                self.canv.drawRightString(self.width, y, line)
            elif self.align == "center":
                self.canv.drawCentredString(self.width / 2, y, line)
            else:
                self.canv.drawString(self.indent if number == 0 else 0.0, y, line)


class Heading(Lines):
    """A heading that notes its page and stands in the PDF's outline."""

    def __init__(self, title: str, level: int, face: Face, contents: Contents) -> None:
        size = face.size + {1: 5.0, 2: 1.5}.get(level, 0.3)
        align = "center" if level == 1 else "left"
        super().__init__(wrapped(title, face.heading, size, TEXT_WIDTH), face.heading, size, align)
        self.title, self.level, self.contents = title, level, contents

    def draw(self) -> None:
        """Print the heading and note where it stands."""
        self.contents.pages.setdefault(self.title, self.canv.getPageNumber())
        if self.level <= 2:
            key = f"heading-{len(self.contents.pages)}"
            self.canv.bookmarkPage(key)
            depth = self.level - 1 if self.contents.has_sections else 0
            self.contents.has_sections |= self.level == 1
            self.canv.addOutlineEntry(self.title, key, depth)
        super().draw()


@dataclass
class Writer:
    """Gathers what a document's pages hold; `save` sets them."""

    face: Face
    known: Contents
    """From the pass before: for the table of contents and `n / N`."""
    found: Contents = field(default_factory=Contents)
    story: list[Flowable] = field(default_factory=list)

    def heading(self, title: str, level: int) -> None:
        """Add a heading; one of level 1 starts a page when less than half of this one is left."""
        self.story.append(CondPageBreak(350 if level == 1 else 90))
        self.story.append(Heading(title, level, self.face, self.found))

    def paragraph(self, text: str, align: str = "left", size: float | None = None) -> None:
        """Add a paragraph."""
        size = size or self.face.size
        indent = self.face.indent if align == "left" else 0.0
        lines = wrapped(text, self.face.text, size, TEXT_WIDTH, indent)
        if align == "right":
            self.story.append(CondPageBreak(70))
        self.story.append(Lines(lines, self.face.text, size, align, indent))

    def contents_line(self, title: str) -> None:
        """Add a line of the table of contents: title, dots, page."""
        font, size, page = self.face.text, self.face.size, str(self.known.pages.get(title, 0))
        room = TEXT_WIDTH - pdfmetrics.stringWidth(title + page, font, size) - 6
        dots = "." * int(room / pdfmetrics.stringWidth(".", font, size))
        self.story.append(Lines([f"{title} {dots} {page}"], font, size))

    def space(self, points: float) -> None:
        """Add empty room."""
        self.story.append(_Space(points))

    def page_break(self) -> None:
        """Start a page."""
        self.story.append(PageBreak())

    def table(self, rows: Sequence[Sequence[str]], widths: Sequence[float], header_rows: int = 1) -> None:
        """Add a ruled table; widths are shares, `<` joins a cell to the one on its left, a lone cell spans its row."""
        total = sum(widths)
        points = [TEXT_WIDTH * width / total for width in widths]
        style: list[tuple[Any, ...]] = [
            ("GRID", (0, 0), (-1, -1), 0.4, colors.black),
            ("FONT", (0, 0), (-1, -1), self.face.text, self.face.table_size, self.face.table_size * 1.3),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ("TOPPADDING", (0, 0), (-1, -1), 1.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
            ("LEFTPADDING", (0, 0), (-1, -1), 3),
            ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        ]
        cells = []
        for y, row in enumerate(rows):
            padded = [*row, *(["<"] * (len(points) - 1) if len(row) == 1 else [""] * (len(points) - len(row)))]
            cells.append([self._cell(text, x, padded, points) for x, text in enumerate(padded)])
            style += [entry for x in range(len(points)) for entry in _cell_style(padded, x, y, y < header_rows)]
        self.story.append(Table(cells, points, repeatRows=header_rows, style=style))
        self.space(6)

    def _cell(self, text: str, x: int, row: Sequence[str], points: Sequence[float]) -> str:
        if text == "<":
            return ""
        width = sum(points[x : _span_end(row, x) + 1]) - 7
        return "\n".join(wrapped(text, self.face.text, self.face.table_size, width))

    def save(self, path: Path, title: str, header: str) -> Contents:
        """Write the pages and return where things came to stand; the same story gives the same bytes."""
        document = BaseDocTemplate(str(path), pagesize=A4, invariant=1, title=title, author="Vouch sample documents")
        frame = Frame(MARGIN_X, MARGIN_Y - 6, TEXT_WIDTH, A4[1] - 2 * MARGIN_Y + 12, 0, 0, 0, 0)
        template = PageTemplate(frames=[frame], onPage=self._furniture(header))
        document.addPageTemplates([template])
        document.build(self.story)
        self.found.total = document.page
        return self.found

    def _furniture(self, header: str) -> Callable[[Any, Any], None]:
        def draw(canvas: Any, document: Any) -> None:
            canvas.setFont(self.face.text, 9)
            canvas.drawRightString(A4[0] - MARGIN_X, A4[1] - 50, header)
            canvas.setLineWidth(0.5)
            canvas.line(MARGIN_X, A4[1] - 54, A4[0] - MARGIN_X, A4[1] - 54)
            canvas.drawCentredString(A4[0] / 2, 40, f"{document.page} / {self.known.total}")

        return draw


class _Space(Flowable):  # type: ignore[misc]  # reportlab has no types
    """Empty room that vanishes at a page's end."""

    def __init__(self, points: float) -> None:
        super().__init__()
        self.points = points

    def wrap(self, _width: float, height: float) -> tuple[float, float]:
        """Return the room taken."""
        return 0.0, min(self.points, height)

    def draw(self) -> None:
        """Print nothing."""


def _span_end(row: Sequence[str], x: int) -> int:
    end = x
    while end + 1 < len(row) and row[end + 1] == "<":
        end += 1
    return end


def _cell_style(row: Sequence[str], x: int, y: int, in_header: bool) -> list[tuple[Any, ...]]:
    align = "CENTER" if in_header else "RIGHT" if NUMBER.fullmatch(row[x]) else "LEFT"
    styles: list[tuple[Any, ...]] = [("ALIGN", (x, y), (x, y), align)]
    end = _span_end(row, x)
    if row[x] != "<" and end > x:
        styles.append(("SPAN", (x, y), (end, y)))
    return styles
