"""The sample documents: their statements balance as printed, and the demo's answers stand where it says."""

import re
import tomllib
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import docx
import pypdfium2
import pytest

SAMPLES = Path(__file__).resolve().parents[2] / "app" / "samples"
ANNUAL_2023, ANNUAL_2022 = "琅屿仪器_2023年年度报告.pdf", "琅屿仪器_2022年年度报告.pdf"
THIRD_QUARTER, TEN_K = "琅屿仪器_2023年第三季度报告.pdf", "Quillmere_Harbor_2023_10-K.pdf"
CHINESE_REPORTS = [ANNUAL_2023, ANNUAL_2022, THIRD_QUARTER]
QUESTIONS: list[dict[str, Any]] = tomllib.loads((SAMPLES / "questions.toml").read_text("utf-8"))["question"]

AMOUNT = r"\(?-?[\d,]+(?:\.\d\d)?\)?|—"
ROW = re.compile(rf"(?P<label>.*?)(?: 七、\d+)?(?P<amounts>(?: (?:{AMOUNT})){{2,}})")
Statement = dict[str, list[Decimal]]


@cache
def pages(name: str) -> list[str]:
    """Return the text layer of a sample, a page each."""
    with pypdfium2.PdfDocument(SAMPLES / name) as document:
        return [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in document]


def amount(text: str) -> Decimal:
    """Read a printed amount: thousands parted, negatives with a minus or in brackets."""
    digits = text.strip("()").replace(",", "")
    return Decimal("0" if digits == "—" else digits) * (-1 if text.startswith("(") else 1)


def statement(name: str, title: str, end: str = "公司负责人：") -> Statement:
    """Return the rows of a printed statement, in order: label without its number, amounts by column."""
    lines = "\n".join(pages(name)).split("\n")
    start = lines.index(title)
    rows: Statement = {}
    for line in lines[start : next(i for i in range(start, len(lines)) if lines[i].startswith(end))]:
        found = ROW.fullmatch(f" {line}")  # a label of two lines leaves its amounts on a line of their own
        if found:
            label = re.sub(r"^[一二三四五六七八]、|^（[一二]）|^加：|^减：|^其中：|（.*", "", found["label"].strip())
            rows.setdefault(label, [amount(text) for text in found["amounts"].split()])
    return rows


def column(rows: Statement, number: int, *labels: str) -> Decimal:
    """Add up some rows of a column; a label that is not printed fails."""
    return sum((rows[label][number] for label in labels), Decimal(0))


def between(rows: Statement, first: str, last: str, number: int) -> Decimal:
    """Add up a column's rows from one label up to, not including, another."""
    labels = list(rows)
    return column(rows, number, *labels[labels.index(first) : labels.index(last)])


BALANCE_SHEETS = [
    *[(name, "合并资产负债表") for name in CHINESE_REPORTS],
    (ANNUAL_2023, "母公司资产负债表"),
    (ANNUAL_2022, "母公司资产负债表"),
]


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize(("name", "title"), BALANCE_SHEETS)
def test_a_printed_balance_sheet_balances(name: str, title: str, number: int) -> None:
    rows = statement(name, title)
    assert between(rows, "货币资金", "流动资产合计", number) == column(rows, number, "流动资产合计")
    assert between(rows, "长期股权投资", "非流动资产合计", number) == column(rows, number, "非流动资产合计")
    assert column(rows, number, "流动资产合计", "非流动资产合计") == column(rows, number, "资产总计")
    assert between(rows, "短期借款", "流动负债合计", number) == column(rows, number, "流动负债合计")
    assert between(rows, "长期借款", "非流动负债合计", number) == column(rows, number, "非流动负债合计")
    assert column(rows, number, "流动负债合计", "非流动负债合计") == column(rows, number, "负债合计")
    equity = column(rows, number, "实收资本", "资本公积", "其他综合收益", "盈余公积", "未分配利润")
    if "少数股东权益" in rows:
        equity += column(rows, number, "少数股东权益")
    assert equity == column(rows, number, "所有者权益")
    assert column(rows, number, "负债合计", "所有者权益") == column(rows, number, "负债和所有者权益")
    assert column(rows, number, "资产总计") == column(rows, number, "负债和所有者权益")


INCOME_STATEMENTS = [*[(name, "合并利润表") for name in CHINESE_REPORTS], (ANNUAL_2023, "母公司利润表")]
COSTS = ("营业成本", "税金及附加", "销售费用", "管理费用", "研发费用", "财务费用")
GAINS = ("其他收益", "投资收益", "公允价值变动收益", "信用减值损失", "资产减值损失", "资产处置收益")


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize(("name", "title"), INCOME_STATEMENTS)
def test_a_printed_income_statement_adds_up(name: str, title: str, number: int) -> None:
    rows = statement(name, title)
    costs = column(rows, number, *COSTS)
    if "营业总成本" in rows:
        assert costs == column(rows, number, "营业总成本")
        attributable = column(rows, number, "1.归属于母公司股东的净利润", "2.少数股东损益")
        assert attributable == column(rows, number, "净利润")
    operating = column(rows, number, "营业收入") - costs + column(rows, number, *GAINS)
    assert operating == column(rows, number, "营业利润")
    before_tax = operating + column(rows, number, "营业外收入") - column(rows, number, "营业外支出")
    assert before_tax == column(rows, number, "利润总额")
    assert before_tax - column(rows, number, "所得税费用") == column(rows, number, "净利润")


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("name", CHINESE_REPORTS)
def test_a_printed_cash_flow_statement_adds_up(name: str, number: int) -> None:
    rows = statement(name, "合并现金流量表")
    for kind, first_in, first_out in (
        ("经营", "销售商品、提供劳务收到的现金", "购买商品、接受劳务支付的现金"),
        ("投资", "收回投资收到的现金", "购建固定资产、无形资产和其他长期资产支付的现金"),
        ("筹资", "取得借款收到的现金", "偿还债务支付的现金"),
    ):
        inflow, outflow = f"{kind}活动现金流入小计", f"{kind}活动现金流出小计"
        assert between(rows, first_in, inflow, number) == column(rows, number, inflow)
        assert between(rows, first_out, outflow, number) == column(rows, number, outflow)
        net = column(rows, number, inflow) - column(rows, number, outflow)
        assert net == column(rows, number, f"{kind}活动产生的现金流量净额")
    change = column(rows, number, *(f"{kind}活动产生的现金流量净额" for kind in ("经营", "投资", "筹资")))
    change += column(rows, number, "汇率变动对现金及现金等价物的影响")
    assert change == column(rows, number, "现金及现金等价物净增加额")
    assert change + column(rows, number, "期初现金及现金等价物余额") == column(rows, number, "期末现金及现金等价物余额")


def test_the_two_annual_reports_agree_on_the_year_they_share() -> None:
    for title in ("合并资产负债表", "合并利润表", "合并现金流量表", "母公司资产负债表"):
        later, earlier = statement(ANNUAL_2023, title), statement(ANNUAL_2022, title)
        assert {label: row[1] for label, row in later.items()} == {label: row[0] for label, row in earlier.items()}


def test_retained_earnings_roll_forward_by_profit_reserve_and_dividend() -> None:
    balance, income = statement(ANNUAL_2023, "合并资产负债表"), statement(ANNUAL_2023, "合并利润表")
    profit = income["1.归属于母公司股东的净利润"][0]
    to_reserve = balance["盈余公积"][0] - balance["盈余公积"][1]
    dividend = Decimal("57888000.00")  # 321,600,000 shares at 1.80 for ten, as the report says
    assert balance["未分配利润"][0] == balance["未分配利润"][1] + profit - to_reserve - dividend
    assert to_reserve == (statement(ANNUAL_2023, "母公司利润表")["净利润"][0] / 10).quantize(Decimal("0.01"))


def test_the_notes_reconcile_net_profit_to_operating_cash_flow() -> None:
    rows = statement(ANNUAL_2023, "56、现金流量表补充资料", "八、")
    assert between(rows, "净利润", "经营活动产生的现金流量净额", 0) == rows["经营活动产生的现金流量净额"][0]
    assert rows["净利润"] == statement(ANNUAL_2023, "合并利润表")["净利润"]


@pytest.mark.parametrize("number", [0, 1])
def test_the_english_statements_add_up(number: int) -> None:
    balance = statement(TEN_K, "CONSOLIDATED BALANCE SHEETS", "Quillmere")
    assert between(balance, "Cash and cash equivalents", "Total current assets", number) == column(
        balance, number, "Total current assets"
    )
    assert between(balance, "Total current assets", "Total assets", number) == column(balance, number, "Total assets")
    assert column(balance, number, "Total liabilities", "Total stockholders' equity") == column(
        balance, number, "Total assets"
    )
    cash = statement(TEN_K, "CONSOLIDATED STATEMENTS OF CASH FLOWS", "See accompanying")
    operating, investing = "Net cash provided by operating activities", "Net cash used in investing activities"
    financing = "Net cash used in financing activities"
    assert between(cash, "Net income", operating, number) == column(cash, number, operating)
    assert between(cash, "Capital expenditures", investing, number) == column(cash, number, investing)
    assert between(cash, "Proceeds from long-term debt", financing, number) == column(cash, number, financing)
    change = column(cash, number, operating, investing, financing, "Effect of exchange rates on cash")
    end = change + column(cash, number, "Cash and cash equivalents, beginning of year")
    assert end == balance["Cash and cash equivalents"][number]


@pytest.mark.parametrize("name", [*CHINESE_REPORTS, TEN_K])
def test_every_page_says_its_number(name: str) -> None:
    count = len(pages(name))
    assert all(f"\n{number} / {count}" in page for number, page in enumerate(pages(name), 1))


def test_the_table_of_contents_names_the_pages_of_the_sections() -> None:
    found = dict(re.findall(r"^(第.+节 .+?) \.{5,} (\d+)$", pages(ANNUAL_2023)[2], re.MULTILINE))
    assert len(found) == 10
    assert all(title in pages(ANNUAL_2023)[int(page) - 1].split("\n") for title, page in found.items())


def sample_text(question: dict[str, Any]) -> str:
    """Return the text that a question's answer must stand in: the page, or the whole document."""
    path = SAMPLES / question["document"]
    if path.suffix == ".pdf":
        return pages(path.name)[question["page"] - 1]
    if path.suffix == ".docx":
        return "\n".join(paragraph.text for paragraph in docx.Document(str(path)).paragraphs)
    return path.read_text("utf-8")


@pytest.mark.parametrize("question", [question for question in QUESTIONS if question["kind"] != "refused"])
def test_a_demo_question_has_its_answer_where_it_says(question: dict[str, Any]) -> None:
    assert re.sub(r"\s", "", question["contains"]) in re.sub(r"\s", "", sample_text(question))


def test_the_demo_asks_in_both_languages_and_about_what_is_missing() -> None:
    assert {question["language"] for question in QUESTIONS} == {"zh", "en"}
    assert {question["kind"] for question in QUESTIONS} == {"value", "open", "medical", "qa", "refused"}


def test_the_samples_are_small() -> None:
    assert sum(path.stat().st_size for path in SAMPLES.glob("*.*")) < 2_000_000


def test_generating_again_gives_the_same_files(tmp_path: Path) -> None:
    pytest.importorskip("reportlab", reason="the samples are generated with reportlab")
    from vouch.app.samples import generate

    if not generate.FONT.exists():
        pytest.skip("the Chinese font of the samples is not installed")
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        generate.write_samples(folder, generate.FONT)
    names = sorted(path.name for path in first.iterdir())
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in names)
    for name in [*CHINESE_REPORTS, TEN_K]:
        with pypdfium2.PdfDocument(first / name) as document:
            made = [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in document]
        assert made == pages(name)
