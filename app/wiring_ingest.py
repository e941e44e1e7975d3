"""Settings in, what reads documents out: the loaders and what makes records with them."""

import os
from functools import cached_property, partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

from vouch.app.extras import need
from vouch.app.settings import Settings
from vouch.app.wiring_embedder import make_embedder
from vouch.retrieval.errors import UsageError
from vouch.retrieval.types import Page

if TYPE_CHECKING:
    from vouch.ingest.bulk import IngestOptions, RecordMaker
    from vouch.ingest.types import Loader, Overrides, PageReader

PRELOADED = ("vouch.retrieval.embedders.static", "vouch.ingest.loaders.pdf", "vouch.ingest.pipeline")
"""What every process that reads files needs."""


def ingest_options(
    settings: Settings, company: str | None = None, year: int | None = None, force: bool = False
) -> "IngestOptions":
    """Return how to ingest; `company` and `year` are what the user says over what the documents say."""
    from vouch.ingest.bulk import IngestOptions
    from vouch.ingest.types import Overrides

    chosen = settings.ingest
    # Said now: in a worker process it would look like a crash.
    if chosen.reader == "pypdf":
        need("pypdf", "--reader pypdf", "pypdf")
    if chosen.ocr == "always":
        need("rapidocr", "--ocr always", "ocr")
        if chosen.reader != "pdfium":
            raise UsageError("--ocr always needs --reader pdfium, which draws the pages")
    from vouch.app.wiring_store import settled

    kind = None if chosen.kind == "auto" else chosen.kind
    overrides = Overrides(collection=chosen.collection, kind=kind, company=company, year=year)
    return IngestOptions(
        make_preparer=partial(make_preparer, settled(settings, write=True), overrides),
        recipe=_recipe(settings, overrides),
        collection=chosen.collection,
        jobs=worker_count(settings),
        force=force,
        preload=PRELOADED,
    )


def make_preparer(settings: Settings, overrides: "Overrides") -> "RecordMaker":
    """Return what makes records of files, in the process that calls this."""
    embedder, recipe = make_embedder(settings), _recipe(settings, overrides)
    if overrides.kind == "facts":
        from vouch.ingest.fact_tables.preparer import FactTablePreparer
        from vouch.ingest.loaders.fact_sheets import read_sheet

        return FactTablePreparer(read_sheet, embedder, overrides, recipe)
    from vouch.ingest.loaders.registry import loader_for
    from vouch.ingest.pipeline import Preparer

    return Preparer(partial(loader_for, pdf=_pdf_loader(settings)), embedder, overrides, recipe)


def _pdf_loader(settings: Settings) -> "Loader":
    match settings.ingest.reader:
        case "pdfium":
            from vouch.ingest.loaders.pdf import PdfLoader

            return PdfLoader(
                _OcrWhenNeeded() if _ocr_wanted(settings) else None, ocr_always=settings.ingest.ocr == "always"
            )
        case "pypdf":
            from vouch.ingest.loaders.pdf_pypdf import PypdfLoader

            return PypdfLoader()


class _OcrWhenNeeded:
    """A PageReader that costs nothing until the first page without text: most documents have none."""

    @cached_property
    def _reader(self) -> "PageReader":
        from vouch.ingest.loaders.ocr import RapidOcrReader

        return RapidOcrReader()

    def read(self, handle: object, page: Page) -> Page:
        return self._reader.read(handle, page)


def _ocr_wanted(settings: Settings) -> bool:
    """Without the extra, `auto` leaves pictures unread (and the ingest says so); `always` asks for it by name."""
    if settings.ingest.ocr == "auto":
        return settings.ingest.reader == "pdfium" and find_spec("rapidocr") is not None
    return settings.ingest.ocr == "always"


def _recipe(settings: Settings, overrides: "Overrides") -> str:
    """Name everything besides the file that decides what is stored of it."""
    from vouch.ingest.pipeline import READER_VERSION

    ocr = "ocr" if _ocr_wanted(settings) else "no ocr"
    said = f"{overrides.kind} {overrides.company} {overrides.year}"
    # The embedder is the library's affair: it refuses another one, and vouch library reembed needs no file.
    return " | ".join((READER_VERSION, settings.ingest.reader, ocr, said))


def worker_count(settings: Settings) -> int:
    """Return how many files to read at the same time."""
    if settings.ingest.jobs:
        return settings.ingest.jobs
    if settings.retrieval.embedder in ("encoder", "decoder"):
        return 1  # torch uses every core by itself, and each process would hold the model
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))  # a container may own fewer cores than the machine has
    return os.cpu_count() or 1
