"""`vouch demo`: sample documents into a fresh library, questions in Chinese and English, answers with their pages."""

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vouch.app.commands.options import chosen_settings, json_option, library_option
from vouch.app.terminal import note, print_json
from vouch.retrieval.errors import UsageError

if TYPE_CHECKING:
    from vouch.app.settings import Settings
    from vouch.generation.types import Answer

DOCUMENT_SUFFIXES = frozenset({".pdf", ".docx", ".html", ".md", ".txt", ".csv", ".xlsx", ".jsonl"})
QUESTIONS = "questions.toml"
FAILED = 3


@click.command(short_help="Try it out on sample documents.")
@library_option
@json_option
@click.pass_context
def demo(ctx: click.Context, as_json: bool) -> None:
    """Put the bundled sample documents into a fresh library and ask questions in Chinese and English.

    Without --library everything is made in a new temporary folder, whose name is printed at the end.
    """
    flagged = chosen_settings(ctx)
    settings = flagged if flagged.origins.get("library", "").startswith("flag") else _in_a_new_folder(flagged)
    from vouch.app.ingest_report import progress, summary_text
    from vouch.app.wiring import asker, ingest_options, library_exists, library_folder, open_library
    from vouch.ingest.bulk import ingest_paths
    from vouch.retrieval.types import EVERYTHING

    if library_exists(settings):
        raise UsageError(f"{settings.library} holds documents already: the demo wants a folder that holds none")
    folder = library_folder(settings)
    files = write_samples(folder / "demo-documents")
    note(f"{len(files)} sample documents written to {folder / 'demo-documents'}")
    with open_library(settings, writable=True) as shelf:
        with progress(len(files), False, sys.stderr.isatty()) as advance:
            summary = ingest_paths(files, ingest_options(settings), shelf.store, advance)
        note(summary_text(summary))
        answerer = asker(settings, shelf)
        answers: list[Answer] = []
        for question in sample_questions():
            answers.append(answerer.ask(question, EVERYTHING, settings.generation.k))
            if not as_json:
                _show(answers[-1])
    if as_json:
        from vouch.generation.json_form import answer_json

        print_json({"library": str(folder), "answers": [answer_json(answer) for answer in answers]})
    else:
        click.echo(_how_to_go_on(folder))
    if summary.count("failed") or not all(answer.citations for answer in answers):
        ctx.exit(FAILED)
