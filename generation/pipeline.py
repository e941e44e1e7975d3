"""From a question to a vouched answer: understand, look up, refuse early, retrieve, draft, vouch."""

from collections.abc import Sequence
from dataclasses import replace

from vouch.generation.chat import Cancelled
from vouch.generation.drafts import Draft, Generator, Task, never
from vouch.generation.events import Answered, Found, Listener, Token, Understood, nobody
from vouch.generation.phrases import missing_years_warning, ocr_warning
from vouch.generation.plan.desk import FactDesk
from vouch.generation.refusals import early_refusal, no_evidence
from vouch.generation.retrieve import Retrieve, Shelf, retrieve
from vouch.generation.safety import led_by, red_flag
from vouch.generation.stopwatch import Watch
from vouch.generation.types import Answer, Citation
from vouch.generation.vouching.types import Vouched
from vouch.generation.vouching.voucher import Voucher
from vouch.retrieval.inferred import inferred
from vouch.retrieval.question import Question, understand
from vouch.retrieval.types import EVERYTHING, Scope


class Asker:
    """Answers questions from a library with one generator."""

    def __init__(
        self,
        library: Shelf,
        generator: Generator,
        facts: FactDesk | None = None,
        voucher: Voucher | None = None,
        find: Retrieve = retrieve,
    ) -> None:
        """`facts` answers questions about values that the library's facts hold, before passages are searched."""
        self._library = library
        self._generator = generator
        self._facts = facts
        self._voucher = voucher or Voucher()
        self._find = find

    def ask(
        self,
        question: str,
        scope: Scope = EVERYTHING,
        k: int = 8,
        context: Question | None = None,
        listen: Listener = nobody,
        cancelled: Cancelled = never,
    ) -> Answer:
        """Return a cited answer or a refusal; `context` is the question before it in a conversation."""
        watch = Watch()
        documents = self._library.documents(scope)
        asked = understand(question, documents, context, self.companies())
        listen(Understood(asked))
        watch.lap("understand")
        answer = self._facts.answer(asked, documents, scope) if self._facts else None
        alert = None if answer else red_flag(question)
        if alert:
            listen(Token(f"{alert.message}\n\n"))
        refusal = None if answer else (alert and alert.refusal) or early_refusal(asked, documents)
        if answer is not None:
            answer = replace(answer, timings_ms=watch.times("facts"))
        elif refusal is not None:
            answer = self._refused(asked, Vouched(refusal=refusal), watch)
        else:
            task = Task(self._library, asked, scope, (), listen, cancelled, self._facts, self._find)
            task, draft = self._drafted(task, k, watch)
            draft = replace(draft, refusal=no_evidence(asked, documents)) if draft.is_empty else draft
            answer = self._vouched(task, draft, watch)
        answer = replace(answer, understanding=inferred(asked))
        if answer.kind not in ("generated", "refused"):  # a model's tokens have been told as it wrote them
            listen(Token(answer.answer))
        answer = led_by(alert, answer)
        listen(Answered(answer))
        return answer

    def companies(self) -> frozenset[tuple[str, str, str]]:
        """Return name, short name and code of the companies that facts are about, also those without a document."""
        return self._facts.companies() if self._facts else frozenset()

    def _drafted(self, task: Task, k: int, watch: Watch) -> tuple[Task, Draft]:
        """Return the first draft that the scopes of a question give, and what it was written from."""
        draft, outer = Draft(), task.scope
        for narrower in task.question.scopes:
            inside = outer if narrower.is_everything else narrower
            hits = self._find(self._library, task.question, inside)[: max(k, 1) * 5]
            task.listen(Found(hits))
            task = replace(task, scope=inside, hits=hits)
            watch.lap("retrieve")
            draft = self._generator.draft(task)
            watch.lap("generate")
            if not draft.is_empty:
                break
        return task, draft

    def _vouched(self, task: Task, draft: Draft, watch: Watch) -> Answer:
        vouched = self._voucher.vouch(task, draft, self._generator)
        watch.lap("verify")
        if vouched.refusal:
            return self._refused(task.question, vouched, watch)
        return Answer(
            question=task.question.text,
            answer=vouched.text,
            kind="extractive" if self._generator.name == "extractive" else "generated",
            citations=vouched.citations,
            verification=vouched.verification,
            steps=vouched.steps,
            generator=self._generator.name,
            timings_ms=watch.times(),
            warnings=(*vouched.warnings, *_warnings(task.question, vouched.citations)),
        )

    def _refused(self, asked: Question, vouched: Vouched, watch: Watch) -> Answer:
        refusal = vouched.refusal
        assert refusal is not None
        joint = "" if asked.text[-1:] > "\u3000" else " "
        return Answer(
            question=asked.text,
            answer=f"{refusal.detail}{joint}{refusal.ask_back}".strip(),
            kind="refused",
            refusal=refusal,
            verification=vouched.verification,
            steps=vouched.steps,
            generator=self._generator.name,
            timings_ms=watch.times(),
            warnings=vouched.warnings,
        )


def _warnings(asked: Question, citations: Sequence[Citation]) -> list[str]:
    warnings = [missing_years_warning(asked.missing_years, asked.language)] if asked.missing_years else []
    scanned = sorted({citation.page for citation in citations if citation.ocr})
    return [*warnings, ocr_warning(scanned, asked.language)] if scanned else warnings
