"""A preference: one conversation, an answer that people want and one that they do not."""

from dataclasses import dataclass

from vouch.generation.chat import Message, ToolSchema


@dataclass(frozen=True, slots=True)
class Preference:
    """Two answers to the same turns."""

    id: str
    messages: tuple[Message, ...]
    """Up to the answer, in the very turns that serving would send."""
    chosen: str
    rejected: str
    group: str
    """What it was made from; a split never parts a group."""
    tools: tuple[ToolSchema, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Feedback or a pair that nothing is learned from."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A preference as token ids."""

    prompt: tuple[int, ...]
    chosen: tuple[int, ...]
    """With the token that ends it; so is the other."""
    rejected: tuple[int, ...]
    id: str
    group: str

    @property
    def length(self) -> int:
        """Tokens of the longer one of the two conversations."""
        return len(self.prompt) + max(len(self.chosen), len(self.rejected))
