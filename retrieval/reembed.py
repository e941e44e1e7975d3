"""Replaces a library's vectors by those of another embedder, while it is searched with the old ones."""

from collections.abc import Callable

from vouch.retrieval.library_store import LibraryStore
from vouch.retrieval.types import Chunk, Embedder


def reembed(
    store: LibraryStore, embedder: Embedder, text_of: Callable[[Chunk], str], on_progress: Callable[[int], None]
) -> int:
    """Return how many vectors were made; `on_progress` gets how many each batch has.

    Interrupted, the same call goes on where it was: what was made is kept beside the library's own vectors, which are
    replaced in one transaction in the end. Documents that others add meanwhile are taken in.
    """
    work = store.reembedding(embedder)
    made = 0
    while True:
        seqs, chunks = work.pending()
        if seqs:
            work.add(seqs, embedder.embed_passages([text_of(chunk) for chunk in chunks]))
            made += len(seqs)
            on_progress(len(seqs))
        elif work.switch():
            return made
