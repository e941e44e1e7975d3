"""What pages show of what a service says, without a browser."""

import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("streamlit", reason="streamlit is not installed")

from streamlit.testing.v1 import AppTest

from tests.ui.fake_service import FakeService, answered
from vouch.app import ui
from vouch.app.service.types import (
    EVERYTHING_ALLOWED,
    Access,
    AskRequest,
    Cancelled,
    Json,
    Listen,
    ignored,
    never,
)
from vouch.app.ui.answer import field_chart
from vouch.app.ui.asking import Asked
from vouch.app.ui.facts import COLUMNS, facts_csv
from vouch.app.ui.language import Texts, all_texts
from vouch.app.ui.markup import answer_markup, plain
from vouch.app.ui.search import MODES
from vouch.app.ui.trouble import headline
from vouch.app.ui.understanding import SHOWN as UNDERSTOOD
from vouch.app.ui.warning import LEVELS
from vouch.retrieval.errors import LibraryError, NoReply, VouchError

Open = Callable[[FakeService], AppTest]


def _script() -> None:
    from vouch.app.ui.chat import chat_page

    chat_page()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Open:
    def made(service: FakeService) -> AppTest:
        monkeypatch.setattr("vouch.app.ui.chat.service", lambda: service)
        return AppTest.from_function(_script, default_timeout=30).run()

    return made


def shown(page: AppTest) -> str:
    return "\n".join(
        str(element.value) for element in (*page.title, *page.markdown, *page.caption, *page.info, *page.error)
    )


def test_an_empty_library_leads_to_adding_documents(opened: Open) -> None:
    page = opened(FakeService(answered(), documents=()))
    assert page.title[0].value == "资料库还是空的"
    assert not page.chat_input


def test_an_answer_shows_its_text_sources_and_what_was_checked(opened: Open) -> None:
    service = FakeService(answered())
    page = opened(service)
    page.chat_input[0].set_value("江河重工2022年的营业收入？").run()
    assert not page.exception
    assert "12" in shown(page)
    assert any("江河重工2022" in button.label for button in page.button)
    assert "已核实：1 个数字，1 处引用" in shown(page)


def test_the_questions_of_one_conversation_share_a_session_and_a_new_one_begins_another(opened: Open) -> None:
    service = FakeService(answered())
    page = opened(service)
    page.chat_input[0].set_value("一").run()
    page.chat_input[0].set_value("二").run()
    page.button(key="new-conversation").click().run()
    page.chat_input[0].set_value("三").run()
    first, second, third = (request.session for request in service.asked)
    assert first == second != third


def test_a_kept_conversation_is_opened_again(opened: Open) -> None:
    service = FakeService(answered("旧的回答[1]。"))
    service.kept["abc"] = {
        "session": "abc",
        "title": "旧问题",
        "turns": [{"question": "旧问题", "answer": answered("旧的回答[1]。")}],
    }
    page = opened(service)
    page.button(key="open-abc").click().run()
    assert "旧的回答" in shown(page)


def test_a_computed_value_shows_formula_and_operands(opened: Open) -> None:
    row = {
        "company": "江河重工", "year": 2022, "field": "毛利率", "value": 0.25, "unit": "%", "text": "25.00%",
        "formula": "(营业收入-营业成本)/营业收入", "citations": [1],
        "operands": [{"field": "营业收入", "year": 2022, "value": 4.0, "unit": "元", "citation": 1}],
    }  # fmt: skip
    service = FakeService(answered(results=[row], kind="computed"))
    page = opened(service)
    page.chat_input[0].set_value("毛利率").run()
    assert "营业收入" in str(page.table[0].value)
    assert r"\(营业收入\-营业成本\)\/营业收入" in shown(page)


def test_a_refusal_shows_no_sources(opened: Open) -> None:
    service = FakeService(answered("库中没有。", kind="refused", citations=[]))
    page = opened(service)
    page.chat_input[0].set_value("火星").run()
    assert "库中没有。" in page.info[0].value
    assert not [button for button in page.button if "cite" in str(button.key)]


def test_a_service_that_fails_is_told_and_can_be_tried_again(opened: Open) -> None:
    page = opened(FakeService(LibraryError("the library is gone")))
    page.chat_input[0].set_value("问").run()
    assert "the library is gone" in page.error[0].value
    assert not page.exception


def kinds_of_error(above: type[VouchError] = VouchError) -> list[type[VouchError]]:
    """Return every class of errors that people can act on."""
    below = [kind for kind in above.__subclasses__() if kind.__module__ == above.__module__]
    return [above, *(found for kind in below for found in kinds_of_error(kind))]


def test_every_kind_of_error_that_the_chat_can_meet_has_a_headline_of_its_own() -> None:
    kinds = {kind.__name__ for kind in kinds_of_error()} - {"TrainingFailed"}
    headlines = {kind: headline(kind, Texts("zh")) for kind in kinds}
    assert len(set(headlines.values())) == len(kinds) > 12
    assert all(re.search("[\u4e00-\u9fff]", said) for said in headlines.values())
    assert headline("TrainingFailed", Texts("zh")) == headline("ValueError", Texts("zh")) == headlines["VouchError"]


def test_an_error_is_said_in_chinese_with_its_own_words_beneath(opened: Open) -> None:
    page = opened(FakeService(NoReply("http://x/v1 sent *no* reply within 120 s", "timeout")))
    page.chat_input[0].set_value("一").run()
    (error,) = page.error
    assert error.value.startswith("**语言模型没有给出回复：请稍后重试")
    assert r"sent \*no\* reply within 120 s" in error.value


def test_a_model_is_offered_only_where_one_is_set_up(opened: Open) -> None:
    service = FakeService(answered())
    page = opened(service)
    assert page.selectbox(key="generator").options == ["默认", "摘引原文", "语言模型"]
    assert not page.selectbox(key="generator").disabled
    service.generators = ["extractive"]
    page = opened(service)
    assert page.selectbox(key="generator").options == ["默认", "摘引原文"]
    assert page.selectbox(key="generator").disabled
    assert page.toggle(key="cot").disabled
    assert any("没有配置语言模型" in caption.value for caption in page.caption)


def test_every_text_is_there_in_both_languages() -> None:
    for key, said in all_texts().items():
        assert set(said) == {"zh", "en"}, key
        assert all(said.values()), key


def test_every_text_is_said_somewhere() -> None:
    sources = "".join(path.read_text("utf-8") for path in Path(ui.__file__).parent.glob("*.py"))
    said = {f"mode_{mode}" for mode in MODES} | {f"level_{level}" for level in LEVELS}
    said |= {f"column_{column}" for column in COLUMNS} | set(re.findall(r'"(page_\w+)"', sources))
    said |= {key for call in re.findall(r"texts\(([^()]*)", sources) for key in re.findall(r"[\"'](\w+)[\"']", call)}
    said |= (
        set(UNDERSTOOD) | {"collection", "company", "year"} | {f"error_{kind.__name__}" for kind in kinds_of_error()}
    )
    assert said >= set(all_texts())


@pytest.mark.parametrize(
    "text",
    [
        "<b>x</b>",
        "![x](http://e)",
        "[x](javascript:1)",
        "$x$",
        ":red[x]",
        ":material/home:",
        "# x",
        "a_b_c",
        "`x`",
        "~~x~~",
    ],
)
def test_foreign_text_keeps_no_markup(text: str) -> None:
    marked = plain(text)
    assert marked.replace("\\", "") == text
    positions = [n for n, character in enumerate(marked) if character in "<>[]()!$:#_`~*|"]
    assert all(marked[n - 1] == "\\" for n in positions)


def test_citation_marks_are_set_apart_and_nothing_else_is() -> None:
    assert answer_markup("值为1元[2]，见[x]。") == "值为1元 :blue-background[2]，见\\[x\\]。"


def test_a_cell_that_could_be_a_formula_is_text_in_the_exported_file() -> None:
    content = facts_csv([{"company": "=1+1", "value": -3.5, "text": "-3.5元"}]).decode("utf-8-sig")
    assert content.splitlines()[1] == "'=1+1,-3.5,'-3.5元"


def test_several_years_are_lines_and_several_companies_bars() -> None:
    rows = [{"company": c, "year": y, "value": 1.0} for c, y in (("甲", 2021), ("甲", 2022))]
    assert field_chart(rows, ("营业收入", "元")).to_dict()["mark"]["type"] == "line"
    rows = [{"company": c, "year": 2022, "value": 1.0} for c in "甲乙"]
    assert field_chart(rows, ("营业收入", "元")).to_dict()["mark"]["type"] == "bar"


class Slow(FakeService):
    """Thinks until it is told to stop."""

    def __init__(self) -> None:
        super().__init__(answered())
        self.stopped = threading.Event()

    def ask(self, request: AskRequest, access: Access, listen: Listen = ignored, cancelled: Cancelled = never) -> Json:
        while not cancelled():
            self.stopped.wait(0.01)
        self.stopped.set()
        return self.answer  # type: ignore[return-value]


def test_leaving_a_question_stops_its_work() -> None:
    slow = Slow()
    with Asked(slow, AskRequest("问"), EVERYTHING_ALLOWED) as events:
        assert next(iter(events)) is None
        assert not slow.stopped.is_set()
    assert slow.stopped.wait(5)


def test_an_answer_goes_on_showing_how_its_question_was_read(opened: Open) -> None:
    page = opened(FakeService(answered(understanding={"companies": ["江河重工股份有限公司"], "years": [2022]})))
    page.chat_input[0].set_value("营业收入？").run()
    assert "理解为 · 公司: 江河重工股份有限公司 · 年份: 2022" in shown(page)


def test_a_failed_question_is_kept_and_asked_again(opened: Open) -> None:
    service = FakeService(LibraryError("gone"))
    page = opened(service)
    page.chat_input[0].set_value("江河重工的营业收入？").run()
    service.answer = answered("回来了[1]。")
    page.button(key="ask-again").click().run()
    assert [request.question for request in service.asked] == ["江河重工的营业收入？"] * 2
    assert "回来了" in shown(page)
    assert not page.error
