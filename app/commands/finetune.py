"""`vouch finetune`: training what Vouch ships, from recipes and data of one's own."""

from pathlib import Path

import click

from vouch.app.commands.groups import CommandGroup
from vouch.app.terminal import note

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group(cls=CommandGroup, short_help="Train models from a recipe.")
def finetune() -> None:
    """Train models from a recipe (a TOML file that says everything) and a folder of data."""


@finetune.command(short_help="Train the embedder that ships.")
@click.argument("recipe", type=_FILE, metavar="TOML")
@click.option("--data", type=_FOLDER, required=True, metavar="DIR", help="Folder that the recipe's paths start from.")
@click.option("--out", type=_FOLDER, required=True, metavar="DIR", help="Where the trained embedder goes.")
@click.option("--threads", type=click.IntRange(1, 256), default=2, show_default=True, help="Cores to use.")
def embed(recipe: Path, data: Path, out: Path, threads: int) -> None:
    """Train a table of token vectors as TOML says, for `retrieval.embedder = static`.

    Ten minutes on two cores with the recipe that made the shipped one (finetune/recipes/embedder.toml).
    """
    from vouch.app.wiring_finetune import embedder_training

    written = embedder_training()(recipe, data, out, threads, note)
    note(
        f"{out}: {written.tokens} tokens in {written.dimension} dimensions, {written.bytes / 1e6:.1f} MB, "
        f"version {written.version}"
    )
