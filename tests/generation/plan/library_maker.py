"""A small library of made-up companies with their facts, and the desk that answers from it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from vouch.generation.plan.desk import FactDesk
from vouch.generation.plan.reading import Vocabulary
from vouch.generation.types import Answer
from vouch.retrieval.embedders.hashing import HashingEmbedder
from vouch.retrieval.facts import Fact
from vouch.retrieval.fields import FieldDictionary
from vouch.retrieval.question import understand
from vouch.retrieval.stores.sqlite_store import SqliteStore
from vouch.retrieval.types import EVERYTHING, DocumentRecord, Page, Source

NORTH = Source(
    "north", "north.pdf", "/north.pdf", "report", company="北原光学股份有限公司", short_name="北原光学", code="900001"
)
SOUTH = Source(
    "south", "south.pdf", "/south.pdf", "report", company="南屿仪表股份有限公司", short_name="南屿仪表", code="900002"
)
WEST = Source(
    "west", "west.pdf", "/west.pdf", "report", company="西岭材料股份有限公司", short_name="西岭材料", code="900003"
)

Values = Mapping[str, str | tuple[str, str]]
"""Of each field the text as printed: this year's, or this year's and the year's before."""


def report(
    company: Source, year: int, values: Values, period: str = "FY", scope: str = "consolidated"
) -> DocumentRecord:
    """Return a report with one page, one row for each value."""
    key = f"{company.doc_id}{year}{period}{scope}"
    name = f"{company.short_name}{year}{period}.pdf"
    source = replace(company, doc_id=key, name=name, path=f"/{key}", year=year, period=period)
    text, facts = "", []
    for name, printed in values.items():
        columns = (printed,) if isinstance(printed, str) else printed
        row = f"{name} {' '.join(columns)}"
        for back, raw in enumerate(columns):
            facts.append(_fact(name, raw, year - back, period, scope, (len(text), len(text) + len(row), row)))
        text += row + "\n"
    pages = (Page(1, text),)
    vectors = np.zeros((0, HashingEmbedder().dimension), np.float32)
    return DocumentRecord(source, f"hash {source.doc_id}", "test", pages, (), vectors, facts=tuple(facts))


def _fact(name: str, raw: str, year: int, period: str, scope: str, row: tuple[int, int, str]) -> Fact:
    field = FieldDictionary.load().by_name(name)
    assert field is not None, name
    document_year = year
    value = None if field.is_text else float(raw.replace(",", ""))
    return Fact(
        name, value, field.unit, document_year, period, "" if field.is_text else scope,  # type: ignore[arg-type]
        text=raw if field.is_text else "", raw=raw, page=1, start=row[0], end=row[1], row=row[2],
        statement=field.statement,
    )  # fmt: skip


def with_prior_columns(record: DocumentRecord) -> DocumentRecord:
    """Return a record whose facts of other years than its own are comparative columns."""
    year = record.source.year
    facts = tuple(fact if fact.year == year else replace(fact, column="prior") for fact in record.facts)
    return replace(record, facts=facts)


class Asked:
    """A store of reports that can be asked."""

    def __init__(self, folder: Path, records: Sequence[DocumentRecord]) -> None:
        self.store = SqliteStore(folder, write=True, embedder=HashingEmbedder())
        for record in records:
            self.store.put(with_prior_columns(record))
        self.desk = FactDesk(self.store, self.store.page, Vocabulary.load())

    def __call__(self, question: str) -> Answer | None:
        documents = self.store.documents()
        asked = understand(question, documents, None, self.desk.companies())
        return self.desk.answer(asked, documents, EVERYTHING)

    def answer(self, question: str) -> Answer:
        """Return the answer to a question that the desk takes."""
        answer = self(question)
        assert answer is not None, question
        return answer
