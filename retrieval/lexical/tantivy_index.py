"""The LexicalIndex on disk: tantivy, fed with our own tokens. Knows nothing of the store it is derived from."""

import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import tantivy

from vouch.retrieval.atomic_file import write_atomically
from vouch.retrieval.lexical.passage_tokens import body_tokens, heading_tokens
from vouch.retrieval.lexical.read_only_folder import readable_folder
from vouch.retrieval.lexical.synonyms import Synonyms
from vouch.retrieval.tokenize import TOKENIZER_NAME, tokens
from vouch.retrieval.types import Chunk

_FORMAT = 1
_MADE_BY = f"tantivy/{_FORMAT} {TOKENIZER_NAME}"
_STATE = "state.json"
_WRITER_HEAP = 64_000_000


class TantivyIndex:
    """BM25 over a passage's text and, apart from it, its headings; tantivy fixes k1 at 1.2 and b at 0.75."""

    def __init__(
        self,
        folder: Path,
        *,
        body_weight: float = 1.0,
        heading_weight: float = 1.0,
        synonyms: Synonyms | None = None,
    ) -> None:
        self._folder = folder
        self._weights = {
            field: weight for field, weight in (("body", body_weight), ("heading", heading_weight)) if weight
        }
        self._synonyms = synonyms
        self._schema = _schema()
        self._index: tantivy.Index | None = None
        self._writer: tantivy.IndexWriter | None = None
        self._position = ""
        self.reload()

    @property
    def position(self) -> str:
        return self._position

    def reload(self) -> None:
        """Take up what another process has committed; a damaged index reads as an empty one without a position."""
        self._index, self._writer, self._position = None, None, ""
        try:
            state = json.loads((self._folder / _STATE).read_text("utf-8"))
            # A segment that is missing or cut short may be noticed by tantivy only in the middle of a search.
            if state["made_by"] != _MADE_BY or not state["files"].items() <= self._files().items():
                return
            self._index = tantivy.Index.open(str(readable_folder(self._folder, self)))
        except (OSError, ValueError, KeyError):  # ValueError is also tantivy's word for a file that it cannot read
            return
        self._position = state["position"]

    def clear(self) -> None:
        # The state goes first: a crash halfway leaves an index that counts as damaged.
        (self._folder / _STATE).unlink(missing_ok=True)
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._index, self._position = tantivy.Index(self._schema, str(self._folder)), ""

    def add(self, entries: Iterable[tuple[int, Chunk]]) -> None:
        writer = self._open_writer()
        replaces = self._opened().searcher().num_docs > 0
        for seq, chunk in entries:
            if replaces:
                writer.delete_documents_by_term("seq", seq)
            writer.add_document(_document(seq, chunk))

    def remove(self, seqs: Sequence[int]) -> None:
        writer = self._open_writer()
        for seq in seqs:
            writer.delete_documents_by_term("seq", seq)

    def commit(self, position: str) -> None:
        index = self._opened()
        if self._writer is not None:
            self._writer.commit()
            self._writer.wait_merging_threads()  # no thread of ours outlives the commit
            self._writer = None
            index.reload()
        # After the commit: a crash between the two only means that the same work is done again.
        state = {"made_by": _MADE_BY, "position": position, "files": self._files()}
        write_atomically(self._folder / _STATE, json.dumps(state).encode())
        self._position = position

    def search(self, query: str, k: int, doc_ids: frozenset[str] | None = None) -> list[tuple[int, float]]:
        if self._index is None or k < 1:
            return []
        others = self._synonyms.tokens_of(query) if self._synonyms else []
        wanted = self._query([*((token, 1.0) for token in tokens(query)), *others])
        if doc_ids is not None:
            among = tantivy.Query.term_set_query(self._schema, "doc_id", sorted(doc_ids))
            # Worth nothing: the scope decides who may answer, never who answers best.
            within = tantivy.Query.const_score_query(among, 0.0)
            wanted = tantivy.Query.boolean_query([(tantivy.Occur.Must, within), (tantivy.Occur.Must, wanted)])
        searcher = self._index.searcher()
        hits = searcher.search(wanted, limit=k, count=False).hits
        seqs: Sequence[Any] = searcher.fast_field_values("seq", [address for _, address in hits])
        found = [(int(seq), float(score)) for seq, (score, _) in zip(seqs, hits, strict=True)]
        return sorted(found, key=lambda hit: (-hit[1], hit[0]))

    def document_frequency(self, token: str) -> int:
        return 0 if self._index is None else int(self._index.searcher().doc_freq("body", token))

    def _query(self, words: Sequence[tuple[str, float]]) -> tantivy.Query:
        clauses = []
        for field, field_weight in self._weights.items():
            for word, word_weight in words:
                term, weight = tantivy.Query.term_query(self._schema, field, word, "freq"), field_weight * word_weight
                clauses.append((tantivy.Occur.Should, term if weight == 1 else tantivy.Query.boost_query(term, weight)))
        return tantivy.Query.boolean_query(clauses)

    def _files(self) -> dict[str, int]:
        """Return the size of each file of a segment."""
        return {path.name: path.stat().st_size for path in self._folder.glob("[0-9a-f]*.*") if path.name != _STATE}

    def _opened(self) -> tantivy.Index:
        if self._index is None:
            self.clear()
        assert self._index is not None
        return self._index

    def _open_writer(self) -> tantivy.IndexWriter:
        if self._writer is None:
            self._writer = self._opened().writer(_WRITER_HEAP, 1)
            # A process killed in the middle of a commit leaves files whose names the next commit would use again.
            self._writer.garbage_collect_files()
        return self._writer


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("seq", indexed=True, fast=True)  # deleting by an unsigned term deletes nothing (0.27)
    builder.add_text_field("doc_id", tokenizer_name="raw", index_option="basic")
    for field in ("body", "heading"):
        builder.add_text_field(field, tokenizer_name="whitespace", index_option="freq")
    return builder.build()


def _document(seq: int, chunk: Chunk) -> Any:
    document = tantivy.Document()
    document.add_integer("seq", seq)
    document.add_text("doc_id", chunk.source.doc_id)
    document.add_text("body", " ".join(body_tokens(chunk)))
    document.add_text("heading", " ".join(heading_tokens(chunk)))
    return document
