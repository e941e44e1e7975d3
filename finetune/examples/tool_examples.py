"""Dialogues with tools: a question whose passages do not hold the value, the calls that find it, their real results.

The loop of serving carries the calls out; only what the model says is dictated.
"""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from vouch.finetune.examples.archives import content_id
from vouch.finetune.examples.fact_examples import (
    computation_sentence,
    understood,
)
from vouch.finetune.examples.fact_questions import FactQuestion
from vouch.finetune.examples.printed import written_sum
from vouch.finetune.examples.right_passages import without
from vouch.finetune.examples.serving import DictatedModel, Serving, checked_against
from vouch.finetune.examples.told_values import in_chunk, telling
from vouch.finetune.examples.types import Example
from vouch.finetune.examples.unfit import Unfit
from vouch.generation.agent import AgentOutcome, Limits, ToolLoop
from vouch.generation.chat import ChatRequest, Message, Reply, ToolCall
from vouch.generation.chat_generator.prompting import Prepared
from vouch.generation.drafts import Evidence, Task
from vouch.generation.expressions import Operand
from vouch.generation.plan.citing import Citer
from vouch.generation.plan.compose import composed
from vouch.generation.plan.evaluate import Outcome
from vouch.generation.plan.saying import Sayer
from vouch.generation.plan.sentences import Wording
from vouch.generation.plan.types import ANNUAL
from vouch.generation.plan.values import Used, Value
from vouch.generation.tools.registry import Toolbox

COMPUTED_SHARE = 0.5
"""Share of the computed values of which the operands are looked up and the sum is left to the tool that computes."""
_ANSWER = "…"
"""Stands in for the answer until it is known what may be cited."""


@dataclass(slots=True)
class EvidenceCiter(Citer):
    """Cites rows by the numbers under which tools showed them."""

    numbers: Mapping[tuple[str, int, int, int], int] = field(default_factory=dict)

    def number(self, used: Used) -> int:
        """Return the number of a value's row; Unfit where no tool showed it."""
        fact = used.stored.fact
        number = self.numbers.get((used.stored.source.doc_id, fact.page, fact.start, fact.end))
        if number is None:
            raise Unfit("a tool did not show a row that the answer needs")
        return number


def tool_example(serving: Serving, asked: FactQuestion, chance: random.Random) -> Example:
    """Return a dialogue in which the values of a question are looked up, and computed where that is asked."""
    task, outcome = understood(serving, asked)
    task = without(task, in_chunk(telling(outcome)))
    tools = serving.toolbox(task)
    if tools is None or "lookup_facts" not in tools.names:
        raise Unfit("no tool for facts is offered")
    prepared = serving.prepared(task, tools.schemas)
    value = outcome.rows[0][0]
    computes = value.formula is not None and chance.random() < COMPUTED_SHARE
    calls = _operand_calls(value) if computes else [_lookup(asked, value, [m.name for m in asked.plan.measures])]
    found, request = _carried_out(serving, prepared, tools, calls)
    answer = _answer(serving, asked, outcome, found, computes)
    _check(task, prepared, found, answer)
    messages = (*request.messages, Message("assistant", answer))
    return Example(
        id=content_id(messages),
        messages=messages,
        kind="tools",
        group=asked.group,
        tools=tools.schemas,
        source=serving.source,
        licence=serving.licence,
        question=asked.text,
    )


def _carried_out(
    serving: Serving, prepared: Prepared, tools: Toolbox, calls: Sequence[ToolCall]
) -> tuple[AgentOutcome, ChatRequest]:
    """Return what the loop of serving makes of the calls, and the request to which the answer is the reply."""
    replies = [Reply("", (call,), "tool_calls") for call in calls]
    model = DictatedModel(serving.model.context_window, serving.model.count, [*replies, Reply(_ANSWER)])
    loop = ToolLoop(model, tools, Limits(serving.options.bounds.steps))
    found = loop.run(ChatRequest(prepared.messages), len(prepared.pieces) + 1)
    if found.finish != "answered" or any(step.result.startswith("error") for step in found.steps):
        raise Unfit("a tool refuses the call")
    return found, model.requests[-1]


def _lookup(asked: FactQuestion, value: Value, fields: Sequence[str], place: int = 0) -> ToolCall:
    named = asked.names.get(value.company, value.company)
    arguments: dict[str, Any] = {"company": named, "fields": list(fields), "years": [value.period.year]}
    if value.period.part != ANNUAL:
        arguments["period"] = value.period.part
    return ToolCall(f"call_{place}", "lookup_facts", arguments)


def _operand_calls(value: Value) -> list[ToolCall]:
    """Return the calls that look up the operands of a value and compute it from them."""
    assert value.formula is not None
    if any(operand.is_total for operand in value.operands):
        raise Unfit("an operand is itself a total of parts")
    if value.period.part != ANNUAL and any(operand.operand.years_back for operand in value.operands):
        raise Unfit("an operand of a quarter stands in a column of another period")
    years = sorted({value.period.year - operand.operand.years_back for operand in value.operands}, reverse=True)
    arguments: dict[str, Any] = {
        "company": value.company,
        "fields": list(dict.fromkeys(operand.operand.field for operand in value.operands)),
        "years": years,
    }
    if value.period.part != ANNUAL:
        arguments["period"] = value.period.part
    names = {operand.operand: operand.operand.label for operand in value.operands}
    quoted = {operand: name if re.fullmatch(r"\w+", name) else f'"{name}"' for operand, name in names.items()}
    computation: dict[str, Any] = {
        "expression": written_sum(value.formula.expression, quoted),
        "operands": {names[operand.operand]: _plain(operand.value) for operand in value.operands},
    }
    if value.unit == "%":
        computation["percent"] = True
    return [ToolCall("call_0", "lookup_facts", arguments), ToolCall("call_1", "compute", computation)]


def _plain(number: Decimal) -> int | float:
    """Return a number as models write it: whole ones without a point."""
    return int(number) if number == number.to_integral_value() else float(number)


def _answer(serving: Serving, asked: FactQuestion, outcome: Outcome, found: AgentOutcome, computes: bool) -> str:
    wording = Wording(asked.language, serving.desk.vocabulary)
    numbers = {quote.span: found.first_number + place for place, quote in enumerate(found.evidence)}
    sayer = Sayer(asked.plan, wording, EvidenceCiter(serving.shelf.page, wording, numbers=numbers), asked.names, {})
    if not computes:
        return composed(sayer, outcome)
    value = outcome.rows[0][0]
    assert value.formula is not None
    exact: dict[Operand, str] = {o.operand: wording.exact(o.value, "") for o in value.operands}
    return computation_sentence(sayer, value, asked, written_sum(value.formula.expression, exact))


def _check(task: Task, prepared: Prepared, found: AgentOutcome, answer: str) -> None:
    read = tuple(piece.evidence(task.shelf) for piece in prepared.pieces)
    evidence = (*read, *(Evidence(quote) for quote in found.evidence))
    checked_against(task, evidence, prepared, answer, found.computations)
