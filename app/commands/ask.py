"""`vouch ask`: one cited answer."""

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
from vouch.app.terminal import print_json, print_json_line, warn
from vouch.retrieval.errors import UsageError

if TYPE_CHECKING:
    from vouch.generation.types import Answer

REFUSED = 4


@click.command(short_help="Ask one question.")
@click.argument("question")
@setting_option("-k", key="generation.k", metavar="N", kind=int, text="How many passages to read.")
@setting_option("--generator", key="generation.generator", metavar="NAME", text="What writes the answer: extractive.")
@click.option("--cot", is_flag=True, hidden=True)
@click.option("--no-tools", is_flag=True, hidden=True)
@click.option("--stream", is_flag=True, help="Print as the answer comes; with --json one event a line.")
@click.option("--fail-on-refusal", is_flag=True, help="Leave with exit code 4 when there is no answer.")
@scope_options
@library_option
@json_option
@click.pass_context
def ask(
    ctx: click.Context, question: str, cot: bool, no_tools: bool, stream: bool, fail_on_refusal: bool, as_json: bool
) -> None:
    """Answer QUESTION from the library, with document and page of every sentence."""
    if cot or no_tools:
        flag = "--cot" if cot else "--no-tools"
        raise UsageError(f"{flag} is not in this version yet: no generator of it reasons in steps or calls tools")
    if not question.strip():
        raise UsageError("the question is empty")
    settings = chosen_settings(ctx)
    from vouch.app.scoping import named_scope
    from vouch.app.wiring import asker, open_library

    with open_library(settings) as shelf:
        scope, warnings = named_scope(shelf.documents(), chosen_scope(ctx))
        answer = asker(settings, shelf).ask(question, scope, settings.generation.k)
    for warning in (*warnings, *answer.warnings):
        warn(warning)
    print_answer(answer, as_json, stream)
    if fail_on_refusal and answer.kind == "refused":
        ctx.exit(REFUSED)


def print_answer(answer: "Answer", as_json: bool, stream: bool) -> None:
    """Print an answer for people, as the contract's object, or as a stream of events that ends with that object."""
    if not as_json:
        from vouch.app.answer_text import answer_text

        click.echo(answer_text(answer))
        return
    from vouch.generation.json_form import answer_json

    if not stream:
        print_json(answer_json(answer))
        return
    # A generator that quotes has its answer all at once: one token event, then the whole object.
    print_json_line({"event": "token", "data": answer.answer})
    print_json_line({"event": "answer", "data": answer_json(answer)})
