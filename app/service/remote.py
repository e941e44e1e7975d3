"""The Service of another machine, over its REST routes."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx

from vouch.app.service.types import (
    Access,
    AskRequest,
    Cancelled,
    FactsRequest,
    FeedbackRequest,
    Filters,
    IngestRequest,
    Json,
    Listen,
    Ready,
    SearchRequest,
    StreamEvent,
    Upload,
    ignored,
    never,
)
from vouch.retrieval.errors import LibraryError, ModelError, NotAllowed, NotFound, UsageError, VouchError
from vouch.retrieval.types import Box

_ERRORS: Mapping[int, type[VouchError]] = {
    400: UsageError,
    401: NotAllowed,
    403: NotAllowed,
    404: NotFound,
    409: UsageError,
    413: UsageError,
    422: UsageError,
    502: ModelError,
    504: ModelError,
}


class RemoteService:
    """Asks a server. `access` is what its key allows there: the server decides, whatever is passed here."""

    def __init__(self, address: str, key: str = "", transport: httpx.BaseTransport | None = None) -> None:
        """`address`: http://host:8080, without /v1; `transport` is for tests."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._address = address.rstrip("/")
        self._client = httpx.Client(base_url=self._address, headers=headers, timeout=300, transport=transport)

    def ask(self, request: AskRequest, access: Access, listen: Listen = ignored, cancelled: Cancelled = never) -> Json:
        """Return the answer object; `listen` hears what happens on the way, the whole answer last."""
        body = {**_narrowed(request.filters), **_asked(request)}
        answer: Json | None = None
        for said in self._events("/v1/ask", body, cancelled):
            if said.event == "error":
                raise _ERRORS.get(said.data["status"], LibraryError)(said.data["detail"])
            listen(said)
            answer = said.data if said.event == "answer" else answer
        if answer is None:
            raise LibraryError(f"{self._address} ended without an answer: ask again")
        return answer

    def search(self, request: SearchRequest, access: Access) -> Json:
        """Return the contract's search object."""
        chosen = {"k": request.k, "mode": request.mode, "rerank": request.rerank}
        body = {"query": request.query, **_narrowed(request.filters), **_given(chosen)}
        return self._json("POST", "/v1/search", json=body)

    def facts(self, request: FactsRequest, access: Access) -> Json:
        """Return statement values with their pages."""
        parameters = {
            "company": request.company,
            "year": request.year,
            "field": list(request.fields),
            "collection": list(request.collections),
            "limit": request.limit,
            "offset": request.offset,
            **({"scope": request.scopes[0]} if request.scopes and request.scopes[0] else {}),
        }
        return self._json("GET", "/v1/facts", params=parameters)

    def warning(self, company: str, year: int | None, access: Access) -> Json:
        """Return the early-warning report."""
        return self._json("GET", "/v1/warnings", params=_given({"company": company, "year": year}))

    def documents(self, access: Access) -> list[Json]:
        """Return the documents."""
        return list(self._json("GET", "/v1/documents")["documents"])

    def document(self, document_id: str, access: Access) -> Json:
        """Return one document."""
        return self._json("GET", f"/v1/documents/{document_id}")

    def remove_document(self, document_id: str, access: Access) -> None:
        """Remove a document."""
        self._sent("DELETE", f"/v1/documents/{document_id}")

    def page(self, document_id: str, number: int, access: Access) -> Json:
        """Return a page's text and size."""
        return self._json("GET", f"/v1/documents/{document_id}/pages/{number}")

    def page_picture(self, document_id: str, number: int, boxes: Sequence[Box], access: Access) -> bytes:
        """Return a page as PNG with boxes marked."""
        marked = ";".join(",".join(f"{edge:g}" for edge in box) for box in boxes)
        return self._sent("GET", f"/v1/documents/{document_id}/pages/{number}.png", params={"boxes": marked}).content

    def ingest(self, request: IngestRequest, access: Access) -> Json:
        """Begin to read files that stand on the server; return the job."""
        body = {"paths": [str(path) for path in request.paths], **_placed(request)}
        return self._json("POST", "/v1/documents", json=body)

    def upload(self, files: Sequence[Upload], request: IngestRequest, access: Access) -> Json:
        """Send files; return the job that reads them."""
        sent = [("files", (upload.name, upload.content, "application/octet-stream")) for upload in files]
        said = {
            name: str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in _placed(request).items()
        }
        return self._json("POST", "/v1/documents", files=sent, data=said)

    def job(self, job_id: str, access: Access) -> Json:
        """Return how far a job is."""
        return self._json("GET", f"/v1/jobs/{job_id}")

    def cancel_job(self, job_id: str, access: Access) -> Json:
        """Ask a job to stop."""
        return self._json("DELETE", f"/v1/jobs/{job_id}")

    def feedback(self, request: FeedbackRequest, access: Access) -> Json:
        """Keep what somebody thinks of an answer."""
        body = {
            "question": request.question,
            "answer": request.answer,
            "rating": request.rating,
            "comment": request.comment,
            "correction": request.correction,
            "session": request.session,
        }
        return self._json("POST", "/v1/feedback", json=body)

    def conversations(self, access: Access) -> list[Json]:
        """Return the conversations of this key, the latest first."""
        return list(self._json("GET", "/v1/conversations")["conversations"])

    def conversation(self, session: str, access: Access) -> Json:
        """Return a conversation with all its turns."""
        return self._json("GET", f"/v1/conversations/{session}")

    def rename_conversation(self, session: str, title: str, access: Access) -> Json:
        """Give a conversation a title."""
        return self._json("PATCH", f"/v1/conversations/{session}", json={"title": title})

    def delete_conversation(self, session: str, access: Access) -> None:
        """Delete a conversation."""
        self._sent("DELETE", f"/v1/conversations/{session}")

    def stats(self, access: Access) -> Json:
        """Return how much of the library this key sees."""
        return self._json("GET", "/v1/library")

    def ready(self) -> Ready:
        """Say whether the server can answer."""
        try:
            said = self._client.get("/readyz").json()
        except (httpx.TransportError, ValueError):
            return Ready(False, (f"{self._address} cannot be reached",))
        return Ready(bool(said.get("ok")), tuple(map(str, said.get("problems", ()))))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _json(self, method: str, path: str, **parts: Any) -> dict[str, Any]:
        content: dict[str, Any] = self._sent(method, path, **parts).json()
        return content

    def _sent(self, method: str, path: str, **parts: Any) -> httpx.Response:
        try:
            response = self._client.request(method, path, **parts)
        except httpx.TransportError as error:
            raise self._unreachable(error) from error
        _raise_refusal(response)
        return response

    def _events(self, path: str, body: Mapping[str, Any], cancelled: Cancelled) -> Iterator[StreamEvent]:
        try:
            with self._client.stream("POST", path, json=body, headers={"Accept": "text/event-stream"}) as response:
                if response.is_error:
                    response.read()
                    _raise_refusal(response)
                yield from _parsed(response.iter_lines(), cancelled)
        except httpx.TransportError as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: httpx.TransportError) -> LibraryError:
        return LibraryError(f"{self._address} cannot be reached ({type(error).__name__}): is the server running?")


def _parsed(lines: Iterator[str], cancelled: Cancelled) -> Iterator[StreamEvent]:
    name = ""
    for line in lines:
        if cancelled():
            return  # closing the response is what ends the work there
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield StreamEvent(name, json.loads(line.removeprefix("data: ")))


def _raise_refusal(response: httpx.Response) -> None:
    if not response.is_error:
        return
    try:
        detail = response.json()["detail"]
    except (ValueError, KeyError, TypeError):
        detail = f"the server answered {response.status_code}"
    raise _ERRORS.get(response.status_code, LibraryError)(str(detail))


def _narrowed(filters: Filters) -> dict[str, list[Any]]:
    return {
        "collections": list(filters.collections),
        "companies": list(filters.companies),
        "years": list(filters.years),
    }


def _asked(request: AskRequest) -> dict[str, Any]:
    chosen = _given({"k": request.k, "generator": request.generator, "adapter": request.adapter})
    return {
        "question": request.question,
        "cot": request.cot,
        "tools": request.tools,
        "session": request.session,
        **chosen,
    }


def _placed(request: IngestRequest) -> dict[str, Any]:
    said = _given({"company": request.company, "year": request.year})
    return {"collection": request.collection, "kind": request.kind, "force": request.force, **said}


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
