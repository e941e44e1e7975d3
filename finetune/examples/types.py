"""A training example: a conversation whose last turn is what the model should have said."""

from dataclasses import dataclass
from typing import Literal

from vouch.generation.chat import Message, ToolSchema

Kind = Literal["qa", "fact", "computation", "passage", "refusal", "tools", "feedback"]
"""qa: from an archive; fact, computation: from the fact table; passage: a question over passages, with distractors;
refusal: what the library does not hold; tools: a dialogue with tool calls; feedback: what people corrected."""


@dataclass(frozen=True, slots=True)
class Example:
    """One conversation, in the very turns that serving would send. Ends with a turn of the assistant."""

    id: str
    messages: tuple[Message, ...]
    kind: Kind
    group: str
    """What it was made from: a document, an archive's item. A split never parts a group."""
    tools: tuple[ToolSchema, ...] = ()
    source: str = ""
    """File or library it comes from, for the model card."""
    licence: str = ""
    question: str = ""
    """What is asked, where the last turn of the user holds more than that (passages); else empty."""

    @property
    def asked(self) -> str:
        """What is asked in the end, without passages."""
        return self.question or next(turn.content for turn in reversed(self.messages) if turn.role == "user")

    @property
    def answer(self) -> str:
        """What the model should have said in the end."""
        return self.messages[-1].content
