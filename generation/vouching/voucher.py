"""Checks what a generator proposes and decides what of it is said. Knows no model."""

from dataclasses import replace
from functools import lru_cache

from vouch.generation.drafts import Draft, Generator, Task, Written
from vouch.generation.events import Withdrawn
from vouch.generation.phrases import cut_off_warning, repetition_warning, unverified_warning
from vouch.generation.quotes import cite
from vouch.generation.refusals import not_known, unverified
from vouch.generation.verify import verified
from vouch.generation.vouching.evidence_lines import LineReader
from vouch.generation.vouching.review import Review, reviewed
from vouch.generation.vouching.types import Policy, Vouched
from vouch.retrieval.fields import FieldDictionary


class Voucher:
    """Vouches for drafts under one policy."""

    def __init__(self, policy: Policy = "regenerate") -> None:
        self._policy = policy

    def vouch(self, task: Task, draft: Draft, generator: Generator) -> Vouched:
        """Return what may be said of a draft; under `regenerate` its generator may be asked once to write it anew."""
        if draft.refusal:
            return Vouched(refusal=draft.refusal, warnings=draft.warnings, steps=draft.steps)
        if draft.written is None:
            return _quoted(task, draft)
        review = reviewed_text(task, draft.written)
        if review.objections and not review.says_unknown and self._policy == "regenerate" and not task.cancelled():
            task.listen(Withdrawn(" ".join(review.objections)[:500]))
            again = generator.draft(replace(draft.task or task, objections=review.objections))
            draft = replace(draft, steps=(*draft.steps, *again.steps))
            if again.refusal and not review.supported:
                return Vouched(refusal=again.refusal, warnings=again.warnings, steps=draft.steps)
            if again.written:
                review = _better(reviewed_text(task, again.written), review)
        return self._concluded(task, draft, review)

    def _concluded(self, task: Task, draft: Draft, review: Review) -> Vouched:
        checked, language = review.verification, task.question.language
        warnings = draft.warnings
        if review.says_unknown:
            return Vouched(verification=checked, refusal=not_known(task.question), warnings=warnings, steps=draft.steps)
        marks_all = self._policy == "mark" and bool(review.flawed)
        if (not review.supported and not marks_all) or (review.flawed and self._policy == "refuse"):
            return Vouched(
                verification=checked, refusal=unverified(task.question), warnings=warnings, steps=draft.steps
            )
        text, citations = review.said()
        warnings += (unverified_warning(len(review.flawed), language),) if review.flawed else ()
        warnings += (cut_off_warning(language),) if review.reply.cut else ()
        warnings += (repetition_warning(language),) if review.reply.repeats else ()
        return Vouched(text, citations, checked, None, warnings, draft.steps)


def _quoted(task: Task, draft: Draft) -> Vouched:
    """Return the statements of documents that stand on the pages they cite; the others are not said."""
    asked = task.question
    statements, checked = verified(draft.statements, f"{asked.text} {' '.join(map(str, asked.years))}")
    if not statements:
        return Vouched(verification=checked, refusal=unverified(asked), steps=draft.steps)
    texts, citations = cite(statements)
    text = "\n".join([draft.lead, *texts] if draft.lead else texts)
    return Vouched(text, citations, checked, None, draft.warnings, draft.steps)


def reviewed_text(task: Task, written: Written) -> Review:
    """Return what comes of checking what a model wrote."""
    return reviewed(task, written, LineReader(task.shelf, _fields()))


def _better(second: Review, first: Review) -> Review:
    """Return the review of which less is unsupported, the second where they are alike."""

    def flaws(review: Review) -> tuple[bool, float]:
        return not review.supported, len(review.flawed) / max(1, len(review.checked))

    return second if flaws(second) <= flaws(first) else first


@lru_cache(maxsize=1)
def _fields() -> FieldDictionary:
    """Return the field dictionary; it takes 50 ms to load, which answers without a model do without."""
    return FieldDictionary.load()
