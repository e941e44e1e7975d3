"""`vouch model`: language models on disk, looked at and converted."""

from pathlib import Path

import click

from vouch.app.commands.groups import CommandGroup
from vouch.app.commands.model_options import FOLDER, chosen_writing, writing_options
from vouch.app.commands.options import json_option
from vouch.app.step_progress import percent_progress
from vouch.app.terminal import note, print_json
from vouch.app.wiring_finetune_adapters import convert_model, model_description


@click.group(cls=CommandGroup, short_help="Language models on disk.")
def model() -> None:
    """Language models on disk. Nothing is fetched, and no code of a model folder is run."""


@model.command(short_help="Convert a model folder.")
@click.argument("source", type=FOLDER, metavar="SRC")
@writing_options
@json_option
@click.pass_context
def convert(ctx: click.Context, source: Path, as_json: bool) -> None:
    """Write the model in SRC as safetensors in transformers' own layout.

    ChatGLM3 as published (which transformers opens only with code of its own) becomes a GLM that it opens without;
    pickled weights become safetensors; --dtype changes the precision. What was written is read and compared.
    """
    with percent_progress("% written") as done:
        written = convert_model(source, chosen_writing(ctx), done)
    if as_json:
        print_json({"out": str(written.folder), "tensors": written.tensors, "bytes": written.bytes})
    else:
        note(f"{written.folder}: {written.tensors} tensors, {written.bytes / 1e9:.2f} GB, read again and compared")


@model.command(short_help="Say what a model folder holds.")
@click.argument("folder", type=FOLDER, metavar="DIR")
@json_option
def show(folder: Path, as_json: bool) -> None:
    """Say what the model in DIR is, what memory it takes and in which format it is spoken to; no weights are read."""
    told = model_description(folder)
    if as_json:
        print_json({"model": str(folder), "description": told})
    else:
        click.echo(told)
