"""`vouch warn`: the contract's keys, whose values are used, what is said of them, the page and the picture."""

import importlib.util
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.app.conftest import Vouch
from tests.retrieval.fact_maker import REVENUE, report_of, with_facts
from vouch.app.settings import load_settings
from vouch.app.wiring_embedder import make_embedder
from vouch.app.wiring_store import open_store_to_fill
from vouch.retrieval.facts import Fact
from vouch.retrieval.types import DocumentRecord, Source

NOW = {
    "流动资产合计": 500.0, "流动负债合计": 400.0, "资产总计": 1000.0, "未分配利润": 150.0, "利润总额": 90.0,
    "利息费用": 10.0, "所有者权益合计": 600.0, "负债合计": 400.0, "营业收入": 800.0, "净利润": 80.0,
}  # fmt: skip
BEFORE = {"营业收入": 1000.0, "净利润": 200.0}
SIGNAL_KEYS = ["name", "level", "value", "threshold", "source", "reason", "operands"]
OPERAND_KEYS = ["field", "year", "value", "unit", "document", "page"]
BANK = Source(
    "bank",
    "bank.pdf",
    "/bank.pdf",
    kind="report",
    company="江岸银行股份有限公司",
    code="600999",
    year=2022,
    period="FY",
)


def stating(values: dict[str, float], year: int, **changes: Any) -> list[Fact]:
    return [replace(REVENUE, field=name, value=value, year=year, **changes) for name, value in values.items()]


def opinion(text: str, year: int) -> Fact:
    return replace(REVENUE, field="审计意见", value=None, unit="", text=text, year=year, scope="", page=9)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company with reports of 2021 and 2022, the abridged one of 2023, and a bank; tests read it only."""
    folder = tmp_path_factory.mktemp("warned")
    reports: tuple[DocumentRecord, ...] = (
        with_facts(report_of(2021), *stating(BEFORE, 2021, page=3)),
        with_facts(
            report_of(2022),
            *stating(NOW, 2022, page=5),
            *stating({"营业收入": 7.0}, 2022, scope="parent"),
            *stating({"营业收入": 1100.0}, 2021, column="prior", raw="1,100.00", page=6),
            *stating({"货币资金": 30.0}, 2022, confidence=0.5, page=5),
            *stating({"经营活动产生的现金流量净额": -5.0}, 2021, column="prior", page=7),
            *stating({"经营活动产生的现金流量净额": -6.0}, 2022, page=7),
            opinion("带强调事项段的无保留意见", 2022),
        ),
        with_facts(report_of(2023, "摘要"), *stating({"营业收入": 900.0}, 2023)),
        with_facts(BANK, *stating({"利息净收入": 50.0, "资产总计": 1000.0, "净利润": -1.0}, 2022)),
    )
    settings = load_settings({"library": str(folder)}, {})
    no_vectors = np.zeros((0, make_embedder(settings).dimension), np.float32)
    with open_store_to_fill(settings) as store:
        for report in reports:
            store.put(replace(report, chunks=(), vectors=no_vectors))
    return folder


def report(vouch: Vouch, shelf: Path, *arguments: str) -> dict[str, Any]:
    done = vouch("warn", *arguments, "--json", "--library", shelf)
    assert done.code == 0
    said: dict[str, Any] = done.json
    return said


def signal(said: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(entry for entry in said["signals"] if entry["name"] == name)
    return found


def test_the_report_has_the_contract_s_keys(vouch: Vouch, shelf: Path) -> None:
    said = report(vouch, shelf, "江河重工", "2022")
    assert list(said) == ["company", "code", "year", "signals", "warnings"]
    assert (said["company"], said["code"], said["year"]) == ("江河重工股份有限公司", "600001", 2022)
    assert {tuple(entry)[: len(SIGNAL_KEYS)] for entry in said["signals"]} == {tuple(SIGNAL_KEYS)}
    ratio = signal(said, "流动比率")
    # 500 / 400
    assert (ratio["value"], ratio["level"], ratio["threshold"]) == (1.25, "watch", "alarm < 1; watch < 1.5")
    assert [{key: operand[key] for key in OPERAND_KEYS} for operand in ratio["operands"]] == [
        {
            "field": "流动资产合计",
            "year": 2022,
            "value": 500,
            "unit": "元",
            "document": "江河重工_2022_FY.pdf",
            "page": 5,
        },
        {
            "field": "流动负债合计",
            "year": 2022,
            "value": 400,
            "unit": "元",
            "document": "江河重工_2022_FY.pdf",
            "page": 5,
        },
    ]


def test_without_a_year_the_latest_full_report_speaks(vouch: Vouch, shelf: Path) -> None:
    assert report(vouch, shelf, "600001")["year"] == 2022


def test_the_year_before_is_taken_from_its_own_report_and_a_restatement_is_said(vouch: Vouch, shelf: Path) -> None:
    said = report(vouch, shelf, "江河重工", "2022")
    change = signal(said, "营业收入同比变动")
    # (800 - 1000) / 1000, not against the restated 1100
    assert change["value"] == -20
    assert [(o["year"], o["document"], o["page"]) for o in change["operands"]] == [
        (2022, "江河重工_2022_FY.pdf", 5),
        (2021, "江河重工_2021_FY.pdf", 3),
    ]
    assert any("2021年营业收入" in warning and "1,100.00" in warning for warning in said["warnings"])


def test_a_comparative_column_is_used_where_there_is_no_report_and_said(vouch: Vouch, shelf: Path) -> None:
    said = report(vouch, shelf, "江河重工", "2022")
    assert signal(said, "经营现金流连续两年为负")["level"] == "alarm"
    assert any("2021年的经营活动产生的现金流量净额" in warning for warning in said["warnings"])


def test_a_doubtful_reading_is_said(vouch: Vouch, shelf: Path) -> None:
    warnings = report(vouch, shelf, "江河重工", "2022")["warnings"]
    assert [warning for warning in warnings if "存疑" in warning] == ["以下数据识别存疑，请核对原文: 2022年货币资金"]


def test_the_audit_opinion_cites_its_page(vouch: Vouch, shelf: Path) -> None:
    audit = signal(report(vouch, shelf, "江河重工", "2022"), "审计意见")
    assert (audit["level"], audit["value"], audit["text"]) == ("watch", None, "带强调事项段的无保留意见")
    assert [(o["field"], o["page"], o["text"]) for o in audit["operands"]] == [
        ("审计意见", 9, "带强调事项段的无保留意见")
    ]


def test_a_bank_is_told_what_does_not_apply_and_why(vouch: Vouch, shelf: Path) -> None:
    said = report(vouch, shelf, "江岸银行")
    assert (signal(said, "Altman Z″")["level"], signal(said, "净利润")["level"]) == ("not_applicable", "watch")
    assert "银行" in signal(said, "Altman Z″")["reason"]


def test_an_unknown_company_and_a_year_not_held_give_no_signals(vouch: Vouch, shelf: Path) -> None:
    unknown = report(vouch, shelf, "远山电子")
    assert (unknown["signals"], unknown["year"]) == ([], None)
    assert "远山电子" in unknown["warnings"][0]
    nothing = report(vouch, shelf, "江河重工", "2012")
    assert {entry["level"] for entry in nothing["signals"]} == {"not_applicable"}
    assert nothing["warnings"] == ["2012年没有年度报告数据"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("江河重工", "2021-2022"), "not one year"),
        (("江河重工", "2022年第三季度"), "not one year"),
        (("江", "2022"), "name one of them"),
        (("江河重工", "--chart", "signals.pdf"), "signals.png"),
    ],
)
def test_wrong_usage_is_refused(vouch: Vouch, shelf: Path, arguments: tuple[str, ...], said: str) -> None:
    done = vouch("warn", *arguments, "--library", shelf)
    assert (done.code, said in done.err) == (2, True)


def test_the_terminal_shows_every_operand_with_document_and_page(vouch: Vouch, shelf: Path) -> None:
    out = vouch("warn", "江河重工", "2022", "--library", shelf).out
    assert "  2022 流动负债合计  400元  [1] p. 5" in out
    assert "  2021 经营活动产生的现金流量净额  -5元  [1] p. 7，上年对比列" in out
    assert "[1] 江河重工_2022_FY.pdf" in out


class Tags(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [str(value) for name, value in attrs if name in ("src", "href")]


def test_the_page_loads_nothing_and_escapes_what_documents_say(vouch: Vouch, tmp_path: Path) -> None:
    library, page = tmp_path / "library", tmp_path / "report.html"
    settings = load_settings({"library": str(library)}, {})
    said = opinion("<script>alert(1)</script>保留意见", 2022)
    record = with_facts(replace(report_of(2022), name='"><img src=x>.pdf'), *stating(NOW, 2022), said)
    no_vectors = np.zeros((0, make_embedder(settings).dimension), np.float32)
    with open_store_to_fill(settings) as store:
        store.put(replace(record, chunks=(), vectors=no_vectors))
    assert vouch("warn", "江河重工", "--html", page, "--library", library).code == 0
    tags = Tags()
    tags.feed(page.read_text(encoding="utf-8"))
    assert (tags.tags & {"script", "img", "link", "iframe"}, tags.links) == (set(), [])
    assert "&lt;script&gt;alert(1)" in page.read_text(encoding="utf-8")


def test_the_chart_is_a_picture_of_the_signals(vouch: Vouch, shelf: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    picture = tmp_path / "signals.png"
    done = vouch("warn", "江河重工", "2022", "--chart", picture, "--library", shelf)
    if "no installed font" in done.err:
        pytest.skip("no font with Chinese characters is installed")
    assert done.code == 0
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_without_the_extra_the_chart_names_its_pip_line(
    vouch: Vouch, shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr("vouch.app.extras.find_spec", lambda name: None if name == "matplotlib" else found(name))
    done = vouch("warn", "江河重工", "--chart", tmp_path / "a.png", "--library", shelf)
    assert (done.code, "vouch-qa[chart]" in done.err) == (2, True)
