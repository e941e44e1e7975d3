"""A library that many threads ask while it grows: they search a finished state, and one thread prepares the next.

Derived indexes are no objects to write and read at once. So a changed library is opened a second time, caught up
beside the one that serves, and takes its place; the old one closes when the last question on it is answered.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from vouch.retrieval.errors import IndexMismatch, LibraryError
from vouch.retrieval.library import Library

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_LOOKS = 1.0

Open = Callable[[], AbstractContextManager[Library]]
"""Opens the library; its searches do not catch up by themselves."""


class _State:
    """One opened state and how many read it."""

    def __init__(self, opened: AbstractContextManager[Library]) -> None:
        self._opened = opened
        self.library = opened.__enter__()
        # Documents of facts alone have no passages, which is all that indexes follow.
        self._stating = self.library.store.fact_companies()
        self.readers = 0
        self.retired = False

    def is_current(self) -> bool:
        try:
            return self.library.is_current() and self._stating == self.library.store.fact_companies()
        except (
            IndexMismatch
        ):  # vouch library reembed: it is opened with its new embedder, if the settings leave it to it
            return False

    def close(self) -> None:
        self._opened.__exit__(None, None, None)


class LiveLibrary:
    """The present state of a library, for many readers."""

    def __init__(self, open_library: Open, look_every: float = SECONDS_BETWEEN_LOOKS) -> None:
        """LibraryError where there is no library; `look_every` 0: changes are taken up by `refresh` alone."""
        self._open = open_library
        self._lock, self._refreshing = threading.Lock(), threading.Lock()
        self._state = self._caught_up()
        self._stop = threading.Event()
        self._watcher = threading.Thread(target=self._watch, args=(look_every,), name="vouch-watch", daemon=True)
        if look_every:
            self._watcher.start()

    @contextmanager
    def reading(self) -> Iterator[Library]:
        """Give the present state; it stays open while it is read."""
        with self._present() as state:
            yield state.library

    @contextmanager
    def _present(self) -> Iterator[_State]:
        with self._lock:
            state = self._state
            state.readers += 1
        try:
            yield state
        finally:
            with self._lock:
                state.readers -= 1
                last = state.retired and not state.readers
            if last:
                state.close()

    def refresh(self) -> bool:
        """Take up what has changed since the present state; say whether anything had."""
        with self._refreshing:
            with self._present() as state:
                if state.is_current():
                    return False
            fresh = self._caught_up()
            with self._lock:
                old, self._state = self._state, fresh
                old.retired = True
                idle = not old.readers
            if idle:
                old.close()
            return True

    def close(self) -> None:
        """Stop watching and close; questions still being answered keep their state open."""
        self._stop.set()
        if self._watcher.is_alive():
            self._watcher.join()  # it may be looking at the state that is to be closed
        with self._lock:
            self._state.retired = True
            idle = not self._state.readers
        if idle:
            self._state.close()

    def _caught_up(self) -> _State:
        state = _State(self._open())
        try:
            state.library.catch_up()
        except LibraryError:
            state.close()
            raise
        return state

    def _watch(self, every: float) -> None:
        while not self._stop.wait(every):
            try:
                self.refresh()
            except LibraryError as error:
                logger.warning("the library's changes cannot be taken up yet: %s", error)
