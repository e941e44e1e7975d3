"""Chat models behind an OpenAI-compatible server (vLLM, llama.cpp, Ollama, hosted ones), through httpx."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from vouch.generation.types import Message
from vouch.retrieval.errors import ModelError, NoReply

BUSY = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
"""Answers that may be better a little later."""
LONGEST_WAIT = 60.0
REMEDIES: Mapping[int, str] = {
    401: "check the API key",
    403: "the API key may not use this model",
    404: "check base_url (it usually ends in /v1) and the model's name",
}


@dataclass(frozen=True, slots=True)
class Server:
    """Where a model is served and how patient to be."""

    base_url: str
    """Up to and including the version, without /chat/completions."""
    model: str
    api_key: str = ""
    timeout: float = 120.0
    """Seconds for a whole reply."""
    retries: int = 3
    temperature: float = 0.0
    max_tokens: int = 2048


class OpenAIChat:
    """A ChatModel over HTTP. Busy servers are asked again, with growing pauses."""

    def __init__(
        self,
        server: Server,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`transport` and `sleep` are for tests."""
        if not server.base_url.startswith(("http://", "https://")):
            raise ModelError(f"base_url {server.base_url!r} is no address: it starts with http:// or https://")
        if not server.model:
            raise ModelError(f"no model is named for {server.base_url}: set its name as the server knows it")
        self._server, self._sleep = server, sleep
        headers = {"Authorization": f"Bearer {server.api_key}"} if server.api_key else {}
        self._client = httpx.Client(headers=headers, timeout=server.timeout, transport=transport)

    @property
    def name(self) -> str:
        """The model's name on its server."""
        return self._server.model

    def reply(self, messages: Sequence[Message]) -> str:
        """Return the reply; NoReply where this call brought none, ModelError where none will."""
        body = {
            "model": self._server.model,
            "messages": [{"role": message.role, "content": message.content} for message in messages],
            "temperature": self._server.temperature,
            "max_tokens": self._server.max_tokens,
        }
        for attempt in range(self._server.retries + 1):
            try:
                return _text_of(self._posted(body))
            except _Again as again:
                if attempt == self._server.retries:
                    raise NoReply(f"{again} ({attempt + 1} attempts)", again.reason) from again
                self._sleep(min(again.wait or 2.0**attempt, LONGEST_WAIT))
        raise AssertionError("the loop returns or raises")

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _posted(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        address = self._server.base_url.rstrip("/") + "/chat/completions"
        try:
            response = self._client.post(address, json=body)
        except httpx.TimeoutException as error:
            raise _Again(f"no reply from {address} within {self._server.timeout:g} s", "timeout") from error
        except httpx.TransportError as error:
            raise ModelError(f"{address} cannot be reached ({error}): is the server running?") from error
        if response.status_code in BUSY:
            wait = _seconds(response.headers.get("Retry-After", ""))
            raise _Again(f"{address} answered {response.status_code}: {_said(response)}", "busy", wait)
        if response.status_code != httpx.codes.OK:
            remedy = REMEDIES.get(response.status_code, "the server's log may say more")
            raise ModelError(f"{address} answered {response.status_code} ({_said(response)}): {remedy}")
        try:
            content = response.json()
        except ValueError as error:
            raise ModelError(f"{address} answers something else than JSON: check base_url") from error
        if not isinstance(content, dict):
            raise ModelError(f"{address} is no chat server: check base_url")
        return content


class _Again(Exception):
    """A call that may work a little later."""

    def __init__(self, message: str, reason: Any, wait: float = 0.0) -> None:
        self.reason, self.wait = reason, wait
        super().__init__(message)


def _text_of(content: Mapping[str, Any]) -> str:
    """Return the text of a reply; NoReply for a refusal or a reply without text."""
    try:
        choice = content["choices"][0]
        message = choice["message"]
    except (KeyError, IndexError, TypeError) as error:
        raise NoReply("the server's answer holds no choice with a message", "malformed") from error
    if choice.get("finish_reason") == "content_filter" or message.get("refusal"):
        raise NoReply(f"the model refused: {message.get('refusal') or 'content filter'}", "refused")
    text = message.get("content")
    if not isinstance(text, str) or not text.strip():
        raise NoReply("the model's reply is empty", "malformed")
    return text


def _seconds(header: str) -> float:
    try:
        return max(float(header), 0.0)
    except ValueError:
        return 0.0  # a date, or nothing: our own pauses will do


def _said(response: httpx.Response) -> str:
    """Return the server's own message, one line of it."""
    try:
        said = response.json()["error"]["message"]
    except (ValueError, KeyError, TypeError):
        said = response.text
    return " ".join(str(said).split())[:200]
