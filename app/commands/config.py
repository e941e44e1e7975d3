"""`vouch config`: the settings in force and where each came from."""

import click

from vouch.app.commands.options import chosen_settings, json_option, library_option
from vouch.app.setting_values import masked
from vouch.app.settings import Settings, settings_files, variable_name
from vouch.app.terminal import print_json
from vouch.retrieval.errors import LibraryError


@click.command(short_help="Show every setting and where it comes from.")
@library_option
@json_option
@click.pass_context
def config(ctx: click.Context, as_json: bool) -> None:
    """Show every setting, its value in force and where that comes from; secrets are hidden.

    Order: defaults, then the user's vouch.toml, this folder's, VOUCH_SECTION__KEY variables, flags.
    """
    settings = chosen_settings(ctx)
    held = _embedder_held(settings)
    entries = [
        {"key": key, "value": masked(key, value), "origin": origin, "variable": variable_name(key)}
        for key, value, origin in settings.items()
    ]
    if as_json:
        files = [str(path) for path in settings_files()]
        print_json({"settings": entries, "files": files, "library_embedder": held or None})
        return
    width = max(len(str(entry["key"])) for entry in entries)
    for entry in entries:
        in_library = f"; the library's: {held}" if held and entry["key"] == "retrieval.embedder" else ""
        click.echo(f"{entry['key']:<{width}} = {entry['value']}    ({entry['origin']}{in_library})")


def _embedder_held(settings: Settings) -> str:
    """Return what the library was made with; empty where it cannot be read: settings are shown in any case."""
    from vouch.app.wiring_store import embedder_held

    try:
        return embedder_held(settings)
    except LibraryError:
        return ""
