"""Checks what a generator proposes and decides what of it is said. Knows no model."""

from vouch.generation.drafts import Draft, Generator, Task
from vouch.generation.quotes import cite
from vouch.generation.refusals import unverified
from vouch.generation.verify import verified
from vouch.generation.vouching.types import Policy, Vouched


class Voucher:
    """Vouches for drafts under one policy."""

    def __init__(self, policy: Policy = "regenerate") -> None:
        self._policy = policy

    def vouch(self, task: Task, draft: Draft, generator: Generator) -> Vouched:
        """Return what may be said of a draft; a generator may be asked once to write it anew."""
        if draft.refusal:
            return Vouched(refusal=draft.refusal, warnings=draft.warnings, steps=draft.steps)
        statements, checked = verified(
            draft.statements, f"{task.question.text} {' '.join(map(str, task.question.years))}"
        )
        if not statements:
            return Vouched(verification=checked, refusal=unverified(task.question))
        texts, citations = cite(statements)
        text = "\n".join([draft.lead, *texts] if draft.lead else texts)
        return Vouched(text, citations, checked, warnings=draft.warnings, steps=draft.steps)
