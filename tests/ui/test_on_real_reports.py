"""The chat over a real report, where the development data is at hand."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LONG = 120_000


@pytest.fixture(scope="module")
def report(repository: Path) -> Path:
    """A full annual report; its name tells company and year: DATE__NAME__CODE__SHORT__2022年__年度报告.pdf."""
    shared = Path(os.environ.get("VOUCH_SHARED", repository.parent / "shared"))
    found = sorted((shared / "data/finance/cn/reports").glob("*.pdf"))
    if not found:
        pytest.skip("no development data here (../shared or VOUCH_SHARED)")
    return found[-1]


@pytest.fixture(scope="module")
def page(browser: "Browser", chat: str) -> "Iterator[Page]":
    window = browser.new_page(viewport={"width": 1280, "height": 900})
    window.set_default_timeout(60_000)
    window.goto(chat)
    yield window
    window.close()


def test_a_real_report_is_uploaded_asked_cited_and_remembered(page: "Page", report: Path, tmp_path: Path) -> None:
    _, _, _, short, year, *_ = report.stem.split("__")
    page.get_by_role("heading", name="资料库还是空的").wait_for()
    page.set_input_files("input[type=file]", str(report))
    page.get_by_text(report.name[:7]).first.wait_for()  # long names are shown cut
    page.get_by_role("button", name="读入资料库").click()
    page.get_by_text("读入完成").wait_for(timeout=LONG)
    page.get_by_role("button", name="开始提问").click()
    box = page.get_by_test_id("stChatInputTextArea")
    answered = "n => document.querySelectorAll('[data-testid=stFeedback]').length === n"
    turns = ((f"{short}{year}的营业收入是多少？", "营业收入"), ("那毛利率呢？", "计算过程"))
    for number, (question, expected) in enumerate(turns, 1):
        box.fill(question)
        box.press("Enter")
        page.wait_for_function(answered, arg=number)
        assert "已核实" in page.get_by_test_id("stChatMessage").last.inner_text()
        assert expected in page.get_by_test_id("stChatMessage").last.inner_text()
    page.get_by_role("button", name="[1]").last.click()
    picture = page.get_by_role("dialog").locator("img")
    picture.wait_for()
    assert picture.evaluate("image => image.naturalWidth") > 400
    page.screenshot(path=tmp_path / "cited.png")
    page.keyboard.press("Escape")
    page.reload()
    page.get_by_text("计算过程").first.wait_for(timeout=LONG)
