"""A chat model that says what it was told to say: for tests of everything that talks to one."""

from collections.abc import Iterable, Sequence

from vouch.generation.types import Message


class ScriptedModel:
    """Replies in order; an entry that is an exception is raised. Strict: one call too many is an error."""

    name = "scripted"

    def __init__(self, replies: Iterable[str | Exception]) -> None:
        self._replies = list(replies)
        self.calls: list[tuple[Message, ...]] = []
        """What was asked, oldest first."""

    def reply(self, messages: Sequence[Message]) -> str:
        """Return the next reply of the script."""
        self.calls.append(tuple(messages))
        if len(self.calls) > len(self._replies):
            raise AssertionError(f"call {len(self.calls)} of a script of {len(self._replies)}: {messages[-1].content}")
        said = self._replies[len(self.calls) - 1]
        if isinstance(said, Exception):
            raise said
        return said

    @property
    def unused(self) -> int:
        """How many replies nobody asked for."""
        return max(0, len(self._replies) - len(self.calls))
