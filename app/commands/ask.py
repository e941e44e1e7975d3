"""`vouch ask`: one cited answer."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vouch.app.commands.options import (
    chosen_scope,
    chosen_settings,
    json_option,
    library_option,
    scope_options,
    setting_flag,
    setting_option,
)
from vouch.app.settings import Settings
from vouch.app.terminal import counted, note, print_json, print_json_line, printable, warn
from vouch.retrieval.errors import UsageError

if TYPE_CHECKING:
    from vouch.app.chart_results import ResultChart
    from vouch.generation.events import Listener
    from vouch.generation.types import Answer

REFUSED = 4
WRITERS = "What writes the answer: extractive (quotes), model (the chat model of [model]), or a runtime's name."
_FILE = click.Path(dir_okay=False, path_type=Path)


def _new_file(_ctx: click.Context, _option: click.Parameter, path: Path | None) -> Path | None:
    """Refuse a file that cannot be made before the question is answered."""
    if path and not path.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {path.parent} to write {path.name} into")
    return path


@click.command(short_help="Ask one question.")
@click.argument("question")
@setting_option("-k", key="generation.k", metavar="N", kind=int, text="How many passages to read.")
@setting_option("--generator", key="generation.generator", metavar="NAME", text=WRITERS)
@setting_flag("--cot", "generation.cot", True, "Let the model reason in steps, kept apart from its answer.")
@setting_flag("--no-tools", "generation.tools", False, "Let the model look nothing up while it answers.")
@click.option("--stream", is_flag=True, help="Show the answer as it is written; with --json one event a line.")
@click.option("--fail-on-refusal", is_flag=True, help="Leave with exit code 4 when there is no answer.")
@click.option("--chart", type=_FILE, metavar="FILE.png", callback=_new_file, help="Draw the values as a picture.")
@click.option("--csv", type=_FILE, metavar="FILE.csv", callback=_new_file, help="Write the values with their pages.")
@scope_options
@library_option
@json_option
@click.pass_context
def ask(
    ctx: click.Context,
    question: str,
    stream: bool,
    fail_on_refusal: bool,
    chart: Path | None,
    csv: Path | None,
    as_json: bool,
) -> None:
    """Answer QUESTION from the library, with document and page of every sentence."""
    if not question.strip():
        raise UsageError("the question is empty")
    settings = chosen_settings(ctx)
    _need_model(settings)
    from vouch.app.scoping import named_scope
    from vouch.app.wiring import result_drawer
    from vouch.app.wiring_ask import asker
    from vouch.app.wiring_store import open_library

    draw = result_drawer(chart) if chart else None
    with open_library(settings) as shelf:
        scope, warnings = named_scope(shelf.documents(), chosen_scope(ctx))
        answerer = asker(settings, shelf)
        answer = answerer.ask(question, scope, settings.generation.k, listen=_listener(settings, as_json, stream))
        names = {company: short for company, short, _ in answerer.companies() if short} if answer.results else {}
    for warning in (*warnings, *answer.warnings):
        warn(warning)
    print_answer(answer, names, as_json, stream)
    if csv:
        _write_csv(answer, csv)
    if fail_on_refusal and answer.kind == "refused":
        ctx.exit(REFUSED)
    if draw and chart:
        note(f"chart written to {chart}{_drawn(answer, names, draw)}")


def _drawn(answer: "Answer", names: dict[str, str], draw: "Callable[[ResultChart], None]") -> str:
    """Draw the values; return what is to be said of those that did not fit."""
    from vouch.app.answer_text import answer_language
    from vouch.app.chart_results import result_chart
    from vouch.app.result_labels import labels_in

    chart = result_chart(answer, labels_in(answer_language(answer, names), names))
    draw(chart)
    return f"; {counted(chart.left_out, 'value')} did not fit" if chart.left_out else ""


def _need_model(settings: Settings) -> None:
    """Refuse flags that mean nothing to the generator without a model."""
    if settings.generation.generator != "extractive":
        return
    for key, flag in (("generation.cot", "--cot"), ("generation.tools", "--no-tools")):
        if settings.origins.get(key, "").startswith("flag"):
            raise UsageError(f"{flag} is for chat models: name one, --generator model (section [model])")


def _listener(settings: Settings, as_json: bool, stream: bool) -> "Listener":
    """Return what hears the answer in the making: events as JSON lines, or a draft for people on standard error."""
    from vouch.app.service.events import event_of
    from vouch.generation.events import Event, Stepped, Token, Withdrawn, nobody

    def as_line(event: Event) -> None:
        if isinstance(event, Stepped | Token | Withdrawn):
            told = event_of(event)
            print_json_line({"event": told.event, "data": told.data})

    def as_draft(event: Event) -> None:
        match event:
            case Token(text):
                click.echo(printable(text), err=True, nl=False)
            case Withdrawn(_):
                click.echo("\n(…)", err=True)

    if not stream or (settings.generation.generator == "extractive" and not as_json):
        return nobody
    return as_line if as_json else as_draft


def _write_csv(answer: "Answer", path: Path) -> None:
    from vouch.app.result_lines import result_lines
    from vouch.app.wiring import result_writer

    count = result_writer()(result_lines(answer), path)
    note(f"{counted(count, 'value')} written to {path}")


def print_answer(answer: "Answer", short_names: Mapping[str, str], as_json: bool, stream: bool) -> None:
    """Print an answer for people, as the contract's object, or that object as the last event of a stream."""
    if not as_json:
        from vouch.app.answer_text import answer_text

        click.echo(answer_text(answer, short_names=short_names))
        return
    from vouch.generation.json_form import answer_json

    if not stream:
        print_json(answer_json(answer))
        return
    print_json_line({"event": "answer", "data": answer_json(answer)})
