"""What a training reads: token sequences of which a part is learned."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sequence:
    """A prompt exactly as serving would send it, and the reply to it with the token that ends it."""

    prompt: tuple[int, ...]
    """Token ids, outside the loss."""
    reply: tuple[int, ...]
    """Token ids inside the loss; the last is the one that ends the turn."""
    example: str = ""
    """Id of the example it was made from."""
    group: str = ""

    @property
    def length(self) -> int:
        """Tokens of both."""
        return len(self.prompt) + len(self.reply)
