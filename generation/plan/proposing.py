"""Plans that a chat model proposes for questions the grammar does not understand: checked by code, never trusted."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any, get_args

from vouch.generation.chat import ChatModel, ChatRequest, Sampling, collected
from vouch.generation.expressions import FormulaError
from vouch.generation.formulas import UNITS
from vouch.generation.plan.grammar import Holdings, asks_for_prose
from vouch.generation.plan.numerals import AMOUNT, COUNT, amount, count
from vouch.generation.plan.plan_json import plan_from_json
from vouch.generation.plan.reading import Vocabulary, read_values
from vouch.generation.plan.sentences import SCALED
from vouch.generation.plan.types import Act, Comparison, Level, Measure, Order, QueryPlan
from vouch.generation.prompts.loader import load_prompt
from vouch.retrieval.errors import NoReply, UsageError
from vouch.retrieval.lexicon import fold
from vouch.retrieval.question import Question

OFFERED = 40
"""Names of values that the model may choose from: those whose words the question shares."""
LONGEST = 10_000
"""Characters of a reply that are read."""
MOST_PERIODS, MOST_MEASURES, MOST_DECIMALS = 12, 8, 8
_PARTS = ("FY", "H1", "Q1", "Q2", "Q3", "Q4")
_SCALES = tuple(Decimal(10) ** n for n in (0, 3, 4, 6, 8, 9, -2))
"""How much a number of the question may be worth in base units: 千, 万, 百万, 亿, billion, %."""


@dataclass(frozen=True, slots=True)
class Proposer:
    """Asks a chat model for the plan of a question."""

    model: ChatModel
    vocabulary: Vocabulary
    max_tokens: int = 600

    def propose(self, asked: Question, holdings: Holdings) -> QueryPlan | None:
        """Return a plan for a question about values that is sound; None where there is none."""
        if asked.unknown_company or asked.candidates or not asks_for_values(asked, self.vocabulary):
            return None
        names = self._offered(asked)
        periods = holdings.held(asked.companies)[:MOST_PERIODS]
        blanks = {
            "fields": "、".join(names),
            "companies": "、".join(asked.companies) or "[]",
            "periods": "、".join(f"{period.year} {period.part}" for period in periods) or "[]",
            "question": asked.text,
        }
        messages = load_prompt("plan", asked.language).messages(blanks)
        request = ChatRequest(
            messages, schema=plan_schema(names, asked.companies), sampling=Sampling(max_tokens=self.max_tokens)
        )
        try:
            reply = collected(self.model.stream(request))
            return checked_plan(_object(reply.text), asked, self.vocabulary)
        except (NoReply, UsageError):
            return None  # another way of answering takes the question

    def _offered(self, asked: Question) -> list[str]:
        """Return the names of values that share most with the question, those that it names first."""
        named = [measure.name for measure in read_values(asked.text, self.vocabulary).named()]
        wanted = _pairs(asked.text)
        words = [(f.name, (*f.aliases, f.english)) for f in self.vocabulary.fields.fields]
        words += [(f.name, (*f.aliases, f.english)) for f in self.vocabulary.formulas.formulas]
        shares = {name: max(_share(word, wanted) for word in aliases) for name, aliases in words}
        near = sorted((name for name, share in shares.items() if share > 0), key=lambda name: -shares[name])
        return list(dict.fromkeys((*named, *near)))[:OFFERED]


def asks_for_values(asked: Question, vocabulary: Vocabulary) -> bool:
    """Say whether a question asks for figures at all."""
    if asks_for_prose(asked.text):
        return False
    return asked.wants in ("number", "percent") or bool(read_values(asked.text, vocabulary).named())


def plan_schema(names: Sequence[str], companies: Sequence[str]) -> dict[str, Any]:
    """Return the JSON schema of a plan, for runtimes that hold a reply to one."""
    text, whole = {"type": "string"}, {"type": "integer"}
    measure = _record({"name": text, "expression": text, "unit": text}, ("name",))
    plain = {"type": "string", "enum": list(names)} if names else text
    condition = _record(
        {"measure": _record({"name": plain}, ("name",)), "comparison": {"enum": list(get_args(Comparison))},
         "threshold": {"type": ["string", "null"]}, "level": {"enum": list(get_args(Level))}},
        ("measure", "comparison"),
    )  # fmt: skip
    period = _record({"year": whole, "period": {"enum": list(_PARTS)}}, ("year", "period"))
    named = {"type": "string", "enum": list(companies)} if companies else text
    return _record(
        {
            "act": {"enum": [*get_args(Act), "none"]},
            "measures": {"type": "array", "items": measure, "maxItems": MOST_MEASURES},
            "companies": {"type": "array", "items": named, "maxItems": len(companies)},
            "periods": {"type": "array", "items": period, "maxItems": MOST_PERIODS},
            "conditions": {"type": "array", "items": condition, "maxItems": MOST_MEASURES},
            "registered_in": text,
            "order": {"enum": list(get_args(Order))},
            "first": whole,
            "last": whole,
        },
        ("act",),
    )


def _record(properties: Mapping[str, Any], required: Sequence[str]) -> dict[str, Any]:
    shape = {"type": "object", "properties": dict(properties), "required": list(required)}
    return shape | {"additionalProperties": False}


def checked_plan(data: Mapping[str, Any], asked: Question, vocabulary: Vocabulary) -> QueryPlan:
    """Return the plan of a model's object; UsageError unless all that it names is known and said by the question."""
    if data.get("act") == "none":
        raise UsageError("the model found no plan")
    plan = plan_from_json(data)
    problem = next(_problems(plan, asked, vocabulary), "")
    if problem:
        raise UsageError(f"this plan is refused: {problem}")
    return plan


def _problems(plan: QueryPlan, asked: Question, vocabulary: Vocabulary) -> Iterator[str]:
    if not 1 <= len(plan.measures) <= MOST_MEASURES or len(plan.periods) > MOST_PERIODS:
        yield "it has no value, or too many values or periods"
    if set(plan.companies) != set(asked.companies):
        yield "its companies are not those of the question"
    if not plan.periods or not {period.year for period in plan.periods} <= set(asked.years):
        yield "its years are not those of the question"
    if any(period.part not in _PARTS for period in plan.periods):
        yield "it has an unknown period"
    if plan.act == "values" and not plan.companies:
        yield "it asks for values of nobody"
    if plan.place and plan.place not in asked.text:
        yield "its place is not in the question"
    looked_at = [m for c in plan.conditions for m in (c.measure, c.against) if m is not None]
    yield from (f"{m.name} is no known value" for m in (*plan.measures, *looked_at) if not _known(m, vocabulary))
    if any(measure.unit not in UNITS for measure in plan.measures) or plan.unit not in ("", *SCALED):
        yield "its units are unknown"
    if plan.decimals is not None and not 0 <= plan.decimals <= MOST_DECIMALS:
        yield "its decimals are out of bounds"
    yield from _unsaid_numbers(plan, _numbers(asked.text))


def _unsaid_numbers(plan: QueryPlan, said: Set[Decimal]) -> Iterator[str]:
    for condition in plan.conditions:
        if condition.threshold is None and condition.against is None and not condition.level:
            yield "it has a condition without a bound"
        elif condition.threshold is not None and not _is_said(condition.threshold, said):
            yield "its threshold is not in the question"
    if plan.first < 1 or any(rank > 1 and Decimal(rank) not in said for rank in (plan.first, plan.last)):
        yield "its ranks are not in the question"


def _is_said(threshold: Decimal, said: Set[Decimal]) -> bool:
    return threshold.is_finite() and any(number * scale == threshold for number in said for scale in _SCALES)


def _known(measure: Measure, vocabulary: Vocabulary) -> bool:
    if not measure.expression:
        return vocabulary.measure(measure.name) is not None
    try:
        formula = vocabulary.formula(measure)
    except FormulaError:
        return False
    return formula is not None and bool(formula.expression.operands)


def _numbers(text: str) -> set[Decimal]:
    """Return the numbers that a question writes, in digits or words."""
    amounts = [amount(match[0]) for match in re.finditer(AMOUNT, text, re.IGNORECASE)]
    counts = [Decimal(count(match[0])) for match in re.finditer(rf"(?<!\d){COUNT}(?!\d)", text)]
    return {number for number in (*amounts, *counts) if number is not None}


def _object(reply: str) -> Mapping[str, Any]:
    """Return the JSON object of a reply, which may stand in a code block or between words."""
    text = reply[:LONGEST]
    start = text.find("{")
    if start < 0:
        raise UsageError("the reply holds no plan")
    try:
        found, _ = json.JSONDecoder().raw_decode(text[start:])
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the reply is no JSON: {error}") from error
    if not isinstance(found, Mapping):
        raise UsageError("the reply is no JSON object")
    return found


def _pairs(text: str) -> frozenset[str]:
    folded = fold(text)
    latin = frozenset(re.findall(r"[a-z]{3,}", folded))
    return latin | {a + b for a, b in pairwise(folded) if not (a + b).isascii()}


def _share(word: str, wanted: frozenset[str]) -> float:
    own = _pairs(word)
    return len(own & wanted) / len(own) if own else 0.0
