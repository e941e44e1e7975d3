"""Text that would be markup: in file names, passages, answers, titles and comments it comes out as text."""

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

PAYLOADS = tuple((Path(__file__).parent / "payloads.txt").read_text("utf-8").splitlines())
"""Each would set `window.taken`, were it markup."""


@pytest.fixture(scope="module")
def page(browser: "Browser", chat: str) -> "Iterator[Page]":
    window = browser.new_page(viewport={"width": 1280, "height": 900})
    window.set_default_timeout(60_000)
    window.on("dialog", lambda dialog: dialog.dismiss())
    window.goto(chat)
    yield window
    window.close()


@pytest.fixture(scope="module")
def hostile_files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A note with every payload in its text, and files whose names are payloads."""
    folder = tmp_path_factory.mktemp("hostile")
    body = "\n\n".join(
        f"{n} 紫杉滤芯 {payload}\n\n更换紫杉滤芯的步骤 {n}：{payload} 完毕。" for n, payload in enumerate(PAYLOADS)
    )
    note = folder / "手册.txt"
    note.write_text(f"维护\n\n{body}\n", encoding="utf-8")
    named = []
    for n, payload in enumerate(p for p in PAYLOADS if not set(p) & set('/\\"') and len(p) < 80):
        path = folder / f"{payload}.md"
        shutil.copy(note, path)
        path.write_text(f"# 说明 {n}\n\n第 {n} 份青檀滤网说明。\n", encoding="utf-8")
        named.append(path)
    return [note, *named]


def assert_untaken(page: "Page") -> None:
    assert page.evaluate("window.taken") is None
    kinds = ("script:not([src])", "[onerror]", "[onload]", "[onfocus]", "[ontoggle]", "a", "iframe", "object", "embed")
    found = page.locator(", ".join(kinds)).evaluate_all("all => all.map(e => e.cloneNode(false).outerHTML + e.src)")
    assert [html for html in found if "taken" in html] == []
    assert page.locator("img[src='x'], main a[href*='taken']").count() == 0


def test_there_are_fifty_payloads_at_least() -> None:
    assert len(set(PAYLOADS)) >= 50


def test_file_names_come_out_as_text(page: "Page", hostile_files: list[Path]) -> None:
    page.locator("input[type=file]").wait_for(state="attached")
    page.set_input_files("input[type=file]", [*map(str, hostile_files)])
    page.get_by_role("button", name="读入资料库").click()
    page.get_by_text("读入完成").wait_for()
    page.get_by_role("button", name="开始提问").click()
    page.get_by_test_id("stChatInputTextArea").wait_for()
    page.get_by_role("link", name="文档").click()
    page.get_by_text(f"{len(hostile_files)} 份文档").wait_for()
    main = page.get_by_test_id("stMain")
    page.wait_for_function(
        "n => document.querySelectorAll('main [data-testid=stPopover]').length >= n", arg=len(hostile_files)
    )
    assert [path.name for path in hostile_files if path.name not in main.inner_text()] == []
    assert_untaken(page)


def test_passages_come_out_as_text(page: "Page") -> None:
    page.get_by_role("link", name="检索").click()
    page.get_by_label("检索词").fill("更换紫杉滤芯的步骤")
    page.get_by_role("slider").focus()
    for _ in range(50):
        page.keyboard.press("ArrowRight")
    page.get_by_text("lexical 5").first.wait_for()
    text = page.get_by_test_id("stMain").inner_text()
    seen = [payload for payload in PAYLOADS if payload in text]
    assert len(seen) >= 30
    assert_untaken(page)


@pytest.mark.parametrize("number", [0, 3, 23, 39, 43, 49, 50])
def test_questions_answers_and_titles_come_out_as_text(page: "Page", number: int) -> None:
    page.get_by_role("link", name="问答").click()
    page.get_by_role("button", name="新对话").click()
    page.wait_for_function("document.querySelectorAll('[data-testid=stChatMessage]').length === 0")
    mark = uuid.uuid4().hex[:8]
    box = page.get_by_test_id("stChatInputTextArea")
    box.fill(f"{PAYLOADS[number]} 更换紫杉滤芯的步骤 {number} {mark}")
    box.press("Enter")
    page.get_by_test_id("stChatMessage").last.get_by_test_id("stFeedback").wait_for()
    assert PAYLOADS[number] in page.get_by_test_id("stChatMessage").first.inner_text()
    assert_untaken(page)


def test_a_comment_is_taken_as_text(page: "Page") -> None:
    page.get_by_test_id("stFeedback").last.get_by_test_id("stFeedbackButton").last.click()
    page.get_by_label("说明（可选）").fill(" ".join(PAYLOADS))
    page.get_by_role("button", name="提交").click()
    page.get_by_text("已记录，谢谢。").wait_for()
    assert_untaken(page)


def test_a_cited_page_shows_its_text_as_text(page: "Page") -> None:
    page.get_by_role("button", name="[1]").last.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("这个文件没有页面图像").wait_for()
    text = dialog.inner_text()
    assert sum(payload in text for payload in PAYLOADS) >= 1
    assert_untaken(page)
