"""What every store does with facts: written and removed with their document, found by query, the preferred first."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.contracts.library_kinds import KINDS, library_opener
from tests.retrieval.fact_maker import REVENUE, RIVER, report_of, with_facts
from tests.retrieval.record_maker import LetterEmbedder
from vouch.retrieval.fact_query import ColumnQuery, FactCompany, FactQuery
from vouch.retrieval.facts import Fact
from vouch.retrieval.library_store import LibraryStore
from vouch.retrieval.types import Source

EVERY = FactQuery()


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LibraryStore]:
    """An empty store that takes documents."""
    with library_opener(request, tmp_path) as opened:
        yield opened(write=True, embedder=LetterEmbedder())


def found(store: LibraryStore, query: FactQuery = EVERY) -> list[Fact]:
    return [stored.fact for stored in store.facts(query)]


def values(store: LibraryStore, query: FactQuery = EVERY) -> list[float | None]:
    return [fact.value for fact in found(store, query)]


def test_a_fact_comes_back_as_it_was_with_its_company_and_document(store: LibraryStore) -> None:
    fact = replace(REVENUE, text="123万", confidence=0.75, column="prior", scope="parent")
    store.put(with_facts(RIVER, fact))
    [stored] = store.facts(EVERY)
    assert stored.source == RIVER
    assert stored.fact == replace(fact, company="江河重工股份有限公司", short_name="江河重工", code="600001")


def test_a_fact_about_another_company_keeps_its_own_names(store: LibraryStore) -> None:
    table = Source(doc_id="t", name="t.csv", path="/t.csv", kind="facts")
    store.put(with_facts(table, replace(REVENUE, company="远山电子股份有限公司", short_name="远山电子", code="000002")))
    [fact] = found(store, FactQuery(companies=("远山电子股份有限公司",)))
    assert (fact.company, fact.short_name, fact.code) == ("远山电子股份有限公司", "远山电子", "000002")


@pytest.mark.parametrize("value", [0.01, -0.03, 89_999_999_999_999.99, 0.0, None])
def test_values_are_exact_to_the_cent(store: LibraryStore, value: float | None) -> None:
    store.put(with_facts(RIVER, replace(REVENUE, value=value)))
    assert values(store) == [value]


def test_replacing_a_document_replaces_its_facts(store: LibraryStore) -> None:
    store.put(with_facts(RIVER, REVENUE, replace(REVENUE, field="净利润")))
    store.put(with_facts(RIVER, replace(REVENUE, value=2.0)))
    assert values(store) == [2.0]
    assert store.documents()[0].facts == 1


def test_removing_a_document_removes_its_facts_and_no_others(store: LibraryStore) -> None:
    store.put(with_facts(RIVER, REVENUE))
    store.put(with_facts(report_of(2021), replace(REVENUE, year=2021, value=1.0)))
    store.remove(["river-2022"])
    assert values(store) == [1.0]
    assert [company.years for company in store.fact_companies()] == [(2021,)]


def test_a_document_that_cannot_be_stored_leaves_no_facts(store: LibraryStore) -> None:
    broken = with_facts(RIVER, replace(REVENUE, unit=None))  # type: ignore[arg-type]
    with pytest.raises(Exception, match=r"(?i)not.null"):
        store.put(broken)
    assert (store.documents(), values(store)) == ([], [])


def test_documents_and_the_library_count_their_facts(store: LibraryStore) -> None:
    store.put(with_facts(RIVER, REVENUE, replace(REVENUE, field="净利润"), replace(REVENUE, year=2021, column="prior")))
    store.put(with_facts(report_of(2021)))
    assert {document.source.year: document.facts for document in store.documents()} == {2022: 3, 2021: 0}
    assert store.stats().facts == 3
    assert store.check() == []


def test_facts_are_ordered_by_company_year_period_and_field(store: LibraryStore) -> None:
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


def test_a_report_of_the_year_comes_before_a_comparative_column(store: LibraryStore) -> None:
    store.put(with_facts(report_of(2023), replace(REVENUE, value=3.0, column="prior")))
    store.put(with_facts(RIVER, replace(REVENUE, value=2.0, confidence=0.5)))
    assert values(store) == [2.0, 3.0]


def test_a_full_report_comes_before_its_abridged_one(store: LibraryStore) -> None:
    store.put(with_facts(report_of(2022, "摘要"), replace(REVENUE, value=3.0)))
    store.put(with_facts(RIVER, replace(REVENUE, value=2.0, confidence=0.5)))
    assert values(store) == [2.0, 3.0]


def test_a_surer_reading_comes_first(store: LibraryStore) -> None:
    store.put(
        with_facts(RIVER, replace(REVENUE, value=1.0, confidence=0.5), replace(REVENUE, value=2.0, confidence=0.99))
    )
    assert values(store) == [2.0, 1.0]


def test_a_report_comes_before_an_imported_table(store: LibraryStore) -> None:
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
def test_a_query_narrows_by_each_of_its_parts(store: LibraryStore, query: FactQuery, expected: set[float]) -> None:
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


def test_companies_are_listed_once_for_each_way_they_are_named(store: LibraryStore) -> None:
    store.put(with_facts(RIVER, REVENUE, replace(REVENUE, year=2021)))
    store.put(with_facts(replace(report_of(2023), short_name="*ST江河"), replace(REVENUE, year=2023)))
    store.put(with_facts(report_of(2020), replace(REVENUE, year=2020)))
    assert store.fact_companies() == [
        FactCompany("江河重工股份有限公司", "*ST江河", "600001", (2023,)),
        FactCompany("江河重工股份有限公司", "江河重工", "600001", (2020, 2021, 2022)),
    ]


def test_more_facts_than_are_read_at_once_keep_their_order(store: LibraryStore) -> None:
    facts = [replace(REVENUE, field=f"{n:05d}", value=float(n)) for n in range(2500)]
    store.put(with_facts(RIVER, *reversed(facts)))
    assert values(store) == [float(n) for n in range(2500)]


def test_every_question_about_facts_may_be_narrowed_to_collections(store: LibraryStore) -> None:
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


SHEET = Source(doc_id="t", name="t.csv", path="/t.csv", kind="facts", collection="tables")
COLUMN = ColumnQuery("营业收入", 2022, "FY", "consolidated")


def column_of(store: LibraryStore, **changes: object) -> dict[str, float]:
    return store.fact_column(replace(COLUMN, **changes))  # type: ignore[arg-type]


def test_a_column_has_the_value_to_believe_of_each_company(store: LibraryStore) -> None:
    far = "远山电子股份有限公司"
    store.put(with_facts(SHEET, replace(REVENUE, company=far, value=5.0), replace(REVENUE, company="江河", value=6.0)))
    store.put(with_facts(RIVER, replace(REVENUE, value=2.0, confidence=0.9), replace(REVENUE, value=3.0)))
    store.put(with_facts(report_of(2023), replace(REVENUE, value=4.0, column="prior")))
    assert column_of(store) == {RIVER.company: 3.0, far: 5.0, "江河": 6.0}
    assert column_of(store, collections=("tables",)) == {far: 5.0, "江河": 6.0}
    assert column_of(store, collections=("nothing",)) == {}


def test_of_equally_good_values_the_first_stored_is_in_the_column(store: LibraryStore) -> None:
    store.put(with_facts(RIVER, replace(REVENUE, value=9.0), replace(REVENUE, value=1.0)))
    assert column_of(store) == {RIVER.company: 9.0}
    assert values(store) == [9.0, 1.0]


@pytest.mark.parametrize(
    "other", [{"year": 2021}, {"period": "Q3"}, {"scope": "parent"}, {"field": "净利润"}, {"field": "' OR 1=1 --"}]
)
def test_a_column_is_of_one_field_period_and_scope(store: LibraryStore, other: dict[str, object]) -> None:
    store.put(with_facts(RIVER, REVENUE, replace(REVENUE, field="注册地址", value=None, text="南京", scope="")))
    assert column_of(store) == {RIVER.company: 1234567.89}
    assert column_of(store, **other) == {}
    assert column_of(store, field="注册地址") == {}, "words are no values"


def test_values_that_know_no_scope_are_in_every_column(store: LibraryStore) -> None:
    store.put(with_facts(RIVER, replace(REVENUE, field="员工人数", scope="", value=7.0)))
    assert column_of(store, field="员工人数", scope="parent") == {RIVER.company: 7.0}


def test_companies_reporting_have_a_report_of_the_period_or_stand_in_a_table(store: LibraryStore) -> None:
    store.put(with_facts(RIVER, REVENUE, replace(REVENUE, year=2021, column="prior")))
    store.put(with_facts(SHEET, replace(REVENUE, company="表中公司", year=2021)))
    assert store.companies_reporting(2022, "FY") == {RIVER.company}
    assert store.companies_reporting(2022, "Q3") == set()
    assert store.companies_reporting(2021, "FY") == {"表中公司"}, "a comparative column is no report"
    assert store.companies_reporting(2021, "FY", ("default",)) == set()


def test_companies_are_found_by_words_they_state(store: LibraryStore) -> None:
    address = replace(REVENUE, field="注册地址", value=None, scope="", text="南京市鼓楼区100%_一号")
    store.put(with_facts(RIVER, address, replace(address, field="办公地址", text="上海市")))
    assert store.companies_stating(("注册地址", "x"), 2022, "鼓楼") == {RIVER.company}
    assert store.companies_stating(("注册地址",), 2022, "%_") == {RIVER.company}
    for fields, year, words in ((("注册地址",), 2021, "鼓楼"), (("注册地址",), 2022, "上海"), (("x",), 2022, "南京")):
        assert store.companies_stating(fields, year, words) == set()
    assert store.companies_stating(("注册地址",), 2022, "鼓_区") == set(), "words are no pattern"
    assert store.companies_stating(("注册地址",), 2022, "鼓\0楼") == set()


def test_periods_of_imported_tables_are_told(store: LibraryStore) -> None:
    store.put(with_facts(RIVER, REVENUE))
    store.put(with_facts(SHEET, replace(REVENUE, company=RIVER.company, year=2019), replace(REVENUE, company="乙")))
    assert store.imported_periods(RIVER.company) == {(2019, "FY")}
    assert store.imported_periods("甲") == set()
    assert store.imported_years() == {2019, 2022}
    assert store.imported_years(("default",)) == set()
