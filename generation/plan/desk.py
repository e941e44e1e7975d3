"""Answers questions about values from a library's facts: plan, evaluate, word, or say what is missing.

None means that this is no question for the desk; other ways of answering take it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from vouch.generation.phrases import Language
from vouch.generation.plan.across import Across
from vouch.generation.plan.citing import Citer, Pages
from vouch.generation.plan.compose import composed
from vouch.generation.plan.evaluate import Outcome, evaluate
from vouch.generation.plan.grammar import Holdings, PeriodMissing, plan_question
from vouch.generation.plan.holdings import Catalogue, Stated
from vouch.generation.plan.plan_json import plan_json
from vouch.generation.plan.proposing import Proposer
from vouch.generation.plan.reading import Vocabulary
from vouch.generation.plan.refusing import Refuser
from vouch.generation.plan.saying import Sayer
from vouch.generation.plan.sentences import NumberForm, Wording
from vouch.generation.plan.types import QueryPlan
from vouch.generation.plan.values import FactReader
from vouch.generation.plan.warning import warnings
from vouch.generation.types import Answer, Refusal, Step
from vouch.retrieval.question import Question
from vouch.retrieval.types import Scope, StoredDocument

_STATEMENTS = ("balance", "income", "cash_flow")
_WHOLE = 40
"""A document with as many facts had its statements read."""
_OVER_ALL = ("rank", "count", "list", "average", "sum")


@dataclass(frozen=True, slots=True)
class _Case:
    """One question at the desk."""

    asked: Question
    plan: QueryPlan
    scope: Scope
    holdings: Holdings
    language: Language


class FactDesk:
    """Answers from stored facts."""

    def __init__(self, store: Stated, pages: Pages, vocabulary: Vocabulary, proposer: Proposer | None = None) -> None:
        """`proposer`: asked for a plan where the grammar knows none of a question about values."""
        self._proposer = proposer
        self._store = store
        self._pages = pages
        self.vocabulary = vocabulary
        self._catalogue = Catalogue(store)

    def companies(self) -> frozenset[tuple[str, str, str]]:
        """Return name, short name and code of the companies that facts are about, also those without a document."""
        return self._catalogue.companies()

    def answer(self, asked: Question, documents: Sequence[StoredDocument], scope: Scope) -> Answer | None:
        """Return the answer to a question about values, or why there is none; None for other questions."""
        holdings = self.holdings(documents)
        planned = plan_question(asked, self.vocabulary, holdings)
        if isinstance(planned, PeriodMissing):
            case = _Case(asked, planned.plan, scope, holdings, asked.language)
            return self._refused(case, self._refuser(case).no_period())
        if planned is None:
            return self._proposed(asked, holdings, documents, scope)
        return self.answer_plan(planned, asked, documents, scope)

    def _proposed(
        self, asked: Question, holdings: Holdings, documents: Sequence[StoredDocument], scope: Scope
    ) -> Answer | None:
        """Return the answer to a plan that a model proposes, said to be one; None where it comes to nothing."""
        plan = self._proposer.propose(asked, holdings) if self._proposer else None
        answer = self.answer_plan(plan, asked, documents, scope) if plan else None
        if plan is None or answer is None or answer.refusal is not None or self._proposer is None:
            return None
        wording = Wording(asked.language, self.vocabulary)
        read = wording.join("name_join", [wording.field(measure.name) for measure in plan.measures])
        model = self._proposer.model.name
        warning = wording.say("warning_proposed", model=model, fields=read, when=wording.whens(plan.periods))
        step = Step("", "query_plan", {"question": asked.text}, json.dumps(plan_json(plan), ensure_ascii=False))
        return replace(answer, warnings=(warning, *answer.warnings), steps=(step,))

    def answer_plan(
        self, plan: QueryPlan, asked: Question, documents: Sequence[StoredDocument], scope: Scope
    ) -> Answer | None:
        """Return the answer that a plan comes to, or why there is none; None where documents may say more."""
        if plan.over_all and scope != replace(scope, companies=frozenset(), years=frozenset(), doc_ids=frozenset()):
            return None
        case = _Case(asked, plan, scope, self.holdings(documents), asked.language)
        outcome = self.outcome(plan, scope)
        refusal = self._refuser(case).refusal(outcome)
        if refusal is not None:
            return None if self._better_read(case, outcome, documents) else self._refused(case, refusal)
        return self._worded(case, outcome)

    def holdings(self, documents: Sequence[StoredDocument]) -> Holdings:
        """Return whom and when can be asked about."""
        return self._catalogue.holdings(documents)

    def outcome(self, plan: QueryPlan, scope: Scope) -> Outcome:
        """Return what a plan comes to, with the facts it stands on."""
        reader = FactReader(self._store, self.vocabulary, plan.scope, scope)
        across = None
        if plan.act in _OVER_ALL and len(plan.companies) != 1:
            across = Across(self._store, self.vocabulary, plan.scope, sorted(scope.collections))
        return evaluate(plan, reader, across)

    def _refuser(self, case: _Case) -> Refuser:
        return Refuser(case.plan, case.holdings, Wording(case.language, self.vocabulary), self._names(case))

    def _better_read(self, case: _Case, outcome: Outcome, documents: Sequence[StoredDocument]) -> bool:
        """Say whether documents may say what facts lack: those of statements are complete, those of words are not."""
        values = [value for row in outcome.rows for value in row if not value.found]
        names = {operand.field for value in values for operand in value.missing}
        fields = [field for name in names if (field := self.vocabulary.fields.by_name(name))]
        reports = [d for d in documents if d.source.company in {value.company for value in values}]
        reports = [d for d in reports if d.source.year in {value.period.year for value in values}]
        thin = bool(reports) and not any(d.facts >= _WHOLE for d in reports)
        return (
            case.plan.act == "values"
            and bool(reports)
            and (thin or any(f.statement not in _STATEMENTS for f in fields))
        )

    def _worded(self, case: _Case, outcome: Outcome) -> Answer:
        plan = case.plan
        wording = Wording(case.language, self.vocabulary, NumberForm(plan.decimals, plan.unit))
        citer = Citer(self._pages, wording)
        sayer = Sayer(plan, wording, citer, self._names(case), self._catalogue.codes())
        text = composed(sayer, outcome)
        values = [value for row in outcome.rows for value in row]
        checked = citer.verification()
        return Answer(
            question=case.asked.text,
            answer=text,
            kind="computed" if plan.act != "values" or any(value.formula for value in values) else "fact",
            citations=citer.citations(),
            verification=checked,
            generator="facts",
            warnings=tuple(warnings(plan, outcome, wording, sayer.names)),
            results=tuple(sayer.results),
            plan=plan_json(plan),
        )

    def _refused(self, case: _Case, refusal: Refusal) -> Answer:
        gap = "" if case.language == "zh" else " "
        said = f"{refusal.detail}{gap}{refusal.ask_back}".strip()
        return Answer(case.asked.text, said, "refused", refusal, generator="facts", plan=plan_json(case.plan))

    def _names(self, case: _Case) -> dict[str, str]:
        """Return how the question says the companies it names, or wants them named."""
        short, codes, said = self._catalogue.short_names(), self._catalogue.codes(), case.asked.text
        if case.plan.over_all:
            wants_short, wants_code = "简称" in said or "short name" in said, "代码" in said or "ticker" in said
            names = {company: short.get(company, company) if wants_short else company for company in codes}
            return {c: f"{name}（{codes[c]}）" if wants_code else name for c, name in names.items()}
        return {
            company: short[company]
            for company in case.plan.companies
            if short.get(company) and company not in said and short[company] in said
        }
