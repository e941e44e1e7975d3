"""Documents for tests of the library: a page a text, a chunk a page, vectors from whatever embedder is given."""

from collections.abc import Sequence

import numpy as np

from vouch.retrieval.types import Chunk, DocumentRecord, Embedder, Line, Page, Source, Vectors


class LetterEmbedder:
    """Counts the letters a to z and divides by the length: vectors that a reader can work out."""

    name = "letters"
    dimension = 26

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        counts = np.array([[text.count(chr(97 + n)) for n in range(26)] for text in texts], np.float32).reshape(-1, 26)
        lengths = np.linalg.norm(counts, axis=1, keepdims=True)
        return (counts / np.where(lengths == 0, 1, lengths)).astype(np.float32)

    def embed_query(self, text: str) -> Vectors:
        return self.embed_passages([text])


def chunk(text: str, doc_id: str = "d", title: str = "", section: tuple[str, ...] = (), context: str = "") -> Chunk:
    source = Source(doc_id, f"{doc_id}.pdf", f"/{doc_id}.pdf", title=title)
    return Chunk(f"{doc_id}:{text[:20]}", source, 1, 0, len(text), text, section=section, context=context)


def record(source: Source, *texts: str, embedder: Embedder | None = None) -> DocumentRecord:
    pages = tuple(
        Page(number, text, (Line(0, len(text), (72.0, 100.25, 300.5, 112.0)),), width=595.0, height=842.0)
        for number, text in enumerate(texts, start=1)
    )
    chunks = tuple(
        Chunk(f"{source.doc_id}-{page.number}", source, page.number, 0, len(page.text), page.text, section=("一", "二"))
        for page in pages
    )
    vectors = (embedder or LetterEmbedder()).embed_passages(texts)
    return DocumentRecord(source, f"hash of {source.doc_id}", "recipe", pages, chunks, vectors, ("a warning",))
