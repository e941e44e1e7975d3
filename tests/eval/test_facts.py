"""Extracted values against gold values."""

from pathlib import Path

import pytest

from vouch.eval.facts import GoldFact, fact_record_json, fact_records, load_gold_facts, summarise_facts
from vouch.retrieval.errors import UsageError
from vouch.retrieval.facts import Fact

COLUMNS = "report,code,short_name,company,year,field,value,unit,raw_in_pdf,page,section,trust\n"
ROWS = (
    'a.pdf,688999,琅岱仪器,琅岱仪器股份有限公司,2022,营业收入,1234567.5,元,"1,234,567.50",63,合并利润表,A\n'
    "a.pdf,688999,琅岱仪器,琅岱仪器股份有限公司,2022,法定代表人,周墨言,,周墨言,5,公司信息,A\n"
    "a.pdf,688999,琅岱仪器,琅岱仪器股份有限公司,2022,研发人员占比(%),18.0,%,18,37,研发,B\n"
    "b.pdf,688998,青砚科技,青砚科技股份有限公司,2022,营业收入,5,元,5.00,64,合并利润表,A\n"
)


def gold(tmp_path: Path) -> list[GoldFact]:
    path = tmp_path / "gold.csv"
    path.write_text("\ufeff" + COLUMNS + ROWS, encoding="utf-8")
    return load_gold_facts(path)


def fact(field: str, value: float | None, page: int, text: str = "") -> Fact:
    return Fact(field, value, "元", 2022, "FY", text=text, page=page)


FOUND = {
    ("a.pdf", "营业收入"): fact("营业收入", 1234567.5, 63),
    ("a.pdf", "法定代表人"): fact("法定代表人", None, 6, "周 墨言"),
    ("a.pdf", "研发人员占比(%)"): fact("研发人员占比(%)", 18.6, 37),
}


def test_values_are_exact_wrong_or_missing(tmp_path: Path) -> None:
    records = list(fact_records(gold(tmp_path), lambda row: FOUND.get((row.report, row.field))))
    assert [(record.verdict, record.page_exact) for record in records] == [
        *(("exact", True), ("exact", False), ("wrong", True), ("missing", False))
    ]
    summary = summarise_facts(records).values
    counts = {"rows": 4, "found": 3, "exact": 2, "wrong": 1, "missing": 1, "page_exact": 2}
    assert {name: summary[name] for name in counts} == counts
    assert summary["by_field"]["营业收入"] == {
        "rows": 2,
        "found": 1,
        "exact": 1,
        "wrong": 0,
        "missing": 1,
        "page_exact": 1,
    }
    assert summary["by_report"]["b.pdf"]["missing"] == 1


def test_a_library_without_facts_misses_all(tmp_path: Path) -> None:
    summary = summarise_facts(list(fact_records(gold(tmp_path), lambda _: None))).values
    assert (summary["missing"], summary["exact"], summary["wrong"]) == (4, 0, 0)


@pytest.mark.parametrize(
    ("value", "verdict"), [(1234567.504, "exact"), (1234567.51, "wrong"), (-1234567.5, "wrong"), (None, "wrong")]
)
def test_exact_means_to_the_last_printed_digit(tmp_path: Path, value: float | None, verdict: str) -> None:
    (record,) = fact_records(gold(tmp_path)[:1], lambda _: fact("营业收入", value, 63))
    assert record.verdict == verdict


def test_the_record_of_a_fact(tmp_path: Path) -> None:
    records = list(fact_records(gold(tmp_path), lambda row: FOUND.get((row.report, row.field))))
    assert fact_record_json(records[1]) == {
        **{"report": "a.pdf", "field": "法定代表人", "gold": "周墨言", "found": "周 墨言", "page": 6, "gold_page": 5},
        **{"verdict": "exact", "page_exact": False},
    }
    assert fact_record_json(records[3])["found"] is None


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("report,field\na,b\n", "no column value"),
        (COLUMNS, "holds no rows"),
        (
            COLUMNS + "a.pdf,1,x,x,2022,营业收入,多,元,多,6,x,A\n",
            "line 2: '多' is no number, but the row has the unit 元",
        ),
        (COLUMNS + "a.pdf,1,x,x,2022,营业收入,,元,,6,x,A\n", "line 2: report, field and value must not be empty"),
    ],
)
def test_a_row_that_is_not_understood_is_named(tmp_path: Path, content: str, problem: str) -> None:
    path = tmp_path / "gold.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError) as raised:
        load_gold_facts(path)
    assert problem in str(raised.value)
