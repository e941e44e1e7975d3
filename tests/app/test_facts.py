"""`vouch facts` and the import of tables: the contract's keys, names as people write them, exports that come back."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest

from tests.app.conftest import Vouch
from tests.retrieval.fact_maker import REVENUE, RIVER, report_of, with_facts
from vouch.app.settings import load_settings
from vouch.app.wiring_embedder import make_embedder
from vouch.app.wiring_store import open_store_to_fill

# fmt: off
FACT_KEYS = [
    "company", "short_name", "code", "year", "period", "scope", "field", "value", "unit", "raw", "text", "document",
    "page", "row", "confidence",
]
# fmt: on
PROFIT = replace(REVENUE, field="净利润", value=-5.5, raw="(5.50)", row="净利润 (5.50)")
TABLE = "股票代码,公司全称,年份,营业收入,注册地址\n000002,远山电子股份有限公司,2020,7.25,=SUM(A1)\n"


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two reports of a company, the abridged one of a third year and a table on another; tests read it only."""
    folder = tmp_path_factory.mktemp("shelf")
    reports = (
        with_facts(
            RIVER,
            REVENUE,
            replace(REVENUE, value=9.0, scope="parent"),
            PROFIT,
            replace(REVENUE, year=2021, column="prior", value=1.0),
        ),
        with_facts(report_of(2022, "摘要"), replace(REVENUE, value=1234567.0)),
        with_facts(
            report_of(2023), replace(REVENUE, year=2023, value=3.0), replace(REVENUE, column="prior", value=2.0)
        ),
        with_facts(report_of(2023, "Q3"), replace(REVENUE, year=2023, period="Q3", value=4.0)),
    )
    settings = load_settings({"library": str(folder)}, {})
    no_vectors = np.zeros((0, make_embedder(settings).dimension), np.float32)
    with open_store_to_fill(settings) as store:
        for report in reports:
            store.put(replace(report, chunks=(), vectors=no_vectors))
    return folder


def listed(vouch: Vouch, *arguments: str | Path) -> list[dict[str, Any]]:
    done = vouch("facts", *arguments, "--json")
    assert done.code == 0
    facts: list[dict[str, Any]] = done.json["facts"]
    return facts


def values(vouch: Vouch, *arguments: str | Path) -> list[float | None]:
    return [fact["value"] for fact in listed(vouch, *arguments)]


def test_a_fact_has_the_contract_s_keys(vouch: Vouch, shelf: Path) -> None:
    facts = listed(vouch, "江河重工", "2022", "--field", "营业收入", "--scope", "consolidated", "--library", shelf)
    assert [list(fact)[: len(FACT_KEYS)] for fact in facts] == [FACT_KEYS]
    assert {key: facts[0][key] for key in FACT_KEYS} == {
        "company": "江河重工股份有限公司",
        "short_name": "江河重工",
        "code": "600001",
        "year": 2022,
        "period": "FY",
        "scope": "consolidated",
        "field": "营业收入",
        "value": 1234567.89,
        "unit": "元",
        "raw": "1,234,567.89",
        "text": "1,234,567.89元",
        "document": "江河重工_2022.pdf",
        "page": 1,
        "row": "一、营业收入 1,234,567.89",
        "confidence": 1.0,
    }


@pytest.mark.parametrize("name", ["江河重工股份有限公司", "江河重工", "600001", "600001.SH", "江河"])
def test_a_company_goes_by_any_of_its_names(vouch: Vouch, shelf: Path, name: str) -> None:
    assert values(vouch, name, "2022", "--field", "净利润", "--library", shelf) == [-5.5]


@pytest.mark.parametrize("name", ["营业收入", "营收", "revenue"])
def test_a_field_goes_by_any_of_its_names(vouch: Vouch, shelf: Path, name: str) -> None:
    assert values(vouch, "江河重工", "2022", "--field", name, "--library", shelf) == [1234567.89, 9]


def test_without_a_year_only_reports_of_the_year_itself_speak(vouch: Vouch, shelf: Path) -> None:
    arguments = ("江河重工", "--field", "营业收入", "--scope", "consolidated", "--library", shelf)
    assert values(vouch, *arguments) == [1234567.89, 3, 4]


def test_a_year_without_a_report_is_read_from_the_comparative_column(vouch: Vouch, shelf: Path) -> None:
    [fact] = listed(vouch, "江河重工", "2021", "--library", shelf)
    assert (fact["value"], fact["column"], fact["document"]) == (1, "prior", "江河重工_2022.pdf")


def test_all_shows_every_statement_the_preferred_first(vouch: Vouch, shelf: Path) -> None:
    arguments = ("江河重工", "2022", "--field", "营业收入", "--scope", "consolidated", "--all", "--library", shelf)
    assert values(vouch, *arguments) == [1234567.89, 1234567, 2]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("2023",), [3, 4]),
        (
            ("江河重工", "2022-2023", "--period", "FY", "--field", "营业收入", "--scope", "consolidated"),
            [1234567.89, 3],
        ),
        (("江河重工", "2023年第三季度"), [4]),
        (("--period", "三季度"), [4]),
        (("--scope", "parent"), [9]),
        (("江河重工", "2023", "--collection", "other"), []),
    ],
)
def test_a_listing_is_narrowed(vouch: Vouch, shelf: Path, arguments: tuple[str, ...], expected: list[float]) -> None:
    assert values(vouch, *arguments, "--library", shelf) == expected


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("远山电子",), "远山电子"),
        (("江河重工", "2010"), "2010"),
        (("--field", "营业收人"), "营业收入"),
        (("江河重工", "2022", "--field", "商誉"), "商誉"),
    ],
)
def test_nothing_found_names_what_the_library_holds(
    vouch: Vouch, shelf: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = vouch("facts", *arguments, "--library", shelf, "--json")
    assert (done.code, done.json) == (0, {"facts": []})
    assert said in done.err
    assert "江河重工股份有限公司 (2021, 2022, 2023)" in done.err


def test_an_unknown_year_or_period_is_wrong_usage(vouch: Vouch, shelf: Path) -> None:
    assert vouch("facts", "江河重工", "上上年", "--library", shelf).code == 2
    assert vouch("facts", "江河重工", "--period", "春天", "--library", shelf).code == 2


def test_people_get_a_table(vouch: Vouch, shelf: Path) -> None:
    done = vouch("facts", "江河重工", "2022", "--field", "净利润", "--library", shelf)
    header, line = done.out.splitlines()
    assert header.split() == ["company", "year", "period", "scope", "field", "value", "page", "document"]
    assert line.split() == ["江河重工", "2022", "FY", "consolidated", "净利润", "-5.5元", "1", "江河重工_2022.pdf"]


def exported(vouch: Vouch, shelf: Path, file: Path) -> list[list[Any]]:
    """Export all facts and return the header and rows."""
    done = vouch("facts", "--all", "--export", file, "--library", shelf)
    assert (done.code, done.out) == (0, "")
    assert "8 facts" in done.err
    if file.suffix == ".csv":
        return list(csv.reader(file.read_text("utf-8-sig").splitlines()))
    if file.suffix == ".xlsx":
        return [list(row) for row in openpyxl.load_workbook(file).active.iter_rows(values_only=True)]  # type: ignore[union-attr]
    rows = json.loads(file.read_text("utf-8"))["facts"]
    return [list(rows[0]), *(list(row.values()) for row in rows)]


@pytest.mark.parametrize("ending", ["csv", "xlsx", "json"])
def test_an_export_holds_every_fact(vouch: Vouch, shelf: Path, tmp_path: Path, ending: str) -> None:
    header, *rows = exported(vouch, shelf, tmp_path / f"facts.{ending}")
    assert header[: len(FACT_KEYS)] == FACT_KEYS
    assert len(rows) == 8
    assert sorted(float(row[header.index("value")]) for row in rows) == [-5.5, 1, 2, 3, 4, 9, 1234567, 1234567.89]


def test_parquet_keeps_numbers_as_numbers(vouch: Vouch, shelf: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="the extra export is not installed")
    assert vouch("facts", "--all", "--export", tmp_path / "facts.parquet", "--library", shelf).code == 0
    table = parquet.read_table(tmp_path / "facts.parquet")
    assert table.num_rows == 8
    assert str(table.schema.field("value").type) == "double"


def test_parquet_without_its_package_names_the_pip_line(
    vouch: Vouch, shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vouch.app.extras.find_spec", lambda name: None if name == "pyarrow" else object())
    done = vouch("facts", "--export", tmp_path / "facts.parquet", "--library", shelf)
    assert done.code == 2
    assert "pip install 'vouch-qa[export]'" in done.err


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_an_export_can_be_imported_again(vouch: Vouch, shelf: Path, tmp_path: Path, ending: str) -> None:
    file, library = tmp_path / f"facts.{ending}", tmp_path / "library"
    exported(vouch, shelf, file)
    assert vouch("ingest", "--kind", "facts", file, "--library", library, "--jobs", "1").code == 0
    same = ("company", "short_name", "code", "year", "period", "scope", "field", "value", "unit", "raw", "column")
    before, after = (
        sorted(str([fact[key] for key in same]) for fact in listed(vouch, "--all", "--library", place))
        for place in (shelf, library)
    )
    assert before == after


def test_what_a_document_says_never_becomes_a_formula(vouch: Vouch, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(TABLE, encoding="utf-8")
    library = tmp_path / "library"
    vouch("ingest", "--kind", "facts", tmp_path / "table.csv", "--library", library, "--jobs", "1")
    for ending in ("csv", "xlsx"):
        vouch("facts", "--export", tmp_path / f"out.{ending}", "--library", library)
    assert "'=SUM(A1)" in (tmp_path / "out.csv").read_text("utf-8-sig")
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").active
    assert sheet is not None
    kinds = {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value == "=SUM(A1)"}
    assert kinds == {"s"}


def test_an_imported_table_is_counted_shown_and_opened(vouch: Vouch, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(TABLE, encoding="utf-8")
    library = tmp_path / "library"
    arguments = ("ingest", "--kind", "facts", tmp_path / "table.csv", "--library", library, "--jobs", "1", "--json")
    first, second = vouch(*arguments).json, vouch(*arguments).json
    assert (first["facts"], first["documents"][0]["facts"], first["documents"][0]["kind"]) == (4, 4, "facts")
    assert (second["unchanged"], second["facts"]) == (1, 4)
    stats = vouch("library", "stats", "--library", library, "--json").json
    assert (stats["facts"], stats["companies"]) == (4, 1)
    assert vouch("docs", "show", "table.csv", "--library", library, "--json").json["facts"] == 4
    [fact] = listed(vouch, "000002", "--field", "营业收入", "--library", library)
    page = vouch("docs", "show", "table.csv", "--page", str(fact["page"]), "--library", library).out
    assert fact["row"] == "营业收入: 7.25"
    assert fact["row"] in page.splitlines()


def test_a_file_that_is_no_table_fails_alone(vouch: Vouch, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "notes.md").write_text("# 笔记\n\n营业收入增长。\n", encoding="utf-8")
    done = vouch("ingest", "--kind", "facts", tmp_path, "--library", tmp_path / "library", "--jobs", "1", "--json")
    assert done.code == 3
    assert (done.json["ingested"], done.json["failed"]) == (1, 1)
