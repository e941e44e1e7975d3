"""`vouch config`: the settings in force and where each came from."""

import click

from vouch.app.commands.options import chosen_settings, json_option, library_option
from vouch.app.setting_values import masked
from vouch.app.settings import settings_files, variable_name
from vouch.app.terminal import print_json


@click.command(short_help="Show every setting and where it comes from.")
@library_option
@json_option
@click.pass_context
def config(ctx: click.Context, as_json: bool) -> None:
    """Show every setting, its value in force and where that comes from; secrets are hidden.

    Order: defaults, then the user's vouch.toml, this folder's, VOUCH_SECTION__KEY variables, flags.
    """
    settings = chosen_settings(ctx)
    entries = [
        {"key": key, "value": masked(key, value), "origin": origin, "variable": variable_name(key)}
        for key, value, origin in settings.items()
    ]
    if as_json:
        print_json({"settings": entries, "files": [str(path) for path in settings_files()]})
        return
    width = max(len(str(entry["key"])) for entry in entries)
    for entry in entries:
        click.echo(f"{entry['key']:<{width}} = {entry['value']}    ({entry['origin']})")
