"""From a question to a vouched answer: understand, look up, refuse early, retrieve, draft, verify."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from vouch.generation.phrases import missing_years_warning, ocr_warning
from vouch.generation.plan.desk import FactDesk
from vouch.generation.quotes import Draft, cite
from vouch.generation.refusals import early_refusal, no_evidence, unverified
from vouch.generation.retrieve import Shelf, retrieve
from vouch.generation.stopwatch import Watch
from vouch.generation.types import Answer, Citation, Refusal, Verification
from vouch.generation.verify import verified
from vouch.retrieval.question import Question, understand
from vouch.retrieval.types import EVERYTHING, Hit, Scope


class Generator(Protocol):
    """Writes an answer from passages."""

    @property
    def name(self) -> str: ...

    def draft(self, shelf: Shelf, question: Question, scope: Scope, hits: Sequence[Hit]) -> Draft: ...


class Asker:
    """Answers questions from a library with one generator."""

    def __init__(self, library: Shelf, generator: Generator, facts: FactDesk | None = None) -> None:
        """`facts` answers questions about values that the library's facts hold, before passages are searched."""
        self._library = library
        self._generator = generator
        self._facts = facts

    def ask(self, question: str, scope: Scope = EVERYTHING, k: int = 8, context: Question | None = None) -> Answer:
        """Return a cited answer or a refusal; `context` is the question before it in a conversation."""
        watch = Watch()
        documents = self._library.documents(scope)
        asked = understand(question, documents, context, self.companies())
        watch.lap("understand")
        answer = self._facts.answer(asked, documents, scope) if self._facts else None
        if answer is not None:
            return replace(answer, timings_ms=watch.times("facts"))
        refusal = early_refusal(asked, documents)
        if refusal is not None:
            return self._refused(question, refusal, watch)
        draft = Draft()
        for narrower in asked.scopes:
            inside = scope if narrower.is_everything else narrower
            hits = retrieve(self._library, asked, inside)
            watch.lap("retrieve")
            draft = self._generator.draft(self._library, asked, inside, hits[: max(k, 1) * 5])
            watch.lap("generate")
            if draft.statements or draft.refusal:
                break
        if not draft.statements:
            return self._refused(question, draft.refusal or no_evidence(asked, documents), watch)
        return self._vouched(asked, draft, watch)

    def companies(self) -> frozenset[tuple[str, str, str]]:
        """Return name, short name and code of the companies that facts are about, also those without a document."""
        return self._facts.companies() if self._facts else frozenset()

    def _vouched(self, asked: Question, draft: Draft, watch: Watch) -> Answer:
        statements, checked = verified(draft.statements, f"{asked.text} {' '.join(map(str, asked.years))}")
        watch.lap("verify")
        if not statements:
            return replace(self._refused(asked.text, unverified(asked), watch), verification=checked)
        texts, citations = cite(statements)
        return Answer(
            question=asked.text,
            answer="\n".join([draft.lead, *texts] if draft.lead else texts),
            kind="extractive" if self._generator.name == "extractive" else "generated",
            citations=citations,
            verification=checked,
            generator=self._generator.name,
            timings_ms=watch.times(),
            warnings=(*draft.warnings, *_warnings(asked, citations)),
        )

    def _refused(self, question: str, refusal: Refusal, watch: Watch) -> Answer:
        said = (
            f"{refusal.detail}{refusal.ask_back}"
            if question[-1:] > "\u3000"
            else f"{refusal.detail} {refusal.ask_back}"
        )
        return Answer(
            question, said.strip(), "refused", refusal, (), Verification(), (), self._generator.name, watch.times()
        )


def _warnings(asked: Question, citations: Sequence[Citation]) -> list[str]:
    warnings = [missing_years_warning(asked.missing_years, asked.language)] if asked.missing_years else []
    scanned = sorted({citation.page for citation in citations if citation.ocr})
    return [*warnings, ocr_warning(scanned, asked.language)] if scanned else warnings
