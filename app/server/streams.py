"""From a service that streams in a thread to a response that streams on the network, cancelled when nobody listens."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable
from typing import Generic, TypeVar

from fastapi import Request
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from vouch.app.server.workers import Workers
from vouch.retrieval.errors import VouchError

logger = logging.getLogger(__name__)

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

SECONDS_BETWEEN_LOOKS = 0.2
LONGEST_SILENCE = 10.0
"""Seconds after which a stream says that it still lives."""
EVENTS = "text/event-stream"
_NO_BUFFER = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


async def until_left(request: Request, workers: Workers, call: Callable[[Callable[[], bool]], _Result]) -> _Result:
    """Return what `call(cancelled)` returns; `cancelled` turns true when the client goes away."""
    gone = threading.Event()
    work = asyncio.wrap_future(workers.start(lambda: call(gone.is_set)))
    try:
        while True:
            done, _ = await asyncio.wait({work}, timeout=SECONDS_BETWEEN_LOOKS)
            if done:
                return work.result()
            if not gone.is_set() and await request.is_disconnected():
                gone.set()
    except asyncio.CancelledError:
        gone.set()
        raise


class Stream(Generic[_Item]):
    """What a worker thread puts, piece by piece; None after long silence, an error as the last."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[tuple[bool, _Item | VouchError | None]] = asyncio.Queue()
        self._gone = threading.Event()

    def leave(self) -> None:
        """Nobody listens any more: tell the worker."""
        self._gone.set()

    def __aiter__(self) -> "Stream[_Item]":
        return self

    async def __anext__(self) -> _Item | VouchError | None:
        try:
            last, item = await asyncio.wait_for(self._queue.get(), LONGEST_SILENCE)
        except TimeoutError:
            return None
        if last:
            raise StopAsyncIteration
        return item

    def _produce(self, work: Callable[[Callable[[_Item], None], Callable[[], bool]], None]) -> None:
        try:
            work(self._put, self._gone.is_set)
        except VouchError as error:
            self._put(error)
        except Exception:  # the outermost place of this thread: a bug, logged and told without details
            logger.exception("a streamed answer failed")
            self._put(VouchError("a bug; the server's log holds the rest"))
        finally:
            self._put(None, last=True)

    def _put(self, item: _Item | VouchError | None, last: bool = False) -> None:
        self._loop.call_soon_threadsafe(self._queue.put_nowait, (last, item))


def streamed(workers: Workers, work: Callable[[Callable[[_Item], None], Callable[[], bool]], None]) -> Stream[_Item]:
    """Begin `work(put, cancelled)` in a worker thread and return what it puts; Problem 429 when too many wait already.

    Begun here: once a response has begun it cannot be refused.
    """
    stream: Stream[_Item] = Stream()
    workers.start(lambda: stream._produce(work))
    return stream


class EventResponse(StreamingResponse):
    """Sends what is made of a stream, and leaves the stream whichever way the response ends.

    Not left to the iterator: one whose first piece nobody has waited for yet is dropped without a word.
    """

    def __init__(self, pieces: AsyncIterator[bytes], stream: Stream[_Item]) -> None:
        super().__init__(pieces, media_type=EVENTS, headers=_NO_BUFFER)
        self._leave = stream.leave

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._leave()
