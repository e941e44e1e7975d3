"""Options of the commands that write models, and what a command line chose with them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from vouch.app.commands.options import Command
from vouch.app.wiring_finetune_adapters import PRECISIONS, Written

FOLDER = click.Path(path_type=Path, file_okay=False)
_CHOSEN = "vouch.written"
"""Where a click context keeps what these options said."""


def writing_options(command: Command) -> Command:
    """Add what every command takes that writes a model folder: --out, --dtype, --shard-gb."""
    options: tuple[Callable[[Command], Command], ...] = (
        _option("--shard-gb", "shard_gb", click.FloatRange(0.001, 1000), 4.0, "Largest file of weights, in GB."),
        _option("--dtype", "precision", click.Choice(PRECISIONS), "keep", "Precision of the weights."),
        click.option(
            "--out",
            type=FOLDER,
            required=True,
            metavar="DIR",
            help="The new model folder; nothing may be there.",
            expose_value=False,
            callback=_remember,
        ),
    )
    for option in options:
        command = option(command)
    return command


def flag(name: str, text: str) -> Callable[[Command], Command]:
    """Add a flag that `chosen_writing` returns with the others."""
    return click.option(name, is_flag=True, help=text, expose_value=False, callback=_remember)


def chosen_writing(ctx: click.Context) -> Written:
    """Return where and how this run writes a model."""
    return Written(**ctx.meta[_CHOSEN])


def _option(name: str, key: str, kind: click.ParamType[Any], default: Any, text: str) -> Callable[[Command], Command]:
    return click.option(
        name, key, type=kind, default=default, show_default=True, help=text, expose_value=False, callback=_remember
    )


def _remember(ctx: click.Context, parameter: click.Parameter, value: object) -> None:
    ctx.meta.setdefault(_CHOSEN, {})[parameter.name] = value
