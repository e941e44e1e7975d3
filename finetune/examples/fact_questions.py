"""Questions over a library's fact table, made from templates: what is asked, of whom and of when."""

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from vouch.finetune.examples.words import asked
from vouch.generation.phrases import Language
from vouch.generation.plan.desk import FactDesk
from vouch.generation.plan.evaluate import Outcome
from vouch.generation.plan.holdings import Stated
from vouch.generation.plan.sentences import Wording
from vouch.generation.plan.types import ANNUAL, Measure, Period, QueryPlan
from vouch.retrieval.fact_query import FactQuery, StoredFact
from vouch.retrieval.fields import Field
from vouch.retrieval.types import EVERYTHING

SURE = 0.9
"""Confidence from which a fact is good enough to learn from."""
LONGEST_TEXT = 80
"""Characters of a text field that is asked for: a whole proposal for dividends is no value to look up."""
TWO_SHARE = 0.2
"""Share of the questions that ask for two values of one table."""
SHORT_NAME_SHARE = 0.6
"""Share of the questions that name a company as people do."""
_HAN = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class FactQuestion:
    """One question whose answer the facts hold."""

    text: str
    plan: QueryPlan
    """As it is meant; serving has to read it the same way."""
    group: str
    """Id of the document that states the values."""
    language: Language
    names: Mapping[str, str]
    """How it names the company."""


@dataclass(frozen=True, slots=True)
class _Report:
    """What one document states of its own company and period."""

    company: str
    short_name: str
    period: Period
    doc_id: str
    language: Language
    facts: tuple[StoredFact, ...]


class FactQuestions:
    """Makes questions of all reports in turn, so that none of them is asked about more than the others."""

    def __init__(self, store: Stated, desk: FactDesk, doc_ids: frozenset[str], seed: int) -> None:
        """`doc_ids`: the documents whose facts may be asked for."""
        self._desk = desk
        self._seed = seed
        self._reports = _reports(store, desk, doc_ids)

    def stated(self) -> Iterator[FactQuestion]:
        """Yield questions for values that reports state, without end to repetition: each is asked once."""
        yield from _in_turn([self._stated_of(report) for report in self._reports])

    def computed(self) -> Iterator[FactQuestion]:
        """Yield questions for ratios and changes that can be computed from what reports state."""
        yield from _in_turn([self._computed_of(report) for report in self._reports])

    def _stated_of(self, report: _Report) -> Iterator[FactQuestion]:
        chance = self._chance(report, "stated")
        facts = list(report.facts)
        chance.shuffle(facts)
        for stored in facts:
            first = self._desk.vocabulary.fields.by_name(stored.fact.field)
            assert first is not None  # _reports leaves others out
            others = [other.fact.field for other in facts if _beside(stored, other)]
            if others and chance.random() < TWO_SHARE:
                second = self._desk.vocabulary.fields.by_name(chance.choice(others))
                assert second is not None
                words = {"first": _called(first, report.language, chance)}
                words["second"] = _called(second, report.language, chance)
                yield self._question(report, "ask_two", words, (first.name, second.name), chance)
            else:
                words = {"field": _called(first, report.language, chance)}
                yield self._question(report, f"ask_{first.kind}", words, (first.name,), chance)

    def _computed_of(self, report: _Report) -> Iterator[FactQuestion]:
        chance = self._chance(report, "computed")
        formulas = list(self._desk.vocabulary.formulas.formulas)
        measures = tuple(Measure(formula.name) for formula in formulas)
        outcome: Outcome = self._desk.outcome(
            QueryPlan("values", measures, (report.company,), (report.period,)), EVERYTHING
        )
        found = {value.measure.name for row in outcome.rows for value in row if value.formula and value.found}
        chance.shuffle(formulas)
        wording = Wording(report.language, self._desk.vocabulary)
        for formula in formulas:
            if formula.name in found:
                ways = [alias for alias in formula.aliases if bool(_HAN.search(alias)) == (report.language == "zh")]
                words = {"field": chance.choice(ways or [wording.field(formula.name)])}
                yield self._question(report, "ask_computed", words, (formula.name,), chance)

    def _question(
        self, report: _Report, key: str, words: Mapping[str, str], fields: Sequence[str], chance: random.Random
    ) -> FactQuestion:
        short = report.short_name and chance.random() < SHORT_NAME_SHARE
        name = report.short_name if short else report.company
        wording = Wording(report.language, self._desk.vocabulary)
        when = wording.when(report.period)
        plan = QueryPlan("values", tuple(map(Measure, fields)), (report.company,), (report.period,))
        text = asked(report.language, key, chance, company=name, when=when, **words)
        return FactQuestion(text, plan, report.doc_id, report.language, {report.company: name})

    def _chance(self, report: _Report, what: str) -> random.Random:
        return random.Random(f"{self._seed}:{what}:{report.doc_id}")  # noqa: S311 - to choose, not to hide


def _reports(store: Stated, desk: FactDesk, doc_ids: frozenset[str]) -> list[_Report]:
    """Return the reports with the facts that they state about their own year, in an order that does not change."""
    of_report: dict[tuple[str, str, Period], list[StoredFact]] = defaultdict(list)
    for stored in store.facts(FactQuery()):
        fact, source = stored.fact, stored.source
        if source.doc_id in doc_ids and source.kind == "report" and _may_be_asked(stored, desk):
            of_report[source.doc_id, fact.company, Period(fact.year, fact.period)].append(stored)
    reports = []
    for (doc_id, company, period), facts in sorted(of_report.items(), key=lambda entry: str(entry[0])):
        language: Language = "en" if facts[0].source.language == "en" else "zh"
        reports.append(_Report(company, facts[0].fact.short_name, period, doc_id, language, tuple(facts)))
    return reports


def _may_be_asked(stored: StoredFact, desk: FactDesk) -> bool:
    fact, source = stored.fact, stored.source
    period = source.period.removesuffix("摘要") or ANNUAL
    known = desk.vocabulary.fields.by_name(fact.field)
    return (
        known is not None
        and fact.column == "current"
        and fact.scope in ("consolidated", "")
        and fact.confidence >= SURE
        and (fact.year, fact.period) == (source.year, period)
        and bool(fact.raw)
        and (fact.value is not None or (fact.period == ANNUAL and len(fact.text) <= LONGEST_TEXT))
        and fact.text != fact.company
        and len(set(fact.text.split())) == len(fact.text.split())  # 邮箱 of two persons in one cell, the same twice
    )


def _beside(one: StoredFact, other: StoredFact) -> bool:
    """Say whether two values stand in one table, so that people ask for both at once."""
    a, b = one.fact, other.fact
    same = (a.statement, a.page) == (b.statement, b.page)
    return same and a.field != b.field and a.value is not None and b.value is not None


def _called(field: Field, language: Language, chance: random.Random) -> str:
    """Return one of the names by which people ask for a field."""
    own = field.name if language == "zh" else field.english
    names = [alias for alias in field.aliases if bool(_HAN.search(alias)) == (language == "zh")]
    return chance.choice([own, *names])


def _in_turn(sources: Sequence[Iterator[FactQuestion]]) -> Iterator[FactQuestion]:
    """Yield one question of each source, then the next of each, until all are used up."""
    open_ = list(sources)
    while open_:
        for source in list(open_):
            question = next(source, None)
            if question is None:
                open_.remove(source)
            else:
                yield question
