"""Chat requests and replies in the JSON of OpenAI's chat completions; knows neither HTTP nor a model.

Replies are untrusted: a server may leave out, repeat or misshape anything. Calls that cannot be read say so.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vouch.generation.chat import ChatRequest, Delta, Finish, Message, Sampling, ToolCall, Usage
from vouch.generation.models.strict_tools import strict_function
from vouch.generation.templates.tool_texts import function, thawed
from vouch.retrieval.errors import NoReply

FINISHES: Mapping[str, Finish] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
}
LONGEST_REPLY = 4_000_000
"""Characters; whoever sends more heeds no limit."""


def request_body(request: ChatRequest, strict: bool = False) -> dict[str, Any]:
    """Return a request as the body of a chat completion, the model's name and streaming apart.

    `strict`: ask the server to hold tool calls to their schemas.
    """
    sampling = request.sampling
    body: dict[str, Any] = {
        "messages": [message_form(message) for message in _with_system_turn(request)],
        "max_tokens": sampling.max_tokens,
    }
    body |= {name: value for name, value in sampling_form(sampling).items() if value is not None}
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    if request.tools:
        body["tools"] = [strict_function(tool) if strict else function(tool) for tool in request.tools]
    if request.schema is not None:
        schema = {"name": "reply", "schema": thawed(request.schema), "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return body


def sampling_form(sampling: Sampling) -> dict[str, float | int | None]:
    """Return how tokens are chosen, as servers name it; None where the model's defaults hold."""
    return {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "repetition_penalty": sampling.repetition_penalty,  # vLLM
        "repeat_penalty": sampling.repetition_penalty,  # llama.cpp
        "seed": sampling.seed,
    }


def _with_system_turn(request: ChatRequest) -> tuple[Message, ...]:
    """Return the messages, with a system turn where there are tools: ChatGLM3's template drops tools without one."""
    if not request.tools or any(message.role == "system" for message in request.messages):
        return request.messages
    return (Message("system", ""), *request.messages)


def message_form(message: Message) -> dict[str, Any]:
    """Return a turn as JSON."""
    form: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        form["tool_calls"] = [call_form(call) for call in message.tool_calls]
    if message.role == "tool":
        form["tool_call_id"] = message.tool_call_id
    return form


def call_form(call: ToolCall) -> dict[str, Any]:
    """Return a tool call as JSON."""
    arguments = json.dumps(thawed(call.arguments), ensure_ascii=False)
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


@dataclass(slots=True)
class _Call:
    """A tool call of which pieces arrive."""

    id: str
    name: str = ""
    arguments: str = ""


@dataclass(slots=True)
class ReplyReader:
    """Reads a reply chunk by chunk; a whole completion is one chunk."""

    tools_offered: bool
    ended: bool = False
    """The model said how its reply ended."""
    _finish: Finish = "stop"
    _usage: Usage | None = None
    _length: int = 0
    _blank: bool = True
    _calls: dict[int, _Call] = field(default_factory=dict)

    def text_of(self, chunk: Mapping[str, Any]) -> str:
        """Return the text that a chunk adds; NoReply where the model refuses."""
        if isinstance(usage := chunk.get("usage"), Mapping):
            self._usage = Usage(_count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens")))
        match chunk.get("choices"):
            case [Mapping() as choice, *_]:
                return self._choice(choice)
        return ""

    def last(self) -> Delta:
        """Return the end of the reply: its finish, its tool calls and what it took; NoReply where it holds nothing."""
        calls = self._whole_calls()
        if self._blank and not calls and self._finish != "length":
            raise NoReply("the model's reply is empty", "malformed")
        return Delta("", calls, "tool_calls" if calls else self._finish, self._usage)

    def _choice(self, choice: Mapping[str, Any]) -> str:
        piece = choice.get("delta") or choice.get("message")
        piece = piece if isinstance(piece, Mapping) else {}
        reason = choice.get("finish_reason")
        if reason == "content_filter" or piece.get("refusal"):
            raise NoReply(f"the model refused: {piece.get('refusal') or 'content filter'}", "refused")
        if isinstance(reason, str):
            self.ended, self._finish = True, FINISHES.get(reason, "stop")
        self._add_calls(piece.get("tool_calls"))
        text = piece.get("content")
        if not isinstance(text, str):
            return ""
        self._length += len(text)
        if self._length > LONGEST_REPLY:
            raise NoReply(f"the model's reply is longer than {LONGEST_REPLY} characters", "malformed")
        self._blank = self._blank and not text.strip()
        return text

    def _add_calls(self, pieces: Any) -> None:
        for position, piece in enumerate(pieces if isinstance(pieces, list) else []):
            function = piece.get("function") if isinstance(piece, Mapping) else None
            if not isinstance(function, Mapping):
                raise NoReply("the model's tool call holds no function", "malformed")
            call = self._call_at(piece, position)
            call.name += _text(function.get("name"))
            arguments = function.get("arguments")
            # Some servers send the object itself in the place of its text.
            call.arguments += json.dumps(arguments) if isinstance(arguments, Mapping) else _text(arguments)
            self._length += len(call.arguments)

    def _call_at(self, piece: Mapping[str, Any], position: int) -> _Call:
        """Return the call that a piece belongs to; a new id begins a new one, whatever its index."""
        last = max(self._calls, default=-1)
        index = piece.get("index")
        index = index if isinstance(index, int) else (position if position > last else last)
        given = _text(piece.get("id"))
        known = self._calls.get(index)
        if known is not None and given and known.id != given:
            index, known = last + 1, None
        if known is None:
            known = self._calls[index] = _Call(given or f"call_{index}")
        return known

    def _whole_calls(self) -> tuple[ToolCall, ...]:
        """Return the calls; none where the reply was cut off, as the last one may be half."""
        if not self._calls or self._finish == "length":
            return ()
        if not self.tools_offered:
            raise NoReply("the model calls tools, and none was offered", "malformed")
        return tuple(_read(self._calls[index]) for index in sorted(self._calls))


def _read(call: _Call) -> ToolCall:
    """Return a call; what cannot be read of it is its problem, for the model to be told."""
    try:
        arguments = json.loads(call.arguments or "{}")
    except (ValueError, RecursionError):
        arguments = None
    if isinstance(arguments, dict) and call.name:
        return ToolCall(call.id, call.name, arguments)
    wrong = "the arguments are no JSON object" if call.name else "the call names no tool"
    return ToolCall(call.id, call.name, {}, f"{wrong}: {call.arguments[:100]}")


def _count(value: Any) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
