"""`vouch ask --chart --csv`: what is drawn and how, what the file of values says, the table below an answer."""

import csv
import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.app.conftest import Vouch
from tests.retrieval.fact_maker import REVENUE, report_of, with_facts
from vouch.app.answer_text import answer_text
from vouch.app.chart_results import Series, result_chart
from vouch.app.exports.text_files import write_result_csv
from vouch.app.result_labels import Labels, labels_in
from vouch.app.result_lines import result_lines
from vouch.app.settings import load_settings
from vouch.app.wiring_embedder import make_embedder
from vouch.app.wiring_store import open_store_to_fill
from vouch.generation.types import Answer, Citation, ResultRow
from vouch.retrieval.errors import UsageError

RIVER, LAKE = "江河重工股份有限公司", "湖畔电子股份有限公司"
NAMES = {RIVER: "江河重工", LAKE: "湖畔电子"}


def row(company: str, year: int, value: float | None, name: str = "营业收入", unit: str = "元") -> ResultRow:
    return ResultRow(company, "600001", year, "FY", name, value, f"{value:g}{unit}" if value else "张三", unit)


def answered(*rows: ResultRow, question: str = "各年各公司的值是多少？") -> Answer:
    return Answer(question, "答。", "fact", results=rows)


def chinese() -> Labels:
    return labels_in("zh", NAMES)


def table(answer: Answer) -> list[str]:
    """The table of an answer, cells parted by single spaces."""
    return [" ".join(line.split()) for line in answer_text(answer, short_names=NAMES).splitlines()[2:]]


def test_years_are_one_line_for_each_company_in_the_order_of_time() -> None:
    rows = (row(RIVER, 2023, 3e8), row(RIVER, 2022, 2e8), row(LAKE, 2023, 1e8))
    chart = result_chart(answered(*rows), chinese())
    (panel,) = chart.panels
    assert (chart.kind, chart.title, panel.unit, panel.marks) == ("lines", "营业收入", "亿元", ("2022年", "2023年"))
    assert panel.series == (Series("江河重工", (2.0, 3.0)), Series("湖畔电子", (None, 1.0)))


def test_companies_are_bars_in_the_order_of_the_answer() -> None:
    chart = result_chart(answered(row(LAKE, 2022, 9e4), row(RIVER, 2022, 3e4)), chinese())
    assert (chart.kind, chart.title) == ("bars", "2022年 营业收入")
    assert (chart.panels[0].marks, chart.panels[0].unit) == (("湖畔电子", "江河重工"), "万元")


def test_values_of_different_units_never_share_axes() -> None:
    rows = row(RIVER, 2022, 500.0), row(RIVER, 2022, 41.5, "资产负债率", "%"), row(RIVER, 2022, 20.0, "净利润")
    chart = result_chart(answered(*rows), chinese())
    assert [(panel.unit, panel.marks) for panel in chart.panels] == [
        ("元", ("营业收入", "净利润")),
        ("%", ("资产负债率",)),
    ]


def test_years_to_date_of_different_length_are_no_line() -> None:
    rows = replace(row(RIVER, 2022, 2.0), period="Q3"), replace(row(RIVER, 2022, 1.0), period="Q1"), row(RIVER, 2022, 4)
    chart = result_chart(answered(*rows), chinese())
    assert (chart.kind, chart.panels[0].marks) == ("bars", ("2022年第一季度", "2022年第三季度", "2022年"))


def test_more_companies_than_can_be_read_are_counted() -> None:
    many = [row(f"{number}号公司", 2022, 1.0 + number) for number in range(43)]
    chart = result_chart(answered(*many), chinese())
    assert (len(chart.panels[0].marks), chart.left_out) == (40, 3)


def test_companies_that_share_a_short_name_are_told_apart() -> None:
    labels = labels_in("zh", dict.fromkeys((RIVER, LAKE), "江湖"))
    assert result_chart(answered(row(RIVER, 2022, 1), row(LAKE, 2022, 2)), labels).panels[0].marks == (RIVER, LAKE)


@pytest.mark.parametrize("rows", [(), (row(RIVER, 2022, 1.0),), (row(RIVER, 2022, None), row(RIVER, 2023, None))])
def test_fewer_than_two_numbers_are_not_drawn(rows: tuple[ResultRow, ...]) -> None:
    with pytest.raises(UsageError, match="no chart"):
        result_chart(answered(*rows), chinese())


def test_companies_and_years_of_one_value_are_a_table_with_a_column_for_each_year() -> None:
    rows = row(RIVER, 2022, 12.0), row(RIVER, 2023, 345.0), row(LAKE, 2023, 7.0)
    assert table(answered(*rows)) == ["营业收入 2022年 2023年", "江河重工 12元 345元", "湖畔电子 — 7元"]
    assert answer_text(answered(*rows), short_names=NAMES).splitlines()[3:] == [
        "江河重工    12元   345元",
        "湖畔电子       —     7元",
    ]


def test_years_of_several_values_are_a_table_with_a_column_for_each_value() -> None:
    rows = row(RIVER, 2022, 1.0), row(RIVER, 2022, None, "法定代表人", ""), row(RIVER, 2023, 2.0)
    assert table(answered(*rows)) == ["期间 营业收入 法定代表人", "2022年 1元 张三", "2023年 2元 —"]


def test_the_table_speaks_the_language_of_the_question() -> None:
    question = "What was the revenue of 江河重工 in 2022 and 2023?"
    rows = row(RIVER, 2022, 1.0), row(RIVER, 2023, 2.0)
    assert table(answered(*rows, question=question))[0] == "period Operating revenue"


def test_one_company_and_year_needs_no_table() -> None:
    assert answer_text(answered(row(RIVER, 2022, 1.0), row(RIVER, 2022, 2.0, "净利润"))) == "答。"


def test_the_file_of_values_names_the_pages_and_runs_no_formula(tmp_path: Path) -> None:
    cited = [
        Citation(n, "id", name, page, (), text, (), 1.0)
        for n, name, page, text in ((1, "=HYPERLINK(1).pdf", 7, "负债合计\n40"), (2, "b.pdf", 8, "资产总计 100"))
    ]
    ratio = replace(row(RIVER, 2022, 40.0, "资产负债率", "%"), formula="负债/资产", citations=(1, 2))
    written = write_result_csv(result_lines(replace(answered(ratio), citations=tuple(cited))), tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        (line,) = csv.DictReader(file)
    assert written == 1
    assert line == {
        "company": RIVER,
        "code": "600001",
        "year": "2022",
        "period": "FY",
        "field": "资产负债率",
        "value": "40",
        "text": "40%",
        "unit": "%",
        "formula": "负债/资产",
        "document": "'=HYPERLINK(1).pdf; b.pdf",
        "page": "7; 8",
        "row": "负债合计 40; 资产总计 100",
    }


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reports of a company on 2021 and 2022, each with its revenue; tests read it only."""
    folder = tmp_path_factory.mktemp("compared")
    settings = load_settings({"library": str(folder)}, {})
    no_vectors = np.zeros((0, make_embedder(settings).dimension), np.float32)
    with open_store_to_fill(settings) as store:
        for year, value in ((2021, 1000.0), (2022, 1234.0)):
            record = with_facts(report_of(year), replace(REVENUE, year=year, value=value, raw=f"{value:g}"))
            store.put(replace(record, chunks=(), vectors=no_vectors))
    return folder


def test_ask_draws_and_writes_what_it_answers(vouch: Vouch, shelf: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the extra chart is not installed")
    picture, file = tmp_path / "a.png", tmp_path / "a.csv"
    question = "江河重工2021年和2022年的营业收入是多少？"
    done = vouch("ask", question, "--chart", picture, "--csv", file, "--library", shelf)
    if "no installed font" in done.err:
        pytest.skip("no font with Chinese characters is installed")
    assert done.code == 0
    image = picture.read_bytes()
    assert image.startswith(b"\x89PNG")
    width, height = (int.from_bytes(image[start : start + 4], "big") for start in (16, 20))
    assert (1000 < width < 2000, 500 < height < 2000) == (True, True)
    assert [line.split(",")[5] for line in file.read_text("utf-8-sig").splitlines()] == ["value", "1000", "1234"]


def test_a_single_value_is_answered_and_then_refused_a_chart(vouch: Vouch, shelf: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the extra chart is not installed")
    question = "江河重工2022年的营业收入是多少？"
    done = vouch("ask", question, "--chart", tmp_path / "a.png", "--library", shelf)
    assert (done.code, "1234" in done.out, "only one number" in done.err) == (2, True, True)
    assert not (tmp_path / "a.png").exists()


def test_without_the_extra_a_chart_names_its_pip_line(
    vouch: Vouch, shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr("vouch.app.extras.find_spec", lambda name: None if name == "matplotlib" else found(name))
    done = vouch("ask", "江河重工2022年的营业收入？", "--chart", tmp_path / "a.png", "--library", shelf)
    assert (done.code, done.out, "vouch-qa[chart]" in done.err) == (2, "", True)


@pytest.mark.parametrize(
    ("option", "name", "said"), [("--chart", "a.pdf", "a.png"), ("--csv", "none/a.csv", "no folder")]
)
def test_a_file_that_cannot_be_written_is_refused_before_the_answer(
    vouch: Vouch, shelf: Path, tmp_path: Path, option: str, name: str, said: str
) -> None:
    done = vouch("ask", "江河重工2022年的营业收入？", option, tmp_path / name, "--library", shelf)
    assert (done.code, done.out, said in done.err) == (2, "", True)
