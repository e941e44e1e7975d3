"""A chat model as generator: what is told while it writes, how it thinks, and what bounds it."""

import time

import pytest

from tests.generation.shelf_maker import annual_report
from vouch.generation.chat import ChatRequest
from vouch.generation.chat_generator.generator import ChatGenerator, Tools
from vouch.generation.chat_generator.options import ChatOptions
from vouch.generation.drafts import Task, never
from vouch.generation.events import Answered, Event, Found, Stepped, Token, Understood, Withdrawn
from vouch.generation.extractive import ExtractiveGenerator
from vouch.generation.models.scripted import Script, ScriptedModel
from vouch.generation.pipeline import Asker
from vouch.generation.reasoning.bounds import Bounds
from vouch.generation.reasoning.consistency import normalised, vote
from vouch.generation.reasoning.thoughts import ThoughtSplitter
from vouch.generation.tools.registry import Toolbox
from vouch.generation.tools.standard import standard_tools
from vouch.generation.tools.types import ToolContext
from vouch.generation.types import Answer
from vouch.retrieval.errors import ModelError, NoReply

SHELF = annual_report()
QUESTION = "清河科技2022年净利润和营业收入是多少？"
TRUE = "清河科技2022年净利润为250,000.25元[1]。"
OTHER = "清河科技2022年营业收入为1,200,000.50元[1]。"


def asked(
    model: ScriptedModel, options: ChatOptions | None = None, question: str = QUESTION
) -> tuple[Answer, list[Event]]:
    events: list[Event] = []
    answer = Asker(SHELF, ChatGenerator(model, options or ChatOptions())).ask(question, listen=events.append)
    return answer, events


def tokens_told(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Token))


def test_an_answer_is_told_as_it_is_written_and_whole_at_the_end() -> None:
    answer, events = asked(ScriptedModel([TRUE], piece=3))
    kinds = [type(event) for event in events]
    assert kinds[:2] == [Understood, Found]
    assert kinds[-1] is Answered
    assert kinds.count(Token) > 3
    assert tokens_told(events) == TRUE
    assert (answer.kind, answer.generator, answer.answer) == (
        "generated",
        "scripted",
        "清河科技2022年净利润为250,000.25元。 [1]",
    )
    assert answer.citations[0].page == 3


def test_a_token_is_told_before_the_next_is_made() -> None:
    told: list[str] = []
    written: list[str] = []

    class Slow(ScriptedModel):
        def stream(self, request: ChatRequest, cancelled=never):  # type: ignore[no-untyped-def]
            for delta in super().stream(request, cancelled):
                yield delta
                written.append(delta.text)
                assert "".join(told) == "".join(written)  # before the next one is asked for

    Asker(SHELF, ChatGenerator(Slow([TRUE], piece=1), ChatOptions())).ask(
        QUESTION, listen=lambda event: told.append(event.text) if isinstance(event, Token) else None
    )
    assert len(told) == len(TRUE)


def test_what_quotes_tells_its_answer_as_a_token_too() -> None:
    events: list[Event] = []
    answer = Asker(SHELF, ExtractiveGenerator()).ask("清河科技2022年净利润是多少？", listen=events.append)
    assert [type(event) for event in events] == [Understood, Found, Token, Answered]
    assert tokens_told(events) == answer.answer


def test_a_rewritten_answer_withdraws_the_first() -> None:
    _, events = asked(ScriptedModel(["净利润为1元[1]。", TRUE]))
    kinds = [type(event) for event in events]
    between = kinds.index(Withdrawn)
    assert Token in kinds[:between]
    assert Token in kinds[between:]
    assert tokens_told(events).endswith(TRUE)


@pytest.mark.parametrize(
    "reply",
    [f"<think>先找净利润一行。\n再看单位。</think>{TRUE}", f"思考：先找净利润一行。\n再看单位。\n回答：{TRUE}",
     f"**思考：**\n1. 先找净利润一行。\n2. 再看单位。\n\n**最终回答：** {TRUE}"],
)  # fmt: skip
@pytest.mark.parametrize("piece", [1, 7, 1000])
def test_thoughts_are_steps_and_no_part_of_the_answer(reply: str, piece: int) -> None:
    answer, events = asked(ScriptedModel([reply], piece=piece), ChatOptions(cot=True))
    assert answer.answer == "清河科技2022年净利润为250,000.25元。 [1]"
    assert [step.thought for step in answer.steps] == ["先找净利润一行。", "再看单位。"]
    assert [event.step for event in events if isinstance(event, Stepped)] == list(answer.steps)
    assert tokens_told(events).strip() == TRUE


def test_thinking_is_asked_for_only_where_it_is_wanted() -> None:
    plain, thinking = ScriptedModel([TRUE]), ScriptedModel([TRUE])
    asked(plain)
    asked(thinking, ChatOptions(cot=True))
    assert "思考：" not in plain.requests[0].messages[0].content
    assert "思考：" in thinking.requests[0].messages[0].content


def test_a_reply_that_never_stops_thinking_has_no_answer() -> None:
    splitter = ThoughtSplitter()
    assert splitter.feed("<think>") + splitter.feed("还在想" * 50) + splitter.finish() == ""
    assert splitter.thoughts == ("还在想" * 50,)


def test_most_of_several_samples_decide_by_the_value_not_by_its_form() -> None:
    wrong = "净利润为111,111.11元[2]。"
    model = ScriptedModel([wrong, "净利润为25.000025万元[1]。", TRUE])
    answer, _ = asked(model, ChatOptions(bounds=Bounds(samples=3)))
    assert answer.answer == "净利润为25.000025万元。 [1]"
    assert (answer.steps[-1].tool, answer.steps[-1].result) == ("self_consistency", "2/3")
    assert [request.sampling.seed for request in model.requests] == [0, 1, 2]
    assert all((request.sampling.temperature or 0) > 0 for request in model.requests)


def test_votes_are_counted_over_what_answers_come_to() -> None:
    assert normalised("净利润为1.2亿元[1]。") == normalised("公司净利润 120,000,000 元。")
    assert normalised("是的。") == normalised("是的")
    assert vote(["不知道", "", "资料中没有相关内容"]).agreeing == 2
    assert vote(["甲", "乙"]).index == 0
    assert vote(["", ""]).of == 2


def test_a_question_of_several_parts_is_looked_up_part_by_part() -> None:
    cut = "1. 清河科技2022年净利润是多少？\n2. 清河科技2022年职工总数是多少？"
    model = ScriptedModel([cut, TRUE, "职工总数为1,321人[1]。",
                           "净利润为250,000.25元[1]，职工总数为1,321人[2]。"])  # fmt: skip
    answer, events = asked(model, ChatOptions(decompose="always"), "清河科技2022年净利润和职工总数分别是多少？")
    assert [step.thought for step in answer.steps] == ["清河科技2022年净利润是多少？", "清河科技2022年职工总数是多少？"]
    assert "职工总数为1,321人" in model.requests[-1].messages[-1].content
    assert {citation.page for citation in answer.citations} == {2, 3}
    assert sum(isinstance(event, Stepped) for event in events) == 2


def test_no_more_parts_are_asked_than_allowed() -> None:
    lines = "\n".join(f"清河科技2022年第{n}个问题是什么？" for n in range(50))
    model = ScriptedModel([lines], afterwards=TRUE)
    asked(model, ChatOptions(decompose="always", bounds=Bounds(steps=3)))
    assert len(model.requests) == 1 + 3 + 1


def test_a_second_reading_can_lower_trust_but_never_raise_it() -> None:
    doubting = ScriptedModel([f"{TRUE}{OTHER}", "1：支持\n2：不支持"], afterwards=f"{TRUE}{OTHER}")
    answer = Asker(SHELF, ChatGenerator(doubting, ChatOptions(check=True))).ask(QUESTION)
    assert answer.kind == "generated"
    approving = ScriptedModel(["净利润为5元[1]。", "1：支持"] * 2)
    refused, _ = asked(approving, ChatOptions(check=True))
    assert refused.refusal is not None
    assert "1. 净利润为5元。" in approving.requests[1].messages[-1].content


def test_a_doubted_sentence_is_marked() -> None:
    model = ScriptedModel([f"{TRUE}{OTHER}", "1：支持\n2：不支持"] * 2)
    answer, _ = asked(model, ChatOptions(check=True))
    assert answer.answer.endswith("营业收入为1,200,000.50元。 〔未核实〕")


def test_time_and_tokens_bound_all_that_a_model_does_for_one_answer() -> None:
    def slow(_request: ChatRequest) -> str:
        time.sleep(0.06)
        return TRUE

    model = ScriptedModel([], afterwards=slow)
    asked(model, ChatOptions(bounds=Bounds(samples=20, seconds=0.2)))
    assert len(model.requests) <= 5
    model = ScriptedModel([], afterwards=TRUE)
    asked(model, ChatOptions(bounds=Bounds(samples=20, tokens=30)))
    assert len(model.requests) <= 5
    assert model.requests[0].sampling.max_tokens <= 30


def test_a_cancelled_answer_asks_nothing_more() -> None:
    model = ScriptedModel([], afterwards="净利润为1元[1]。")
    answer = Asker(SHELF, ChatGenerator(model, ChatOptions())).ask(QUESTION, cancelled=lambda: True)
    assert answer.kind == "refused"
    assert model.requests == []


def test_what_is_found_too_far_from_the_question_is_refused_unread() -> None:
    model = ScriptedModel([])
    answer, _ = asked(model, question="法国的首都是哪里？")
    assert answer.refusal is not None
    assert answer.refusal.reason == "no_evidence"
    assert model.requests == []


@pytest.mark.parametrize("reason", ["timeout", "busy", "refused", "malformed"])
def test_a_call_without_a_reply_is_a_refusal_that_says_why(reason: str) -> None:
    answer, _ = asked(ScriptedModel([NoReply("no reply within 3 s", reason)]))  # type: ignore[arg-type]
    assert answer.refusal is not None
    assert "no reply within 3 s" in answer.refusal.detail


def with_tools(task: Task) -> Toolbox:
    return standard_tools(ToolContext(task.shelf, None, task.scope))


@pytest.mark.parametrize("tools", [None, with_tools])
@pytest.mark.parametrize("reply", ["", " \n", "<think>不知道怎么说。</think>"])
def test_an_empty_reply_is_no_reply(reply: str, tools: Tools | None) -> None:
    model = ScriptedModel([], afterwards=reply, context_window=32_000)
    answer = Asker(SHELF, ChatGenerator(model, ChatOptions(), tools)).ask(QUESTION)
    assert answer.refusal is not None
    assert "the model's reply is empty" in answer.refusal.detail


def test_an_empty_sample_costs_no_vote_and_an_empty_second_reading_no_answer() -> None:
    answer, _ = asked(ScriptedModel(["", TRUE, TRUE]), ChatOptions(bounds=Bounds(samples=3)))
    assert "250,000.25" in answer.answer
    answer, _ = asked(ScriptedModel([TRUE, ""]), ChatOptions(check=True))
    assert "250,000.25" in answer.answer
    answer, _ = asked(ScriptedModel([], afterwards=""), ChatOptions(bounds=Bounds(samples=3)))
    assert answer.refusal is not None
    assert "the model's reply is empty" in answer.refusal.detail


def test_a_model_that_cannot_be_used_stays_an_error() -> None:
    failing: list[Script] = [ModelError("weights are gone")]
    with pytest.raises(ModelError, match="weights are gone"):
        asked(ScriptedModel(failing))


def test_passages_left_out_are_told() -> None:
    answer, _ = asked(ScriptedModel([TRUE], context_window=290), ChatOptions(examples=0))
    assert any("放不进模型的上下文窗口" in warning for warning in answer.warnings)


def test_a_window_too_small_for_the_descriptions_of_tools_does_without_them() -> None:
    for window, told in ((1000, False), (32_000, True)):
        model = ScriptedModel([TRUE], context_window=window)
        Asker(SHELF, ChatGenerator(model, ChatOptions(), with_tools)).ask(QUESTION)
        assert bool(model.requests[0].tools) == told


def test_a_window_without_room_for_a_passage_is_told() -> None:
    answer, _ = asked(ScriptedModel([], context_window=150))
    assert answer.refusal is not None
    assert "150" in answer.refusal.detail
