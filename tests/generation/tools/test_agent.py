"""A model with tools: bounded, told of its mistakes, its findings numbered and cited like passages."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.generation.tools.bench import INJECTED, Bench
from vouch.generation.agent import AgentOutcome, Limits, ToolLoop
from vouch.generation.chat import ChatRequest, Message, Reply, Sampling, ToolCall
from vouch.generation.events import Event, Stepped, Token, Withdrawn
from vouch.generation.models.scripted import Script, ScriptedModel
from vouch.retrieval.errors import NoReply

ASK = ChatRequest(
    (Message("system", "用工具回答。"), Message("user", "北原光学2023年营业收入？")), sampling=Sampling(max_tokens=200)
)
DEFAULT = Limits()
LOOK = {"company": "北原光学", "fields": ["营业收入"], "years": [2023]}


def call(name: str, **arguments: Any) -> Reply:
    return Reply("", (ToolCall("c1", name, arguments),))


def ran(
    bench: Bench, script: Sequence[Script], limits: Limits = DEFAULT, **more: Any
) -> tuple[AgentOutcome, ScriptedModel]:
    model = ScriptedModel(script, afterwards=more.pop("afterwards", None), context_window=more.pop("window", 8192))
    return ToolLoop(model, bench.tools(), limits).run(ASK, **more), model


def test_what_a_tool_finds_is_numbered_on_from_the_passages(bench: Bench) -> None:
    outcome, model = ran(bench, [call("lookup_facts", **LOOK), "营业收入为900.75元[4]。"], first_number=4)
    assert (outcome.text, outcome.finish) == ("营业收入为900.75元[4]。", "answered")
    assert [(quote.text, quote.page.number) for quote in outcome.evidence] == [("营业收入 900.75 600.50", 1)]
    (step,) = outcome.steps
    assert (step.tool, step.arguments) == ("lookup_facts", LOOK)
    assert step.result.endswith("营业收入 = 900.75元 [4]")
    *_, asked, answered = model.requests[1].messages
    assert (asked.role, asked.tool_calls[0].name) == ("assistant", "lookup_facts")
    assert (answered.role, answered.tool_call_id, answered.content) == ("tool", "c1", step.result)
    assert [tool.name for tool in model.requests[0].tools][:2] == ["lookup_facts", "compare_companies"]


def test_the_same_row_keeps_its_number_and_computations_are_told(bench: Bench) -> None:
    calls = Reply("", (
        ToolCall("a", "lookup_facts", LOOK),
        ToolCall("b", "lookup_facts", {**LOOK, "fields": ["毛利率"]}),
        ToolCall("c", "compute", {"expression": "a*2", "operands": {"a": 900.75}}),
    ))  # fmt: skip
    outcome, _ = ran(bench, [calls, "好"])
    assert [len(step.result) > 0 for step in outcome.steps] == [True] * 3
    assert outcome.steps[0].result.endswith("[1]")
    assert outcome.steps[1].result.endswith("[1][2]")
    assert [computation.expression for computation in outcome.computations][-1] == "a*2"
    assert len(outcome.evidence) == 2


def test_calls_written_into_the_text_are_understood(bench: Bench) -> None:
    written = "```json\n" + json.dumps({"name": "lookup_facts", "parameters": LOOK}, ensure_ascii=False) + "\n```"
    events: list[Event] = []
    outcome, _ = ran(bench, [written, "营业收入为900.75元[1]。"], listen=events.append)
    assert (outcome.finish, len(outcome.evidence)) == ("answered", 1)
    assert "".join(event.text for event in events if isinstance(event, Token)) == outcome.text


def test_an_answer_streams_as_it_comes_and_is_withdrawn_when_it_was_a_call(bench: Bench) -> None:
    events: list[Event] = []
    ran(bench, [replace(call("today"), text="我先查一下日期。"), "今天是2024-02-29。"], listen=events.append)
    kinds = [type(event) for event in events]
    assert kinds.index(Withdrawn) < kinds.index(Stepped)
    assert kinds.count(Token) > 2
    after = events[kinds.index(Stepped) + 1 :]
    assert "".join(event.text for event in after if isinstance(event, Token)) == "今天是2024-02-29。"


def test_a_mistake_is_explained_and_may_be_mended(bench: Bench) -> None:
    script = [call("lookup_facts", company="北原光学"), call("no_such_tool"), call("lookup_facts", **LOOK), "好"]
    outcome, model = ran(bench, script)
    assert (outcome.finish, outcome.text) == ("answered", "好")
    assert outcome.steps[0].result.startswith("error: lookup_facts: fields is missing")
    assert outcome.steps[1].result.startswith("error: there is no tool 'no_such_tool'")
    assert model.requests[1].messages[-1].content == outcome.steps[0].result


def test_a_call_that_cannot_be_read_is_explained(bench: Bench) -> None:
    unreadable = Reply("", (ToolCall("c", "compute", {}, "the call cannot be read: it is not JSON"),))
    outcome, _ = ran(bench, [unreadable, "好"])
    assert outcome.steps[0].result == "error: the call cannot be read: it is not JSON"


Endless = Callable[[ChatRequest], Reply | str]


def unless_out_of_tools(reply: Callable[[int], Reply]) -> Endless:
    """Return a model that calls as long as it is offered tools."""
    count = [0]

    def say(request: ChatRequest) -> Reply | str:
        count[0] += 1
        return reply(count[0]) if request.tools else "最后的回答"

    return say


@pytest.mark.parametrize(
    ("reply", "finish", "steps"),
    [
        (lambda n: call("search_documents", query=f"运动{n}"), "steps", 6),
        (lambda n: call("search_documents", query="运动"), "repeated", 4),
        (lambda n: call("compute", expression="x" * n, operands={}), "misuse", 3),
        (lambda n: call(f"tool_{n}"), "misuse", 3),
        (lambda n: Reply("", tuple(ToolCall(str(i), "today", {}) for i in range(500))), "repeated", 6),
    ],
)
def test_an_endless_caller_is_stopped_and_asked_once_without_tools(
    bench: Bench, reply: Callable[[int], Reply], finish: str, steps: int
) -> None:
    outcome, model = ran(bench, [], afterwards=unless_out_of_tools(reply))
    assert (outcome.finish, outcome.text, len(outcome.steps)) == (finish, "最后的回答", steps)
    assert model.requests[-1].tools == ()
    assert len(model.requests) <= 8


def test_a_model_that_calls_to_the_end_has_no_answer(bench: Bench) -> None:
    outcome, model = ran(bench, [], afterwards=lambda _request: call("today"))
    assert (outcome.text, outcome.finish) == ("", "repeated")
    assert len(model.requests) == 5


def test_tokens_and_time_are_bounded(bench: Bench) -> None:
    talkative = replace(call("today"), text="想" * 400)
    outcome, model = ran(bench, [talkative], Limits(tokens=100))
    assert (outcome.finish, outcome.text) == ("tokens", "")
    assert model.requests[0].sampling.max_tokens == 100
    late, _ = ran(bench, ["长" * 400], Limits(seconds=-1.0))
    assert (late.finish, late.text) == ("seconds", "")


def test_a_reply_of_two_megabytes_is_cut_off(bench: Bench) -> None:
    model = ScriptedModel([Reply("长" * 2_000_000)], piece=10_000)
    outcome = ToolLoop(model, bench.tools()).run(ASK)
    assert (len(outcome.text), outcome.finish) == (200_000, "length")


def test_cancelling_ends_it_between_tokens(bench: Bench) -> None:
    heard: list[Event] = []
    outcome, _ = ran(bench, ["一" * 400], listen=heard.append, cancelled=lambda: len(heard) >= 3)
    assert outcome.finish == "cancelled"
    assert len(outcome.text) < 50


def test_long_results_are_cut_to_what_may_be_read(bench: Bench) -> None:
    outcome, _ = ran(bench, [call("read_page", document="notes", page=1), "好"], Limits(result_characters=300))
    assert len(outcome.steps[0].result) <= 310
    assert outcome.steps[0].result.endswith("… [1]")
    narrow, small = ran(bench, [call("read_page", document="notes", page=1), "好"], window=400)
    assert narrow.finish == "tokens"
    assert sum(map(small.count_tokens, (m.content for m in small.requests[-1].messages))) < 400


def test_what_stands_in_a_document_stays_text_of_a_tool(bench: Bench) -> None:
    outcome, model = ran(bench, [call("search_documents", query="每周运动"), "每周运动150分钟[1]。"])
    last = model.requests[-1].messages
    assert INJECTED in last[-1].content
    assert [message.role for message in last] == ["system", "user", "assistant", "tool"]
    assert len(outcome.steps) == 1


def test_a_model_that_fails_says_so(bench: Bench) -> None:
    with pytest.raises(NoReply, match="busy"):
        ran(bench, [call("today"), NoReply("busy", "busy")])
