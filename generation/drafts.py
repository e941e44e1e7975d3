"""What a generator is given and what it proposes. Knows neither how it is written nor how it is checked."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from vouch.generation.chat import Cancelled
from vouch.generation.events import Listener, nobody
from vouch.generation.plan.desk import FactDesk
from vouch.generation.quotes import Quote, Statement
from vouch.generation.retrieve import Retrieve, Shelf, retrieve
from vouch.generation.tools.types import Computation
from vouch.generation.types import Refusal, Step
from vouch.retrieval.question import Question
from vouch.retrieval.types import ChunkKind, Hit, Scope


def never() -> bool:
    """Say that nobody has cancelled."""
    return False


@dataclass(frozen=True, slots=True)
class Task:
    """A question and what was found for it in one scope."""

    shelf: Shelf
    question: Question
    scope: Scope
    hits: Sequence[Hit]
    """Best first."""
    listen: Listener = nobody
    cancelled: Cancelled = never
    facts: FactDesk | None = None
    """Answers from stored facts, for generators that look values up."""
    find: Retrieve = retrieve
    """Finds the passages for further questions."""
    begun: float = field(default_factory=time.monotonic)
    """When the question was asked, by the monotonic clock."""
    notes: str = ""
    """What was worked out on the way, for the model; unchecked."""
    objections: tuple[str, ...] = ()
    """What could not be vouched for in an earlier draft, for a generator that is asked to write anew."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What may be cited under one number: a span of a page, and what a reader of it was shown beside it."""

    quote: Quote
    context: str = ""
    """A table's caption, unit and header rows, where they stand before the span."""
    kind: ChunkKind = "prose"


@dataclass(frozen=True, slots=True)
class Written:
    """What a model wrote, unchecked. `[n]` in it means `evidence[n - 1]`."""

    text: str
    evidence: tuple[Evidence, ...] = ()
    computations: tuple[Computation, ...] = ()
    complete: bool = True
    """False: the reply was cut off, its last sentence may be half of one."""
    instructions: str = ""
    """What the model was told of its work: none of it belongs into an answer."""
    doubted: frozenset[str] = frozenset()
    """Sentences that a second reading by a model found unsupported; doubts count, approval does not."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a generator proposes: statements with their evidence, a model's text, or why there is neither."""

    statements: tuple[Statement, ...] = ()
    lead: str = ""
    """Says what the statements are about; holds no facts of its own."""
    warnings: tuple[str, ...] = ()
    refusal: Refusal | None = None
    written: Written | None = None
    steps: tuple[Step, ...] = ()
    task: Task | None = None
    """What it was written from, where the generator has looked further: to be written anew from the same."""

    @property
    def is_empty(self) -> bool:
        """Say whether there is nothing to check or say."""
        return not (self.statements or self.refusal or self.written)


class Generator(Protocol):
    """Writes an answer from passages."""

    @property
    def name(self) -> str: ...

    def draft(self, task: Task) -> Draft: ...
