"""ChatGLM3's role format, as its published tokenizer builds it (`build_chat_input`).

[gMASK] sop, then for each turn `<|role|>`, `metadata\\n` and the content, each text encoded by itself; last
`<|assistant|>`. A turn of the assistant whose metadata names a tool calls it; the result is `<|observation|>`.
"""

import json
from collections.abc import Sequence

from vouch.generation.chat import Message, ToolCall, ToolSchema
from vouch.generation.templates.segments import Control, Segment, Text
from vouch.generation.templates.tool_texts import plain, thawed, tool_text
from vouch.generation.tool_calls import chatglm3_call

SPECIAL_TOKENS = (
    "[MASK]",
    "[gMASK]",
    "[sMASK]",
    "sop",
    "eop",
    "<|system|>",
    "<|user|>",
    "<|assistant|>",
    "<|observation|>",
)
"""They follow the pieces of the SentencePiece model, in this order."""
LONGEST_METADATA = 100
"""Characters; a first line longer than that is no tool's name, and waiting for its end would hold back the answer."""


class ChatGLM3Format:
    """The format of ChatGLM3-6B, -32k and -128k."""

    stops = ("</s>", "<|user|>", "<|observation|>")
    opening = "\n"

    def segments(self, messages: Sequence[Message], tools: Sequence[ToolSchema]) -> list[Segment]:
        """Return the prompt up to where the assistant speaks."""
        segments: list[Segment] = [Control("[gMASK]"), Control("sop")]
        turns = list(messages)
        if tools:
            system = turns.pop(0).content if turns and turns[0].role == "system" else tool_text("chatglm3_system")
            listed = json.dumps([plain(tool) for tool in tools], indent=4, ensure_ascii=False)
            segments += _turn("system", f"{system}\n{listed}")
        for message in turns:
            segments += _turns_of(message)
        return [*segments, Control("<|assistant|>")]

    def reply(self, message: Message, tools: Sequence[ToolSchema]) -> list[Segment]:  # noqa: ARG002 - calls look alike
        """Return what the model writes behind `<|assistant|>`: the line of metadata, the content, the end."""
        end = "<|observation|>" if message.tool_calls else "</s>"
        return [*_turns_of(message)[1:], Control(end)]

    def reader(self, tools: Sequence[ToolSchema]) -> "ChatGLM3Reader":
        """Return what reads one reply."""
        return ChatGLM3Reader([tool.name for tool in tools])


def _turns_of(message: Message) -> list[Segment]:
    if message.role == "tool":
        return _turn("observation", message.content)
    if message.role != "assistant":
        return _turn(message.role, message.content)
    # The model thinks in a turn of its own before it calls.
    thought = _turn("assistant", message.content) if message.content or not message.tool_calls else []
    calls = (_turn("assistant", call_code(call), call.name) for call in message.tool_calls)
    return thought + [segment for call in calls for segment in call]


def _turn(role: str, content: str, metadata: str = "") -> list[Segment]:
    return [Control(f"<|{role}|>"), Text(f"{metadata}\n"), Text(content)]


def call_code(call: ToolCall) -> str:
    """Return a call's content as ChatGLM3 writes it."""
    arguments = ", ".join(f"{key}={thawed(value)!r}" for key, value in call.arguments.items())
    return f" ```python\ntool_call({arguments})\n```"


class ChatGLM3Reader:
    """Takes a reply apart: turns parted by `<|assistant|>`, each with a first line of metadata."""

    def __init__(self, tool_names: Sequence[str]) -> None:
        self._names = tool_names
        self._calls: list[ToolCall] = []
        self._head = ""
        self._body: list[str] = []
        self._tool = ""
        self._open = False
        """The first line of this turn is complete."""
        self._shown_any = False

    def text(self, piece: str) -> str:
        """Take a piece of text; return what may be shown by now."""
        if self._open:
            return self._content(piece)
        self._head += piece
        first, newline, rest = self._head.partition("\n")
        if newline:
            self._open = True
            if first.strip() and (self._names or first.strip() in self._names):
                self._tool = first.strip()
                return self._content(rest)
            return self._content((first.strip() and self._head) or rest)
        if len(self._head) > LONGEST_METADATA:
            self._open = True
            return self._content(self._head)
        return ""

    def control(self, name: str) -> str:
        """Begin another turn at `<|assistant|>`; other control tokens are dropped."""
        return self._close() if name == "<|assistant|>" else ""

    def end(self) -> tuple[str, tuple[ToolCall, ...]]:
        """Return what remains to be shown, and the calls."""
        rest = self._close()
        return rest, tuple(self._calls)

    def _content(self, piece: str) -> str:
        if self._tool:
            self._body.append(piece)
            return ""
        if not self._shown_any:
            piece = piece.lstrip()
        self._shown_any = self._shown_any or bool(piece)
        return piece

    def _close(self) -> str:
        rest = "" if self._open else self._content(self._head)
        if self._tool:
            self._calls.append(chatglm3_call(self._tool, "".join(self._body), len(self._calls) + 1))
        self._head, self._tool, self._open = "", "", False
        self._body.clear()
        return rest
