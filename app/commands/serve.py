"""`vouch serve`: the library as a REST service."""

import click

from vouch.app.commands.options import chosen_settings, library_option, setting_option
from vouch.app.terminal import note


@click.command(short_help="Serve the library over REST.")
@setting_option("--host", key="serve.host", metavar="HOST", text="Address to bind; beyond 127.0.0.1 keys are needed.")
@setting_option("--port", key="serve.port", metavar="N", kind=int, text="Port; 0: any free one.")
@library_option
@click.pass_context
def serve(ctx: click.Context) -> None:
    """Serve questions, searches, facts and documents; /docs describes every route. Ctrl-C ends it."""
    settings = chosen_settings(ctx)
    from vouch.app.wiring_serve import create_server, run_server

    application = create_server(settings)
    note(f"http://{settings.serve.host}:{settings.serve.port}/docs describes the service; Ctrl-C ends it")
    run_server(application, settings)
