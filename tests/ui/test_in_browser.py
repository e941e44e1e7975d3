"""What a person does with the chat, in a real browser: one visit, told in order."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

pytestmark = pytest.mark.browser
LONG = 60_000


@pytest.fixture(scope="module")
def complaints() -> list[str]:
    """What the browser's console said."""
    return []


@pytest.fixture(scope="module")
def passing() -> list[str]:
    """The files fetched that Streamlit keeps no longer than until the next rerun."""
    return []


@pytest.fixture(scope="module")
def page(browser: "Browser", chat: str, complaints: list[str], passing: list[str]) -> "Iterator[Page]":
    """One window, kept over all tests of this file: each goes on where the one before ended."""
    window = browser.new_page(viewport={"width": 1280, "height": 900})
    window.set_default_timeout(30_000)
    window.on("console", lambda said: complaints.append(_with_place(said)) if said.type == "error" else None)
    window.on("pageerror", lambda error: complaints.append(str(error)))
    window.on("request", lambda asked: passing.append(asked.url) if _is_dropped_later(asked.url) else None)
    window.goto(chat)
    yield window
    window.close()


def _is_dropped_later(url: str) -> bool:
    return "/media/" in url and "/static/media/" not in url


def _with_place(said: "ConsoleMessage") -> str:
    return f"{said.text} ({said.location.get('url', '')})"


def ask(page: "Page", question: str, expected: str) -> None:
    box = page.get_by_test_id("stChatInputTextArea")
    box.fill(question)
    box.press("Enter")
    page.get_by_text(expected).last.wait_for(timeout=LONG)


def test_a_first_visit_is_led_to_adding_documents(page: "Page", sample_reports: list[Path]) -> None:
    page.get_by_role("heading", name="资料库还是空的").wait_for(timeout=LONG)
    page.set_input_files("input[type=file]", [*map(str, sample_reports)])
    page.get_by_text(sample_reports[-1].name).wait_for()
    page.get_by_role("button", name="读入资料库").click()
    page.get_by_text("读入完成").wait_for(timeout=LONG)
    page.get_by_role("button", name="开始提问").click()


def test_a_question_is_answered_with_its_computation(page: "Page") -> None:
    page.get_by_test_id("stChatInputTextArea").wait_for()
    ask(page, "琅屿仪器2023年的毛利率是多少？", "已核实")
    assert "45.33%" in page.get_by_test_id("stChatMessage").last.inner_text()
    page.get_by_text("(营业收入-营业成本)/营业收入").last.wait_for()


def test_a_citation_opens_its_page_marked_and_the_neighbours_are_a_click_away(page: "Page") -> None:
    page.get_by_role("button", name="[1]").first.click()
    dialog = page.get_by_role("dialog")
    picture = dialog.locator("img")
    picture.wait_for()
    assert picture.evaluate("image => image.naturalWidth") > 400
    cited = picture.get_attribute("src")
    dialog.get_by_role("button", name="下一页").click()
    page.wait_for_function(
        "before => document.querySelector('[role=dialog] img')?.src !== before", arg=picture.evaluate("i => i.src")
    )
    dialog.get_by_role("button", name="上一页").click()
    page.wait_for_function("src => document.querySelector('[role=dialog] img')?.getAttribute('src') === src", arg=cited)
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")


def test_a_follow_up_question_means_the_company_before_it(page: "Page") -> None:
    ask(page, "那2022年呢？", "43.91%")


def test_feedback_is_taken(page: "Page") -> None:
    page.get_by_test_id("stFeedback").last.get_by_test_id("stFeedbackButton").first.click()
    page.get_by_label("说明（可选）").fill("有用")
    page.get_by_role("button", name="提交").click()
    page.get_by_text("已记录，谢谢。").wait_for()


def test_after_a_reload_the_conversation_is_still_there(page: "Page") -> None:
    page.reload()
    page.get_by_text("43.91%").first.wait_for(timeout=LONG)
    page.get_by_text("45.33%").first.wait_for()


def test_what_the_library_does_not_hold_is_said(page: "Page") -> None:
    ask(page, "火星重工2023年的营业收入是多少？", "未查询到")


def test_several_years_are_drawn(page: "Page") -> None:
    ask(page, "琅屿仪器2021-2023年的营业收入", "图表")
    page.locator("canvas, [role=graphics-document]").first.wait_for()


def test_a_broken_file_is_named_and_stops_nothing(page: "Page", tmp_path: Path) -> None:
    broken = tmp_path / "坏文件.pdf"
    broken.write_bytes(b"%PDF-1.7\nnothing")
    page.get_by_role("link", name="文档").click()
    page.get_by_text("添加文档").click()
    page.set_input_files("input[type=file]", str(broken))
    page.get_by_text(broken.name).first.wait_for()
    page.get_by_role("button", name="读入资料库").click()
    page.get_by_text("个文件没有读入").wait_for(timeout=LONG)


def test_search_facts_and_warnings_have_pages_of_their_own(page: "Page") -> None:
    page.get_by_role("link", name="检索").click()
    page.get_by_label("检索词").fill("应收账款坏账准备")
    page.get_by_label("检索词").press("Enter")
    page.get_by_text("lexical 1").first.wait_for()
    page.get_by_role("link", name="数据").click()
    page.get_by_test_id("stDataFrame").wait_for()
    with page.expect_download() as saved:
        page.get_by_role("button", name="下载 CSV").click()
    assert "琅屿仪器" in saved.value.path().read_text(encoding="utf-8-sig")
    page.get_by_role("link", name="预警").click()
    page.get_by_label("选择公司").click()
    page.get_by_role("option").first.click()
    page.get_by_text("正常").first.wait_for()


def test_the_other_language_is_a_click_away(page: "Page") -> None:
    page.get_by_role("radio", name="English").click()
    page.get_by_role("heading", name="Early warning").wait_for()


def test_the_console_stayed_quiet(page: "Page", complaints: list[str]) -> None:
    assert complaints == []


def test_no_file_can_be_gone_before_the_browser_fetches_it(page: "Page", passing: list[str]) -> None:
    assert page.evaluate("document.querySelector('link[rel~=icon]').href").startswith("data:image/svg+xml")
    assert [Path(url).suffix for url in passing] == [".csv"]  # the one that was clicked


def test_the_chat_fits_a_phone(browser: "Browser", chat: str) -> None:
    phone = browser.new_page(viewport={"width": 390, "height": 844})
    phone.goto(chat)
    phone.get_by_test_id("stChatInputTextArea").wait_for(timeout=LONG)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.close()
