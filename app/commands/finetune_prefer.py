"""`vouch finetune prefer`: a generator tuned to what people think of its answers."""

from pathlib import Path

import click

from vouch.app.commands.options import chosen_settings, library_option, setting_flag
from vouch.app.terminal import note
from vouch.retrieval.errors import UsageError

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command(short_help="Tune a generator to thumbs and corrections.")
@click.argument("recipe", type=_FILE, metavar="TOML")
@click.option("--data", type=_FOLDER, metavar="DIR", help="Folder that the recipe's files of preferences start from.")
@click.option("--out", type=_FOLDER, required=True, metavar="DIR", help="Folder of the run.")
@setting_flag("--no-tools", "generation.tools", False, "Prompts made from the library offer the model no tools.")
@library_option
@click.pass_context
def prefer(ctx: click.Context, recipe: Path, data: Path | None, out: Path) -> None:
    """Tune an adapter to preferences by direct preference optimisation, as TOML says (finetune/recipes/prefer.toml).

    With --library from its feedback: a correction is preferred to the answer that it corrects, and a liked answer to a
    disliked one to the same question. With --data from the files that data.train of TOML names (JSON lines with
    messages or prompt, chosen, rejected). DIR gets the adapter, report.json and losses.jsonl.
    """
    settings = chosen_settings(ctx)
    # A library that a settings file names is for questions; whoever wants its feedback learned says so.
    from_library = settings.origins.get("library", "").startswith("flag")
    if data is None and not from_library:
        raise UsageError("say where preferences come from: --data DIR with files of pairs, or --library with feedback")
    from vouch.app.commands.finetune_train import shown_progress
    from vouch.app.wiring_finetune_prefer import PreferenceSources, tune_to_preferences

    with shown_progress() as watch:
        sources = PreferenceSources(data, from_library)
        report = tune_to_preferences(settings, recipe, sources, out, (watch, note))
    note(f"{out}: {report.line}")
