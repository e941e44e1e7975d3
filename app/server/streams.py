"""From a service that streams in a thread to a response that streams on the network, cancelled when nobody listens."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from fastapi import Request

from vouch.app.server.workers import Workers
from vouch.retrieval.errors import VouchError

logger = logging.getLogger(__name__)

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

SECONDS_BETWEEN_LOOKS = 0.2
LONGEST_SILENCE = 10.0
"""Seconds after which a stream says that it still lives."""


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


def streamed(
    workers: Workers, work: Callable[[Callable[[_Item], None], Callable[[], bool]], None]
) -> AsyncIterator[_Item | VouchError | None]:
    """Begin `work(put, cancelled)` in a worker thread and return what it puts; Problem 429 when too many wait already.

    None comes after long silence, an error as the last. Begun here: once a response has begun it cannot be refused.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[tuple[bool, _Item | VouchError | None]] = asyncio.Queue()
    gone = threading.Event()

    def put(item: _Item | VouchError | None, last: bool = False) -> None:
        loop.call_soon_threadsafe(queue.put_nowait, (last, item))

    def produce() -> None:
        try:
            work(put, gone.is_set)
        except VouchError as error:
            put(error)
        except Exception:  # the outermost place of this thread: a bug, logged and told without details
            logger.exception("a streamed answer failed")
            put(VouchError("a bug; the server's log holds the rest"))
        finally:
            put(None, last=True)

    workers.start(produce)
    return _from_queue(queue, gone)


async def _from_queue(
    queue: asyncio.Queue[tuple[bool, _Item | VouchError | None]], gone: threading.Event
) -> AsyncIterator[_Item | VouchError | None]:
    """Yield what was put until the last; `gone` is set when nobody listens any more."""
    try:
        while True:
            try:
                last, item = await asyncio.wait_for(queue.get(), LONGEST_SILENCE)
            except TimeoutError:
                yield None
                continue
            if last:
                return
            yield item
    finally:
        gone.set()
