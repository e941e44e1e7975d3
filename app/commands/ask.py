"""`vouch ask`: one cited answer."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vouch.app.commands.options import (
    chosen_scope,
    chosen_settings,
    json_option,
    library_option,
    scope_options,
    setting_option,
)
from vouch.app.terminal import counted, note, print_json, print_json_line, warn
from vouch.retrieval.errors import UsageError

if TYPE_CHECKING:
    from vouch.generation.types import Answer

REFUSED = 4
_FILE = click.Path(dir_okay=False, path_type=Path)


def _not_yet(_ctx: click.Context, flag: click.Parameter, given: bool) -> None:
    if given:
        raise UsageError(
            f"{flag.opts[0]} is not in this version yet: no generator of it reasons in steps or calls tools"
        )


def _new_file(_ctx: click.Context, _option: click.Parameter, path: Path | None) -> Path | None:
    """Refuse a file that cannot be made before the question is answered."""
    if path and not path.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {path.parent} to write {path.name} into")
    return path


@click.command(short_help="Ask one question.")
@click.argument("question")
@setting_option("-k", key="generation.k", metavar="N", kind=int, text="How many passages to read.")
@setting_option("--generator", key="generation.generator", metavar="NAME", text="What writes the answer: extractive.")
@click.option("--cot", is_flag=True, hidden=True, expose_value=False, callback=_not_yet)
@click.option("--no-tools", is_flag=True, hidden=True, expose_value=False, callback=_not_yet)
@click.option("--stream", is_flag=True, help="Print as the answer comes; with --json one event a line.")
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
    from vouch.app.scoping import named_scope
    from vouch.app.wiring import result_drawer
    from vouch.app.wiring_ask import asker
    from vouch.app.wiring_store import open_library

    draw = result_drawer(chart) if chart else None
    with open_library(settings) as shelf:
        scope, warnings = named_scope(shelf.documents(), chosen_scope(ctx))
        answerer = asker(settings, shelf)
        answer = answerer.ask(question, scope, settings.generation.k)
        names = {company: short for company, short, _ in answerer.companies() if short} if answer.results else {}
    for warning in (*warnings, *answer.warnings):
        warn(warning)
    print_answer(answer, names, as_json, stream)
    if csv:
        _write_csv(answer, csv)
    if fail_on_refusal and answer.kind == "refused":
        ctx.exit(REFUSED)
    if draw and chart:
        from vouch.app.answer_text import answer_language
        from vouch.app.chart_results import result_chart
        from vouch.app.result_labels import labels_in

        drawn = result_chart(answer, labels_in(answer_language(answer, names), names))
        draw(drawn)
        left_out = f"; {counted(drawn.left_out, 'value')} did not fit" if drawn.left_out else ""
        note(f"chart written to {chart}{left_out}")


def _write_csv(answer: "Answer", path: Path) -> None:
    from vouch.app.result_lines import result_lines
    from vouch.app.wiring import result_writer

    count = result_writer()(result_lines(answer), path)
    note(f"{counted(count, 'value')} written to {path}")


def print_answer(answer: "Answer", short_names: Mapping[str, str], as_json: bool, stream: bool) -> None:
    """Print an answer for people, as the contract's object, or as a stream of events that ends with that object."""
    if not as_json:
        from vouch.app.answer_text import answer_text

        click.echo(answer_text(answer, short_names=short_names))
        return
    from vouch.generation.json_form import answer_json

    if not stream:
        print_json(answer_json(answer))
        return
    # A generator that quotes has its answer all at once: one token event, then the whole object.
    print_json_line({"event": "token", "data": answer.answer})
    print_json_line({"event": "answer", "data": answer_json(answer)})
