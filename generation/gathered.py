"""One chat model for several callers at once: what they ask at the same time is answered in one batch.

Each caller has a thread of its own. A batch begins when all callers at work wait for a reply, or when the first of
them has waited long enough for the others.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from vouch.generation.chat import BatchModel, Cancelled, ChatRequest, Delta, Reply

PATIENCE = 2.0
"""Seconds: a caller may be searching, or making up its mind about a reply."""


@dataclass(slots=True)
class _Asked:
    """A request that waits, and what came of it."""

    request: ChatRequest
    cancelled: Cancelled
    reply: Reply | None = None
    error: Exception | None = None


class GatheredModel:
    """A ChatModel whose replies come whole, as they are made together."""

    def __init__(self, model: BatchModel) -> None:
        self._model = model
        self._changed = threading.Condition()
        self._waiting: list[_Asked] = []
        self._callers = 0
        self._busy = False

    @property
    def name(self) -> str:
        """The model's name."""
        return self._model.name

    @property
    def context_window(self) -> int:
        """Tokens that prompt and reply share."""
        return self._model.context_window

    def count_tokens(self, text: str) -> int:
        """Return how many tokens a text takes."""
        return self._model.count_tokens(text)

    @contextmanager
    def caller(self) -> Iterator[None]:
        """Take part: batches wait for this thread's next request until it leaves."""
        with self._changed:
            self._callers += 1
        try:
            yield
        finally:
            with self._changed:
                self._callers -= 1
                self._changed.notify_all()

    def stream(self, request: ChatRequest, cancelled: Cancelled = lambda: False) -> Iterator[Delta]:
        """Yield the reply in one piece, once the batch that it is in has been answered."""
        asked = _Asked(request, cancelled)
        with self._changed:
            self._waiting.append(asked)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._is_done(asked) or self._may_begin(), PATIENCE)
            while not self._is_done(asked) and (self._busy or asked not in self._waiting):
                self._changed.wait()
            batch = [] if self._is_done(asked) else self._waiting
            if batch:
                self._waiting, self._busy = [], True
        if batch:
            self._answer(batch)
        if asked.error is not None:
            raise asked.error
        assert asked.reply is not None
        yield Delta(asked.reply.text)
        yield Delta("", asked.reply.tool_calls, asked.reply.finish, asked.reply.usage)

    def _answer(self, batch: list[_Asked]) -> None:
        try:
            replies = self._model.reply_many([one.request for one in batch], lambda: all(b.cancelled() for b in batch))
            for one, reply in zip(batch, replies, strict=True):
                one.reply = reply
        except Exception as error:  # noqa: BLE001 every caller raises it in its own thread
            for one in batch:
                one.error = error
        finally:
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def _is_done(self, asked: _Asked) -> bool:
        return asked.reply is not None or asked.error is not None

    def _may_begin(self) -> bool:
        return not self._busy and len(self._waiting) >= self._callers
