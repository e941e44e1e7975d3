"""How documents, pages and chunks become rows, and back. Opens no database."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from vouch.retrieval.stores.page_codec import pack_layout, unpack_layout
from vouch.retrieval.types import Chunk, DocumentRecord, Page, Source, StoredDocument, Vectors

Row = tuple[Any, ...]

SOURCE_COLUMNS = "doc_id, name, path, kind, title, collection, language, company, short_name, code, year, period"
DOCUMENT_COLUMNS = (
    f"{SOURCE_COLUMNS}, content_hash, recipe, pages, chunks, ocr_pages, image_pages, ingested_at, warnings"
)
PAGE_COLUMNS = "number, text, width, height, origin, layout"
CHUNK_COLUMNS = 'id, page, start, "end", text, kind, section, context'
STORED_COLUMNS = (
    f"{DOCUMENT_COLUMNS}, "  # noqa: S608 - our own column names
    "(SELECT coalesce(sum(facts), 0) FROM fact_companies WHERE document = documents.id)"
)
_SOURCE_WIDTH = SOURCE_COLUMNS.count(",") + 1


def document_row(record: DocumentRecord) -> Row:
    """Return the values of DOCUMENT_COLUMNS."""
    source = record.source
    origins = [page.origin for page in record.pages]
    return (
        *(getattr(source, column) for column in SOURCE_COLUMNS.split(", ")),
        record.content_hash,
        record.recipe,
        len(record.pages),
        len(record.chunks),
        origins.count("ocr"),
        origins.count("image"),
        record.ingested_at or datetime.now(UTC).isoformat(timespec="seconds"),
        json.dumps(record.warnings, ensure_ascii=False),
    )


def stored_document(row: Row) -> StoredDocument:
    """Read a row of STORED_COLUMNS."""
    content_hash, recipe, *counts, ingested_at, warnings, facts = row[_SOURCE_WIDTH:]
    pages, chunks, ocr_pages, image_pages = counts
    return StoredDocument(
        source=source(row[:_SOURCE_WIDTH]),
        content_hash=content_hash,
        recipe=recipe,
        pages=pages,
        chunks=chunks,
        ocr_pages=ocr_pages,
        image_pages=image_pages,
        ingested_at=ingested_at,
        warnings=tuple(json.loads(warnings)),
        facts=facts,
    )


def source(row: Row) -> Source:
    """Read a row of SOURCE_COLUMNS."""
    return Source(**dict(zip(SOURCE_COLUMNS.split(", "), row, strict=True)))


def page_row(page: Page) -> Row:
    """Return the values of PAGE_COLUMNS."""
    return page.number, page.text, page.width, page.height, page.origin, pack_layout(page.lines, page.char_x)


def page(row: Row) -> Page:
    """Read a row of PAGE_COLUMNS; ValueError where the layout is damaged."""
    number, text, width, height, origin, layout = row
    lines, char_x = unpack_layout(layout)
    return Page(number, text, lines, char_x, width, height, origin)


def chunk_row(chunk: Chunk) -> Row:
    """Return the values of CHUNK_COLUMNS."""
    section = json.dumps(chunk.section, ensure_ascii=False)
    return chunk.id, chunk.page, chunk.start, chunk.end, chunk.text, chunk.kind, section, chunk.context


def chunk(row: Row, document: Source) -> Chunk:
    """Read a row of CHUNK_COLUMNS."""
    chunk_id, number, start, end, text, kind, section, context = row
    return Chunk(chunk_id, document, number, start, end, text, kind, tuple(json.loads(section)), context)


def vector_blobs(vectors: Vectors) -> list[bytes]:
    """Return each row as float16: half the room, and cosines change by less than 0.001."""
    return [row.tobytes() for row in np.asarray(vectors).astype("<f2")]


def vectors_from(blobs: Sequence[bytes], dimension: int) -> Vectors:
    """Read rows made by `vector_blobs`."""
    return np.frombuffer(b"".join(blobs), "<f2").astype(np.float32).reshape(len(blobs), dimension)
