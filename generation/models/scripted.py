"""A chat model that says what it was told to say: for tests and demos of everything that talks to one."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from vouch.generation.chat import Cancelled, ChatRequest, Delta, Finish, Reply, ToolCall, Usage
from vouch.generation.stop_texts import cut_at
from vouch.retrieval.errors import ModelError

Said = str | Reply | Exception
Script = Said | Callable[[ChatRequest], Said]
"""A text is cut at stop texts and at `max_tokens`; a Reply is given as it is, as by a model that heeds no limit."""
TOKEN = 4
"""Characters of a token."""
FINISHES: tuple[Finish, ...] = ("stop", "length", "tool_calls", "cancelled")


class ScriptedModel:
    """Replies in order; an entry that is an exception is raised, a callable is asked what to say to the request.

    Strict: one call too many is an error, unless `afterwards` says what to say from then on.
    """

    name = "scripted"

    def __init__(
        self,
        replies: Iterable[Script],
        afterwards: Script | None = None,
        context_window: int = 8192,
        piece: int = TOKEN,
    ) -> None:
        """`piece`: characters that stream at a time."""
        self._replies, self._afterwards, self._piece = list(replies), afterwards, piece
        self._context_window = context_window
        self.requests: list[ChatRequest] = []
        """What was asked, oldest first."""

    @property
    def context_window(self) -> int:
        """Tokens that prompt and reply share."""
        return self._context_window

    @property
    def unused(self) -> int:
        """How many replies nobody asked for."""
        return max(0, len(self._replies) - len(self.requests))

    def count_tokens(self, text: str) -> int:
        """Return how many tokens a text takes: one for every four characters begun."""
        return -(-len(text) // TOKEN)

    def stream(self, request: ChatRequest, cancelled: Cancelled = lambda: False) -> Iterator[Delta]:
        """Yield the next reply of the script in small pieces."""
        reply = self._next(request)
        prompt = sum(self.count_tokens(message.content) for message in request.messages)
        if isinstance(reply, Reply):
            yield from self._pieces(reply, prompt, cancelled)
            return
        room = request.sampling.max_tokens * TOKEN
        whole = Reply(reply[:room], finish="stop" if len(reply) <= room else "length")
        yield from cut_at(self._pieces(whole, prompt, cancelled), request.sampling.stop)

    def _next(self, request: ChatRequest) -> str | Reply:
        self.requests.append(request)
        number = len(self.requests)
        script = self._replies[number - 1] if number <= len(self._replies) else self._afterwards
        if script is None:
            last = request.messages[-1].content
            raise AssertionError(f"call {number} of a script of {len(self._replies)}: {last}")
        said = script(request) if callable(script) else script
        if isinstance(said, Exception):
            raise said
        return said

    def _pieces(self, reply: Reply, prompt_tokens: int, cancelled: Cancelled) -> Iterator[Delta]:
        for start in range(0, len(reply.text), self._piece):
            if cancelled():
                yield Delta(finish="cancelled", usage=Usage(prompt_tokens, start // TOKEN))
                return
            yield Delta(reply.text[start : start + self._piece])
        finish: Finish = "tool_calls" if reply.tool_calls and reply.finish == "stop" else reply.finish
        usage = Usage(prompt_tokens, self.count_tokens(reply.text))
        yield Delta("", reply.tool_calls, finish, usage)


def scripted_model(path: Path, context_window: int = 8192) -> ScriptedModel:
    """Return a model that says what a JSON file lists; once the list has ended, it says so as a ModelError.

    An entry is a text, {"error": message} or {"text", "tool_calls": [{"name", "arguments"}], "finish"}, all optional.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"the script {path} cannot be read ({error}): name a JSON list of replies") from error
    if not isinstance(entries, list):
        raise ModelError(f"the script {path} is no JSON list of replies")
    replies = [_reply_of(entry, f"{path}, reply {number}") for number, entry in enumerate(entries, start=1)]
    ended = ModelError(f"the script {path} has ended: it holds {len(replies)} replies")
    return ScriptedModel(replies, afterwards=ended, context_window=context_window)


def _reply_of(entry: Any, place: str) -> Said:
    if isinstance(entry, str):
        return entry
    if not isinstance(entry, Mapping) or not entry.keys() <= {"text", "tool_calls", "finish", "error"}:
        raise ModelError(f"{place}: a reply is a text or an object of text, tool_calls, finish or error")
    if "error" in entry:
        return ModelError(str(entry["error"]))
    finish = entry.get("finish", "stop")
    if finish not in FINISHES:
        raise ModelError(f"{place}: finish is one of {', '.join(FINISHES)}, not {finish!r}")
    calls = entry.get("tool_calls", [])
    if not isinstance(calls, list):
        raise ModelError(f"{place}: tool_calls is a list")
    return Reply(str(entry.get("text", "")), tuple(_call_of(call, place, n) for n, call in enumerate(calls)), finish)


def _call_of(call: Any, place: str, number: int) -> ToolCall:
    match call:
        case {"name": str(name), "arguments": dict(arguments)}:
            return ToolCall(f"call_{number}", name, arguments)
    raise ModelError(f'{place}: a tool call is {{"name": text, "arguments": object}}')
