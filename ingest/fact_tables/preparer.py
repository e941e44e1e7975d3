"""One table to one record: its facts, and a page for each row so that they can be opened where they stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vouch.ingest.fact_tables import cells
from vouch.ingest.fact_tables.columns import Columns, columns_of, nothing_known
from vouch.ingest.fact_tables.rows import FactReader, Owner, Row, row_of
from vouch.ingest.pipeline import document_id
from vouch.ingest.types import Overrides, SheetReader
from vouch.retrieval.errors import UnreadableDocument
from vouch.retrieval.facts import Fact
from vouch.retrieval.fields import FieldDictionary
from vouch.retrieval.types import DocumentRecord, Embedder, Page, Source


@dataclass(frozen=True, slots=True)
class FactTablePreparer:
    """Makes records of tables. They hold facts and no passages: a search finds reports, not rows of numbers."""

    read_sheet: SheetReader
    embedder: Embedder
    overrides: Overrides
    recipe: str

    def prepare(self, path: Path, content_hash: str) -> DocumentRecord:
        """Return a table's record; UnreadableDocument where no column is a field, a company or a year."""
        sheet = self.read_sheet(path)
        header, *body = [list(row) for row in sheet.rows] or [[]]
        header = [title.strip() for title in header]
        columns = columns_of(header, FieldDictionary.load())
        if columns.state_nothing:
            raise nothing_known(header)
        self._check_owners(columns)
        rows = [row_of(number, header, values) for number, values in enumerate(body, start=2)]
        reader = FactReader(columns, FieldDictionary.load(), self._default(), _code_width(columns, rows))
        facts = tuple(fact for row in rows if any(row.cells) for fact in reader.facts(row))
        if not facts:
            raise UnreadableDocument("no row holds a value of a known field", "; ".join(reader.warnings) or "fill it")
        return DocumentRecord(
            source=self._source(path, content_hash, facts),
            content_hash=content_hash,
            recipe=self.recipe,
            pages=(Page(1, "\n".join(header)), *(row.page for row in rows)),
            chunks=(),
            vectors=np.zeros((0, self.embedder.dimension), np.float32),
            warnings=(*sheet.warnings, *columns.warnings, *reader.warnings),
            facts=facts,
        )

    def _default(self) -> Owner:
        return Owner(company=self.overrides.company or "", year=self.overrides.year)

    def _check_owners(self, columns: Columns) -> None:
        if not self.overrides.company and not {"company", "short_name", "code"} & set(columns.roles):
            raise UnreadableDocument(
                "no column says which company a row is about", "add 公司名称, 股票代码 or company, or say --company"
            )
        if self.overrides.year is None and not {"year", "period"} & set(columns.roles):
            raise UnreadableDocument(
                "no column says which year a row is about", "add 年份, 报告期 or year, or say --year"
            )

    def _source(self, path: Path, content_hash: str, facts: Sequence[Fact]) -> Source:
        """Return the table's source; it is a company's or a year's only where all facts are."""
        companies = {(fact.company, fact.short_name, fact.code) for fact in facts}
        years = {fact.year for fact in facts}
        company, short_name, code = next(iter(companies)) if len(companies) == 1 else ("", "", "")
        return Source(
            doc_id=document_id(content_hash, self.overrides.collection),
            name=path.name,
            path=str(path),
            kind="facts",
            title=path.stem,
            collection=self.overrides.collection,
            company=company,
            short_name=short_name,
            code=code,
            year=next(iter(years)) if len(years) == 1 else None,
        )


def _code_width(columns: Columns, rows: Sequence[Row]) -> int:
    place = columns.roles.get("code")
    return 0 if place is None else cells.code_width([row.cells[place] for row in rows])
