"""Fact questions as conversations: the prompt of serving, and the answer of the facts, cited from its passages."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from vouch.finetune.examples.archives import content_id
from vouch.finetune.examples.fact_questions import FactQuestion
from vouch.finetune.examples.printed import PrintedWording, printed, printed_number, written_sum
from vouch.finetune.examples.right_passages import Place, number_of, with_places, without
from vouch.finetune.examples.serving import Serving, checked, turns
from vouch.finetune.examples.told_values import in_chunk, telling
from vouch.finetune.examples.types import Example, Kind
from vouch.finetune.examples.unfit import Unfit
from vouch.finetune.examples.words import said
from vouch.generation.chat_generator.prompting import Prepared
from vouch.generation.drafts import Task
from vouch.generation.packing import Piece
from vouch.generation.phrases import Language
from vouch.generation.plan.citing import Citer
from vouch.generation.plan.compose import composed
from vouch.generation.plan.evaluate import Outcome
from vouch.generation.plan.grammar import plan_question
from vouch.generation.plan.saying import Sayer
from vouch.generation.plan.sentences import SCALED
from vouch.generation.plan.types import QueryPlan
from vouch.generation.plan.values import Used, Value
from vouch.retrieval.types import EVERYTHING


@dataclass(slots=True)
class PassageCiter(Citer):
    """Cites rows by the numbers of the passages that show them."""

    pieces: Sequence[Piece] = field(default=())

    def number(self, used: Used) -> int:
        """Return the number of the passage that holds a value's row."""
        return number_of(self.pieces, place_of(used))


def place_of(used: Used) -> Place:
    """Return where a value's row stands."""
    fact = used.stored.fact
    return Place(used.stored.source.doc_id, fact.page, fact.start, fact.end)


def understood(serving: Serving, asked: FactQuestion) -> tuple[Task, Outcome]:
    """Return what serving finds for a question and what the facts answer; Unfit where it reads it otherwise."""
    task = serving.task(asked.text)
    planned = plan_question(task.question, serving.desk.vocabulary, serving.desk.holdings(serving.shelf.documents()))
    if not isinstance(planned, QueryPlan) or not _means(planned, asked.plan):
        raise Unfit("serving reads the question otherwise")
    outcome = serving.desk.outcome(planned, EVERYTHING)
    if not all(value.found for row in outcome.rows for value in row):
        raise Unfit("not all values are stated")
    return task, outcome


def fact_example(serving: Serving, asked: FactQuestion, chance: random.Random) -> Example:
    """Return a question with the passages that hold its values among others, answered from them."""
    task, outcome = understood(serving, asked)
    values = [value for row in outcome.rows for value in row]
    places = dict.fromkeys(place_of(used) for value in values for used in value.used)
    task = with_places(task, places, serving.options.passages, chance)
    prepared = serving.prepared(task)
    sayer = _sayer(serving, asked, values, prepared)
    computed = any(value.formula for value in values)
    answer = _computation(sayer, values[0], asked) if computed else composed(sayer, outcome)
    checked(task, prepared, answer)
    if serving.options.cot:
        answer = _with_thoughts(sayer, values, asked, answer)
    return _example(serving, asked, "computation" if computed else "fact", prepared, answer)


def refusal_example(serving: Serving, asked: FactQuestion) -> Example:
    """Return a question with passages none of which states its values, and the words that say so."""
    task, outcome = understood(serving, asked)
    tells = telling(outcome)
    task = without(task, in_chunk(tells))
    prepared = serving.prepared(task)
    if tells(prepared.passages):
        raise Unfit("a value stands beside the passages left")
    answer = said(asked.language, "refusal")
    if not checked(task, prepared, answer).says_unknown:
        raise Unfit("serving takes the refusal for an answer")
    if serving.options.cot:
        answer = said(asked.language, "thoughts", thoughts="1. " + said(asked.language, "thought_none"), answer=answer)
    return _example(serving, asked, "refusal", prepared, answer)


def _means(planned: QueryPlan, meant: QueryPlan) -> bool:
    return (planned.act, planned.measures, planned.companies, planned.periods) == (
        meant.act,
        meant.measures,
        meant.companies,
        meant.periods,
    )


def _sayer(serving: Serving, asked: FactQuestion, values: list[Value], prepared: Prepared) -> Sayer:
    wording = PrintedWording(asked.language, serving.desk.vocabulary, values)
    citer = PassageCiter(serving.shelf.page, wording, pieces=prepared.pieces)
    return Sayer(asked.plan, wording, citer, asked.names, {})


def computation_sentence(sayer: Sayer, value: Value, asked: FactQuestion, sum_: str) -> str:
    """Return a computed value with its operands, the formula and the sum written out, as the prompt wants it."""
    assert value.number is not None
    marks = "".join(dict.fromkeys(map(sayer.citer.mark, value.used)))
    return said(
        asked.language,
        "computation",
        company=sayer.name(value.company),
        when=sayer.wording.when(value.period),
        operands=sayer.operands(value),
        field=sayer.field(value),
        formula=sayer.wording.formula(value.measure),
        sum=sum_,
        result=sayer.wording.number(value.number, value.unit, value.measure),
        marks=marks,
    )


def _computation(sayer: Sayer, value: Value, asked: FactQuestion) -> str:
    return computation_sentence(sayer, value, asked, _sum(value))


def _sum(value: Value) -> str:
    """Return the computation of a value in the numbers that the page prints."""
    assert value.formula is not None
    if not value.operands or any(operand.is_total for operand in value.operands):
        raise Unfit("an operand is itself a total of parts")
    units = {printed_number(operand.used[0])[1] for operand in value.operands}
    if len(units & {"元", *SCALED}) > 1:
        raise Unfit("operands are printed in several units")
    numbers = {operand.operand: printed_number(operand.used[0])[0] for operand in value.operands}
    return written_sum(value.formula.expression, numbers)


def _with_thoughts(sayer: Sayer, values: list[Value], asked: FactQuestion, answer: str) -> str:
    """Return an answer after the steps that lead to it, as the prompt asks for them."""
    language = asked.language
    steps = [
        said(
            language,
            "thought_look",
            company=sayer.name(values[0].company),
            when=sayer.wording.when(values[0].period),
            field=sayer.wording.join("name_join", [sayer.field(value) for value in values]),
        )
    ]
    for value in values:
        for operand in value.operands:
            used = operand.used[0]
            shown = printed(used) if value.number is not None else value.text
            name = sayer.wording.operand(operand.operand)
            steps.append(said(language, "thought_row", mark=sayer.citer.mark(used), field=name, value=shown))
        if value.formula:
            steps += _sum_thoughts(sayer, value, language)
    listed = "\n".join(f"{n}. {step}" for n, step in enumerate(steps, start=1))
    return said(language, "thoughts", thoughts=listed, answer=answer)


def _sum_thoughts(sayer: Sayer, value: Value, language: Language) -> list[str]:
    assert value.number is not None
    formula, result = (
        sayer.wording.formula(value.measure),
        sayer.wording.number(value.number, value.unit, value.measure),
    )
    return [
        said(language, "thought_formula", field=sayer.field(value), formula=formula),
        said(language, "thought_sum", sum=_sum(value), result=result),
    ]


def _example(serving: Serving, asked: FactQuestion, kind: Kind, prepared: Prepared, answer: str) -> Example:
    messages = turns(prepared, answer)
    return Example(
        id=content_id(messages),
        messages=messages,
        kind=kind,
        group=asked.group,
        source=serving.source,
        licence=serving.licence,
        question=asked.text,
    )
