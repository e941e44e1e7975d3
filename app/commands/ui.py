"""`vouch ui`: the chat in the browser."""

import click

from vouch.app.commands.options import chosen_settings, library_option, setting_option
from vouch.app.terminal import note, warn


@click.command(short_help="Open the chat in the browser.")
@setting_option("--host", key="ui.host", metavar="HOST", text="Address to bind.")
@setting_option("--port", key="ui.port", metavar="N", kind=int, text="Port of the chat.")
@setting_option("--server", key="ui.server", metavar="URL", text="Ask this `vouch serve` instead of a library here.")
@setting_option(
    "--key",
    key="ui.api_key",
    metavar="KEY",
    text="API key for that server; VOUCH_UI__API_KEY keeps it out of process lists.",
)
@setting_option("--generator", key="generation.generator", metavar="NAME", text="What writes the answers.")
@library_option
@click.pass_context
def ui(ctx: click.Context) -> None:
    """Serve the chat: questions with cited pages as pictures, search, facts, early warning, upload. Ctrl-C ends it."""
    settings = chosen_settings(ctx)
    from vouch.app.wiring_serve import is_loopback
    from vouch.app.wiring_ui import run_ui

    if not is_loopback(settings.ui.host):
        warn(f"the chat asks nobody for a password: whoever reaches {settings.ui.host} sees and changes the library")
    note(f"http://{settings.ui.host}:{settings.ui.port} is the chat; Ctrl-C ends it")
    ctx.exit(run_ui(settings))
