"""Examples made from a library are what serving would send, and answers that serving vouches for."""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

import pytest

from vouch.app.settings import Settings
from vouch.app.wiring_finetune_examples import thoughts_of
from vouch.finetune.examples.conversation import check_conversation
from vouch.finetune.examples.fact_examples import fact_example
from vouch.finetune.examples.fact_questions import FactQuestion, FactQuestions
from vouch.finetune.examples.feedback_examples import feedback_example
from vouch.finetune.examples.library_examples import Made
from vouch.finetune.examples.section_examples import section_example
from vouch.finetune.examples.section_questions import SectionQuestions, bare
from vouch.finetune.examples.serving import Serving
from vouch.finetune.examples.types import Example
from vouch.finetune.examples.unfit import Unfit
from vouch.finetune.examples.words import said
from vouch.finetune.examples.written_examples import written_example
from vouch.generation.chat import ChatRequest, Message, ToolSchema
from vouch.generation.chat_generator.generator import ChatGenerator
from vouch.generation.expressions import parse_expression
from vouch.generation.models.scripted import ScriptedModel
from vouch.generation.pipeline import Asker
from vouch.generation.plan.types import Measure, Period, QueryPlan
from vouch.generation.reasoning.thoughts import ThoughtSplitter
from vouch.generation.vouching.signs import signs
from vouch.generation.vouching.voucher import Voucher
from vouch.retrieval.library import Library

COMPANY, SHORT = "琅屿星槎精密仪器股份有限公司", "琅屿仪器"
REVENUE = "738,309,585.06元"  # printed on page 16 of the sample report


class Measured(ScriptedModel):
    """A scripted model that counts tokens as a serving does."""

    def __init__(self, serving: Serving, replies: Sequence[Any]) -> None:
        super().__init__(replies, context_window=serving.model.context_window)
        self._count = serving.model.count

    def count_tokens(self, text: str) -> int:
        return self._count(text)


def sent(serving: Serving, question: str, answer: str, with_facts: bool = False) -> ChatRequest:
    """Return what the real pipeline sends to a model for a question; facts would answer it before the model."""
    model = Measured(serving, [answer])
    generator = ChatGenerator(model, serving.options, serving.tools)
    desk = serving.desk if with_facts else None
    asker = Asker(serving.shelf, generator, desk, Voucher("mark"), serving.find)
    asker.ask(question, k=serving.options.passages)
    return model.requests[0]


def attempted(make: Callable[[], Example]) -> Example | None:
    try:
        return make()
    except Unfit:
        return None


def passages_of(messages: Sequence[Message]) -> list[str]:
    """Return the passages that a prompt shows, without their numbers."""
    shown = messages[1].content.rpartition("<资料>\n" if "<资料>" in messages[1].content else "<passages>\n")[2]
    shown = re.split(r"\n</(?:资料|passages)>", shown)[0]
    return re.split(r"(?:^|\n\n)\[\d+\] ", shown)[1:]


def about(fields: Sequence[str], text: str) -> FactQuestion:
    plan = QueryPlan("values", tuple(map(Measure, fields)), (COMPANY,), (Period(2022),))
    return FactQuestion(text, plan, "doc", "zh", {COMPANY: SHORT})


def of_kind(made: Made, kind: str) -> list[Example]:
    found = [example for example in made.examples if example.kind == kind]
    assert len(found) >= 5, made.not_made
    return found


def test_facts_are_asked_for_in_the_prompt_of_serving(bare_serving: Serving, library: Library) -> None:
    doc_ids = frozenset(document.source.doc_id for document in bare_serving.shelf.documents())
    compared = 0
    for asked in islice(FactQuestions(library.store, bare_serving.desk, doc_ids, 0).stated(), 15):
        example = attempted(partial(fact_example, bare_serving, asked, random.Random(0)))
        request = sent(bare_serving, asked.text, example.answer) if example else None
        if example and request and passages_of(example.messages) == passages_of(request.messages):
            # Otherwise the search missed the row, and its passage was put in.
            assert example.messages[:-1] == request.messages
            compared += 1
    assert compared >= 5


def test_a_passage_that_the_search_missed_is_put_among_the_others(bare_serving: Serving) -> None:
    asked = about(["营业收入"], "琅屿仪器2022年的营业收入是多少？")
    examples = [fact_example(bare_serving, asked, random.Random(seed)) for seed in range(6)]
    shown = [passages_of(example.messages) for example in examples]
    served = passages_of(sent(bare_serving, asked.text, examples[0].answer).messages)
    assert all(re.fullmatch(rf"2022年琅屿仪器的营业收入是{REVENUE}\[\d\]。", e.answer) for e in examples)
    # The one put in, and one beside it that grows otherwise where that is shown already.
    assert {len(set(passages) - set(served)) for passages in shown} <= {1, 2}
    assert all(len(passages) <= bare_serving.options.passages for passages in shown)
    assert len({example.answer for example in examples}) > 1  # not always at the same rank


@pytest.mark.parametrize("tools", [True, False])
def test_a_section_is_asked_for_in_the_prompt_of_serving(serving: Serving, tools: bool) -> None:
    serving = serving if tools else replace(serving, tools=None)
    compared = 0
    for asked in islice(SectionQuestions(serving.shelf, 0).all(), 12):
        example = attempted(partial(section_example, serving, asked, random.Random(0)))
        request = sent(serving, asked.text, example.answer, with_facts=True) if example else None
        if example and request and passages_of(example.messages) == passages_of(request.messages):
            assert (example.messages[:-1], example.tools) == (request.messages, request.tools)
            assert bool(example.tools) == tools
            compared += 1
    assert compared >= 5


def test_the_row_that_an_answer_cites_prints_its_value(made: Made) -> None:
    for example in of_kind(made, "fact"):
        passages = example.messages[-2].content.partition("<资料>")[2]
        for value, number in re.findall(r"是(\S+?)(?:元|人|%|股|元/股)?\[(\d+)\]", example.answer):
            passage = passages.partition(f"\n[{number}] ")[2].partition(f"\n[{int(number) + 1}] ")[0]
            assert value.lstrip("-") in re.sub(r"\s", "", passage), example.answer


def test_a_computed_answer_shows_a_sum_that_gives_its_result(made: Made) -> None:
    for example in of_kind(made, "computation"):
        _, _, shown = example.answer.partition("；")
        parts = re.sub(r"\[\d+\]|。", "", shown).split("=")
        result = float(re.sub(r"[^\d.-]", "", parts[-1].replace("元/股", "")))
        computed = parse_expression(parts[-2].replace(",", ""), lambda _name: None)
        value = float(computed.compute(lambda _name, _back: None).value)
        scale = 100 if parts[-1].endswith("%") else 1
        assert value * scale == pytest.approx(result, abs=0.0051), example.answer


def test_a_refusal_is_said_in_the_words_of_the_prompt_where_no_passage_states_the_value(made: Made) -> None:
    for example in of_kind(made, "refusal"):
        assert example.answer in example.messages[0].content
        assert signs().unknown.search(example.answer)
        assert example.tools == ()


def test_refusals_ask_what_other_examples_answer(made: Made) -> None:
    answered = {example.question: example for example in of_kind(made, "fact")}
    both = [example for example in of_kind(made, "refusal") if example.question in answered]
    assert both
    for example in both:
        value = re.search(r"\d[\d,]{5,}", answered[example.question].answer)
        assert value is None or value[0] not in example.messages[-2].content


def test_a_dialogue_with_tools_holds_the_real_results_of_its_calls(serving: Serving, made: Made) -> None:
    tools_used = set()
    for example in of_kind(made, "tools"):
        check_conversation(example.messages)
        toolbox = serving.toolbox(serving.task(example.asked))
        assert toolbox is not None
        assert example.tools == toolbox.schemas
        for call_turn, result in zip(example.messages[2:-1:2], example.messages[3:-1:2], strict=True):
            (call,) = call_turn.tool_calls
            tools_used.add(call.name)
            again = toolbox.call(call.name, call.arguments).text
            assert re.sub(r" \[\d+\](\[\d+\])*", "", result.content) == again
        cited = set(re.findall(r"\[(\d+)\]", example.answer))
        assert cited <= set(re.findall(r"\[(\d+)\]", "".join(m.content for m in example.messages[2:-1])))
    assert tools_used == {"lookup_facts", "compute"}


def test_thoughts_stand_before_the_answer_where_the_prompt_asks_for_them(bare_serving: Serving) -> None:
    thinking = replace(bare_serving, options=replace(bare_serving.options, cot=True))
    asked = about(["毛利率"], "琅屿仪器2022年的毛利率是多少？")
    example = fact_example(thinking, asked, random.Random(0))
    plain = fact_example(bare_serving, asked, random.Random(0))
    splitter = ThoughtSplitter()
    assert (splitter.feed(example.answer) + splitter.finish()).strip() == plain.answer
    assert len(splitter.thoughts) == 5  # what is asked, two operands, the formula, the sum
    assert "思考：" in example.messages[0].content


@pytest.mark.parametrize(
    ("question", "fields", "reason"),
    [
        ("琅屿仪器2022年的营业收入是多少？", ["净利润"], "reads the question otherwise"),
        ("玄武岩股份2022年的营业收入是多少？", ["营业收入"], "refuses the question before it searches"),
        ("分别说明琅屿仪器2022年的营业收入与净利润", ["营业收入", "净利润"], "cuts the question into several"),
    ],
)
def test_what_serving_would_not_come_to_is_no_example(
    bare_serving: Serving, question: str, fields: list[str], reason: str
) -> None:
    with pytest.raises(Unfit, match=reason):
        fact_example(bare_serving, about(fields, question), random.Random(0))


def test_questions_are_the_same_for_the_same_seed(serving: Serving, library: Library) -> None:
    doc_ids = frozenset(document.source.doc_id for document in serving.shelf.documents())
    first, again, other = (
        [q.text for q in islice(FactQuestions(library.store, serving.desk, doc_ids, seed).stated(), 20)]
        for seed in (1, 1, 2)
    )
    assert first == again != other


@pytest.mark.parametrize(
    ("heading", "topic"),
    [
        ("（一）主要业务", "主要业务"),
        ("第三节 管理层讨论与分析", "管理层讨论与分析"),
        ("3.2.1 治疗目标：", "治疗目标"),
        ("1、2021年限制性股票激励计划", "2021年限制性股票激励计划"),
        ("【用法用量】", "用法用量"),
    ],
)
def test_a_topic_is_a_heading_without_its_number(heading: str, topic: str) -> None:
    assert bare(heading) == topic


def test_feedback_gives_what_people_liked_and_what_they_corrected_if_a_passage_supports_it(
    settings: Settings, bare_serving: Serving
) -> None:
    examples: list[Example] = []
    reasons: list[str] = []
    for thought in thoughts_of(settings):
        try:
            examples.append(feedback_example(bare_serving, thought, random.Random(0)))
        except Unfit as error:
            reasons.append(error.reason)
    said_by_people = [re.sub(r"\[\d+\]", "", example.answer) for example in examples]
    assert said_by_people == ["2022年琅屿仪器的营业收入是738309585.06元。", "2022年度营业收入为738,309,585.06元。"]
    assert all(re.search(r"\[\d\]", example.answer) for example in examples)
    assert reasons == ["no passage supports what was written", "disliked, without a correction"]
    assert len({example.group for example in examples}) == 1


def test_a_chat_model_asks_backwards_and_is_believed_only_where_its_answer_stands(bare_serving: Serving) -> None:
    asked = next(q for q in SectionQuestions(bare_serving.shelf, 0).all() if q.heading == "紧急转诊")
    truth = asked.quoted[0][1]

    def answers(request: ChatRequest) -> str:
        passages = request.messages[-1].content
        number = re.findall(r"\[(\d+)\] ", passages.partition(truth[:12])[0])[-1]
        return f"{truth}[{number}]"

    question = "《成人高血压基层管理指南（2024年版）》说哪些情况要紧急转诊？"
    writer = Measured(bare_serving, [f"问题：{question}", answers])
    example = written_example(bare_serving, writer, asked, random.Random(0))
    assert (example.question, example.kind) == (question, "passage")
    assert truth in writer.requests[0].messages[-1].content
    assert writer.requests[1].messages == example.messages[:-1]

    liar = Measured(bare_serving, [question, "血压≥999/888 mmHg时转诊。[1]"])
    with pytest.raises(Unfit, match="would not vouch"):
        written_example(bare_serving, liar, asked, random.Random(0))
    unsure = Measured(bare_serving, [question, said("zh", "refusal")])
    with pytest.raises(Unfit, match="finds no answer"):
        written_example(bare_serving, unsure, asked, random.Random(0))
    talker = Measured(bare_serving, ["这段资料讲的是什么？"])
    with pytest.raises(Unfit, match="no question that stands by itself"):
        written_example(bare_serving, talker, asked, random.Random(0))


def test_every_example_is_a_conversation_that_ends_with_its_answer(made: Made) -> None:
    for example in made.examples:
        check_conversation(example.messages)
        assert isinstance(example.messages[-1], Message)
        assert all(isinstance(tool, ToolSchema) for tool in example.tools)
        assert example.question
