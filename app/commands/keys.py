"""`vouch keys`: who may use the REST service."""

from dataclasses import asdict
from typing import Any, cast

import click

from vouch.app.commands.groups import CommandGroup
from vouch.app.commands.options import chosen_settings, json_option, library_option
from vouch.app.terminal import note, print_json
from vouch.retrieval.errors import UsageError


@click.group(cls=CommandGroup, short_help="API keys of the REST service.")
def keys() -> None:
    """The API keys of a library's REST service. Only their hashes are kept."""


@keys.command(short_help="Make a key.")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, metavar="S", help="ask, ingest or admin; repeatable. Default: ask.")
@click.option("--collection", "collections", multiple=True, metavar="C", help="Only these collections. Repeatable.")
@library_option
@json_option
@click.pass_context
def create(ctx: click.Context, name: str, scopes: tuple[str, ...], collections: tuple[str, ...], as_json: bool) -> None:
    """Make a key for NAME and print it: it cannot be shown again."""
    from vouch.app.service.keys import SCOPES
    from vouch.app.service.types import Scope
    from vouch.app.wiring_serve import key_file

    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown:
        raise UsageError(f"a key has no scope {unknown[0]!r}: there are {', '.join(SCOPES)}")
    allowed = cast(tuple[Scope, ...], scopes or ("ask",))
    key, secret = key_file(chosen_settings(ctx)).create(name, allowed, collections or None)
    if as_json:
        print_json({**_shown(asdict(key)), "key": secret})
        return
    click.echo(secret)
    note(f"key {key.id} for {key.name}: keep it now, it cannot be shown again")


@keys.command("list", short_help="List the keys.")
@library_option
@json_option
@click.pass_context
def list_keys(ctx: click.Context, as_json: bool) -> None:
    """List the keys: what each may do, and whether it was revoked."""
    from vouch.app.document_table import aligned
    from vouch.app.wiring_serve import key_file

    found = key_file(chosen_settings(ctx)).listed()
    if as_json:
        print_json({"keys": [_shown(asdict(key)) for key in found]})
        return
    if not found:
        note("no keys; `vouch keys create NAME` makes one")
        return
    lines = [
        (
            key.id,
            key.name,
            ",".join(key.scopes),
            "all" if key.collections is None else ",".join(key.collections),
            key.created,
            f"revoked {key.revoked}" if key.revoked else "",
        )
        for key in found
    ]
    click.echo(aligned([("id", "name", "scopes", "collections", "created", ""), *lines]))


@keys.command(short_help="Make a key open nothing any more.")
@click.argument("key")
@library_option
@click.pass_context
def revoke(ctx: click.Context, key: str) -> None:
    """Revoke KEY, named by its id or by a name that only one has; running servers heed it at once."""
    from vouch.app.wiring_serve import key_file

    revoked = key_file(chosen_settings(ctx)).revoke(key)
    note(f"key {revoked.id} of {revoked.name} is revoked")


def _shown(key: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in key.items() if name != "hash"}
