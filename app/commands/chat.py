"""`vouch chat`: questions one after another, each knowing what the one before was about."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from vouch.app.commands.options import chosen_scope, chosen_settings, library_option, scope_options, setting_option
from vouch.app.terminal import counted, note, warn

if TYPE_CHECKING:
    from vouch.app.conversation import Conversation

_PROMPT = "› "
_HELP = "/sources quotes the sources of the last answer, /new forgets what was said, /quit leaves"


@click.command(short_help="Ask one question after another.")
@setting_option("-k", key="generation.k", metavar="N", kind=int, text="How many passages to read.")
@setting_option(
    "--generator", key="generation.generator", metavar="NAME", text="What writes the answers: extractive or model."
)
@scope_options
@library_option
@click.pass_context
def chat(ctx: click.Context) -> None:
    """Ask in the terminal; a question that names no company or year means those of the question before.

    /sources quotes the sources of the last answer, /new forgets what was said, /quit leaves.
    """
    settings = chosen_settings(ctx)
    from vouch.app.conversation import Conversation
    from vouch.app.scoping import named_scope
    from vouch.app.wiring_ask import asker
    from vouch.app.wiring_store import open_library

    with open_library(settings) as shelf:
        scope, warnings = named_scope(shelf.documents(), chosen_scope(ctx))
        for warning in warnings:
            warn(warning)
        note(f"{counted(len(shelf.documents(scope)), 'document')}. {_HELP}")
        answerer = asker(settings, shelf)
        talk = Conversation(shelf, answerer, scope, settings.generation.k, answerer.companies())
        for line in _lines():
            if line in ("/quit", "/exit"):
                break
            if line:
                click.echo(_reply(talk, line) + "\n")


def _lines() -> Iterator[str]:
    """Yield what is typed, or what is piped in, repeated so that the record can be read."""
    if not sys.stdin.isatty():
        for line in sys.stdin:
            click.echo(_PROMPT + line.strip())
            yield line.strip()
        return
    import locale

    if locale.getencoding().lower() == "utf-8":  # elsewhere readline tears Chinese characters to pieces
        import readline  # noqa: F401 gives input() its history and editing

    while True:
        try:
            yield input(_PROMPT).strip()
        except EOFError:
            click.echo()
            return


def _reply(talk: "Conversation", line: str) -> str:
    from vouch.app.answer_text import answer_text

    if not line.startswith("/"):
        return answer_text(talk.ask(line), quotes=False)
    if line == "/new":
        talk.forget()
        return "(forgotten)"
    if line == "/sources":
        return answer_text(talk.last) if talk.last else "(nothing has been asked yet)"
    return f"({_HELP})"
