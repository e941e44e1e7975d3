"""The answer object of the contract, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from vouch.retrieval.inferred import Inferred
from vouch.retrieval.types import Box

AnswerKind = Literal["fact", "computed", "extractive", "generated", "refused"]
RefusalReason = Literal["not_in_library", "no_evidence", "ambiguous", "unsafe", "unverified"]


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a sentence or a number stands."""

    n: int
    document_id: str
    document: str
    page: int
    section: tuple[str, ...]
    text: str
    """The quoted span, as printed on the page apart from line breaks."""
    boxes: tuple[Box, ...]
    score: float
    ocr: bool = False
    """The page was read from a picture: check it against the original."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no answer, what the library does hold, and what to ask instead."""

    reason: RefusalReason
    detail: str
    ask_back: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """What was checked before the answer was given."""

    numbers_checked: int = 0
    numbers_unsupported: int = 0
    citations_checked: int = 0
    citations_missing: int = 0
    statements_marked: int = 0
    """Sentences of a model that are given with a mark that they could not be verified."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a model that reasons with tools."""

    thought: str
    tool: str
    arguments: Mapping[str, Any]
    result: str


@dataclass(frozen=True, slots=True)
class ResultOperand:
    """A stated value that a result was computed from, and the number of its citation."""

    field: str
    year: int
    period: str
    value: float
    unit: str
    citation: int
    company: str = ""


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One value asked for: whose, of when, how much, computed how, and where it stands."""

    company: str
    code: str
    year: int
    period: str
    field: str
    value: float | None
    """In the base unit; None for a text."""
    text: str
    """As the answer says it, with its unit."""
    unit: str
    formula: str | None = None
    operands: tuple[ResultOperand, ...] = ()
    citations: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """A cited answer, or a refusal."""

    question: str
    answer: str
    kind: AnswerKind
    refusal: Refusal | None = None
    citations: tuple[Citation, ...] = ()
    verification: Verification = Verification()
    steps: tuple[Step, ...] = ()
    generator: str = "extractive"
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    results: tuple[ResultRow, ...] = ()
    """One for each value asked for, in the order asked; ranks in their order."""
    plan: Mapping[str, Any] | None = None
    """How a question about values was understood."""
    understanding: Inferred | None = None
    """What was read from the question to choose documents; None for answers read back from records."""
