"""Errors as RFC 9457 problem details: what went wrong, whose fault it is, what to do."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from vouch.app.service.jobs import TooManyJobs
from vouch.retrieval.atomic_file import is_full_disk
from vouch.retrieval.errors import (
    LibraryError,
    LibraryFull,
    LibraryLocked,
    ModelError,
    NoReply,
    NotAllowed,
    NotFound,
    NotSetUp,
    UnreadableDocument,
    UsageError,
    VouchError,
)

MEDIA_TYPE = "application/problem+json"
_STATUS: tuple[tuple[type[VouchError], int], ...] = (
    (NotAllowed, 403),
    (NotFound, 404),
    (NotSetUp, 409),
    (UsageError, 400),
    (UnreadableDocument, 422),
    (LibraryFull, 507),
    (TooManyJobs, 429),
    (LibraryLocked, 503),
    (LibraryError, 503),
    (NoReply, 504),
    (ModelError, 502),
)
"""The first that fits; the rest is 500."""
RETRY_SECONDS = "2"


class Problem(Exception):
    """A request that is refused; becomes the response."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        self.status, self.detail, self.headers = status, detail, dict(headers or {})
        super().__init__(detail)


def status_of(error: VouchError) -> int:
    """Return the HTTP status of an error that a user can act on."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def problem(
    request: Request, status: int, detail: str, headers: Mapping[str, str] | None = None, more: object = None
) -> Response:
    """Return the response of a refused request."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
        "request_id": getattr(request.state, "request_id", ""),
    }
    if more is not None:
        body["errors"] = more
    return JSONResponse(body, status, dict(headers or {}), MEDIA_TYPE)


def add_problem_handlers(application: FastAPI) -> None:
    """Make every refusal and every error of an application a problem detail."""

    @application.exception_handler(Problem)
    async def refused(request: Request, error: Problem) -> Response:
        return problem(request, error.status, error.detail, error.headers)

    @application.exception_handler(VouchError)
    async def explained(request: Request, error: VouchError) -> Response:
        status = status_of(error)
        retry = {"Retry-After": RETRY_SECONDS} if status in (429, 503) else {}
        return problem(request, status, str(error), retry)

    @application.exception_handler(RequestValidationError)
    async def malformed(request: Request, error: RequestValidationError) -> Response:
        # Neither the input nor pydantic's links: what was sent may be a secret or a whole document.
        errors = [{"where": [str(part) for part in e["loc"]], "what": str(e["msg"])} for e in error.errors()]
        return problem(request, 422, "the request does not fit its description", more=errors)

    @application.exception_handler(OSError)
    async def broken(request: Request, error: OSError) -> Response:
        if not is_full_disk(error):
            raise error
        return problem(request, 507, "the server's disk is full: nothing of this request was kept")

    @application.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["Allow"] = ", ".join(_methods(request))
        return problem(request, error.status_code, str(error.detail), headers)


def _methods(request: Request) -> list[str]:
    """Return the methods of all routes that fit a path; the router names those of the first alone."""
    found: set[str] = set()
    for path, operations in request.app.openapi()["paths"].items():
        if re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)), request.url.path):
            found |= {method.upper() for method in operations}
    return sorted(found)
