"""Chat models behind an OpenAI-compatible server (vLLM, llama.cpp, Ollama, Xinference, hosted ones), through httpx."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from vouch.generation.chat import Cancelled, ChatRequest, Delta
from vouch.generation.models.in_thread import HadEnough
from vouch.generation.models.openai_form import ReplyReader, request_body
from vouch.generation.models.openai_lines import Address, NotAccepted, TryAgain, chunks_from
from vouch.generation.models.openai_probe import Probe
from vouch.generation.stop_texts import cut_at
from vouch.retrieval.errors import ModelError, NoReply

LONGEST_WAIT = 60.0
NOT_KNOWN_EVERYWHERE = (
    "stream_options", "response_format", "seed", "strict",
    "temperature", "top_p", "top_k", "repetition_penalty", "repeat_penalty",
)  # fmt: skip
"""Left out for a server that says it does not take them: then a schema is only asked for, usage not told."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where a model is served and how patient to be."""

    base_url: str
    """Up to and including the version, without /chat/completions."""
    model: str
    api_key: str = field(default="", repr=False)
    timeout: float = 120.0
    """Seconds to wait for the next piece of a reply."""
    retries: int = 3
    context_window: int = 0
    """Tokens; 0: what the server says, else 8192."""
    strict_tools: bool = False
    """Ask the server to hold tool calls to their schemas; for servers that know `strict`."""


def wait(seconds: float, cancelled: Cancelled) -> None:
    """Return after so many seconds, or as soon as the caller has had enough."""
    end = time.monotonic() + seconds
    while not cancelled() and (left := end - time.monotonic()) > 0:
        time.sleep(min(left, 0.05))


class OpenAIChat:
    """A ChatModel over HTTP. Busy servers are asked again, with growing pauses, as long as nothing was streamed."""

    def __init__(self, server: Server, wait: Callable[[float, Cancelled], None] = wait) -> None:
        """`wait` is for tests."""
        if not server.base_url.startswith(("http://", "https://")):
            raise ModelError(f"base_url {server.base_url!r} is no address: it starts with http:// or https://")
        if not server.model:
            raise ModelError(f"no model is named for {server.base_url}: set its name as the server knows it")
        self._server, self._wait = server, wait
        base = server.base_url.rstrip("/")
        self._address = Address(base + "/chat/completions", server.api_key, server.timeout)
        self._probe = Probe(base, server.model, self._address.headers)
        self._not_taken: frozenset[str] = frozenset()
        self._limit = "max_tokens"

    @property
    def name(self) -> str:
        """The model's name on its server."""
        return self._server.model

    @property
    def context_window(self) -> int:
        """Tokens that prompt and reply share."""
        return self._server.context_window or self._probe.context_window

    def count_tokens(self, text: str) -> int:
        """Return how many tokens a text takes: the server's count, or the bytes of the text where it does not count."""
        return self._probe.count_tokens(text)

    def stream(self, request: ChatRequest, cancelled: Cancelled = lambda: False) -> Iterator[Delta]:
        """Yield the reply as it arrives; NoReply where this call brought none, ModelError where none will."""
        attempt = 0
        while True:
            begun = False
            try:
                for delta in cut_at(self._reply(request, cancelled), request.sampling.stop):
                    begun = begun or bool(delta.text)
                    yield delta
                return
            except HadEnough:
                yield Delta(finish="cancelled")
                return
            except NotAccepted as problem:
                self._without_what_is_not_taken(problem)
            except TryAgain as again:
                attempt += 1
                if begun or attempt > self._server.retries:
                    raise NoReply(f"{again} ({attempt} attempts)", again.reason) from again
                self._wait(min(again.wait or 2.0 ** (attempt - 1), LONGEST_WAIT), cancelled)

    def _reply(self, request: ChatRequest, cancelled: Cancelled) -> Iterator[Delta]:
        reader = ReplyReader(tools_offered=bool(request.tools))
        begun = False
        for chunk in chunks_from(self._address, self._body(request), cancelled):
            if text := reader.text_of(chunk):
                yield Delta(text)
            begun = begun or bool(chunk.get("choices"))
        if not reader.ended:
            raise _unended(self._address.url, begun)
        yield reader.last()

    def _body(self, request: ChatRequest) -> dict[str, Any]:
        body = request_body(request, self._server.strict_tools and "strict" not in self._not_taken)
        body |= {"model": self._server.model, "stream": True, "stream_options": {"include_usage": True}}
        body[self._limit] = body.pop("max_tokens")
        return {key: value for key, value in body.items() if key not in self._not_taken}

    def _without_what_is_not_taken(self, problem: NotAccepted) -> None:
        """Remember what this server does not take; the problem is raised again where that is nothing we can spare."""
        if "max_completion_tokens" in problem.said and self._limit == "max_tokens":
            self._limit = "max_completion_tokens"
            return
        named = {key for key in NOT_KNOWN_EVERYWHERE if key in problem.said} - self._not_taken
        if not named:
            raise problem
        self._not_taken |= named


def _unended(url: str, begun: bool) -> Exception:
    if begun:
        return TryAgain(f"{url} broke off: the reply has no end", "busy")
    return NoReply(f"{url} sent no reply", "malformed")
