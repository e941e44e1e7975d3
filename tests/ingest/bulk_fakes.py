"""What worker processes import in the tests of bulk ingest, and the program that one of them kills."""

import os
import sys
from functools import partial
from pathlib import Path

import numpy as np

from vouch.ingest.bulk import FileResult, IngestOptions, ingest_paths
from vouch.ingest.pages import page_of_lines
from vouch.ingest.pipeline import Preparer
from vouch.ingest.types import Block, Document, Overrides
from vouch.retrieval.errors import UnreadableDocument
from vouch.retrieval.stores.sqlite_store import SqliteStore
from vouch.retrieval.types import Vectors


class LengthEmbedder:
    """Embeds the length of a text: enough to see that vectors travel with their chunks."""

    name = "length"
    dimension = 2

    def embed_passages(self, texts: list[str]) -> Vectors:  # type: ignore[override]
        return np.array([[len(text), 1] for text in texts], np.float32)

    def embed_query(self, text: str) -> Vectors:
        return self.embed_passages([text])


class WordLoader:
    """Reads one paragraph a line; the words `bad`, `bug` and `die` in a file do what they say."""

    def load(self, path: Path) -> Document:
        text = path.read_text(encoding="utf-8")
        if "bad" in text:
            raise UnreadableDocument("the file is bad", "make it good", 3)
        if "bug" in text:
            raise ZeroDivisionError("a bug")
        if "die" in text:
            os._exit(9)
        pages = tuple(page_of_lines(n, [line]) for n, line in enumerate(text.split("\n"), 1) if line)
        return Document(pages, tuple(Block("prose", page.number, 0, len(page.text)) for page in pages))


def make_preparer(collection: str = "default") -> Preparer:
    return Preparer(lambda _: WordLoader(), LengthEmbedder(), Overrides(collection=collection), "recipe 1")


def options(
    jobs: int = 1, *, force: bool = False, collection: str = "default", recipe: str = "recipe 1"
) -> IngestOptions:
    return IngestOptions(partial(make_preparer, collection), recipe, collection, jobs, force)


def report(result: FileResult) -> None:
    print(result.status, result.path, flush=True)  # noqa: T201 - read by the test that kills this program


def main() -> None:
    """Ingest a folder into a library, naming each file once it is stored."""
    library, folder, jobs = sys.argv[1:]
    store = SqliteStore(Path(library), write=True, embedder=LengthEmbedder())
    ingest_paths(sorted(Path(folder).iterdir()), options(int(jobs)), store, report)
    store.close()


if __name__ == "__main__":
    main()
