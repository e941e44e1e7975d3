"""`vouch chat`: questions one after another, each knowing what was said before; kept in the library."""

import json
import sys
from collections.abc import Iterator
from contextlib import closing, nullcontext
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
from vouch.app.terminal import counted, note, print_json, warn
from vouch.retrieval.errors import LibraryError, UsageError

if TYPE_CHECKING:
    from vouch.app.conversation import Conversation
    from vouch.app.settings import Settings
    from vouch.generation.chat import ChatModel
    from vouch.retrieval.conversations import ConversationStore, Session

_PROMPT = "› "
_HELP = (
    "/sources quotes the last answer's sources, /new starts anew, /sessions, /delete, /export, /quit; /help explains"
)
_LONG_HELP = """/sources       quotes the sources of the last answer
/new           begins another conversation
/sessions      lists the conversations that are kept
/delete [ID]   deletes one, this one if none is named
/export FILE   writes this conversation with its answers and pages as JSON
/quit          leaves"""
_BEGINNING = "ID, or the beginning of it"


@click.command(short_help="Ask one question after another.")
@setting_option("-k", key="generation.k", metavar="N", kind=int, text="How many passages to read.")
@setting_option(
    "--generator", key="generation.generator", metavar="NAME", text="What writes the answers: extractive or model."
)
@click.option("--session", metavar="ID", help=f"Go on with a kept conversation ({_BEGINNING}).")
@click.option("--no-keep", is_flag=True, help="Do not keep this conversation in the library.")
@click.option("--list", "list_them", is_flag=True, help="List the conversations that are kept, and leave.")
@click.option("--export", metavar="ID", help="Print a conversation as JSON, and leave.")
@click.option("--delete", metavar="ID", help="Delete a conversation, and leave.")
@scope_options
@library_option
@json_option
@click.pass_context
def chat(
    ctx: click.Context,
    session: str | None,
    no_keep: bool,
    list_them: bool,
    export: str | None,
    delete: str | None,
    as_json: bool,
) -> None:
    """Ask in the terminal; a question that names no company or year means those of the question before.

    Conversations are kept in the library: --list, --export and --delete find them again, --no-keep leaves no trace.
    """
    if as_json and not (list_them or export):
        raise UsageError("--json goes with --list and --export")
    if session and no_keep:
        raise UsageError("--session goes on with a kept conversation: leave out --no-keep")
    settings = chosen_settings(ctx)
    if list_them or export or delete:
        _manage(settings, export, delete, as_json)
        return
    from vouch.app.conversation import Conversation
    from vouch.app.scoping import named_scope
    from vouch.app.wiring_ask import asker_and_model
    from vouch.app.wiring_store import open_library

    with open_library(settings) as shelf:
        scope, warnings = named_scope(shelf.documents(), chosen_scope(ctx))
        for warning in warnings:
            warn(warning)
        answerer, model = asker_and_model(settings, shelf)
        talk = Conversation(shelf, answerer, scope, settings.generation.k, answerer.companies())
        documents = counted(len(shelf.documents(scope)), "document")
        store = None if no_keep else _store(settings)
        with closing(store) if store else nullcontext():
            _talked(talk, _Keeper(store, model, session) if store else None, documents)


class _Keeper:
    """Keeps conversations of this run."""

    def __init__(self, store: "ConversationStore", model: "ChatModel | None", session: str | None) -> None:
        from vouch.app.sessions import found, new_session

        self.store = store
        self._model = model
        self.session: Session = found(store, session).session if session else new_session()

    def retell(self) -> None:
        """Show what was said last."""
        for turn in self.store.turns(self.session)[-3:]:
            note(f"{_PROMPT}{turn.question}\n{turn.answer.get('answer', '')}\n")

    def keep(self, talk: "Conversation") -> None:
        """Have a conversation go on from what is kept of it."""
        from vouch.generation.memory.memory import Memory

        talk.kept_in(Memory(self.store, self.session, self._model))

    def renew(self, talk: "Conversation") -> None:
        """Begin another conversation."""
        from vouch.app.sessions import new_session

        self.session = new_session()
        self.keep(talk)


def _store(settings: "Settings") -> "ConversationStore | None":
    """Return where conversations are kept; None, with a warning, where nothing may be written."""
    from vouch.app.wiring_store import open_conversations

    try:
        return open_conversations(settings)
    except LibraryError as error:
        warn(f"this conversation is not kept: {error}")
        return None


def _manage(settings: "Settings", export: str | None, delete: str | None, as_json: bool) -> None:
    from vouch.app.sessions import exported, found, listed, session_json
    from vouch.app.wiring_store import open_conversations

    with closing(open_conversations(settings)) as store:
        if export:
            print_json(exported(store, export))
        elif delete:
            kept = found(store, delete)
            store.delete(kept.session)
            note(f"deleted {kept.session.id} ({counted(kept.turns, 'question')})")
        elif as_json:
            print_json({"sessions": [session_json(kept) for kept in store.conversations("")]})
        else:
            click.echo(listed(store.conversations("")))


def _talked(talk: "Conversation", keeper: _Keeper | None, documents: str) -> None:
    """Answer line after line until there is none."""
    if keeper:
        keeper.keep(talk)
    note(f"{documents}. {_HELP}")  # when all is ready: Python may lose a Ctrl-C in the middle of an import
    if keeper:
        keeper.retell()
    for line in _lines():
        if line in ("/quit", "/exit"):
            break
        if line:
            click.echo(_reply(talk, keeper, line) + "\n")


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


def _reply(talk: "Conversation", keeper: _Keeper | None, line: str) -> str:
    from vouch.app.answer_text import answer_text

    if not line.startswith("/"):
        return answer_text(talk.ask(line), quotes=False)
    command, _, argument = line.partition(" ")
    if command == "/sources":
        return answer_text(talk.last) if talk.last else "(nothing has been asked yet)"
    if command == "/new":
        talk.forget()
        if keeper:
            keeper.renew(talk)
        return "(forgotten)"
    if command in ("/sessions", "/delete", "/export"):
        return _kept(talk, keeper, command, argument.strip()) if keeper else "(this conversation is not kept)"
    return _LONG_HELP


def _kept(talk: "Conversation", keeper: _Keeper, command: str, argument: str) -> str:
    """Return the reply to a command about kept conversations."""
    from vouch.app.sessions import exported, found, listed

    try:
        if command == "/sessions":
            return listed(keeper.store.conversations(""))
        if command == "/export":
            document = json.dumps(exported(keeper.store, keeper.session.id), ensure_ascii=False, indent=2)
            if not argument:
                return document
            Path(argument).expanduser().write_text(document + "\n", encoding="utf-8")
            return f"(written to {argument})"
        gone = found(keeper.store, argument or keeper.session.id).session
    except UsageError as error:
        return f"({error})"
    except OSError as error:
        return f"({argument} cannot be written: {error.strerror})"
    keeper.store.delete(gone)
    if gone == keeper.session:
        keeper.renew(talk)
    return f"(deleted {gone.id})"
