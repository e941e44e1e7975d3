"""A stored document as the JSON object that lists and REST show."""

from typing import Any

from vouch.retrieval.types import StoredDocument


def document_json(document: StoredDocument) -> dict[str, Any]:
    """Return what is known of a document."""
    source = document.source
    return {
        "document_id": source.doc_id,
        "document": source.name,
        "path": source.path,
        "kind": source.kind,
        "title": source.title,
        "collection": source.collection,
        "language": source.language,
        "company": source.company,
        "short_name": source.short_name,
        "code": source.code,
        "year": source.year,
        "period": source.period,
        "pages": document.pages,
        "chunks": document.chunks,
        "facts": document.facts,
        "ocr_pages": document.ocr_pages,
        "image_pages": document.image_pages,
        "ingested_at": document.ingested_at,
        "warnings": list(document.warnings),
    }
