"""`vouch finetune`: training what Vouch ships, from recipes and data of one's own."""

from pathlib import Path

import click

from vouch.app.commands.finetune_adapters import adapters, card, export, merge
from vouch.app.commands.finetune_examples import examples
from vouch.app.commands.finetune_prefer import prefer
from vouch.app.commands.finetune_train import train
from vouch.app.commands.groups import CommandGroup
from vouch.app.commands.options import Command
from vouch.app.terminal import note

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group(cls=CommandGroup, short_help="Train models from a recipe.")
def finetune() -> None:
    """Train models from a recipe (a TOML file that says everything) and a folder of data."""


def _training_options(command: Command) -> Command:
    """Add what every training takes."""
    for option in (
        click.argument("recipe", type=_FILE, metavar="TOML"),
        click.option(
            "--data", type=_FOLDER, required=True, metavar="DIR", help="Folder that the recipe's paths start from."
        ),
        click.option("--out", type=_FOLDER, required=True, metavar="DIR", help="Where what was trained goes."),
        click.option("--threads", type=click.IntRange(1, 256), default=2, show_default=True, help="Cores to use."),
    ):
        command = option(command)
    return command


@finetune.command(short_help="Train the embedder that ships.")
@_training_options
def embed(recipe: Path, data: Path, out: Path, threads: int) -> None:
    """Train a table of token vectors as TOML says, for `retrieval.embedder = static`.

    With the recipe that made the shipped one (finetune/recipes/embedder.toml) five minutes on two cores, after ten for
    the teacher's vectors.
    """
    from vouch.app.wiring_finetune import train_embedder

    written = train_embedder(recipe, data, out, threads, note)
    note(
        f"{out}: {written.tokens} tokens in {written.dimension} dimensions, {written.bytes / 1e6:.1f} MB, "
        f"version {written.version}"
    )


@finetune.command(short_help="Train the light reranker that ships.")
@_training_options
def rerank(recipe: Path, data: Path, out: Path, threads: int) -> None:
    """Train the reranker of `retrieval.reranker = light` as TOML says, over an embedder without its questions."""
    from vouch.app.wiring_finetune import train_reranker

    note(f"{train_reranker(recipe, data, out, threads, note)}: written")


@finetune.command("red-flags", short_help="Train the classifier of red flags that ships.")
@click.argument("recipe", type=_FILE, metavar="TOML")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, metavar="FILE", help="An .npz.")
def red_flags(recipe: Path, out: Path) -> None:
    """Train the classifier of questions that call for urgent care from the examples that TOML names.

    With the recipe that made the shipped one (finetune/recipes/red_flags.toml) some minutes on one core.
    """
    from vouch.app.wiring_finetune import train_red_flags

    note(f"{train_red_flags(recipe, out, note)}: written")


for command in (examples, adapters, card, merge, export, train, prefer):
    finetune.add_command(command)
