"""`vouch library`: the library itself."""

from contextlib import closing
from dataclasses import asdict, replace
from time import perf_counter

import click

from vouch.app.commands.groups import CommandGroup
from vouch.app.commands.options import chosen_settings, json_option, library_option, setting_option
from vouch.app.library_places import place_of
from vouch.app.settings import Settings, load_settings
from vouch.app.step_progress import step_progress
from vouch.app.terminal import counted, note, print_json
from vouch.retrieval.errors import LibraryMissing, UsageError

FAILED = 3
BUILT_IN = {"hashing", "static"}


@click.group(cls=CommandGroup, short_help="Statistics, checks, copies of the library; another embedder.")
def library() -> None:
    """The library as a whole."""


@library.command(short_help="Say how much the library holds.")
@library_option
@json_option
@click.pass_context
def stats(ctx: click.Context, as_json: bool) -> None:
    """Say how many documents, pages, passages and facts the library holds, and how large it is."""
    from vouch.app.wiring_store import open_store

    settings = chosen_settings(ctx)
    with open_store(settings) as store:
        held, embedder = asdict(store.stats()), store.embedder
        sources = [document.source for document in store.documents()]
        companies = {source.company for source in sources} | {owner.company for owner in store.fact_companies()}
    numbers = {
        "library": place_of(settings.library).shown,
        "embedder": embedder.name if embedder else None,
        **held,
        "companies": len(companies - {""}),
        "collections": sorted({source.collection for source in sources}),
    }
    if as_json:
        print_json(numbers)
        return
    for name, value in numbers.items():
        shown = ", ".join(value) if isinstance(value, list) else f"{value:,}" if isinstance(value, int) else value
        click.echo(f"{name:<12} {shown}")


@library.command(short_help="Look for damage.")
@library_option
@json_option
@click.pass_context
def check(ctx: click.Context, as_json: bool) -> None:
    """Check that the database is sound; search indexes that are damaged or incomplete are made again."""
    from vouch.app.wiring_store import complete_vector_index, open_library, open_store

    settings = chosen_settings(ctx)
    with open_store(settings) as store:
        problems = store.check()
    complete_vector_index(settings)
    with open_library(settings) as shelf:
        shelf.catch_up()  # indexes that are damaged or behind are made again
    if as_json:
        print_json({"ok": not problems, "problems": problems})
    else:
        for problem in problems:
            click.echo(problem)
    note(counted(len(problems), "problem") if problems else "the library is sound")
    if problems:
        ctx.exit(FAILED)


@library.command(short_help="Copy a library into another one.")
@click.argument("source")
@click.argument("target")
@json_option
@click.pass_context
def copy(ctx: click.Context, source: str, target: str, as_json: bool) -> None:
    """Copy all documents of the library SOURCE, with passages, vectors and facts, into the library TARGET.

    Conversations and feedback go along. Both are folders, postgresql:// addresses or embedded-postgres:FOLDER. TARGET
    is made where there is none; what it holds already is skipped, so that an interrupted copy can be repeated.
    """
    from vouch.app.wiring_store import open_store, open_store_to_fill
    from vouch.retrieval.copying import copy_library

    settings, started = chosen_settings(ctx), perf_counter()
    origin, goal = replace(settings, library=source), replace(settings, library=target)
    if place_of(source) == place_of(target):
        raise UsageError(f"{place_of(source).shown} cannot be copied into itself")
    with open_store(origin) as given:
        if given.embedder is None:
            raise UsageError(f"the library {place_of(source).shown} holds no documents to copy")
        with (
            open_store_to_fill(goal, given.embedder) as taking,
            step_progress(len(given.documents()), "documents") as advance,
        ):
            copied = copy_library(given, taking, lambda _: advance(1))
        same_embedder = _is_ours(goal, given.embedder.name)
    conversations, feedback = _copy_conversations(origin, goal)
    if same_embedder:
        _bring_indexes_up_to_date(goal)
    seconds = perf_counter() - started
    if as_json:
        shown = {"source": place_of(source).shown, "target": place_of(target).shown}
        told_too = {"conversations": conversations, "feedback": feedback}
        print_json({**shown, **asdict(copied), **told_too, "seconds": round(seconds, 3)})
        return
    said = f"{counted(copied.copied, 'document')} copied, {copied.unchanged:,} there already, in {seconds:.1f} s"
    click.echo(said)
    if conversations or feedback:
        click.echo(f"{counted(conversations, 'conversation')} and {feedback:,} times feedback copied")


@library.command(short_help="Give the library another embedder.")
@setting_option("--embedder", key="retrieval.embedder", metavar="NAME", text="Else retrieval.embedder of the settings.")
@library_option
@json_option
@click.pass_context
def reembed(ctx: click.Context, as_json: bool) -> None:
    """Make the vectors of all passages anew with the embedder of the settings (auto: static).

    The library is searched with its old vectors until the new ones take their place in one transaction. Interrupted,
    the same command goes on where it was.
    """
    from vouch.app.wiring_embedder import make_embedder
    from vouch.app.wiring_store import drop_other_vectors, open_store
    from vouch.ingest.pipeline import embedding_text
    from vouch.retrieval.reembed import reembed as make_anew

    settings, started = chosen_settings(ctx), perf_counter()
    made, embedder = 0, make_embedder(settings)
    with open_store(settings, writable=True) as store:
        before = store.embedder
        if before is not None and before.name != embedder.name:
            with step_progress(store.stats().chunks, "passages") as advance:
                made = make_anew(store, embedder, embedding_text, advance)
    if made:
        drop_other_vectors(settings)
        _bring_indexes_up_to_date(settings)
    was, seconds = before.name if before else None, perf_counter() - started
    if as_json:
        shown = place_of(settings.library).shown
        print_json({"library": shown, "from": was, "to": embedder.name, "passages": made, "seconds": round(seconds, 3)})
    else:
        done = f"{was} gave way to {embedder.name}: {counted(made, 'passage')} in {seconds:.1f} s"
        click.echo(done if made else f"nothing to do: the vectors are those of {was or 'no embedder yet'}")
    meant, others = settings.retrieval.embedder, load_settings().retrieval.embedder
    if others != meant and not {meant, others} <= BUILT_IN | {"auto"}:
        note(f'set retrieval.embedder = "{meant}" in vouch.toml: other commands need it now')
    elif others in BUILT_IN and not embedder.name.startswith(others):
        note(f'set retrieval.embedder = "auto" in vouch.toml: other commands are told to use {others}')


def _copy_conversations(origin: Settings, goal: Settings) -> tuple[int, int]:
    from vouch.app.wiring_store import open_conversations
    from vouch.retrieval.copying import copy_conversations

    try:
        told = open_conversations(origin, write=False)
    except LibraryMissing:
        return 0, 0  # an older vouch kept none
    with closing(told), closing(open_conversations(goal)) as taking:
        return copy_conversations(told, taking)


def _is_ours(settings: Settings, embedder: str) -> bool:
    """Say whether commands with these settings open their library, which has this embedder."""
    from vouch.app.wiring_embedder import make_embedder
    from vouch.app.wiring_store import settled

    return make_embedder(settled(settings)).name == embedder


def _bring_indexes_up_to_date(settings: Settings) -> None:
    """Now rather than when the first question waits."""
    from vouch.app.wiring_store import open_library

    with open_library(settings) as shelf:
        shelf.catch_up()
