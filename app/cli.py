"""The `vouch` command: which commands there are, and what becomes of errors. Does not know how any command works."""

import os
import sys
import traceback
from functools import partial
from types import TracebackType

import click

from vouch.app.commands.ask import ask
from vouch.app.commands.chat import chat
from vouch.app.commands.config import config
from vouch.app.commands.demo import demo
from vouch.app.commands.docs import docs
from vouch.app.commands.doctor import doctor
from vouch.app.commands.eval import evaluate
from vouch.app.commands.facts import facts
from vouch.app.commands.finetune import finetune
from vouch.app.commands.groups import CommandGroup
from vouch.app.commands.ingest import ingest
from vouch.app.commands.keys import keys
from vouch.app.commands.library import library
from vouch.app.commands.model import model
from vouch.app.commands.search import search
from vouch.app.commands.serve import serve
from vouch.app.commands.ui import ui
from vouch.app.commands.warn import warn as early_warning
from vouch.app.settings import debug_wanted
from vouch.app.terminal import note, one_line, speak_utf8, warn
from vouch.retrieval.errors import VouchError

INTERRUPTED = 130
PIPE_CLOSED = 141
"""What shells report for a program that Ctrl-C or a closed pipe ended."""


class VouchCommands(CommandGroup):
    """All commands; a reader that goes away (`vouch docs list | head -1`) is nothing to talk about."""

    def invoke(self, ctx: click.Context) -> None:
        """Run a command; leave quietly when nobody reads any more."""
        try:
            super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            # Python flushes again at exit: give it a place where that works.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(PIPE_CLOSED)


@click.group(
    cls=VouchCommands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="vouch-qa", prog_name="vouch", message="%(prog)s %(version)s")
def cli() -> None:
    """Answers from annual reports and medical documents; vouches for every sentence with its page.

    Try `vouch demo`, or with your own files: `vouch ingest FOLDER`, then `vouch ask QUESTION`.
    --debug (or VOUCH_DEBUG=1) on any command shows tracebacks.
    """


COMMANDS = (
    ingest,
    ask,
    chat,
    search,
    facts,
    early_warning,
    docs,
    library,
    serve,
    ui,
    keys,
    evaluate,
    finetune,
    model,
    config,
    doctor,
    demo,
)
for command in COMMANDS:
    cli.add_command(command)


def run(arguments: list[str], debug: bool = False) -> int:
    """Run one command line and return its exit code; only bugs are raised."""
    try:
        # Commands return nothing; a number comes from ctx.exit.
        code = cli.main(arguments, prog_name="vouch", standalone_mode=False)
    except VouchError as error:
        warn(one_line(error))
        if debug:
            traceback.print_exc()
        return error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        note(error.format_message())
        return error.exit_code
    except click.ClickException as error:
        asked = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "vouch"
        warn(f"{one_line(error.format_message())} (`{asked} --help` shows how)")
        return error.exit_code
    except click.Abort:
        return INTERRUPTED
    return code if isinstance(code, int) else 0


def explain_bug(debug: bool, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Say that this is our fault and how to see more; the traceback itself only when asked for."""
    if debug:
        sys.__excepthook__(kind, error, trace)
        return
    warn(f"unexpected {kind.__name__}: {one_line(error)} (a bug; --debug shows the traceback to report)")


def main() -> None:
    """Run the command line of this process and leave with its exit code."""
    speak_utf8()
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    debug = len(arguments) < len(sys.argv) - 1 or debug_wanted()
    sys.excepthook = partial(explain_bug, debug)
    sys.exit(run(arguments, debug))
