"""`vouch ingest`: files into the library."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from vouch.app.commands.options import (
    chosen_company,
    chosen_settings,
    chosen_year,
    company_and_year,
    json_option,
    library_option,
    setting_option,
)
from vouch.app.settings import Settings
from vouch.app.terminal import counted, note, print_json, warn
from vouch.retrieval.errors import LibraryError

FAILED = 3


@click.command(short_help="Read files into the library.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@setting_option("--collection", key="ingest.collection", metavar="C", text="Shelf to put the documents on.")
@setting_option(
    "--kind",
    key="ingest.kind",
    metavar="KIND",
    text="auto, report, guideline, qa or text; facts imports tables of values.",
)
@company_and_year("The company of all these documents.", "The year that all these documents are on.", False)
@setting_option("--jobs", key="ingest.jobs", metavar="N", kind=int, text="Files read at the same time; 0: one a core.")
@setting_option("--ocr", key="ingest.ocr", metavar="WHEN", text="auto, never or always: read pages that are pictures.")
@setting_option("--reader", key="ingest.reader", metavar="NAME", text="What reads PDF: pdfium or pypdf.")
@click.option("--force", is_flag=True, help="Read unchanged files again.")
@click.option("--quiet", is_flag=True, help="No progress.")
@click.option("--table", is_flag=True, help="List what every document was taken for.")
@library_option
@json_option
@click.pass_context
def ingest(ctx: click.Context, paths: tuple[str, ...], force: bool, quiet: bool, table: bool, as_json: bool) -> None:
    """Read files, folders (with all below) and globs into the library.

    Unchanged files are skipped, changed ones replaced; a file that cannot be read is listed and stops nothing.
    """
    settings = chosen_settings(ctx)
    from vouch.app.ingest_report import ingest_json, ingest_table, progress, summary_text
    from vouch.app.wiring_ingest import ingest_options
    from vouch.app.wiring_store import open_store_to_fill
    from vouch.ingest.bulk import ingest_paths
    from vouch.ingest.loaders.discover import discover

    skipped: list[Path] = []
    files = discover([Path(path).expanduser().absolute() for path in paths], lambda path, _: skipped.append(path))
    if skipped:
        note(f"skipped {counted(len(skipped), 'file')} of kinds that are not read, such as {skipped[0]}")
    options = ingest_options(settings, chosen_company(ctx), chosen_year(ctx), force)
    with (
        open_store_to_fill(settings) as store,
        progress(len(files), quiet, sys.stderr.isatty()) as advance,
        _interruption_explained(),
    ):
        summary = ingest_paths(files, options, store, advance)
    indexed = _bring_indexes_up_to_date(settings)
    if as_json:
        print_json(ingest_json(summary))
    if table:
        click.echo(ingest_table(summary), err=as_json)
    click.echo(summary_text(summary), err=as_json)
    if summary.count("failed") or not indexed:
        ctx.exit(FAILED)


@contextmanager
def _interruption_explained() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        note("interrupted; what was done stays in the library, the same command does the rest")
        raise


def _bring_indexes_up_to_date(settings: Settings) -> bool:
    """Now rather than when the first question waits; say whether it worked, for the documents are safe in any case."""
    from vouch.app.wiring_store import open_library

    try:
        with open_library(settings) as shelf:
            shelf.catch_up()
    except LibraryError as error:
        warn(f"the documents are stored, their search indexes are not: {error}")
        return False
    return True
