"""`vouch finetune adapters`, `merge` and `export`: what becomes of an adapter after its training."""

from pathlib import Path

import click

from vouch.app.commands.model_options import FOLDER, chosen_writing, flag, writing_options
from vouch.app.commands.options import json_option
from vouch.app.step_progress import percent_progress
from vouch.app.terminal import note, print_json
from vouch.app.wiring_finetune_adapters import FORMS, Form, Say, export_model, merge_adapter

PART_FAILED = 3


@click.command(short_help="List adapters.")
@click.argument("folders", nargs=-1, required=True, type=FOLDER, metavar="DIR...")
@json_option
@click.pass_context
def adapters(ctx: click.Context, folders: tuple[Path, ...], as_json: bool) -> None:
    """List the adapters in folders and below them: base, method, rank, layers, when and from what trained, scores.

    Exit code 3 where one of them is broken; its line says why.
    """
    from vouch.app.adapter_lines import adapter_json, adapter_table
    from vouch.finetune.adapters.listing import find_adapters

    found = find_adapters(folders)
    if as_json:
        print_json({"adapters": [adapter_json(entry) for entry in found]})
    elif found:
        click.echo(adapter_table(found))
    else:
        note("no adapters there (a folder with an adapter_config.json is one)")
    if any(entry.problem for entry in found):
        ctx.exit(PART_FAILED)


@click.command(short_help="Write the card of what a run made.")
@click.argument("run", type=FOLDER, metavar="RUN")
@click.option("--data", type=FOLDER, metavar="DIR", help="What the recipe's paths start from: counts its examples.")
@click.option("--base", type=FOLDER, metavar="DIR", help="The base model, for its licence.")
def card(run: Path, data: Path | None, base: Path | None) -> None:
    """Write the model card of the run in RUN into its adapter's README.md: data, licences, recipe, metrics, limits."""
    from vouch.finetune.adapters.card_facts import NAME, card_facts, result_folder
    from vouch.finetune.adapters.model_card import model_card
    from vouch.retrieval.atomic_file import write_atomically

    place = result_folder(run) / NAME
    write_atomically(place, model_card(card_facts(run, data, base)).encode())
    note(f"{place}: written")


@click.command(short_help="Merge an adapter into its base model.")
@click.argument("adapter", type=FOLDER, metavar="ADAPTER")
@click.option("--base", type=FOLDER, required=True, metavar="DIR", help="The model it was trained on, not quantised.")
@writing_options
@flag("--keep-layout", "A ChatGLM3 stays in its original layout instead of the native one.")
@flag("--any-base", "Merge even into weights that the adapter was not trained on.")
@json_option
@click.pass_context
def merge(ctx: click.Context, adapter: Path, base: Path, as_json: bool) -> None:
    """Write the model that the base becomes with ADAPTER, so that it runs without.

    The base is the model in bf16, fp16 or fp32, never a quantised one. Memory holds one tensor at a time.
    """
    with percent_progress("% merged") as done:
        merged = merge_adapter(adapter, base, chosen_writing(ctx), done)
    if as_json:
        told = {"changed": merged.changed, "tensors": merged.tensors, "bytes": merged.bytes}
        print_json({"out": str(merged.folder), **told})
    else:
        note(f"{merged.folder}: {merged.changed} of {merged.tensors} tensors changed, {merged.bytes / 1e9:.2f} GB")


@click.command(short_help="Write a model as one file.")
@click.argument("model", type=FOLDER, metavar="MODEL")
@click.option("--to", "form", type=click.Choice(FORMS), required=True, help="For llama.cpp, or chatglm.cpp.")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="FILE", help="The file to write.")
@click.option(
    "--type",
    "kind",
    metavar="T",
    default="",
    help="f32, f16, bf16, q8_0, q5_0, q4_0, q6_k, q5_k_m or q4_k_m (of chatglm.cpp also q5_1 and q4_1, no bf16 and no "
    "K types). Default: f16; for chatglm.cpp q4_0.",
)
@json_option
def export(model: Path, form: Form, out: Path, kind: str, as_json: bool) -> None:
    """Write the model in the folder MODEL as one file: GGUF (Llama, Mistral, ChatGLM3) or GGML of chatglm.cpp.

    An adapter is merged first (vouch finetune merge). Before any weights are written, llama.cpp, where it is installed,
    must read texts of several languages and every control token as the model's own tokenizer does.
    """
    with percent_progress("% written") as done:
        written = export_model(model, out, form, kind.lower(), Say(done, note))
    told = {"architecture": written.architecture, "type": written.type, "tensors": written.tensors}
    if as_json:
        print_json({"out": str(written.file), **told, "bytes": written.bytes})
    else:
        note(f"{written.file}: {written.architecture} as {written.type}, {written.bytes / 1e9:.2f} GB")
