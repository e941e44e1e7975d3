"""From names to documents of a library."""

from dataclasses import replace

import pytest

from vouch.app.commands.options import Wanted
from vouch.app.scoping import chosen_documents, named_scope
from vouch.retrieval.types import Source, StoredDocument

RIVER = Source(
    "aa11bb22cc33",
    "江河.pdf",
    "/docs/江河.pdf",
    company="江河重工股份有限公司",
    short_name="江河重工",
    code="600001",
    year=2022,
)
OCEAN = replace(
    RIVER,
    doc_id="aa11ffffffff",
    path="/old/江河.pdf",
    company="江河海运股份有限公司",
    short_name="*ST海运",
    code="600002",
)
GUIDE = Source("dd44", "guide.md", "/docs/guide.md", collection="medical")
HELD = [
    StoredDocument(source, "hash", "recipe", 3, 9, 0, 0, "2024-01-01T00:00:00Z") for source in (RIVER, OCEAN, GUIDE)
]


@pytest.mark.parametrize("said", ["江河重工股份有限公司", "江河重工", "600001", " 江河重工 ", "６００００１"])
def test_a_company_goes_by_its_full_name_short_name_or_code(said: str) -> None:
    scope, warnings = named_scope(HELD, Wanted(companies=(said,)))
    assert (scope.companies, warnings) == ({"江河重工股份有限公司"}, [])


def test_a_part_of_a_name_stands_for_all_companies_that_have_it() -> None:
    assert len(named_scope(HELD, Wanted(companies=("江河",)))[0].companies) == 2


def test_an_unknown_company_lets_nothing_answer_and_says_what_is_held() -> None:
    scope, warnings = named_scope(HELD, Wanted(companies=("山川电子",)))
    assert not any(scope.allows(document.source) for document in HELD)
    assert "山川电子" in warnings[0]
    assert "江河重工股份有限公司" in warnings[0]


def test_an_unknown_collection_is_warned_of() -> None:
    scope, warnings = named_scope(HELD, Wanted(collections=("medicine",)))
    assert not any(scope.allows(document.source) for document in HELD)
    assert "default, medical" in warnings[0]


def test_company_year_and_collection_narrow_together() -> None:
    scope, _ = named_scope(HELD, Wanted(("江河重工",), (2022, 2023), ("default",)))
    assert [scope.allows(document.source) for document in HELD] == [True, False, False]


@pytest.mark.parametrize("said", ["dd44", "guide.md", "/docs/guide.md"])
def test_a_document_goes_by_id_name_or_path(said: str) -> None:
    assert [document.source for document in chosen_documents(HELD, said)] == [GUIDE]


def test_the_beginning_of_an_id_is_enough_if_it_is_long() -> None:
    assert [document.source for document in chosen_documents(HELD, "aa11bb")] == [RIVER]
    assert chosen_documents(HELD, "aa11") == []


def test_a_name_of_two_documents_gives_both() -> None:
    assert [document.source for document in chosen_documents(HELD, "江河.pdf")] == [RIVER, OCEAN]
