"""What happens while an answer is made, for those who watch: a stream in a terminal, a browser, an event source."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vouch.generation.types import Answer, Step
from vouch.retrieval.question import Question
from vouch.retrieval.types import Hit


@dataclass(frozen=True, slots=True)
class Understood:
    """The question as it will be answered; rewritten to stand alone in a conversation."""

    question: Question


@dataclass(frozen=True, slots=True)
class Found:
    """The passages that will be read, best first."""

    hits: Sequence[Hit]


@dataclass(frozen=True, slots=True)
class Stepped:
    """A step of reasoning or a tool's result."""

    step: Step


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the answer as the model writes it, unchecked: the final answer may mark or withdraw it."""

    text: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What was streamed so far is not the answer: it is written anew or refused."""

    reason: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The checked answer; always the last event."""

    answer: Answer


Event = Understood | Found | Stepped | Token | Withdrawn | Answered
Listener = Callable[[Event], None]


def nobody(_event: Event) -> None:
    """Listen to nothing."""
