"""`vouch library`: the library itself."""

from dataclasses import asdict

import click

from vouch.app.commands.groups import CommandGroup
from vouch.app.commands.options import chosen_settings, json_option, library_option
from vouch.app.setting_values import without_password
from vouch.app.terminal import counted, note, print_json

FAILED = 3


@click.group(cls=CommandGroup, not_yet=("copy", "reembed"), short_help="Statistics and checks of the library.")
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
        held = asdict(store.stats())
        sources = [document.source for document in store.documents()]
        companies = {source.company for source in sources} | {owner.company for owner in store.fact_companies()}
    numbers = {
        "library": without_password(settings.library),
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
    from vouch.app.wiring_store import open_library, open_store

    settings = chosen_settings(ctx)
    with open_store(settings) as store:
        problems = store.check()
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
