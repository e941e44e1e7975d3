"""The report in a real browser: what a person does with it, and that nothing is logged or fetched."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.eval.run_maker import answer, answer_line, citation, settings
from vouch.eval.report import Extras, report_html

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
EVIL = '</script><script>document.title = "taken"</script><img src=x onerror="document.title = \'taken\'">'
SHOWN_AT_ONCE = 40


@pytest.fixture(scope="module")
def page() -> Iterator["Page"]:
    browser_path = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser_path is None:
        pytest.skip("no Chromium here (Debian: apt-get install chromium)")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=browser_path, args=FLAGS)
        yield browser.new_page(viewport={"width": 1100, "height": 900})
        browser.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Path:
    from vouch.ingest.loaders.page_picture import page_picture

    sample = next((repository / "app" / "samples").glob("*2022*.pdf"))
    cited = answer(EVIL, (citation(1, 7, "营业收入"),))
    lines = [answer_line(f"w{n}", "wrong", "1", answer=cited) for n in range(50)]
    lines += [answer_line(f"r{n}", "refused", "open") for n in range(3)] + [answer_line("c0", "correct", "1")]
    metrics = {"items": 54, "accuracy": 1 / 54, "by_type": {"1": {"accuracy": 1 / 51}}}
    file = tmp_path_factory.mktemp("report") / "report.html"
    extras = Extras(draw=lambda _document, number, boxes: page_picture(sample, number, boxes))
    file.write_text(report_html(settings(items=54), metrics, lines, extras), encoding="utf-8")
    return file


def test_the_report_opens_quietly_and_can_be_searched(page: "Page", report: Path, tmp_path: Path) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.goto(report.as_uri())
    assert page.locator("details.item").count() == SHOWN_AT_ONCE
    assert page.locator("#count").inner_text() == "50 / 54", "wrong answers are shown first"
    page.locator("#more").click()
    assert page.locator("details.item").count() == 50

    page.locator("details.item > summary").first.click()
    picture = page.locator("img.page").first
    picture.wait_for(state="visible")
    assert picture.evaluate("image => image.naturalWidth") > 800
    assert EVIL in page.locator("details.item[open] dd").nth(2).inner_text()

    page.locator("#verdict").select_option("")
    page.locator("#type").select_option("open")
    assert page.locator("details.item").count() == 3
    page.locator("#text").fill("(r1)")
    assert page.locator("details.item").count() == 1

    assert page.title() != "taken"
    page.screenshot(path=tmp_path / "report.png", full_page=True)
    assert complaints == []
    assert [url for url in fetched if not url.startswith("data:")] == [report.as_uri()]


def test_the_report_fits_a_telephone(page: "Page", report: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(report.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
