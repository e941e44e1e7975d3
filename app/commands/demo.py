"""`vouch demo`: sample documents into a fresh library, questions in Chinese and English, answers with their pages."""

import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vouch.app.commands.options import chosen_settings, json_option, library_option
from vouch.app.library_places import ServerPlace, place_of
from vouch.app.settings import Settings
from vouch.app.terminal import counted, note, print_json
from vouch.retrieval.errors import UsageError

if TYPE_CHECKING:
    from vouch.generation.types import Answer
    from vouch.retrieval.library import Library

DOCUMENTS = "demo-documents"
FAILED = 3

_GO_ON = """
Go on with these documents:
  vouch ask --library {library} "琅屿仪器的审计机构是谁？"
  vouch chat --library {library}

The same with your own files (PDF, Word, Excel, HTML, Markdown, text, JSONL):
  vouch ingest FOLDER
  vouch ask "..."
"""


@click.command(short_help="Try it out on sample documents.")
@library_option
@json_option
@click.pass_context
def demo(ctx: click.Context, as_json: bool) -> None:
    """Put the bundled sample documents into a fresh library and ask questions in Chinese and English.

    Without --library everything is made in a new temporary folder, whose name is printed.
    """
    settings = _with_fresh_library(chosen_settings(ctx))
    from vouch.app.demo_samples import sample_questions
    from vouch.app.wiring_store import open_library

    place = place_of(settings.library)
    beside = Path(tempfile.mkdtemp(prefix="vouch-demo-")) if isinstance(place, ServerPlace) else place.folder
    failed = _fill(settings, beside / DOCUMENTS)
    with open_library(settings) as shelf:
        answers = _ask_all(shelf, settings, sample_questions(), as_json)
    if as_json:
        from vouch.generation.json_form import answer_json

        print_json({"library": place.shown, "answers": [answer_json(answer) for answer in answers]})
    else:
        click.echo(_GO_ON.format(library=place.shown))
    if failed:
        ctx.exit(FAILED)


def _with_fresh_library(settings: Settings) -> Settings:
    """Only --library may say where the demo's library is made: a library in use is no place for made-up documents."""
    from vouch.app.wiring_store import library_exists

    if not settings.origins.get("library", "").startswith("flag"):
        folder = Path(tempfile.mkdtemp(prefix="vouch-demo-"))
        return replace(settings, library=str(folder / "library"))
    if library_exists(settings):
        raise UsageError(
            f"there is a library in {place_of(settings.library).shown} already: name a place that holds none"
        )
    return settings


def _fill(settings: Settings, folder: Path) -> int:
    """Write the samples into a folder and ingest them; return how many could not be read."""
    from vouch.app.demo_samples import write_samples
    from vouch.app.ingest_report import progress, summary_text
    from vouch.app.wiring_ingest import ingest_options
    from vouch.app.wiring_store import open_store_to_fill
    from vouch.ingest.bulk import ingest_paths

    files = write_samples(folder)
    note(f"{counted(len(files), 'sample document')} written to {folder}")
    with open_store_to_fill(settings) as store, progress(len(files), False, sys.stderr.isatty()) as advance:
        summary = ingest_paths(files, ingest_options(settings), store, advance)
    note(summary_text(summary))
    return summary.count("failed")


def _ask_all(shelf: "Library", settings: Settings, questions: list[str], as_json: bool) -> "list[Answer]":
    """Return the answers; people see each as it comes."""
    from vouch.app.answer_text import answer_text
    from vouch.app.wiring_ask import asker
    from vouch.retrieval.types import EVERYTHING

    answerer = asker(settings, shelf)
    answers: list[Answer] = []
    for question in questions:
        answers.append(answerer.ask(question, EVERYTHING, settings.generation.k))
        if not as_json:
            click.echo(f"\n{click.style('? ' + question, bold=True)}\n{answer_text(answers[-1])}")
    return answers
