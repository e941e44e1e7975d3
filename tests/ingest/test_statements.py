"""Statement facts, from layouts drawn at random and from those known to mislead."""

import random
from pathlib import Path

import pytest

from tests.ingest.pdf_maker import Text, write_pdf
from tests.ingest.statement_maker import make_statements, random_layout
from vouch.ingest.facts.printed import PrintedPages
from vouch.ingest.facts.statements import statement_facts
from vouch.ingest.loaders.pdf import PdfLoader
from vouch.retrieval.facts import Fact
from vouch.retrieval.fields import FieldDictionary
from vouch.retrieval.types import Source

SOURCE = Source("d", "a.pdf", "/a.pdf", kind="report", company="远山能源股份有限公司", year=2023, period="FY")
FIELDS = FieldDictionary.load()


def facts_of(path: Path, source: Source = SOURCE) -> list[Fact]:
    return statement_facts(PrintedPages(PdfLoader().load(path).pages), source, FIELDS)


@pytest.mark.parametrize("seed", range(60))
def test_statements_are_read_whatever_their_layout(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    made = make_statements(rng, 2023, random_layout(rng))
    facts = facts_of(write_pdf(tmp_path / "a.pdf", made.pages))
    found = {(f.statement, f.field, f.year): f.value for f in facts if f.scope == "consolidated"}
    assert found == pytest.approx(made.truth)


def rows(
    *lines: tuple[str, str, str], head: tuple[str, str] = ("2023 年度", "2022 年度"), caption: str = "合并利润表"
) -> list[Text]:
    texts = [Text(240, 90, caption), Text(450, 105, "单位：元"), Text(100, 120, "项目")]
    texts += [Text(330, 120, head[0], 9), Text(450, 120, head[1], 9)]
    for i, (label, this, before) in enumerate(lines):
        y = 140 + 16 * i
        texts += [Text(80, y, label, 9)] + [Text(x, y, t, 9) for x, t in ((330, this), (450, before)) if t]
    return texts


FOUR = (("营业成本", "50.00", "40.00"), ("利润总额", "9.00", "8.00"), ("销售费用", "1.00", "2.00"))


BALANCE = (
    ("货币资金", "5.00", "4.00"),
    ("存货", "1.00", "2.00"),
    ("固定资产", "3.00", "3.50"),
    ("资产总计", "9.00", "9.50"),
)


def value(facts: list[Fact], name: str, year: int) -> float | None:
    found = [fact.value for fact in facts if fact.field == name and fact.year == year]
    return found[0] if found else None


def test_one_number_in_a_row_belongs_to_the_column_it_stands_in(tmp_path: Path) -> None:
    page = rows(("营业收入", "100.00", "90.00"), ("研发费用", "", "7.00"), *FOUR)
    facts = facts_of(write_pdf(tmp_path / "a.pdf", [page]))
    assert value(facts, "研发费用", 2023) is None
    assert value(facts, "研发费用", 2022) == 7.0


def test_an_empty_cell_and_a_dash_are_not_zero(tmp_path: Path) -> None:
    page = rows(("营业收入", "100.00", "90.00"), ("研发费用", "-", "0.00"), ("财务费用", "", ""), *FOUR)
    facts = facts_of(write_pdf(tmp_path / "a.pdf", [page]))
    assert value(facts, "研发费用", 2023) is None
    assert value(facts, "研发费用", 2022) == 0.0
    assert value(facts, "财务费用", 2023) is None


def test_the_parent_company_s_statement_is_never_the_group_s(tmp_path: Path) -> None:
    group = rows(("营业收入", "100.00", "90.00"), *FOUR)
    parent = rows(("营业收入", "60.00", "55.00"), *FOUR, caption="母公司利润表")
    facts = facts_of(write_pdf(tmp_path / "a.pdf", [group, parent]))
    assert {(f.scope, f.value) for f in facts if f.field == "营业收入" and f.year == 2023} == {
        ("consolidated", 100.0),
        ("parent", 60.0),
    }


def test_the_opening_balance_belongs_to_the_year_before(tmp_path: Path) -> None:
    page = rows(
        *BALANCE,
        head=("2023年12月31日", "2023年1月1日"),
        caption="合并资产负债表",
    )
    facts = facts_of(write_pdf(tmp_path / "a.pdf", [page]))
    assert value(facts, "资产总计", 2022) == 9.5


def test_a_mention_of_a_statement_is_none(tmp_path: Path) -> None:
    page = [Text(80, 90, "合并资产负债表"), Text(80, 120, "货币资金 1.00 2.00"), Text(80, 140, "见附注。")]
    assert facts_of(write_pdf(tmp_path / "a.pdf", [page])) == []


def test_a_wrapped_label_belongs_to_the_amounts_beside_it(tmp_path: Path) -> None:
    page = [
        *rows(("营业收入", "100.00", "90.00"), *FOUR),
        Text(80, 240, "1.归属于母公司股东的净利润", 9),
        Text(80, 252, "（净亏损以“-”号填列）", 9),
        Text(330, 246, "6.00", 9),
        Text(450, 246, "-5.00", 9),
    ]
    facts = facts_of(write_pdf(tmp_path / "a.pdf", [page]))
    assert value(facts, "归属于母公司所有者的净利润", 2023) == 6.0
    assert value(facts, "归属于母公司所有者的净利润", 2022) == -5.0


def test_a_quarterly_report_keeps_its_period_and_year_end(tmp_path: Path) -> None:
    source = Source("d", "a.pdf", "/a.pdf", kind="report", year=2023, period="Q3")
    balance = rows(
        *BALANCE,
        head=("2023年9月30日", "2022年12月31日"),
        caption="合并资产负债表",
    )
    income = rows(
        ("营业收入", "100.00", "90.00"),
        *FOUR,
        head=("2023年前三季度", "2022年前三季度"),
        caption="合并年初到报告期末利润表",
    )
    facts = facts_of(write_pdf(tmp_path / "a.pdf", [balance, income]), source)
    periods = {(f.field, f.year): f.period for f in facts}
    assert (periods["资产总计", 2023], periods["资产总计", 2022]) == ("Q3", "FY")
    assert (periods["营业收入", 2023], periods["营业收入", 2022]) == ("Q3", "Q3")
