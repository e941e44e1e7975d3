"""What every store does with facts: written and removed with their document, found by query, the preferred first."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.retrieval.fact_maker import REVENUE, RIVER, report_of, with_facts
from tests.retrieval.record_maker import LetterEmbedder
from vouch.retrieval.fact_query import ColumnQuery, FactCompany, FactQuery
from vouch.retrieval.facts import Fact
from vouch.retrieval.stores.sqlite_store import SqliteStore
from vouch.retrieval.types import Source

EVERY = FactQuery()


@pytest.fixture(params=["sqlite"])
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    """An empty store that takes documents."""
    opened = SqliteStore(tmp_path / "library", write=True, embedder=LetterEmbedder())
    yield opened
    opened.close()


def found(store: SqliteStore, query: FactQuery = EVERY) -> list[Fact]:
    return [stored.fact for stored in store.facts(query)]


def values(store: SqliteStore, query: FactQuery = EVERY) -> list[float | None]:
    return [fact.value for fact in found(store, query)]


def test_a_fact_comes_back_as_it_was_with_its_company_and_document(store: SqliteStore) -> None:
    fact = replace(REVENUE, text="123万", confidence=0.75, column="prior", scope="parent")
    store.put(with_facts(RIVER, fact))
    [stored] = store.facts(EVERY)
    assert stored.source == RIVER
    assert stored.fact == replace(fact, company="江河重工股份有限公司", short_name="江河重工", code="600001")


def test_a_fact_about_another_company_keeps_its_own_names(store: SqliteStore) -> None:
    table = Source(doc_id="t", name="t.csv", path="/t.csv", kind="facts")
    store.put(with_facts(table, replace(REVENUE, company="远山电子股份有限公司", short_name="远山电子", code="000002")))
    [fact] = found(store, FactQuery(companies=("远山电子股份有限公司",)))
    assert (fact.company, fact.short_name, fact.code) == ("远山电子股份有限公司", "远山电子", "000002")


@pytest.mark.parametrize("value", [0.01, -0.03, 89_999_999_999_999.99, 0.0, None])
def test_values_are_exact_to_the_cent(store: SqliteStore, value: float | None) -> None:
    store.put(with_facts(RIVER, replace(REVENUE, value=value)))
    assert values(store) == [value]


def test_replacing_a_document_replaces_its_facts(store: SqliteStore) -> None:
    store.put(with_facts(RIVER, REVENUE, replace(REVENUE, field="净利润")))
    store.put(with_facts(RIVER, replace(REVENUE, value=2.0)))
    assert values(store) == [2.0]
    assert store.documents()[0].facts == 1


def test_removing_a_document_removes_its_facts_and_no_others(store: SqliteStore) -> None:
    store.put(with_facts(RIVER, REVENUE))
    store.put(with_facts(report_of(2021), replace(REVENUE, year=2021, value=1.0)))
    store.remove(["river-2022"])
    assert values(store) == [1.0]
    assert [company.years for company in store.fact_companies()] == [(2021,)]


def test_a_document_that_cannot_be_stored_leaves_no_facts(store: SqliteStore) -> None:
    broken = with_facts(RIVER, replace(REVENUE, unit=None))  # type: ignore[arg-type]
    with pytest.raises(Exception, match="NOT NULL"):
        store.put(broken)
    assert (store.documents(), values(store)) == ([], [])


def test_documents_and_the_library_count_their_facts(store: SqliteStore) -> None:
    store.put(with_facts(RIVER, REVENUE, replace(REVENUE, field="净利润"), replace(REVENUE, year=2021, column="prior")))
    store.put(with_facts(report_of(2021)))
    assert {document.source.year: document.facts for document in store.documents()} == {2022: 3, 2021: 0}
    assert store.stats().facts == 3
    assert store.check() == []


def test_facts_are_ordered_by_company_year_period_and_field(store: SqliteStore) -> None:
    table = Source(doc_id="t", name="t.csv", path="/t.csv", kind="facts")
    keys = [
        ("B", 2022, "FY", "b"),
        ("A", 2022, "Q3", "a"),
        ("A", 2022, "FY", "b"),
        ("A", 2021, "FY", "b"),
        ("A", 2022, "FY", "a"),
    ]
    store.put(with_facts(table, *(replace(REVENUE, company=c, year=y, period=p, field=f) for c, y, p, f in keys)))
    assert [(fact.company, fact.year, fact.period, fact.field) for fact in found(store)] == sorted(keys)


def test_a_report_of_the_year_comes_before_a_comparative_column(store: SqliteStore) -> None:
    store.put(with_facts(report_of(2023), replace(REVENUE, value=3.0, column="prior")))
    store.put(with_facts(RIVER, replace(REVENUE, value=2.0, confidence=0.5)))
    assert values(store) == [2.0, 3.0]


def test_a_full_report_comes_before_its_abridged_one(store: SqliteStore) -> None:
    store.put(with_facts(report_of(2022, "摘要"), replace(REVENUE, value=3.0)))
    store.put(with_facts(RIVER, replace(REVENUE, value=2.0, confidence=0.5)))
    assert values(store) == [2.0, 3.0]


def test_a_surer_reading_comes_first(store: SqliteStore) -> None:
    store.put(
        with_facts(RIVER, replace(REVENUE, value=1.0, confidence=0.5), replace(REVENUE, value=2.0, confidence=0.99))
    )
    assert values(store) == [2.0, 1.0]


def test_a_report_comes_before_an_imported_table(store: SqliteStore) -> None:
    table = replace(RIVER, doc_id="t", name="t.csv", path="/t.csv", kind="facts")
    store.put(with_facts(table, replace(REVENUE, value=3.0)))
    store.put(with_facts(RIVER, REVENUE))
    assert values(store) == [1234567.89, 3.0]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (FactQuery(companies=("江河重工股份有限公司",), years=(2022,), fields=("营业收入",)), {1.0, 2.0, 5.0}),
        (FactQuery(companies=("江河重工",)), set()),
        (FactQuery(years=(2021, 2019)), {3.0}),
        (FactQuery(fields=("净利润", "x")), {4.0}),
        (FactQuery(scopes=("parent",)), {2.0}),
        (FactQuery(periods=("Q3",)), {5.0}),
        (FactQuery(columns=("prior",)), {3.0}),
        (FactQuery(collections=("shelf",)), {6.0}),
        (FactQuery(collections=("default",), scopes=("parent",)), {2.0}),
    ],
)
def test_a_query_narrows_by_each_of_its_parts(store: SqliteStore, query: FactQuery, expected: set[float]) -> None:
    facts = (
        replace(REVENUE, value=1.0),
        replace(REVENUE, value=2.0, scope="parent"),
        replace(REVENUE, value=3.0, year=2021, column="prior"),
        replace(REVENUE, value=4.0, field="净利润"),
        replace(REVENUE, value=5.0, period="Q3"),
    )
    store.put(with_facts(RIVER, *facts))
    shelf = replace(report_of(2020), collection="shelf", company="远山电子股份有限公司")
    store.put(with_facts(shelf, replace(REVENUE, value=6.0, year=2020)))
    assert set(values(store, query)) == expected


def test_companies_are_listed_once_for_each_way_they_are_named(store: SqliteStore) -> None:
    store.put(with_facts(RIVER, REVENUE, replace(REVENUE, year=2021)))
    store.put(with_facts(replace(report_of(2023), short_name="*ST江河"), replace(REVENUE, year=2023)))
    store.put(with_facts(report_of(2020), replace(REVENUE, year=2020)))
    assert store.fact_companies() == [
        FactCompany("江河重工股份有限公司", "*ST江河", "600001", (2023,)),
        FactCompany("江河重工股份有限公司", "江河重工", "600001", (2020, 2021, 2022)),
    ]


def test_more_facts_than_are_read_at_once_keep_their_order(store: SqliteStore) -> None:
    facts = [replace(REVENUE, field=f"{n:05d}", value=float(n)) for n in range(2500)]
    store.put(with_facts(RIVER, *reversed(facts)))
    assert values(store) == [float(n) for n in range(2500)]


def test_every_question_about_facts_may_be_narrowed_to_collections(store: SqliteStore) -> None:
    address = replace(REVENUE, field="注册地址", value=None, text="江州市一号")
    store.put(with_facts(RIVER, REVENUE, address))
    far = replace(report_of(2022), collection="shelf", company="远山电子股份有限公司", short_name="", code="")
    store.put(with_facts(far, REVENUE, address))
    table = Source(doc_id="t", name="t.csv", path="/t.csv", kind="facts", collection="shelf")
    store.put(with_facts(table, replace(REVENUE, company="远山电子股份有限公司", year=2019)))
    mine, other = {"江河重工股份有限公司"}, {"远山电子股份有限公司"}
    for collections, seen in ((("default",), mine), (("shelf",), other), ((), mine | other)):
        column = ColumnQuery(REVENUE.field, 2022, "FY", "consolidated", collections)
        assert {company.company for company in store.fact_companies(collections)} == seen
        assert set(store.fact_column(column)) == seen
        assert store.companies_reporting(2022, "FY", collections) == seen
        assert store.companies_stating(("注册地址",), 2022, "江州", collections) == seen
        tables = seen & other
        assert store.imported_years(collections) == ({2019} if tables else set())
        periods = store.imported_periods("远山电子股份有限公司", collections)
        assert periods == ({(2019, "FY")} if tables else set())
