"""Events of a chat server as they come, over HTTP; a caller who has had enough is heard at once, at any stage.

The connection is driven by an event loop in a thread of its own: a blocking read could not be given up while a slow
server reads its prompt. Lines are cut at LF by hand: httpx cuts at U+2028 and U+0085 too, which JSON strings may hold.
"""

import asyncio
import contextlib
import json
import queue
import re
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from time import monotonic
from typing import Any, Literal

import httpx

from vouch.generation.chat import Cancelled
from vouch.generation.models.in_thread import GLANCE, HadEnough
from vouch.retrieval.errors import ModelError

BUSY = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
"""Answers that may be better a little later."""
REMEDIES: Mapping[int, str] = {
    401: "check the API key",
    403: "the API key may not use this model",
    404: "check base_url (it usually ends in /v1) and the model's name",
}
TOO_LONG = (
    "the prompt is longer than the server's window: set model.context_window to it, widen it where the server is "
    "started (llama.cpp -c, vLLM --max-model-len), or ask with fewer passages (-k)"
)
_OF_LENGTH = re.compile(r"context[ _-]?(?:size|length|window)|max_model_len|prompt is too long", re.IGNORECASE)
LONGEST_LINE = 8_000_000
"""Bytes of one event, or of a reply that is not streamed."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where requests go."""

    url: str
    """Shown in errors."""
    api_key: str = field(default="", repr=False)
    timeout: float = 120.0
    """Seconds without a word from the server."""

    @property
    def headers(self) -> dict[str, str]:
        """Return what is sent along with each request."""
        return {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}

    def hidden(self, text: str) -> str:
        """Return one line of a server's words without the key, should it repeat it."""
        line = " ".join(text.split())[:200]
        return line.replace(self.api_key, "***") if self.api_key else line


class TryAgain(Exception):
    """A call that may work a little later."""

    def __init__(self, message: str, reason: Literal["timeout", "busy"], wait: float = 0.0) -> None:
        self.reason, self.wait = reason, wait
        super().__init__(message)


class NotAccepted(ModelError):
    """The server does not take a request of this form; `said` are its words."""

    def __init__(self, message: str, said: str) -> None:
        self.said = said
        super().__init__(message)


@cache
def _trusted() -> Any:
    """Return the certificates; read once, as that takes some 20 ms."""
    return httpx.create_ssl_context()


def chunks_from(address: Address, body: Mapping[str, Any], cancelled: Cancelled) -> Iterator[Mapping[str, Any]]:
    """Yield the JSON objects of a reply, one for each event; HadEnough, TryAgain or ModelError where it ends early."""
    inbox: queue.SimpleQueue[Mapping[str, Any] | Exception | None] = queue.SimpleQueue()
    loop = asyncio.new_event_loop()
    pump = loop.create_task(_pump(address, body, inbox))
    thread = threading.Thread(target=_run, args=(loop, pump), name="chat reply", daemon=True)
    thread.start()
    try:
        last_heard = monotonic()
        while (item := _next(inbox, cancelled, last_heard, address)) is not None:
            if isinstance(item, Exception):
                raise item
            yield item
            last_heard = monotonic()
    finally:
        with contextlib.suppress(RuntimeError):  # the loop has ended of itself
            loop.call_soon_threadsafe(pump.cancel)
        thread.join()


def _run(loop: asyncio.AbstractEventLoop, pump: "asyncio.Task[None]") -> None:
    with contextlib.closing(loop):
        with contextlib.suppress(asyncio.CancelledError):
            loop.run_until_complete(pump)
        loop.run_until_complete(loop.shutdown_asyncgens())


def _next(inbox: "queue.SimpleQueue[Any]", cancelled: Cancelled, last_heard: float, address: Address) -> Any:
    while not cancelled():
        try:
            return inbox.get(timeout=GLANCE)
        except queue.Empty:
            if monotonic() - last_heard > address.timeout:
                raise TryAgain(f"no reply from {address.url} within {address.timeout:g} s", "timeout") from None
    raise HadEnough


async def _pump(address: Address, body: Mapping[str, Any], inbox: "queue.SimpleQueue[Any]") -> None:
    """Put every object into the inbox, then None, or the exception that ended it."""
    try:
        # No timeout of its own: what counts is how long the caller waits for an event.
        async with (
            httpx.AsyncClient(headers=address.headers, timeout=None, verify=_trusted()) as client,  # noqa: S113
            client.stream("POST", address.url, json=body) as response,
        ):
            await _accepted(address, response)
            async for chunk in _objects(address, response):
                inbox.put(chunk)
        inbox.put(None)
    except httpx.ConnectError as error:
        inbox.put(ModelError(f"{address.url} cannot be reached ({error}): is the server running?"))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        inbox.put(TryAgain(f"the connection to {address.url} broke off ({type(error).__name__})", "busy"))
    except (ModelError, TryAgain) as error:
        inbox.put(error)


async def _accepted(address: Address, response: httpx.Response) -> None:
    """Return where the server begins a reply; TryAgain or ModelError where it does not."""
    status = response.status_code
    if status == httpx.codes.OK:
        return
    said = address.hidden(_message(await _limited(address, response)))
    if status in BUSY:
        raise TryAgain(f"{address.url} answered {status}: {said}", "busy", _seconds(response.headers))
    remedy = TOO_LONG if _OF_LENGTH.search(said) else REMEDIES.get(status, "the server's log may say more")
    message = f"{address.url} answered {status} ({said}): {remedy}"
    raise NotAccepted(message, said) if status in (400, 422) else ModelError(message)


async def _objects(address: Address, response: httpx.Response) -> AsyncIterator[Mapping[str, Any]]:
    """Yield the objects of a stream of events, or the one of a server that does not stream."""
    if "text/event-stream" not in response.headers.get("Content-Type", ""):
        yield _object(address, await _limited(address, response))
        return
    async for line in _lines(address, response):
        name, _, value = line.partition(b":")
        if name not in (b"data", b"error"):
            continue  # a comment that keeps the connection open, or another field of an event
        if value.strip() == b"[DONE]":
            return
        event = _event(address, value)
        if name == b"error" or event.get("error"):
            raise _failure(address, event)
        yield event


async def _lines(address: Address, response: httpx.Response) -> AsyncIterator[bytes]:
    waiting: list[bytes] = []
    length = 0
    async for piece in response.aiter_bytes():
        first, *further = piece.split(b"\n")
        waiting.append(first)
        length += len(first)
        if length > LONGEST_LINE:
            raise ModelError(f"{address.url} sends lines that do not end: it is no chat server")
        for begun in further:
            yield b"".join(waiting).rstrip(b"\r")
            waiting, length = [begun], len(begun)
    yield b"".join(waiting)


async def _limited(address: Address, response: httpx.Response) -> bytes:
    content = b""
    async for piece in response.aiter_bytes():
        content += piece
        if len(content) > LONGEST_LINE:
            raise ModelError(f"{address.url} answers with more than {LONGEST_LINE} bytes: it is no chat server")
    return content


def _event(address: Address, value: bytes) -> Mapping[str, Any]:
    try:
        return _object(address, value)
    except ModelError as error:
        raise TryAgain(f"{address.url} broke off in the middle of an event", "busy") from error


def _object(address: Address, content: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{address.url} answers something else than JSON: check base_url") from error
    if not isinstance(found, dict):
        raise ModelError(f"{address.url} is no chat server: check base_url")
    return found


def _failure(address: Address, event: Mapping[str, Any]) -> Exception:
    """Return the error that a server reports in the middle of a stream."""
    report = event.get("error", event)
    code = report.get("code") if isinstance(report, Mapping) else None
    message = f"{address.url} broke off: {address.hidden(_message(json.dumps(event).encode()))}"
    return TryAgain(message, "busy") if code is None or code in BUSY else ModelError(message)


def _message(content: bytes) -> str:
    """Return the words of an error, in whatever form a server wraps them."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return content.decode("utf-8", errors="replace")
    for key in ("error", "message", "detail"):
        if isinstance(found, dict) and key in found:
            found = found[key]
    return str(found)


def _seconds(headers: httpx.Headers) -> float:
    try:
        return max(float(headers.get("Retry-After", "")), 0.0)
    except ValueError:
        return 0.0  # a date, or nothing: our own pauses will do
