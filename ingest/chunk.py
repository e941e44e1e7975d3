"""Blocks to passages: prose by sections and sentences, tables by rows, never across a page, a section or a table."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from vouch.ingest import rejoin
from vouch.ingest.tables import header_lines, is_column_head
from vouch.ingest.types import Block, Document
from vouch.retrieval.types import Chunk, ChunkKind, Page, Source

PROSE_SIZE = 450
TABLE_SIZE = 800
"""Chinese characters in a passage; a Latin letter counts as a third of one."""
LEAD_SIZE = 60
"""What stands between a heading and a table is part of the table if it is no longer than this."""
MAX_CONTEXT = 300

_SENTENCE = re.compile(r".+?(?:[。！？；!?;]+[”’」』）)]*|(?<=[a-z)\]\d])\.(?=\s)|$)\s*", re.DOTALL)

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Passage:
    kind: ChunkKind
    page: int
    spans: tuple[Span, ...]
    section: tuple[str, ...]
    context: str = ""


def split(document: Document, source: Source) -> tuple[Chunk, ...]:
    """Return the passages of a document in reading order; furniture and tables of contents are left out."""
    pages = {page.number: page for page in document.pages}
    seen: dict[str, int] = {}
    return tuple(
        _chunk(passage, pages[passage.page], source, seen) for passage in _Splitter(pages).run(document.blocks)
    )


def _chunk(passage: _Passage, page: Page, source: Source, seen: dict[str, int]) -> Chunk:
    start, end = passage.spans[0][0], passage.spans[-1][1]
    if passage.kind == "table":
        text = rejoin.rows(page.text[start:end])
    else:
        text = "\n".join(rejoin.prose(page.text[a:b]) for a, b in passage.spans)
    key = f"{source.doc_id}\0{page.number}\0{text}"
    seen[key] = seen.get(key, 0) + 1
    digest = hashlib.blake2b(f"{key}\0{seen[key]}".encode(errors="replace"), digest_size=12).hexdigest()
    return Chunk(digest, source, page.number, start, end, text, passage.kind, passage.section, passage.context)


@dataclass(slots=True)
class _Splitter:
    """Walks over the blocks; knows the headings above and the table that may go on over the page."""

    pages: dict[int, Page]
    headings: list[tuple[int, str]] = field(default_factory=list)
    pending: list[Block] = field(default_factory=list)
    """A heading and the paragraphs below it: one page, one section."""
    table_header: str = ""

    def run(self, blocks: Sequence[Block]) -> Iterator[_Passage]:
        for block in blocks:
            if block.kind in ("furniture", "toc"):
                continue
            if self.pending and (block.kind in ("heading", "qa") or self.pending[0].page != block.page):
                yield from self._flush(block)
            if block.kind == "heading":
                self._enter(block)
            elif block.kind == "prose":
                self.pending.append(block)
                self.table_header = ""
            elif block.kind == "qa":
                yield self._passage("qa", block.page, [(block.start, block.end)], block.context)
            else:
                yield from self._table(block)
        yield from self._flush(None)

    def _enter(self, block: Block) -> None:
        while self.headings and self.headings[-1][0] >= block.level:
            self.headings.pop()
        self.headings.append((block.level, rejoin.prose(self._text(block.start, block.end, block.page))))
        self.pending, self.table_header = [block], ""

    def _flush(self, following: Block | None) -> Iterator[_Passage]:
        """Yield the pending prose; a heading alone is left to the section path of the headings below it."""
        pending, self.pending = self.pending, []
        if not pending:
            return
        if len(pending) == 1 and pending[0].kind == "heading":
            deeper = following is not None and following.kind == "heading" and following.level > pending[0].level
            if (not deeper and following is not None and following.kind not in ("prose", "table")) or following is None:
                yield self._passage("heading", pending[0].page, [(pending[0].start, pending[0].end)])
            return
        yield from self._prose(pending)

    def _prose(self, blocks: Sequence[Block]) -> Iterator[_Passage]:
        page, room, spans = blocks[0].page, float(PROSE_SIZE), list[Span]()
        for block in blocks:
            for start, end in self._pieces(block):
                size = _size(self._text(start, end, page))
                if spans and size > room:
                    yield self._passage("prose", page, spans)
                    spans, room = [], PROSE_SIZE
                spans.append((start, end))
                room -= size
        yield self._passage("prose", page, spans)

    def _pieces(self, block: Block) -> Iterator[Span]:
        """Yield a paragraph whole, or in runs of sentences where it is longer than a passage."""
        text = self._text(block.start, block.end, block.page)
        if _size(text) <= PROSE_SIZE:
            yield block.start, block.end
            return
        start, size = 0, 0.0
        for match in _SENTENCE.finditer(text):
            added = _size(match.group())
            if match.start() > start and size + added > PROSE_SIZE:
                yield block.start + start, block.start + match.start()
                start, size = match.start(), 0.0
            size += added
            while size > 2 * PROSE_SIZE:  # no sentence end in sight
                cut = start + PROSE_SIZE
                yield block.start + start, block.start + cut
                start, size = cut, _size(text[cut : match.end()])
        if start < len(text):
            yield block.start + start, block.end

    def _table(self, block: Block) -> Iterator[_Passage]:
        start = block.start
        if self.pending and _size(self._text(self.pending[0].start, block.start, block.page)) <= LEAD_SIZE:
            start, self.pending = self.pending[0].start, []
        else:
            yield from self._flush(block)
        lines = self._line_spans(block)
        first, header = self._table_head(block, lines)
        for number, (a, b) in enumerate(self._row_runs(lines, block.page, start)):
            yield self._passage("table", block.page, [(a, b)], header if number else first)
        self.table_header = header

    def _table_head(self, block: Block, lines: Sequence[Span]) -> tuple[str, str]:
        """Return what stands before the table's first piece and what its other pieces repeat."""
        own = "\n".join(self._text(a, b, block.page) for a, b in lines[: header_lines(self._texts(lines, block.page))])
        if block.context:  # the format says what the head is; it may stand in the block as well
            inside = _same_words(block.context, self._text(block.start, block.end, block.page))
            return "" if inside else block.context, block.context
        running = self.table_header
        if not own or (running and (not is_column_head(own) or _same_words(own, running))):
            return running, running
        return "", rejoin.rows(own)[:MAX_CONTEXT]

    def _line_spans(self, block: Block) -> list[Span]:
        text = self._text(block.start, block.end, block.page)
        return [(block.start + m.start(), block.start + m.end()) for m in re.finditer(r"[^\n]+", text)]

    def _texts(self, spans: Sequence[Span], page: int) -> list[str]:
        return [self._text(a, b, page) for a, b in spans]

    def _row_runs(self, lines: Sequence[Span], page: int, start: int) -> list[Span]:
        """Return the pieces of a table, cut between lines."""
        runs, size = list[Span](), 0.0
        for a, b in lines:
            added = _size(self._text(a, b, page))
            if size and size + added > TABLE_SIZE:
                runs.append((start, a))
                start, size = a, 0.0
            size += added
        runs.append((start, lines[-1][1]))
        return runs

    def _text(self, start: int, end: int, page: int) -> str:
        return self.pages[page].text[start:end]

    def _passage(self, kind: ChunkKind, page: int, spans: Sequence[Span], context: str = "") -> _Passage:
        return _Passage(kind, page, tuple(spans), tuple(text for _, text in self.headings), context)


def _same_words(part: str, whole: str) -> bool:
    return rejoin.squeeze(rejoin.rows(part)) in rejoin.squeeze(rejoin.rows(whole))


def _size(text: str) -> float:
    """Return a text's length in Chinese characters; a Latin letter counts as a third of one."""
    return len(text) - 0.67 * len(text.encode("ascii", "ignore"))
