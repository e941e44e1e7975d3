"""What a local service shows of its library: documents, pages, values, warnings, sizes."""

from collections.abc import Sequence
from dataclasses import asdict
from itertools import islice
from typing import Any

from vouch.app.document_json import document_json
from vouch.app.fact_listing import Asked, chosen, nothing_found, understood
from vouch.app.fact_rows import fact_row
from vouch.app.service.collections import visible
from vouch.app.service.parts import Parts
from vouch.app.service.types import Access, FactsRequest, Json, Ready
from vouch.app.warning_report import warning_report
from vouch.app.warning_text import warning_json
from vouch.retrieval.errors import LibraryError, NotFound
from vouch.retrieval.library import Library
from vouch.retrieval.types import Box, StoredDocument


class Reading:
    """Shows what a caller may see."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def documents(self, access: Access) -> list[Json]:
        """Return the documents that may be seen."""
        with self._parts.live.reading() as library:
            return [_shown(document) for document in library.documents(visible(access))]

    def document(self, document_id: str, access: Access) -> Json:
        """Return one document; NotFound where there is none."""
        with self._parts.live.reading() as library:
            return _shown(found_document(library, document_id, access))

    def page(self, document_id: str, number: int, access: Access) -> Json:
        """Return a page's text and size; NotFound where there is none."""
        with self._parts.live.reading() as library:
            document = found_document(library, document_id, access)
            try:
                page = library.page(document_id, number)
            except KeyError as error:
                raise NotFound(f"{document.source.name} has pages 1 to {document.pages}, not {number}") from error
        return {
            "document_id": document_id,
            "document": document.source.name,
            "page": number,
            "pages": document.pages,
            "text": page.text,
            "width": page.width,
            "height": page.height,
            "origin": page.origin,
        }

    def page_picture(self, document_id: str, number: int, boxes: Sequence[Box], access: Access) -> bytes:
        """Return a page as PNG with boxes marked; NotFound where the file is gone or no PDF."""
        with self._parts.live.reading() as library:
            document = found_document(library, document_id, access)
        picture = self._parts.picture(document.source, number, boxes) if number <= document.pages else None
        if picture is None:
            raise NotFound(f"{document.source.name} has no picture of page {number}: it is no PDF, or its file is gone")
        return picture

    def facts(self, request: FactsRequest, access: Access) -> Json:
        """Return statement values with their pages, as `vouch facts --json`."""
        with self._parts.live.reading() as library:
            store = self._parts.facts(library, access.collections)
            asked = understood(
                Asked(request.company, request.year, request.fields, request.scopes, (), request.collections), store
            )
            found = chosen(asked, store)
            rows = [
                asdict(fact_row(stored)) for stored in islice(found, request.offset, request.offset + request.limit + 1)
            ]
            note = nothing_found(asked) if not rows and not request.offset else ""
        return {
            "facts": rows[: request.limit],
            "more": len(rows) > request.limit,
            "warnings": [note] if note else [],
        }

    def warning(self, company: str, year: int | None, access: Access) -> Json:
        """Return the early-warning report of a company, as `vouch warn --json`."""
        with self._parts.live.reading() as library:
            store = self._parts.facts(library, access.collections)
            return warning_json(warning_report(company, str(year or ""), store))

    def stats(self, access: Access) -> Json:
        """Return how much of the library may be seen."""
        with self._parts.live.reading() as library:
            held = library.documents(visible(access))
        return {
            "documents": len(held),
            "pages": sum(document.pages for document in held),
            "chunks": sum(document.chunks for document in held),
            "facts": sum(document.facts for document in held),
            "companies": len({document.source.company for document in held} - {""}),
            "collections": sorted({document.source.collection for document in held}),
            "generators": list(self._parts.defaults.generators),
        }

    def ready(self) -> Ready:
        """Say whether the library can answer."""
        try:
            with self._parts.live.reading() as library:
                library.store.position()
        except LibraryError as error:
            return Ready(False, (type(error).__name__,))
        return Ready(True)


def found_document(library: Library, document_id: str, access: Access) -> StoredDocument:
    """Return a document that may be seen; NotFound for any other id."""
    for document in library.documents(visible(access)):
        if document.source.doc_id == document_id:
            return document
    raise NotFound(f"there is no document {document_id}")


def _shown(document: StoredDocument) -> dict[str, Any]:
    """Where a file stands on the server is nobody's business."""
    shown = document_json(document)
    del shown["path"]
    return shown
