"""What a blocking iterator yields, for a caller who may have had enough before the next item is there."""

import contextvars
import queue
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TypeVar

from vouch.generation.chat import Cancelled

_Item = TypeVar("_Item")
GLANCE = 0.02
"""Seconds between two looks at whether the caller has had enough."""


class HadEnough(Exception):
    """The caller wants no more."""


@dataclass(frozen=True, slots=True)
class _Raised:
    error: BaseException


_END = object()


def in_thread(items: Iterator[_Item], cancelled: Cancelled) -> Iterator[_Item]:
    """Yield the items as they come, made by a thread of their own; HadEnough as soon as the caller says so.

    The thread is not waited for then: it ends with the item that it is making.
    """
    made: queue.SimpleQueue[object] = queue.SimpleQueue()
    left = threading.Event()
    # Tracing of LangChain and others goes by the caller's context.
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(_make, items, made, left), name="chat reply", daemon=True).start()
    try:
        while (item := _next(made, cancelled)) is not _END:
            if isinstance(item, _Raised):
                raise item.error
            yield item  # type: ignore[misc]
    finally:
        left.set()


def _make(items: Iterator[object], made: "queue.SimpleQueue[object]", left: threading.Event) -> None:
    try:
        for item in items:
            made.put(item)
            if left.is_set():
                return
    except BaseException as error:  # noqa: BLE001 the caller's thread raises it again
        made.put(_Raised(error))
    finally:
        if isinstance(items, Generator):
            items.close()  # it may hold a lock
        made.put(_END)


def _next(made: "queue.SimpleQueue[object]", cancelled: Cancelled) -> object:
    while not cancelled():
        try:
            return made.get(timeout=GLANCE)
        except queue.Empty:
            continue
    raise HadEnough
