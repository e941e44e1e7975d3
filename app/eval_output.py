"""What all evaluations share: where a run is kept, what it says of itself, floors, what is printed."""

import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from vouch.app.setting_values import masked, without_password
from vouch.app.settings import Settings
from vouch.app.terminal import note
from vouch.eval.fingerprints import commit, program_fingerprint, versions
from vouch.eval.floors import Breach, Floor, breaches
from vouch.eval.report import Extras, report_html
from vouch.eval.runs import Run, RunKind, RunSettings, open_run

NOT_DECISIVE = frozenset({"library", "ingest.jobs", "judge.api_key", "judge.timeout", "judge.retries"})
"""Settings that do not change what a run gives; what a library holds is known by its fingerprint."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the user wants of an evaluation besides its data."""

    out: Path | None = None
    restart: bool = False
    floors: tuple[Floor, ...] = ()
    core: bool = False
    sample: int | None = None
    seed: int = 0
    bare: str = ""
    """`base` or `base+ADAPTER`: the chat model is asked by itself; empty: the library."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is evaluated on what, as far as runs must agree on it."""

    kind: RunKind
    dataset: str
    library: str
    questions: str
    items: int
    choices: Mapping[str, Any] = field(default_factory=dict)
    """What flags of this evaluation decide besides the settings."""


@contextmanager
def evaluation(settings: Settings, subject: Subject, options: RunOptions) -> Iterator[Run]:
    """Give the run to add records to: in --out, continued if it was begun there, else in a temporary folder."""
    in_force = {key: masked(key, value) for key, value, _ in settings.items() if key not in NOT_DECISIVE}
    said = RunSettings(
        kind=subject.kind,
        dataset=subject.dataset,
        settings={**in_force, **subject.choices},
        library=subject.library,
        questions=subject.questions,
        program=program_fingerprint(),
        items=subject.items,
        sample=options.sample,
        seed=options.seed if options.sample is not None else None,
        command=" ".join(("vouch", *(shlex.quote(without_password(word)) for word in sys.argv[1:]))),
        commit=commit(),
        versions=versions(),
        started=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    if options.out is not None:
        with open_run(options.out, said, options.restart) as run, _interruption_explained(run):
            yield run
        return
    with TemporaryDirectory(prefix="vouch-eval-") as folder, open_run(Path(folder), said) as run:
        yield run


@contextmanager
def _interruption_explained(run: Run) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        note(f"interrupted: {len(run.records)} records are in {run.folder}; the same command continues")
        raise


def finish(run: Run, metrics: Mapping[str, Any], extras: Extras, options: RunOptions) -> None:
    """Write summary and report of a run that is kept."""
    if options.out is not None:
        run.finish(metrics, report_html(run.settings, metrics, run.records, extras))
        note(f"{options.out}/report.html")


def breaches_noted(metrics: Mapping[str, Any], floors: Sequence[Floor]) -> list[Breach]:
    """Return which floors are not reached, each said on standard error."""
    found = breaches(metrics, floors)
    for breach in found:
        note(f"vouch: {breach}")
    return found
