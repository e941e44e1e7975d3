"""`vouch eval`: how good retrieval, answers and facts are, measured; and two measurements compared."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vouch.app.commands.groups import CommandGroup
from vouch.app.commands.options import Command, Decorator, chosen_settings, json_option, library_option, setting_option
from vouch.app.terminal import print_json

if TYPE_CHECKING:
    from vouch.app.eval_output import RunOptions

UNDER_FLOOR = 4
_SAID = "vouch.eval"
"""Where a click context keeps what options of every evaluation said."""
_FOLDER = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group("eval", cls=CommandGroup, short_help="Measure retrieval, answers and facts.")
def evaluate() -> None:
    """Measure how good the library's answers are, on your own questions too; compare two measurements."""


def _kept(ctx: click.Context, parameter: click.Parameter, value: object) -> None:
    """Keep an option for `_options` instead of handing it to each command."""
    ctx.meta.setdefault(_SAID, {})[parameter.name] = value


def _run_option(*names: str, **attributes: Any) -> Decorator:
    return click.option(*names, expose_value=False, callback=_kept, **attributes)


def run_options(command: Command) -> Command:
    """Add what all evaluations take."""
    for option in (
        _run_option("--out", type=_FOLDER, metavar="DIR", help="Keep the run here; an interrupted one continues."),
        _run_option("--restart", is_flag=True, help="Begin again in --out, whatever lies there."),
        _run_option(
            "--fail-under",
            multiple=True,
            metavar="METRIC=VALUE",
            help="Leave with exit code 4 if it is less. Repeatable.",
        ),
        _run_option("--sample", type=click.IntRange(1), metavar="N", help="Only so many, drawn by --seed."),
        _run_option("--seed", type=int, default=0, show_default=True, help="Decides the sample."),
    ):
        command = option(command)
    return command


def _options(ctx: click.Context) -> "RunOptions":
    """Return what `run_options` were given."""
    from vouch.app.eval_output import RunOptions
    from vouch.eval.floors import parse_floor

    said = dict(ctx.meta[_SAID])
    floors = tuple(parse_floor(text) for text in said.pop("fail_under"))
    return RunOptions(floors=floors, **said)


@evaluate.command(short_help="Ask questions with known answers.")
@click.argument("files", nargs=-1, required=True, type=_FILE, metavar="FILE...")
@_run_option("--core", is_flag=True, help="Only the questions flagged as core.")
@click.option("--judge", "judged", is_flag=True, help="Let a language model score answers too (settings: judge.*).")
@setting_option("-k", key="generation.k", metavar="N", kind=int, text="How many passages to read.")
@run_options
@library_option
@json_option
@click.pass_context
def answers(ctx: click.Context, files: tuple[Path, ...], judged: bool, as_json: bool) -> None:
    """Ask the questions of FILE (JSON lines) and judge the answers: correct, wrong and refused apart."""
    settings, options = chosen_settings(ctx), _options(ctx)
    from vouch.app.eval_answers import answers_text, evaluate_answers

    metrics = evaluate_answers(settings, files, options, judged)
    _conclude(ctx, metrics, "" if as_json else answers_text(metrics))


@evaluate.command(short_help="What got better, what got worse.")
@click.argument("before", type=_FOLDER, metavar="A")
@click.argument("after", type=_FOLDER, metavar="B")
@click.option("--seed", type=int, default=0, show_default=True, help="Decides the resampling.")
@json_option
def compare(before: Path, after: Path, seed: int, as_json: bool) -> None:
    """Compare the runs in the folders A and B (--out of two evaluations of the same questions), item by item."""
    from vouch.eval.compare import compare_runs, comparison_text
    from vouch.eval.runs import read_run

    found = compare_runs(read_run(before), read_run(after), seed)
    if as_json:
        print_json(found)
    else:
        click.echo(comparison_text(found))


def _conclude(ctx: click.Context, metrics: Mapping[str, Any], text: str) -> None:
    """Print the summary (as JSON without a text for people) and leave with 4 if a floor is not reached."""
    from vouch.app.eval_output import breaches_noted

    if text:
        click.echo(text)
    else:
        print_json(metrics)
    if breaches_noted(metrics, _options(ctx).floors):
        ctx.exit(UNDER_FLOOR)
