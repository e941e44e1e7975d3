"""`vouch finetune examples`: conversations to train on, from archives and from the library."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from vouch.app.commands.options import (
    Command,
    Decorator,
    chosen_scope,
    chosen_settings,
    json_option,
    library_option,
    scope_options,
    setting_flag,
    setting_option,
)
from vouch.app.terminal import note, print_json, warn
from vouch.retrieval.errors import UsageError

if TYPE_CHECKING:
    from vouch.app.settings import Settings
    from vouch.app.wiring_finetune_examples import Sources
    from vouch.finetune.examples.choices import Choices
    from vouch.finetune.examples.types import Kind

_SAID = "vouch.examples"
"""Where a click context keeps what the options of this command said."""
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)
_KINDS = ("fact", "computation", "refusal", "passage", "tools", "feedback")


def _kept(ctx: click.Context, parameter: click.Parameter, value: object) -> None:
    ctx.meta.setdefault(_SAID, {})[parameter.name] = value


def _option(*names: str, **attributes: Any) -> Decorator:
    return click.option(*names, expose_value=False, callback=_kept, **attributes)


def _pairs(values: tuple[str, ...], flag: str, form: str) -> dict[str, str]:
    """Return NAME=VALUE pairs, one or several in each value."""
    pairs: dict[str, str] = {}
    for entry in (part.strip() for value in values for part in value.split(",")):
        name, equals, said = (piece.strip() for piece in entry.partition("="))
        if not (name and equals and said):
            raise UsageError(f"{flag} {entry!r} is not of the form {form}")
        pairs[name] = said
    return pairs


def _example_options(command: Command) -> Command:
    """Add what says which examples are wanted."""
    for option in (
        _option(
            "--kind",
            "kinds",
            multiple=True,
            type=click.Choice(_KINDS),
            help="What to make from the library. Repeatable; all where none is named.",
        ),
        _option("--limit", type=click.IntRange(1), default=300, show_default=True, help="Of each of these kinds."),
        _option(
            "--group",
            type=click.Choice(["document", "company"]),
            default="document",
            show_default=True,
            help="What a split never parts, of the library's examples.",
        ),
        _option("--columns", multiple=True, metavar="KEY=COLUMN", help="Of a CSV file: question=..., answer=..."),
        _option("--system", metavar="TEXT", default="", help="A first turn for an archive's conversations."),
        _option("--licence", metavar="TEXT", default="", help="Of the examples, where their file does not say."),
        _option("--against", multiple=True, type=_FILE, help="An evaluation set to keep out. Repeatable."),
        _option("--share", "shares", multiple=True, metavar="KIND=SHARE", help="Mixture of kinds: fact=0.3 ..."),
        _option(
            "--held-out",
            type=click.FloatRange(0, 0.9),
            default=0.1,
            show_default=True,
            help="Share of the examples that is only measured.",
        ),
        _option("--seed", type=int, default=0, show_default=True, help="Decides questions, order and split."),
        _option("--model", type=_FOLDER, metavar="DIR", help="Count lengths with this model's own vocabulary."),
        _option("--strict", is_flag=True, help="Refuse a file with a bad example instead of leaving that out."),
    ):
        command = option(command)
    return command


@click.command(short_help="Make examples to train on.")
@click.argument("files", nargs=-1, type=_FILE, metavar="[FILE]...")
@click.option("--out", type=_FOLDER, required=True, metavar="DIR", help="Where the examples go.")
@_example_options
@setting_option("-k", key="generation.k", metavar="N", kind=int, text="How many passages a prompt shows.")
@setting_option("--generator", key="generation.generator", metavar="NAME", text="A chat model that asks and answers.")
@setting_flag("--cot", "generation.cot", True, "Prompts ask for steps of reasoning, and answers have them.")
@setting_flag("--no-tools", "generation.tools", False, "Offer the model no tools, and make no dialogues with them.")
@scope_options
@library_option
@json_option
@click.pass_context
def examples(ctx: click.Context, files: tuple[Path, ...], out: Path, as_json: bool) -> None:
    """Make examples from FILEs (JSON, JSON lines or CSV in the layouts of alpaca, ShareGPT, OpenAI, ChatGLM3, or our
    own) and, with --library, from the facts, passages and feedback of a library, in the very prompts of serving.

    Writes train.jsonl, held_out.jsonl, statistics.json, left_out.jsonl and lengths.png into --out. Duplicates are left
    out, and with --against whatever stands in an evaluation set. With a chat model (--generator) that model asks about
    passages and answers; what serving would not vouch for is dropped.
    """
    settings, said = chosen_settings(ctx), ctx.meta[_SAID]
    from vouch.app.wiring_finetune_examples import make_examples, measure_of, write_out
    from vouch.finetune.examples.pipeline import not_made_lines, report_text

    sources = _sources(ctx, settings, files)
    measure = measure_of(said["model"], settings)
    chosen = make_examples(settings, sources, _choices(ctx), measure, note)
    write_out(chosen, out, measure, warn)
    if as_json:
        print_json(chosen.report)
        return
    click.echo(report_text(chosen.report))
    for line in not_made_lines(chosen.report):
        note(f"not made: {line}")
    for left_out in chosen.left_out[:5]:
        note(f"left out: {left_out.place}: {left_out.reason}")
    note(f"{out}: written; {len(chosen.left_out):,} left out are listed in left_out.jsonl")


def _sources(ctx: click.Context, settings: "Settings", files: tuple[Path, ...]) -> "Sources":
    """Return where the examples come from; UsageError where from nowhere."""
    from vouch.app.wiring_finetune_examples import Sources
    from vouch.finetune.examples.archives import ArchiveOptions
    from vouch.finetune.examples.choices import MADE, Making

    said = ctx.meta[_SAID]
    columns = _pairs(said["columns"], "--columns", "KEY=COLUMN, such as question=title")
    archive = ArchiveOptions(columns, said["licence"], said["system"])
    # A library that a settings file names is for questions; whoever wants examples of one says so.
    from_library = settings.origins.get("library", "").startswith("flag") or bool(said["kinds"])
    if not files and not from_library:
        raise UsageError("name a file with examples, or a library to make them from (--library)")
    kinds = cast("tuple[Kind, ...]", tuple(said["kinds"])) or MADE
    making = Making(kinds, said["limit"], said["group"], said["seed"], said["licence"]) if from_library else None
    return Sources(files, archive, making, chosen_scope(ctx))


def _choices(ctx: click.Context) -> "Choices":
    from vouch.finetune.examples.choices import Choices
    from vouch.finetune.examples.files import KINDS

    said = ctx.meta[_SAID]
    shares: dict[Kind, float] = {}
    for kind, share in _pairs(said["shares"], "--share", "KIND=SHARE, such as fact=0.3").items():
        if kind not in KINDS:
            raise UsageError(f"--share {kind}: there is no such kind; there are {', '.join(KINDS)}")
        try:
            shares[kind] = float(share)
        except ValueError as error:
            raise UsageError(f"--share {kind}={share}: {share!r} is no number") from error
        if not 0 <= float(share) <= 1:
            raise UsageError(f"--share {kind}={share}: a share is between 0 and 1")
    return Choices(tuple(said["against"]), said["held_out"], shares, said["seed"], said["strict"])
