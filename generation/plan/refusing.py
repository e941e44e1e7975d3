"""Why a plan has no answer: nothing held of the company or year, or not disclosed; and what there is instead."""

from collections.abc import Mapping
from dataclasses import dataclass

from vouch.generation.plan.evaluate import Outcome
from vouch.generation.plan.grammar import Holdings
from vouch.generation.plan.sentences import Wording
from vouch.generation.plan.types import SINGLE, Period, QueryPlan
from vouch.generation.plan.values import Value
from vouch.generation.types import Refusal

_LISTED = 8


@dataclass(frozen=True, slots=True)
class Refuser:
    """Words refusals for one plan."""

    plan: QueryPlan
    holdings: Holdings
    wording: Wording
    names: Mapping[str, str]

    def no_period(self) -> Refusal:
        """Return the question back for the period meant."""
        company = self.plan.companies[0] if self.plan.companies else ""
        fields = self.wording.join("name_join", [self.wording.field(m.name) for m in self.plan.measures])
        return Refusal(
            "ambiguous",
            self.wording.say("no_period", held=self._held(company)).strip(),
            self.wording.say("ask_period", company=self._name(company), field=fields),
        )

    def refusal(self, outcome: Outcome) -> Refusal | None:
        """Return why an outcome is no answer; None where it is one."""
        plan = self.plan
        if plan.act in ("count", "list") or (plan.act == "rank" and plan.every_period):
            return None if outcome.considered else self._nobody()
        if plan.act in ("rank", "average", "sum") and not outcome.rows:
            return self._nobody()
        values = [value for row in outcome.rows for value in row]
        if plan.act == "same":
            lacking = next((value for value in values if not value.found), None)
            return self._lacking(lacking) if lacking else None
        if any(value.found for value in values):
            return None
        return self._lacking(values[0]) if values else self._nobody()

    def _lacking(self, value: Value) -> Refusal:
        """Return the refusal for a value that is not there: no report of the period, or not in the report."""
        when = self.wording.when(value.period)
        company = self._name(value.company)
        if value.zero_divisor:
            field = self.wording.field(value.measure.name)
            said = self.wording.say(
                "not_comparable", company=company, when=when, field=field, divisor=value.zero_divisor
            )
            return Refusal("no_evidence", said)
        held = self.holdings.held([value.company])
        period = Period(value.period.year, value.period.part.removesuffix(SINGLE))
        if period not in held:
            said = self.wording.say("not_held", company=company, when=when, held=self._held(value.company))
            return Refusal("not_in_library", said.strip())
        names = [self.wording.operand(operand) for operand in value.missing]
        fields = self.wording.join("name_join", names) or self.wording.field(value.measure.name)
        said = self.wording.say("not_disclosed", company=company, when=when, field=fields, held="")
        return Refusal("no_evidence", said.strip())

    def _nobody(self) -> Refusal:
        when = self.wording.whens(self.plan.periods)
        field = self.wording.field(self.plan.measures[0].name)
        key = "no_place" if self.plan.place else "no_companies"
        return Refusal("no_evidence", self.wording.say(key, when=when, field=field, place=self.plan.place))

    def _held(self, company: str) -> str:
        held = self.holdings.held([company]) if company else ()
        if not held:
            return ""
        said = self.wording.join("name_join", [self.wording.when(period) for period in held[:_LISTED]])
        return self.wording.say("held_periods", company=self._name(company), periods=said)

    def _name(self, company: str) -> str:
        return self.names.get(company, company)
