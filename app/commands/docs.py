"""`vouch docs`: what a library holds, and taking documents out of it."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vouch.app.commands.groups import CommandGroup
from vouch.app.commands.options import (
    chosen_scope,
    chosen_settings,
    json_option,
    library_option,
    scope_options,
)
from vouch.app.document_json import document_json
from vouch.app.terminal import counted, note, print_json, warn
from vouch.retrieval.errors import UsageError

if TYPE_CHECKING:
    from vouch.retrieval.types import StoredDocument


@click.group(cls=CommandGroup, short_help="List, show and remove documents.")
def docs() -> None:
    """The documents of a library."""


@docs.command("list", short_help="List the documents.")
@scope_options
@library_option
@json_option
@click.pass_context
def list_documents(ctx: click.Context, as_json: bool) -> None:
    """List documents with what they say of themselves: company, code, year, period."""
    from vouch.app.document_table import document_table
    from vouch.app.scoping import named_scope
    from vouch.app.wiring_store import open_store

    with open_store(chosen_settings(ctx)) as store:
        every = store.documents()
    scope, warnings = named_scope(every, chosen_scope(ctx))
    for warning in warnings:
        warn(warning)
    shown = [document for document in every if scope.allows(document.source)]
    if as_json:
        print_json({"documents": [document_json(document) for document in shown]})
        return
    if shown:
        click.echo(document_table([(document.source, document.pages) for document in shown]))
    note(counted(len(shown), "document") if shown else "no documents; `vouch ingest PATH` adds some")


@docs.command("show", short_help="Show one document, or a page of it.")
@click.argument("document")
@click.option("--page", type=int, metavar="N", help="Print the text of this page.")
@library_option
@json_option
@click.pass_context
def show(ctx: click.Context, document: str, page: int | None, as_json: bool) -> None:
    """Show what is known of DOCUMENT (an id, file name or path); --page prints a page as it was read."""
    from vouch.app.wiring_store import open_store

    with open_store(chosen_settings(ctx)) as store:
        [found] = _named(store.documents(), [document])
        content = document_json(found)
        if page is not None:
            if not 1 <= page <= found.pages:
                raise UsageError(f"{found.source.name} has pages 1 to {found.pages}, not {page}")
            content["page"] = {"number": page, "text": store.page(found.source.doc_id, page).text}
    if as_json:
        print_json(content)
    elif page is not None:
        click.echo(content["page"]["text"])
    else:
        for key, value in content.items():
            shown = "; ".join(map(str, value)) if isinstance(value, list) else value
            click.echo(f"{key:<12} {'' if shown is None else shown}")


@docs.command("remove", short_help="Remove documents.")
@click.argument("documents", nargs=-1, required=True)
@library_option
@json_option
@click.pass_context
def remove(ctx: click.Context, documents: tuple[str, ...], as_json: bool) -> None:
    """Remove DOCUMENTS (ids, file names or paths) from the library; the files stay where they are."""
    from vouch.app.wiring_store import open_store

    with open_store(chosen_settings(ctx), writable=True) as store:
        gone = _named(store.documents(), documents)
        store.remove([document.source.doc_id for document in gone])
    _report_removed(gone, as_json)


@docs.command("prune", short_help="Remove documents whose file is gone.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@library_option
@json_option
@click.pass_context
def prune(ctx: click.Context, yes: bool, as_json: bool) -> None:
    """Remove the documents whose file no longer exists where it was ingested from."""
    from vouch.app.wiring_store import open_store

    with open_store(chosen_settings(ctx), writable=True) as store:
        gone = [document for document in store.documents() if not Path(document.source.path).exists()]
        if gone and not yes:
            _confirm(gone)
        store.remove([document.source.doc_id for document in gone])
    _report_removed(gone, as_json)


def _named(documents: "Sequence[StoredDocument]", said: Sequence[str]) -> "list[StoredDocument]":
    """Every name must stand for one document: removing half of what was asked for helps nobody."""
    from vouch.app.scoping import chosen_documents

    found: dict[str, StoredDocument] = {}
    for name in said:
        matches = chosen_documents(documents, name)
        if not matches:
            raise UsageError(f"no document {name!r} in the library; `vouch docs list` shows all")
        if len(matches) > 1:
            ids = ", ".join(document.source.doc_id for document in matches)
            raise UsageError(f"{len(matches)} documents are called {name!r}: name one by its id ({ids})")
        found[matches[0].source.doc_id] = matches[0]
    return list(found.values())


def _confirm(gone: "Sequence[StoredDocument]") -> None:
    for document in gone:
        note(f"gone: {document.source.path}")
    if not sys.stdin.isatty():
        raise UsageError(f"prune would remove {counted(len(gone), 'document')} and nobody is there to ask: add --yes")
    click.confirm(f"Remove {counted(len(gone), 'document')} from the library?", abort=True, err=True)


def _report_removed(gone: "Sequence[StoredDocument]", as_json: bool) -> None:
    if as_json:
        print_json({"removed": [document_json(document) for document in gone]})
        return
    for document in gone:
        click.echo(f"removed {document.source.name}  ({document.source.doc_id})")
    note(f"{counted(len(gone), 'document')} removed")
