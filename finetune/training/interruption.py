"""A wanted end: the first Ctrl-C (or SIGTERM) lets the step be finished and kept, the second ends at once."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """Whether somebody wants the training to end."""

    def __init__(self) -> None:
        self.wanted = False

    @contextmanager
    def heeded(self) -> Iterator[None]:
        """Note signals instead of dying of them; outside the main thread nothing is changed."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = [(number, signal.getsignal(number)) for number in _SIGNALS]
        for number in _SIGNALS:
            signal.signal(number, self._note)
        try:
            yield
        finally:
            for number, handler in before:
                signal.signal(number, handler)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        if self.wanted:
            raise KeyboardInterrupt
        self.wanted = True
