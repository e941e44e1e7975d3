"""`vouch facts`: the values that reports and tables state, with the rows they stand in."""

from dataclasses import asdict
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vouch.app.commands.options import Command, Decorator, chosen_settings, json_option, library_option
from vouch.app.terminal import counted, note, print_json, warn

if TYPE_CHECKING:
    from vouch.app.fact_listing import Asked
    from vouch.app.fact_rows import FactRow

_NARROWED = "vouch.facts"
"""Where a click context keeps what the options of `narrowed` said."""


def _keep(ctx: click.Context, parameter: click.Parameter, value: object) -> None:
    ctx.meta.setdefault(_NARROWED, {})[parameter.name] = value


def _repeated(name: str, key: str, metavar: str, text: str) -> Decorator:
    return click.option(name, key, multiple=True, metavar=metavar, help=text, expose_value=False, callback=_keep)


def narrowed(command: Command) -> Command:
    """Add what narrows a listing: --field, --period, --scope, --collection; and --all, which widens it."""
    options: tuple[Decorator, ...] = (
        _repeated("--field", "fields", "F", "Only this field, by any of its names. Repeatable."),
        _repeated("--period", "periods", "P", "Only this period: FY, H1, Q1, Q3. Repeatable."),
        click.option(
            "--scope",
            "scopes",
            multiple=True,
            type=click.Choice(["consolidated", "parent"]),
            help="Only statements of the group, or of the parent company.",
            expose_value=False,
            callback=_keep,
        ),
        _repeated("--collection", "collections", "C", "Only this collection. Repeatable."),
        click.option(
            "--all",
            "every",
            is_flag=True,
            help="Every statement of a value, comparative columns too.",
            expose_value=False,
            callback=_keep,
        ),
    )
    return reduce(lambda decorated, option: option(decorated), reversed(options), command)


@click.command(short_help="List and export the values that reports state.")
@click.argument("company", required=False, default="")
@click.argument("year", required=False, default="")
@narrowed
@click.option(
    "--export",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write them to a .csv, .json, .xlsx or .parquet file.",
)
@library_option
@json_option
@click.pass_context
def facts(ctx: click.Context, company: str, year: str, export: Path | None, as_json: bool) -> None:
    """List the facts on COMPANY (name, short name or code) in YEAR (2022, 2019-2021, 2025年第三季度).

    Of several statements of one value the one to believe is shown. Comparative columns are left out, except where
    YEAR is named and has no report of its own.
    """
    settings = chosen_settings(ctx)
    from vouch.app.fact_listing import chosen, nothing_found, understood
    from vouch.app.fact_rows import fact_row
    from vouch.app.wiring import fact_writer
    from vouch.app.wiring_store import open_store

    write = fact_writer(export) if export else None
    with open_store(settings) as store:
        found = understood(_asked(ctx, company, year), store)
        rows = (fact_row(stored) for stored in chosen(found, store))
        if write and export:
            count = write(rows, export)
            note(f"{counted(count, 'fact')} written to {export}" if count else nothing_found(found))
            return
        shown = list(rows)
    if not shown:
        warn(nothing_found(found))
    if as_json:
        print_json({"facts": [asdict(row) for row in shown]})
    elif shown:
        _print_table(shown)


def _asked(ctx: click.Context, company: str, year: str) -> "Asked":
    from vouch.app.fact_listing import Asked

    said = ctx.meta.get(_NARROWED, {})
    lists = {name: tuple(said.get(name) or ()) for name in ("fields", "scopes", "periods", "collections")}
    return Asked(company, year, every=bool(said.get("every")), **lists)


def _print_table(shown: "list[FactRow]") -> None:
    from vouch.app.fact_rows import fact_table

    click.echo(fact_table(shown))
    prior = sum(row.column == "prior" for row in shown)
    from_later = f"; {prior:,} of them from comparative columns of later reports" if prior else ""
    note(counted(len(shown), "fact") + from_later)
