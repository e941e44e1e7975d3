"""Around every request: an id, a log line without contents, limits of the body, headers that browsers heed.

Plain ASGI rather than Starlette's BaseHTTPMiddleware, which costs a task a request and hides disconnects.
"""

import json
import logging
import re
import time
import uuid
from collections.abc import Callable
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vouch.app.server.routes_docs import CONTENT_POLICY, PATHS

logger = logging.getLogger("vouch.requests")

_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
_OF_THE_PAGE = (*SECURITY_HEADERS[:-1], (b"content-security-policy", CONTENT_POLICY.encode()))
Counted = Callable[[str, str, int, float], None]


class RequestFrame:
    """Gives each request an id, counts and logs it, and adds the security headers."""

    def __init__(self, application: ASGIApp, counted: Counted) -> None:
        """`counted`: called with method, route, status and seconds until the response began."""
        self._application, self._counted = application, counted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"").decode("latin-1")
        request_id = given if _ID.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        started, began = time.perf_counter(), False

        async def sent(message: Message) -> None:
            nonlocal began
            if message["type"] == "http.response.start":
                began = True
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode()), *_headers(scope)]
                self._note(scope, message["status"], time.perf_counter() - started)
            await send(message)

        try:
            await self._application(scope, receive, sent)
        except Exception:  # the outermost place: whatever it is, it is a bug, logged and told without details
            logger.exception("request %s failed", request_id)
            if began:
                raise
            await refuse(scope, sent, 500, "a bug; the server's log holds the rest under the request id")

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unknown")  # never the path itself: it may hold anything
        self._counted(scope["method"], route, status, seconds)
        line = {
            "request_id": scope["state"]["request_id"],
            "method": scope["method"],
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 1),
            "key": scope["state"].get("key", ""),
        }
        logger.info(json.dumps(line))


def _headers(scope: Scope) -> tuple[tuple[bytes, bytes], ...]:
    # The page that shows the API description loads its script; everything else is data.
    return _OF_THE_PAGE if scope["path"] in PATHS else SECURITY_HEADERS


class BodyLimit:
    """Refuses bodies that are longer than they may be, announced or not."""

    def __init__(self, application: ASGIApp, limit: int, upload_limit: int, upload_path: str) -> None:
        self._application, self._limit = application, limit
        self._upload_limit, self._upload_path = upload_limit, upload_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        room = self._upload_limit if scope["path"] == self._upload_path else self._limit
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > room:
            await refuse(scope, send, 413, f"the body may have {room:,} bytes")
            return
        await self._application(scope, _counting(receive, room), send)


def _counting(receive: Receive, room: int) -> Receive:
    got = 0

    async def counted() -> Message:
        nonlocal got
        message = await receive()
        got += len(message.get("body", b""))
        if got > room:
            raise BodyTooLarge(room)
        return message

    return counted


class BodyTooLarge(HTTPException):
    """A body without a length turned out to be longer than it may be."""

    def __init__(self, room: int) -> None:
        super().__init__(413, f"the body may have {room:,} bytes")


async def refuse(scope: Scope, send: Send, status: int, detail: str) -> None:
    """Send problem details from outside the application, whose handlers are not reached."""
    said = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": scope["path"],
        "request_id": scope.get("state", {}).get("request_id", ""),
    }
    body = json.dumps(said).encode()
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
