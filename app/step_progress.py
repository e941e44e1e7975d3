"""How far a long piece of work is, on standard error: a bar on a terminal, a line now and then elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from vouch.app.terminal import note

_SECONDS_BETWEEN_LINES = 10


@contextmanager
def step_progress(total: int, things: str) -> Iterator[Callable[[int], None]]:
    """Give what is told how many more `things` are done."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = BarColumn(bar_width=24), MofNCompleteColumn(), TextColumn(things), TimeRemainingColumn(compact=True)
        with Progress(*columns, console=Console(stderr=True, force_terminal=True), transient=True) as bar:
            task = bar.add_task(things, total=total)
            yield lambda more: bar.update(task, advance=more)
        return
    done, last = 0, monotonic()

    def advance(more: int) -> None:
        nonlocal done, last
        done += more
        if monotonic() - last >= _SECONDS_BETWEEN_LINES:
            last = monotonic()
            note(f"{done:,}/{total:,} {things}")

    yield advance


@contextmanager
def percent_progress(things: str) -> Iterator[Callable[[int, int], None]]:
    """Give what is told how much of how much is done; `things`: what the percentages are of, as `% written`."""
    shown = 0
    with step_progress(100, things) as advance:

        def done(much: int, of: int) -> None:
            nonlocal shown
            now = much * 100 // of if of else 100
            advance(now - shown)
            shown = now

        yield done
