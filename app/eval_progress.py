"""Progress of an evaluation on standard error: a bar on a terminal, a line now and then elsewhere."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic

from vouch.app.terminal import note

SECONDS_BETWEEN_LINES = 10.0


@dataclass(slots=True)
class Tally:
    """What has been done so far."""

    items: int
    before: int = 0
    """Done by an earlier attempt."""
    verdicts: Counter[str] = field(default_factory=Counter)
    started: float = field(default_factory=monotonic)

    @property
    def line(self) -> str:
        """One line for people."""
        done = sum(self.verdicts.values())
        seen = " · ".join(f"{count} {verdict}" for verdict, count in sorted(self.verdicts.items()) if verdict)
        rate = done / max(monotonic() - self.started, 1e-3)
        return " · ".join(filter(None, (f"{self.before + done}/{self.items}", f"{rate:,.1f}/s", seen)))


@contextmanager
def item_progress(items: int, before: int, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Give what to call with the verdict of each item (empty where there is none)."""
    tally = Tally(items, before)
    if before:
        note(f"continuing: {before} of {items} are done")
    if quiet or before >= items:
        yield lambda verdict: tally.verdicts.update([verdict])
    elif sys.stderr.isatty():
        with _bar(tally) as advance:
            yield advance
    else:
        yield _lines(tally)


def _lines(tally: Tally) -> Callable[[str], None]:
    last = monotonic()

    def advance(verdict: str) -> None:
        nonlocal last
        tally.verdicts.update([verdict])
        if monotonic() - last >= SECONDS_BETWEEN_LINES:
            last = monotonic()
            note(tally.line)

    return advance


@contextmanager
def _bar(tally: Tally) -> Iterator[Callable[[str], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(bar_width=24), TextColumn("{task.description}"), TimeRemainingColumn(compact=True))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(tally.line, total=tally.items, completed=tally.before)

        def advance(verdict: str) -> None:
            tally.verdicts.update([verdict])
            bar.update(task, advance=1, description=tally.line)

        yield advance
