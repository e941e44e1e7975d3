"""Libraries made for one evaluation: a retrieval corpus, the passages of reading comprehension."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from vouch.app.library_places import place_of
from vouch.app.settings import Settings
from vouch.app.terminal import note
from vouch.retrieval.errors import LibraryError, UsageError

if TYPE_CHECKING:
    from vouch.retrieval.library import Library


@contextmanager
def corpus_library(settings: Settings, corpus: Path, keep: str | None) -> "Iterator[Library]":
    """Give a library with a corpus.jsonl as its only document, in which page n is line n.

    It stays in the library `keep` for the next time; without one it is a temporary library.
    """
    with (
        TemporaryDirectory(prefix="vouch-eval-") as folder,
        _filled(_at(settings, keep or folder), [corpus]) as made,
    ):
        yield made


def corpus_ids(corpus: Path) -> dict[int, str]:
    """Return the `_id` of each line of a corpus.jsonl, by its line number."""
    with corpus.open(encoding="utf-8-sig") as file:
        return {number: str(json.loads(line)["_id"]) for number, line in enumerate(file, start=1) if line.strip()}


@contextmanager
def passage_library(settings: Settings, passages: Iterable[str]) -> "Iterator[tuple[Library, Mapping[str, str]]]":
    """Give a library with each passage as a document of its own, and the document id of each passage."""
    with TemporaryDirectory(prefix="vouch-eval-") as folder:
        texts = Path(folder) / "passages"
        texts.mkdir()
        names = {passage: f"{_name(passage)}.txt" for passage in passages}
        for passage, name in names.items():
            (texts / name).write_text(passage, encoding="utf-8")
        with _filled(_at(settings, str(Path(folder) / "library")), sorted(texts.iterdir())) as library:
            ids = {document.source.name: document.source.doc_id for document in library.documents()}
            yield library, {passage: ids[name] for passage, name in names.items()}


def _name(passage: str) -> str:
    return hashlib.blake2b(passage.encode(), digest_size=8).hexdigest()


def _at(settings: Settings, library: str) -> Settings:
    return replace(settings, library=library)


@contextmanager
def _filled(settings: Settings, paths: Sequence[Path]) -> "Iterator[Library]":
    """Give a library that holds just these files, read as `vouch ingest` reads them."""
    from vouch.app.wiring_ingest import ingest_options
    from vouch.app.wiring_store import open_library, open_store_to_fill
    from vouch.ingest.bulk import ingest_paths

    absolute = [path.resolve() for path in paths]
    with open_store_to_fill(settings) as store:
        others = {document.source.path for document in store.documents()} - set(map(str, absolute))
        if others:
            raise UsageError(
                f"the library {place_of(settings.library).shown} holds other documents ({min(others)}): "
                "give --library a folder of its own for this corpus, or leave it away"
            )
        done = ingest_paths(absolute, ingest_options(settings), store, lambda _: None)
    for failed in (result for result in done.results if result.error):
        raise LibraryError(f"{failed.path} cannot be searched: {failed.error and failed.error.message}")
    for result in done.results[:1]:
        for warning in result.warnings:
            note(warning)
    with open_library(settings) as library:
        library.catch_up()
        yield library
