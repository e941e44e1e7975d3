"""A few threads with a bounded queue before them: more work than that is refused at once, not piled up."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from vouch.app.server.problems import Problem

_Result = TypeVar("_Result")


class Workers:
    """Runs blocking calls for a server whose own thread must never wait."""

    def __init__(self, threads: int, queue: int) -> None:
        """At most `threads` calls run and `queue` wait."""
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="vouch-worker")
        self._room = threads + queue
        self._lock = threading.Lock()
        self.busy = 0
        """Calls that run or wait."""

    async def run(self, call: Callable[[], _Result]) -> _Result:
        """Return what a call returns; Problem 429 when too many wait already."""
        return await asyncio.wrap_future(self.start(call))

    def start(self, call: Callable[[], _Result]) -> Future[_Result]:
        """Return the future of a call; Problem 429 when too many wait already."""
        with self._lock:
            if self.busy >= self._room:
                raise Problem(429, "the server is busy: try again in a moment", {"Retry-After": "1"})
            self.busy += 1
        future = self._pool.submit(call)
        future.add_done_callback(self._done)
        return future

    def _done(self, _future: object) -> None:
        with self._lock:
            self.busy -= 1

    def close(self) -> None:
        """Wait for what runs, drop what waits."""
        self._pool.shutdown(wait=True, cancel_futures=True)
