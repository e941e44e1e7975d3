"""Imported tables: which column is what, what a cell says, and that nothing is guessed."""

from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.retrieval.record_maker import LetterEmbedder
from vouch.ingest.fact_tables import cells
from vouch.ingest.fact_tables.preparer import FactTablePreparer
from vouch.ingest.loaders.fact_sheets import read_sheet
from vouch.ingest.types import Overrides
from vouch.retrieval.errors import UnreadableDocument
from vouch.retrieval.facts import Fact
from vouch.retrieval.types import DocumentRecord

WIDE = """股票代码,证券简称,公司全称,年份,营业收入,净利润（万元）,研发人员比率,法定代表人,天气
600001,江河重工,江河重工股份有限公司,2021,"1,234.50",-12.5,22.69,林望舒,晴
2,远山电子,远山电子股份有限公司,2021年,,(3),--,,
"""


def prepared(folder: Path, text: str, name: str = "table.csv", **said: Any) -> DocumentRecord:
    (folder / name).write_text(text, encoding="utf-8")
    return imported(folder / name, **said)


def imported(path: Path, **said: Any) -> DocumentRecord:
    preparer = FactTablePreparer(read_sheet, LetterEmbedder(), Overrides(kind="facts", **said), "recipe")
    return preparer.prepare(path, "hash")


def by_field(record: DocumentRecord, company: str = "江河重工股份有限公司") -> dict[str, Fact]:
    return {fact.field: fact for fact in record.facts if fact.company == company}


def test_each_column_of_a_wide_table_is_a_field(tmp_path: Path) -> None:
    found = by_field(prepared(tmp_path, WIDE))
    assert (found["营业收入"].value, found["营业收入"].unit, found["营业收入"].scope) == (1234.5, "元", "consolidated")
    assert (found["研发人员占比(%)"].value, found["研发人员占比(%)"].unit) == (22.69, "%")
    assert (found["法定代表人"].value, found["法定代表人"].text, found["法定代表人"].scope) == (None, "林望舒", "")
    assert {(fact.year, fact.period, fact.code, fact.short_name) for fact in found.values()} == {
        (2021, "FY", "600001", "江河重工")
    }


def test_a_unit_in_the_column_name_scales_its_values(tmp_path: Path) -> None:
    record = prepared(tmp_path, WIDE)
    assert by_field(record)["净利润"].value == -125_000
    assert by_field(record, "远山电子股份有限公司")["净利润"].value == -30_000


def test_an_empty_cell_is_not_zero(tmp_path: Path) -> None:
    found = by_field(prepared(tmp_path, WIDE), "远山电子股份有限公司")
    assert set(found) == {"净利润", "证券代码", "证券简称", "企业名称"}


def test_codes_get_back_the_zeros_a_spreadsheet_took(tmp_path: Path) -> None:
    assert by_field(prepared(tmp_path, WIDE), "远山电子股份有限公司")["净利润"].code == "000002"


def test_unknown_columns_are_named_in_a_warning(tmp_path: Path) -> None:
    [warning] = prepared(tmp_path, WIDE).warnings
    assert "天气" in warning
    assert "营业收入" not in warning


def test_a_fact_cites_its_cell_on_the_page_of_its_row(tmp_path: Path) -> None:
    record = prepared(tmp_path, WIDE)
    pages = {page.number: page for page in record.pages}
    assert sorted(pages) == [1, 2, 3]
    assert "净利润（万元）" in pages[1].text
    for fact in record.facts:
        assert pages[fact.page].text[fact.start : fact.end] == fact.row
    fact = by_field(record, "远山电子股份有限公司")["净利润"]
    assert (fact.page, fact.row, fact.raw) == (3, "净利润（万元）: (3)", "(3)")


def test_a_table_of_many_companies_is_no_company_s_document(tmp_path: Path) -> None:
    record = prepared(tmp_path, WIDE)
    assert (record.source.kind, record.source.company, record.source.year) == ("facts", "", 2021)
    assert (len(record.chunks), record.vectors.shape) == (0, (0, 26))


def test_a_blank_row_keeps_the_numbers_of_those_below(tmp_path: Path) -> None:
    record = prepared(tmp_path, "公司名称,年份,营业收入\n甲公司,2021,1\n,,\n乙公司,2021,2\n")
    assert [(fact.page, fact.value) for fact in record.facts if fact.field == "营业收入"] == [(2, 1), (4, 2)]
    assert [page.number for page in record.pages] == [1, 2, 3, 4]


def test_of_two_columns_for_a_field_the_one_with_its_name_counts(tmp_path: Path) -> None:
    record = prepared(tmp_path, "公司名称,年份,总资产,资产总计\n甲公司,2021,1,2\n乙公司,2021,3,\n")
    assert [fact.value for fact in record.facts if fact.field == "资产总计"] == [2, 3]
    assert any("资产总计, 总资产" in warning for warning in record.warnings)


def test_the_long_form_states_a_fact_a_row(tmp_path: Path) -> None:
    text = (
        "company,code,year,period,scope,field,value,unit,raw,text,column,confidence\n"
        "甲公司,600001,2022,Q3,parent,营收,1.5,万元,1.50,,prior,0.5\n"
        "甲公司,600001,2022,FY,,法定代表人,,,,林望舒,,\n"
        "甲公司,600001,2022,FY,,营业收入,7,USD,,,,\n"
        "甲公司,600001,2022,FY,,晴雨,7,,,,,\n"
        "甲公司,600001,2022,FY,,净利润,,元,,,,\n"
    )
    record = prepared(tmp_path, text)
    first, second, third = record.facts
    assert (first.field, first.value, first.unit, first.raw) == ("营业收入", 15000, "元", "1.50")
    assert (first.period, first.scope, first.column, first.confidence) == ("Q3", "parent", "prior", 0.5)
    assert (second.field, second.text, second.value) == ("法定代表人", "林望舒", None)
    assert (third.value, third.unit) == (7, "USD")
    assert record.warnings == ("1 name(s) left out, no field is called so: 晴雨",)


def test_words_in_a_column_of_numbers_are_left_out_and_named(tmp_path: Path) -> None:
    record = prepared(tmp_path, "公司名称,年份,营业收入\n甲公司,2021,约一千\n甲公司,2022,2\n")
    assert [fact.value for fact in record.facts if fact.field == "营业收入"] == [2]
    assert record.warnings == ("1 value(s) left out, no number: row 2 营业收入 '约一千'",)


def test_rows_without_company_or_year_are_left_out_and_named(tmp_path: Path) -> None:
    record = prepared(tmp_path, "公司名称,年份,营业收入\n,2021,1\n甲公司,,2\n甲公司,2022,3\n")
    assert {fact.page for fact in record.facts} == {4}
    assert record.warnings == ("1 row(s) left out, without a company: 2", "1 row(s) left out, without a year: 3")


def test_the_user_may_say_whose_table_it_is(tmp_path: Path) -> None:
    record = prepared(tmp_path, "营业收入,净利润\n1,2\n", company="甲公司", year=2022)
    assert {(fact.company, fact.year) for fact in record.facts} == {("甲公司", 2022)}
    assert (record.source.company, record.source.year) == ("甲公司", 2022)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("公司名称,年份,晴雨\n甲公司,2021,1\n", "晴雨"),
        ("年份,营业收入\n2021,1\n", "which company"),
        ("公司名称,营业收入\n甲公司,1\n", "which year"),
        ("公司名称,年份,净利润,营业收入\n,,,\n", "no row holds a value"),
    ],
)
def test_a_table_that_says_nothing_is_refused_with_a_remedy(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(UnreadableDocument, match=problem) as raised:
        prepared(tmp_path, text)
    assert raised.value.remedy


def test_only_tables_are_imported(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match="--kind facts"):
        prepared(tmp_path, "# 甲公司\n\n营业收入\n", "notes.md")


def test_a_workbook_keeps_the_digits_its_formats_hide(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["公司名称", "报告期", "营业收入", "研发人员比率"])
    sheet.append(["甲公司", date(2022, 9, 30), 905402299.44, 0.2269])
    sheet["C2"].number_format, sheet["D2"].number_format = "#,##0", "0%"
    book.save(tmp_path / "table.xlsx")
    found = by_field(imported(tmp_path / "table.xlsx"), "甲公司")
    assert (found["营业收入"].value, found["营业收入"].year, found["营业收入"].period) == (905402299.44, 2022, "Q3")
    assert found["研发人员占比(%)"].value == 22.69


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("1,234.50", (1234.5, "")),
        ("（12.5）", (-12.5, "")),
        ("−3", (-3, "")),
        ("1.2亿元", (120_000_000, "亿元")),
        ("5万", (50_000, "万")),
        ("22.69%", (22.69, "%")),
        ("￥7", (7, "")),
        ("0", (0, "")),
        ("1.5E+08", (150_000_000, "")),
        (".5", (0.5, "")),
        ("约5", None),
        ("2021年", None),
        ("1-2", None),
        ("12 人", (12, "人")),
    ],
)
def test_a_cell_reads_as_a_number(cell: str, expected: tuple[float, str] | None) -> None:
    found = cells.number(cell)
    assert (found and (float(found[0]), found[1])) == expected


@pytest.mark.parametrize(
    ("year", "period", "expected"),
    [
        ("2021", "", (2021, "FY")),
        ("2021年", "", (2021, "FY")),
        ("2021.0", "", (2021, "FY")),
        ("", "2021-12-31", (2021, "FY")),
        ("", "2021/6/30", (2021, "H1")),
        ("", "20210331", (2021, "Q1")),
        ("", "2025年第三季度", (2025, "Q3")),
        ("2022", "H1", (2022, "H1")),
        ("2022", "Q3-single", (2022, "Q3-single")),
        ("2022", "年报", (2022, "FY")),
        ("", "", (None, "FY")),
        ("上年", "", (None, "FY")),
    ],
)
def test_cells_name_a_year_and_period(year: str, period: str, expected: tuple[int | None, str]) -> None:
    assert cells.when(year, period) == expected


@pytest.mark.parametrize(
    ("cell", "width", "expected"),
    [
        ("2", 6, "000002"),
        ("600001.SH", 6, "600001"),
        ("SZ000002", 6, "000002"),
        ("2.0", 6, "000002"),
        ("700", 0, "700"),
        ("AAPL", 6, "AAPL"),
    ],
)
def test_codes_are_written_one_way(cell: str, width: int, expected: str) -> None:
    assert cells.code(cell, width) == expected
