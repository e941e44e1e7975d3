"""A question asked in a thread of its own, whose events a page reads as they come."""

import queue
import threading
from collections.abc import Iterator
from types import TracebackType

from vouch.app.service.types import Access, AskRequest, Service, StreamEvent

TICK = 0.25
"""Seconds after which a reader is let go on, though nothing happened: to hear that somebody pressed a button."""


class Asked:
    """A question on its way; leaving the `with` block stops the work, whatever the reason.

    Iterating yields its events, the last one `answer`, and None where there was none for a while; VouchError where
    there is no answer.
    """

    def __init__(self, service: Service, request: AskRequest, access: Access) -> None:
        self._events: queue.Queue[StreamEvent | Exception | None] = queue.Queue()
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(service, request, access), daemon=True)

    def __enter__(self) -> "Asked":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cancelled.set()

    def __iter__(self) -> Iterator[StreamEvent | None]:
        while True:
            try:
                event = self._events.get(timeout=TICK)
            except queue.Empty:
                yield None
                continue
            if event is None:
                return
            if isinstance(event, Exception):
                raise event
            yield event

    def _run(self, service: Service, request: AskRequest, access: Access) -> None:
        try:
            service.ask(request, access, self._events.put, self._cancelled.is_set)
        except Exception as error:  # noqa: BLE001 - raised again by the page that asked: nobody sees a thread's own
            self._events.put(error)
        finally:
            self._events.put(None)
