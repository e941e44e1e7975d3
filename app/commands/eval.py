"""`vouch eval`: how good retrieval, answers and facts are, measured; and two measurements compared."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vouch.app.commands.groups import CommandGroup
from vouch.app.commands.options import (
    Command,
    Decorator,
    chosen_settings,
    json_option,
    library_option,
    remember,
    setting_option,
    with_reranker,
)
from vouch.app.terminal import print_json

if TYPE_CHECKING:
    from vouch.app.eval_output import RunOptions
    from vouch.retrieval.types import SearchMode

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


def _kept_generator(ctx: click.Context, parameter: click.Parameter, value: str | None) -> None:
    """Keep the name of a model that is asked by itself; any other is a setting."""
    from vouch.app.eval_bare import is_bare

    if value is not None and is_bare(value):
        ctx.meta.setdefault(_SAID, {})["bare"] = value
    else:
        remember("generation.generator")(ctx, parameter, value)


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
@click.option(
    "--generator",
    metavar="NAME",
    expose_value=False,
    callback=_kept_generator,
    help="What writes the answers; base, base+ADAPTER: the chat model by itself, ADAPTER a name or folder.",
)
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


@evaluate.command(short_help="Search a collection in the BEIR layout.")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR")
@click.option(
    "--mode",
    "modes",
    multiple=True,
    type=click.Choice(["lexical", "vector", "hybrid", "hybrid+rerank"]),
    help="Repeatable; all where none is named.",
)
@click.option("-k", "depth", type=click.IntRange(1, 1000), default=100, show_default=True, help="How deep to rank.")
@run_options
@library_option
@json_option
@click.pass_context
def retrieval(ctx: click.Context, folder: Path, modes: tuple["SearchMode", ...], depth: int, as_json: bool) -> None:
    """Search the corpus of DIR (corpus.jsonl, queries.jsonl, qrels/*.tsv) with every mode and measure the rankings.

    The corpus is read into a temporary library; --library keeps it for the next time (a folder of its own).
    """
    settings, options = chosen_settings(ctx), _options(ctx)
    from vouch.app.eval_retrieval import Ranking, evaluate_retrieval, retrieval_text
    from vouch.eval.retrieval import MODES

    # A library that a settings file names is the user's own: no place for a corpus.
    keep = settings.library if settings.origins.get("library", "").startswith("flag") else None
    ranking = Ranking(tuple(dict.fromkeys(modes)) or MODES, depth)
    metrics = evaluate_retrieval(with_reranker(settings), folder, ranking, options, keep)
    _conclude(ctx, metrics, "" if as_json else retrieval_text(metrics))


@evaluate.command(short_help="Compare extracted values with known ones.")
@click.argument("gold", type=_FILE, metavar="CSV")
@click.option("--found", type=_FILE, metavar="FILE", help="Score this output of `vouch facts --json`, not the library.")
@run_options
@library_option
@json_option
@click.pass_context
def facts(ctx: click.Context, gold: Path, found: Path | None, as_json: bool) -> None:
    """Compare the extracted statement values with those of CSV: exact, wrong, missing, by field and report."""
    settings, options = chosen_settings(ctx), _options(ctx)
    from vouch.app.eval_facts import evaluate_facts, facts_text

    metrics = evaluate_facts(settings, gold, options, found)
    _conclude(ctx, metrics, "" if as_json else facts_text(metrics))


@evaluate.command(short_help="Score generated texts against references.")
@click.argument("file", type=_FILE, metavar="FILE")
@_run_option(
    "--fail-under", multiple=True, metavar="METRIC=VALUE", help="Leave with exit code 4 if it is less. Repeatable."
)
@json_option
@click.pass_context
def texts(ctx: click.Context, file: Path, as_json: bool) -> None:
    """Score the texts of FILE (JSON lines: text, references, token_logprobs): BLEU, ROUGE, perplexity."""
    from vouch.app.eval_texts import evaluate_texts, texts_text

    metrics = evaluate_texts(file)
    _conclude(ctx, metrics, "" if as_json else texts_text(metrics))


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


@evaluate.command(short_help="Run the data sets of a suite against their floors.")
@click.argument("suite", type=_FILE, metavar="TOML")
@click.option("--data", type=_FOLDER, required=True, metavar="DIR", help="Folder that the paths in TOML start from.")
@click.option(
    "--work", type=_FOLDER, default=".work/eval", show_default=True, metavar="DIR", help="Libraries and runs."
)
@click.option("--only", "names", multiple=True, metavar="NAME", help="Only this set. Repeatable.")
@json_option
@click.pass_context
def suite(ctx: click.Context, suite: Path, data: Path, work: Path, names: tuple[str, ...], as_json: bool) -> None:
    """Measure every data set that TOML lists; exit code 4 if one is under a floor. Libraries and runs are kept."""
    settings = chosen_settings(ctx)
    from vouch.app.eval_suite import Places, outcome_lines, run_suite
    from vouch.eval.suite import chosen_sets, load_suite

    listed = load_suite(suite)
    outcomes = []
    for outcome in run_suite(settings, listed, chosen_sets(listed, names), Places(data.resolve(), work)):
        outcomes.append(outcome)
        for line in () if as_json else outcome_lines(outcome):
            click.echo(line)
    if as_json:
        print_json({"ok": all(outcome["ok"] for outcome in outcomes), "sets": outcomes})
    if not all(outcome["ok"] for outcome in outcomes):
        ctx.exit(UNDER_FLOOR)


def _conclude(ctx: click.Context, metrics: Mapping[str, Any], text: str) -> None:
    """Print the summary (as JSON without a text for people) and leave with 4 if a floor is not reached."""
    from vouch.app.eval_output import breaches_noted

    if text:
        click.echo(text)
    else:
        print_json(metrics)
    if breaches_noted(metrics, _options(ctx).floors):
        ctx.exit(UNDER_FLOOR)
