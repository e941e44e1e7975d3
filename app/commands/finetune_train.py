"""`vouch finetune train`: a generator trained on examples, as a recipe says."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import click

from vouch.app.commands.options import json_option
from vouch.app.estimate_text import data_lines, estimate_json, estimate_lines
from vouch.app.terminal import note, print_json, warn

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from vouch.app.wiring_finetune_train import Planned
    from vouch.finetune.training.watching import Evaluation, Step, Watch

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)
_INTERRUPTED = 130
_SECONDS_BETWEEN_LINES = 10.0


@click.command(short_help="Train a generator: QLoRA, LoRA or all weights.")
@click.argument("recipe", type=_FILE, metavar="TOML")
@click.option("--data", type=_FOLDER, required=True, metavar="DIR", help="Folder that the recipe's files start from.")
@click.option("--out", type=_FOLDER, metavar="DIR", help="Folder of the run; not for --dry-run.")
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint, to the same losses.")
@click.option("--dry-run", is_flag=True, help="Only say what memory, time and disk it would take.")
@json_option
@click.pass_context
def train(
    ctx: click.Context, recipe: Path, data: Path, out: Path | None, resume: bool, dry_run: bool, as_json: bool
) -> None:
    """Train a chat model on examples of `vouch finetune examples`, as TOML says (finetune/recipes/qlora.toml).

    DIR gets the adapter, report.json, losses.jsonl, loss.png, events for TensorBoard and checkpoints. The first Ctrl-C
    finishes the step and keeps a checkpoint (exit code 130), the second ends at once.
    """
    from vouch.app.wiring_finetune_train import plan_training, train_generator

    if out is None and not dry_run:
        raise click.UsageError("--out is missing: name the folder of the run")
    planned = plan_training(recipe, data)
    for line in data_lines(planned):
        note(line)
    if out is None or dry_run:
        _show_estimate(planned, as_json)
        return
    with shown_progress() as watch:
        report = train_generator(planned, out, resume, watch)
    if not report.leads:
        return
    if as_json:
        print_json(report.told)
    if not report.finished:
        note(f"{out}: interrupted after step {report.steps}, go on with --resume")
        ctx.exit(_INTERRUPTED)
    note(f"{out}: {report.line}")
    for warning in report.warnings:
        warn(f"WARNING: {warning}")


def _show_estimate(planned: "Planned", as_json: bool) -> None:
    if as_json:
        print_json(estimate_json(planned))
        return
    for line in estimate_lines(planned):
        click.echo(line)


@contextmanager
def shown_progress() -> Iterator["Watch"]:
    """Give a bar on a terminal, a line now and then elsewhere."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = BarColumn(24), MofNCompleteColumn(), TextColumn("{task.description}"), TimeRemainingColumn(compact=True)
    with Progress(*columns, console=Console(stderr=True, force_terminal=True)) as bar:
        yield _Bar(bar)


def _step_line(step: "Step") -> str:
    return f"loss {step.loss:.4f} · {step.tokens / step.seconds:,.0f} tokens/s"


def _evaluation_line(evaluation: "Evaluation") -> str:
    shown = {name: value for name, value in evaluation.metrics.items() if name != "seconds"}
    return f"after step {evaluation.step}, held out: " + " · ".join(
        f"{name} {value:.4g}" for name, value in shown.items()
    )


class _Lines:
    """A Watch that writes lines."""

    def __init__(self) -> None:
        self._last = monotonic()

    def step(self, step: "Step") -> None:
        """Write a line, if the last one is some time ago."""
        if monotonic() - self._last >= _SECONDS_BETWEEN_LINES or step.step == step.steps:
            self._last = monotonic()
            note(f"step {step.step}/{step.steps}: {_step_line(step)}")

    def evaluated(self, evaluation: "Evaluation") -> None:
        """Write a line."""
        note(_evaluation_line(evaluation))


class _Bar:
    """A Watch that moves a bar."""

    def __init__(self, bar: "Progress") -> None:
        self._bar = bar
        self._task: TaskID | None = None

    def step(self, step: "Step") -> None:
        """Move the bar."""
        if self._task is None:
            self._task = self._bar.add_task("", total=step.steps)
        self._bar.update(self._task, completed=step.step, description=_step_line(step))

    def evaluated(self, evaluation: "Evaluation") -> None:
        """Write a line above the bar."""
        self._bar.console.print(_evaluation_line(evaluation), markup=False, highlight=False)
