"""A question asked in a thread of its own, whose events a page reads as they come."""

import queue
import threading
from collections.abc import Iterator

from vouch.app.service.types import Access, AskRequest, Service, StreamEvent

LONGEST_WAIT = 600.0


class Asked:
    """A question on its way. Iterating yields its events, the last one `answer`; VouchError where there is none."""

    def __init__(self, service: Service, request: AskRequest, access: Access) -> None:
        self._events: queue.Queue[StreamEvent | Exception | None] = queue.Queue()
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(service, request, access), daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[StreamEvent]:
        while (event := self._events.get(timeout=LONGEST_WAIT)) is not None:
            if isinstance(event, Exception):
                raise event
            yield event

    def cancel(self) -> None:
        """Stop the work; the reader has gone away."""
        self._cancelled.set()

    def _run(self, service: Service, request: AskRequest, access: Access) -> None:
        try:
            service.ask(request, access, self._events.put, self._cancelled.is_set)
        except Exception as error:  # noqa: BLE001 - raised again by the page that asked: nobody sees a thread's own
            self._events.put(error)
        finally:
            self._events.put(None)
