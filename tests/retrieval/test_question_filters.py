"""Kind of document, collection and department that a question names, and that it is told."""

from dataclasses import replace

import pytest

from tests.retrieval.question_documents import QINGHE, report
from vouch.retrieval.inferred import Inferred, inferred
from vouch.retrieval.question import understand
from vouch.retrieval.types import EVERYTHING, DocumentKind, StoredDocument


def document(name: str, kind: DocumentKind, collection: str = "default") -> StoredDocument:
    stored = report("", name, "", 2020)
    source = replace(stored.source, doc_id=name, kind=kind, collection=collection, year=None, period="")
    return replace(stored, source=source)


DOCUMENTS = [
    document("guideline", "guideline"),
    document("records", "qa", "clinic"),
    report(QINGHE, "清河科技", "301999", 2022),
]


@pytest.mark.parametrize(
    "text", ["根据指南，高血压患者如何用药？", "According to the guidelines, how is hypertension treated?"]
)
def test_a_guideline_named_as_the_source_is_looked_in_first_and_everything_after(text: str) -> None:
    question = understand(text, DOCUMENTS)
    assert question.filters.kinds == ("guideline",)
    assert [scope.doc_ids for scope in question.scopes] == [{"guideline"}, EVERYTHING.doc_ids]


def test_a_kind_that_is_the_subject_excludes_nothing() -> None:
    assert understand("指南是什么？", DOCUMENTS).scopes == (EVERYTHING,)


def test_a_kind_that_is_not_held_excludes_nothing() -> None:
    assert understand("根据指南，高血压如何用药？", DOCUMENTS[1:]).scopes == (EVERYTHING,)


def test_a_collection_named_as_one_is_looked_in_first() -> None:
    assert understand("clinic 库中高血压如何用药？", DOCUMENTS).scope.doc_ids == {"records"}
    assert understand("Which clinic treats hypertension?", DOCUMENTS).scope == EVERYTHING


@pytest.mark.parametrize(
    ("text", "department"), [("心内科看什么病？", "心血管内科"), ("see a cardiology ward", "心血管内科")]
)
def test_a_department_is_known_by_any_of_its_names_and_excludes_nothing(text: str, department: str) -> None:
    question = understand(text, DOCUMENTS)
    assert (question.filters.department, question.scope) == (department, EVERYTHING)


def test_what_was_inferred_is_told_with_the_documents_looked_in() -> None:
    told = inferred(understand("清河科技2022年第三季度净利润", DOCUMENTS))
    assert (told.companies, told.years, told.periods) == ((QINGHE,), (2022,), ("Q3",))
    told = inferred(understand("清河科技2022年净利润", DOCUMENTS))
    assert told.documents == ("清河科技-2022-FY",)


def test_nothing_is_inferred_of_a_question_that_names_none_of_it() -> None:
    assert inferred(understand("怎样预防感冒？", DOCUMENTS)) == Inferred()
