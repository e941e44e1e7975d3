"""A prompt as segments. What a document or a user says can never become a control token: it is a Text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from vouch.generation.chat import Message, ToolCall, ToolSchema


@dataclass(frozen=True, slots=True)
class Control:
    """One control token, by its name in the model's vocabulary."""

    name: str


@dataclass(frozen=True, slots=True)
class Text:
    """Text that is encoded by itself; nothing in it is read as a control token."""

    text: str


Segment = Control | Text


class Vocabulary(Protocol):
    """What turns segments into the token ids of one model, and back."""

    def prompt_ids(self, segments: Sequence[Segment]) -> list[int]:
        """Return the token ids of a prompt; ModelError for a control token that the model has not."""
        ...

    def count(self, text: str) -> int:
        """Return how many tokens a text takes."""
        ...

    def text_of(self, ids: Sequence[int]) -> str:
        """Return the text of tokens that are no control tokens; U+FFFD where a character is not complete."""
        ...

    def control_name(self, token: int) -> str | None:
        """Return the name of a control token; None for a token of text."""
        ...

    def id_of(self, name: str) -> int | None:
        """Return the id of a control token; None where there is none of the name."""
        ...


class RoleFormat(Protocol):
    """How one family of models is told who said what, and how it calls tools."""

    @property
    def stops(self) -> tuple[str, ...]:
        """Names of the control tokens that end a reply."""
        ...

    @property
    def opening(self) -> str:
        """What the model writes before an answer that is plain text; empty for most."""
        ...

    def segments(self, messages: Sequence[Message], tools: Sequence[ToolSchema]) -> list[Segment]:
        """Return the prompt up to where the model speaks; ModelError for turns that the format cannot say."""
        ...

    def reply(self, message: Message, tools: Sequence[ToolSchema]) -> list[Segment]:
        """Return what the model writes for a turn of its own, up to and with the token that ends it.

        The first text goes on where the prompt ends. ModelError for a turn that the format cannot say.
        """
        ...

    def reader(self, tools: Sequence[ToolSchema]) -> "ReplyReader":
        """Return what reads one reply of the model."""
        ...


class ReplyReader(Protocol):
    """Takes a reply apart into text and tool calls while it is made."""

    def text(self, piece: str) -> str:
        """Take a piece of text; return what of the reply may be shown by now."""
        ...

    def control(self, name: str) -> str:
        """Take a control token that does not end the reply; return what may be shown by now."""
        ...

    def end(self) -> tuple[str, tuple[ToolCall, ...]]:
        """Return what remains to be shown, and the calls of the whole reply."""
        ...
