"""The values and seams of a library. Knows nothing of files being read or answers being written."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from vouch.retrieval.facts import Fact

Vectors = npt.NDArray[np.float32]
"""Shape (rows, dimension), each row of length 1 (or 0 for a text without content)."""

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in PDF points, origin at the top left of the page."""

DocumentKind = Literal["report", "guideline", "qa", "text", "facts"]
ChunkKind = Literal["prose", "table", "heading", "qa", "toc"]
PageOrigin = Literal["text", "ocr", "image"]
SearchMode = Literal["lexical", "vector", "hybrid", "hybrid+rerank"]


@dataclass(frozen=True, slots=True)
class Source:
    """One document: what it is and whom it is about. `doc_id` comes from its bytes and collection."""

    doc_id: str
    name: str
    """File name, as shown in citations."""
    path: str
    kind: DocumentKind = "text"
    title: str = ""
    collection: str = "default"
    language: str = "zh"
    company: str = ""
    """Full legal name; empty for documents that are not a company's."""
    short_name: str = ""
    code: str = ""
    """Stock code or ticker."""
    year: int | None = None
    """Fiscal year that the document reports on."""
    period: str = ""
    """FY, H1, Q1, Q2, Q3, Q4; 摘要 for the abridged annual report and H1摘要 for the abridged half-year one."""


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line: `page.text[start:end]` and where it stands."""

    start: int
    end: int
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """The text of one page as read, running headers and footers included, lines parted by newlines."""

    number: int
    """1-based, as a PDF viewer counts."""
    text: str
    lines: tuple[Line, ...] = ()
    char_x: npt.NDArray[np.uint16] | None = None
    """Shape (len(text), 2): left and right edge of each character in tenths of a point; None where unknown."""
    width: float = 0.0
    height: float = 0.0
    origin: PageOrigin = "text"
    """`ocr`: read from a picture; `image`: a picture that nothing has read."""

    def boxes(self, start: int, end: int) -> tuple[Box, ...]:
        """Return one box for each printed line that `text[start:end]` touches; empty where positions are unknown."""
        found: list[Box] = []
        for line in self.lines:
            a, b = max(start, line.start), min(end, line.end)
            if line.box is None or a >= b:
                continue
            x0, y0, x1, y1 = line.box
            if self.char_x is not None:
                edges = self.char_x[a:b]
                edges = edges[edges[:, 1] > edges[:, 0]]
                if not len(edges):
                    continue
                x0, x1 = float(edges[:, 0].min()) / 10, float(edges[:, 1].max()) / 10
            found.append((round(x0, 1), round(y0, 1), round(x1, 1), round(y1, 1)))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage of one page: what is searched for and cited."""

    id: str
    """From document, page and text: the same passage has the same id in every library."""
    source: Source
    page: int
    start: int
    end: int
    """The passage is `page.text[start:end]`."""
    text: str
    """The same passage with its lines rejoined: prose reads on, table rows keep a line each."""
    kind: ChunkKind = "prose"
    section: tuple[str, ...] = ()
    """Headings above it, outermost first."""
    context: str = ""
    """A table's caption, unit and header rows, where they stand before this piece of it; a question, for its answer."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that was found. Scores compare within one list only."""

    chunk: Chunk
    score: float
    ranks: Mapping[str, int] = field(default_factory=dict)
    """1-based rank in each leg that found it: `lexical`, `vector`; where it was read again, in `rerank`."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which documents may answer. An empty set allows all."""

    doc_ids: frozenset[str] = frozenset()
    companies: frozenset[str] = frozenset()
    """Full company names, as in `Source.company`."""
    years: frozenset[int] = frozenset()
    periods: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    collections: frozenset[str] = frozenset()

    def allows(self, source: Source) -> bool:
        """Say whether a document is in scope."""
        return (
            (not self.doc_ids or source.doc_id in self.doc_ids)
            and (not self.companies or source.company in self.companies)
            and (not self.years or source.year in self.years)
            and (not self.periods or source.period in self.periods)
            and (not self.kinds or source.kind in self.kinds)
            and (not self.collections or source.collection in self.collections)
        )

    @property
    def is_everything(self) -> bool:
        """Say whether nothing is excluded."""
        return self == EVERYTHING


EVERYTHING = Scope()


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """A whole document, ready to be stored in one transaction."""

    source: Source
    content_hash: str
    """Of the file's bytes."""
    recipe: str
    """Of everything else that decides what is stored but the embedder: reader version, overrides."""
    pages: tuple[Page, ...]
    chunks: tuple[Chunk, ...]
    vectors: Vectors
    """One row for each chunk."""
    warnings: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    ingested_at: str = ""
    """ISO 8601, UTC; empty: when it is stored."""


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """What a library knows of a document without its content."""

    source: Source
    content_hash: str
    recipe: str
    pages: int
    chunks: int
    ocr_pages: int
    image_pages: int
    ingested_at: str
    """ISO 8601, UTC."""
    warnings: tuple[str, ...] = ()
    facts: int = 0


class Embedder(Protocol):
    """Turns text into vectors. Libraries remember `name` and refuse another."""

    @property
    def name(self) -> str:
        """Model, pooling and version: equal names make equal vectors."""
        ...

    @property
    def dimension(self) -> int: ...

    def embed_passages(self, texts: Sequence[str]) -> Vectors: ...

    def embed_query(self, text: str) -> Vectors:
        """Return shape (1, dimension)."""
        ...


class Reranker(Protocol):
    """Puts the best of a ranking in a better order by reading question and passage together."""

    @property
    def name(self) -> str:
        """Model and version, as shown beside its ranking."""
        ...

    def rerank(self, query: str, hits: Sequence[Hit]) -> list[Hit]:
        """Return the same hits, best first, each with its new score and its rank here under `ranks["rerank"]`."""
        ...


class DerivedIndex(Protocol):
    """An index over the store's chunks, keyed by their sequence numbers: may be thrown away at any time.

    Adding a number again replaces what stood under it, so a crash before `commit` is mended by repeating the work.
    """

    def remove(self, seqs: Sequence[int]) -> None: ...

    def commit(self, position: str) -> None:
        """Make what was added and removed durable, together with the store position it stands for."""
        ...

    @property
    def position(self) -> str:
        """Return the position last committed; empty for an index that is new, damaged or made otherwise than now."""
        ...

    def clear(self) -> None:
        """Start again with an empty index."""
        ...

    def reload(self) -> None:
        """Take up what another process has committed."""
        ...


class LexicalIndex(DerivedIndex, Protocol):
    """BM25 over chunks."""

    def add(self, entries: Iterable[tuple[int, Chunk]]) -> None: ...

    def search(self, query: str, k: int, doc_ids: frozenset[str] | None = None) -> list[tuple[int, float]]:
        """Return (sequence number, score), best first; only from `doc_ids` unless None."""
        ...

    def document_frequency(self, token: str) -> int:
        """Return how many chunks hold the token in their text."""
        ...


class VectorIndex(DerivedIndex, Protocol):
    """Nearest neighbours over chunk vectors."""

    def add(self, seqs: Sequence[int], vectors: Vectors) -> None: ...

    def search(self, vector: Vectors, k: int, seqs: Sequence[int] | None = None) -> list[tuple[int, float]]:
        """Return (sequence number, inner product), best first; only among `seqs` unless None."""
        ...


@runtime_checkable
class DocumentVectorIndex(Protocol):
    """A vector index that knows which document a vector is of: nobody has to list the passages of many documents."""

    def search_documents(self, vector: Vectors, k: int, doc_ids: frozenset[str]) -> list[tuple[int, float]]:
        """Return (sequence number, inner product), best first; only from these documents."""
        ...


class Store(Protocol):
    """Where a library keeps its documents: the only copy of everything, one transaction for each document."""

    def put(self, record: DocumentRecord) -> bool:
        """Store a document, replacing what stood under its id or its path; say whether something was replaced."""
        ...

    def remove(self, doc_ids: Sequence[str]) -> int: ...

    def documents(self, scope: Scope = EVERYTHING) -> list[StoredDocument]: ...

    def page(self, doc_id: str, number: int) -> Page:
        """Return a page; KeyError where there is none."""
        ...

    def chunks(self, seqs: Sequence[int]) -> dict[int, Chunk]: ...

    def chunk_seqs(self, doc_ids: frozenset[str]) -> list[int]: ...

    def position(self) -> str:
        """Return a mark of the present state, for derived indexes."""
        ...

    def follows(self, position: str) -> bool:
        """Say whether an index at this position can be caught up; if not (another library), it must start again."""
        ...

    def added_since(self, position: str) -> Iterator[tuple[list[int], list[Chunk], Vectors]]:
        """Yield, in batches, the chunks added since a position that still exist; all of them for an empty one."""
        ...

    def removed_since(self, position: str) -> list[int]:
        """Return the sequence numbers removed since a position; they are never used again."""
        ...

    def close(self) -> None: ...
