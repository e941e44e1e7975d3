"""Turns the source text of a sample report into a document's story.

# heading, ## second level, ### third level
! 12 centred line (the number is its size)          > line set right: a table's unit
| cell | cell | ...                                 a table's rows; a line of its own before them may say
:table 40 30 30 header=2                            its widths (shares) and number of header rows
:statement NAME consolidated|parent 2023=2023年度 2022=2022年度 元    a statement, one column for each period=head
:contents   :page   :space 40
anything else: one paragraph a line; {figure|period|unit} is filled in
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from vouch.app.samples.figures import Figures
from vouch.app.samples.layout import Writer


@dataclass(frozen=True)
class StatementRow:
    """A line of a statement: its label as printed, and the figure it shows."""

    label: str
    figure: str
    note: str
    subtracted: bool
    """The figure is an outflow, printed as a negative number."""


@dataclass(frozen=True)
class Statements:
    """How the financial statements are laid out: their rows, and their column heads in the document's language."""

    rows: Mapping[str, Sequence[StatementRow]]
    item_head: str
    note_head: str


def read_statements(path: Path) -> Statements:
    """Return the statements of a file: `[name]`, then a `label | figure | note | -` line for each row.

    Without a figure the label names it; `-` in the last place prints it as an outflow.
    """
    rows: dict[str, list[StatementRow]] = {}
    item_head = note_head = ""
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("[heads]"):
            item_head, note_head = line.removeprefix("[heads]").strip().split(" | ")
        elif line.startswith("["):
            current = rows.setdefault(line.strip("[]"), [])
        elif line.strip():
            cells = [cell.strip() for cell in line.split("|")]
            label, figure, note, sign = [*cells, "", "", ""][:4]
            current.append(StatementRow(label, figure or label, note, sign == "-"))
    return Statements(rows, item_head, note_head)


@dataclass(frozen=True)
class Report:
    """A report's source: figures, statement layouts and text."""

    figures: Figures
    statements: Statements
    text: str

    def write(self, writer: Writer) -> None:
        """Add the whole text to a document."""
        lines = [line for line in self.text.splitlines() if line.strip() and not line.startswith("//")]
        sections = [line[2:] for line in lines if line.startswith("# ")]
        widths: list[float] = []
        header_rows = 1
        for is_row, run in groupby(lines, key=lambda line: line.startswith("|")):
            if is_row:
                rows = [self._cells(line) for line in run]
                writer.table(rows, widths or [1.0] * max(map(len, rows)), header_rows)
                widths, header_rows = [], 1
                continue
            for line in run:
                if line.startswith(":table"):
                    widths, header_rows = _table_options(line)
                else:
                    self._line(line, writer, sections)

    def _cells(self, line: str) -> list[str]:
        row = self.figures.fill(line).strip()
        return [cell.strip() for cell in row.removeprefix("|").removesuffix("|").split("|")]

    def _line(self, line: str, writer: Writer, sections: Sequence[str]) -> None:
        mark, _, rest = line.partition(" ")
        text = self.figures.fill(rest)
        match mark:
            case "#" | "##" | "###":
                writer.heading(text, len(mark))
            case "!":
                size, _, centred = text.partition(" ")
                writer.paragraph(centred, "center", float(size))
            case ">":
                writer.paragraph(text, "right")
            case ":contents":
                for title in sections:
                    writer.contents_line(title)
            case ":page":
                writer.page_break()
            case ":space":
                writer.space(float(rest))
            case ":statement":
                self._statement(rest.split(), writer)
            case _:
                writer.paragraph(self.figures.fill(line))

    def _statement(self, options: Sequence[str], writer: Writer) -> None:
        name, entity, *periods, unit = options
        prefix = "母公司:" if entity == "parent" else ""
        with_notes = entity != "plain"
        notes = [self.statements.note_head] if with_notes else []
        rows = [[self.statements.item_head, *notes, *(period.partition("=")[2] for period in periods)]]
        for row in self.statements.rows[name.replace("_", " ")]:
            style = f"-{unit}" if row.subtracted else unit
            values = [self.figures.cell(prefix + row.figure, period.partition("=")[0], style) for period in periods]
            note = row.note if any(values) and not prefix else ""
            rows.append([row.label, *([note] if with_notes else []), *values])
        writer.table(rows, [44.0, *([12.0] if with_notes else []), *[22.0] * len(periods)])


def _table_options(line: str) -> tuple[list[float], int]:
    options = line.split()[1:]
    widths = [float(option) for option in options if "=" not in option]
    header = dict(option.split("=") for option in options if "=" in option).get("header", "1")
    return widths, int(header)
