"""Options that several commands share, and what a command line chose with them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import click

from vouch.app.settings import Settings, load_settings

Command = Callable[..., Any]
Decorator = Callable[[Command], Command]

_FLAGS = "vouch.flags"
"""Where a click context keeps what options said, by the dotted key of the setting."""
_NOT_A_SETTING = "of this run"
"""Stands before the name of an option that chooses documents."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user said about which documents may answer."""

    companies: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    collections: tuple[str, ...] = ()


def remember(key: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    """Return what keeps an option's value for the setting `key`."""

    def keep(ctx: click.Context, _parameter: click.Parameter, value: object) -> None:
        ctx.meta.setdefault(_FLAGS, {})[key] = value

    return keep


def setting_option(*names: str, key: str, metavar: str, text: str, kind: type[str] | type[int] = str) -> Decorator:
    """Add an option that overrides the setting `key` for one run."""
    return click.option(*names, type=kind, metavar=metavar, help=text, expose_value=False, callback=remember(key))


def setting_flag(name: str, key: str, value: bool, text: str) -> Decorator:
    """Add a flag that sets the setting `key` to `value` for one run."""

    def keep(ctx: click.Context, _parameter: click.Parameter, given: bool) -> None:
        if given:
            ctx.meta.setdefault(_FLAGS, {})[key] = value

    return click.option(name, is_flag=True, help=text, expose_value=False, callback=keep)


def company_and_year(company: str, year: str, many: bool) -> Decorator:
    """Add --company and --year with these help texts; `many`: each may be repeated."""

    def added(command: Command) -> Command:
        for name, kind, metavar, text in (("year", int, "Y", year), ("company", str, "C", company)):
            command = click.option(
                f"--{name}",
                type=kind,
                metavar=metavar,
                help=text,
                multiple=many,
                expose_value=False,
                callback=remember(f"{_NOT_A_SETTING}.{name}"),
            )(command)
        return command

    return added


library_option = setting_option(
    "--library",
    key="library",
    metavar="PATH",
    text="Folder, postgresql:// address or embedded-postgres:FOLDER; else VOUCH_LIBRARY, vouch.toml or the user's own.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


def scope_options(command: Command) -> Command:
    """Add what narrows a search: --collection, --company and --year; each may be repeated."""
    narrowed = company_and_year("Only this company (name, short name or code).", "Only documents on this year.", True)
    collection = click.option(
        "--collection",
        metavar="C",
        help="Only this collection.",
        multiple=True,
        expose_value=False,
        callback=remember(f"{_NOT_A_SETTING}.collection"),
    )
    return collection(narrowed(command))


def chosen_settings(ctx: click.Context) -> Settings:
    """Return the settings of this run, flags included."""
    said = ctx.meta.get(_FLAGS, {})
    return load_settings({key: value for key, value in said.items() if not key.startswith(_NOT_A_SETTING)})


def with_reranker(settings: Settings) -> Settings:
    """Return the settings with a reranker for every question: the one that ships, where they name none."""
    chosen = settings.retrieval
    if chosen.reranker == "cross-encoder":
        return settings
    return replace(settings, retrieval=replace(chosen, reranker="light"))


def chosen_scope(ctx: click.Context) -> Wanted:
    """Return what --company, --year and --collection said on a command where each may be repeated."""
    return Wanted(*(tuple(_said(ctx, name) or ()) for name in ("company", "year", "collection")))


def chosen_company(ctx: click.Context) -> str | None:
    """Return the one company that --company said."""
    said = _said(ctx, "company")
    return None if said is None else str(said)


def chosen_year(ctx: click.Context) -> int | None:
    """Return the one year that --year said."""
    said = _said(ctx, "year")
    return None if said is None else int(said)


def _said(ctx: click.Context, name: str) -> Any:
    return ctx.meta.get(_FLAGS, {}).get(f"{_NOT_A_SETTING}.{name}")
