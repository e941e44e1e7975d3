"""What a reader should know about the values of an answer: read with doubt, of a neighbouring report, restated."""

from collections.abc import Iterator, Mapping

from vouch.generation.plan.evaluate import Outcome
from vouch.generation.plan.sentences import Wording
from vouch.generation.plan.types import ANNUAL, Period, QueryPlan
from vouch.generation.plan.values import Used


def warnings(plan: QueryPlan, outcome: Outcome, wording: Wording, names: Mapping[str, str]) -> list[str]:
    """Return the warnings of an outcome, each once."""
    found: list[str] = []
    if plan.default_period:
        found.append(wording.say("warning_default", when=wording.when(plan.periods[0])))
    if plan.scope == "parent":
        found.append(wording.say("warning_scope"))
    if outcome.considered and not plan.companies:
        found.append(wording.say("warning_considered", n=str(outcome.considered)))
    for row in outcome.rows:
        for value in row:
            for used in value.used:
                found += _of_value(used, value.period, wording, names)
    return list(dict.fromkeys(found))


def _of_value(used: Used, period: Period, wording: Wording, names: Mapping[str, str]) -> Iterator[str]:
    fact = used.stored.fact
    if fact.confidence < 1:
        yield wording.say("warning_doubt", field=wording.operand(used.operand))
    if fact.column == "prior" and not used.operand.years_back:
        company = names.get(fact.company, fact.company)
        when = wording.when(used.period)
        yield wording.say("warning_prior", company=company, when=when, document=used.stored.source.name)
    if used.operand.years_back and period.part != ANNUAL and fact.period == ANNUAL:
        yield wording.say("basis_stock_prior")
