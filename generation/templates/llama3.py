"""Llama 3's chat format, as its published code builds it; tools as the published template of Llama 3.1 tells them.

`<|begin_of_text|>`, then for each turn `<|start_header_id|>` role `<|end_header_id|>`, two newlines, the stripped
content and `<|eot_id|>`. All five are control tokens, found by name.
"""

import json
from collections.abc import Sequence

from vouch.generation.chat import Message, ToolSchema
from vouch.generation.templates.plain_turns import calls_alone
from vouch.generation.templates.segments import Control, Segment, Text
from vouch.generation.templates.tool_texts import call_json, function, tool_text
from vouch.generation.templates.written_calls import CallReader


class Llama3Format:
    """The format of Llama-3 and 3.1 Instruct."""

    stops = ("<|eot_id|>", "<|end_of_text|>", "<|eom_id|>")
    opening = ""

    def segments(self, messages: Sequence[Message], tools: Sequence[ToolSchema]) -> list[Segment]:
        """Return the prompt up to where the assistant speaks."""
        segments: list[Segment] = [Control("<|begin_of_text|>")]
        offered = tools
        for message in messages:
            content = _content(message)
            if offered and message.role == "user":
                content, offered = _with_tools(content, offered), ()
            segments += [*_header(message.role), Text(content), Control("<|eot_id|>")]
        return [*segments, *_header("assistant")]

    def reply(self, message: Message, tools: Sequence[ToolSchema]) -> list[Segment]:  # noqa: ARG002 - calls look alike
        """Return what the model writes behind its header; only calls where it calls, as it was told to."""
        return [Text(_content(calls_alone(message))), Control("<|eot_id|>")]

    def reader(self, tools: Sequence[ToolSchema]) -> CallReader:
        """Return what reads one reply."""
        return CallReader([tool.name for tool in tools])


def _content(message: Message) -> str:
    # The model knows one call in a turn; several are written as the parser reads them.
    written = [message.content.strip(), *(call_json(call) for call in message.tool_calls)]
    return "; ".join(filter(None, written)) if message.tool_calls else written[0]


def _header(role: str) -> list[Segment]:
    named = "ipython" if role == "tool" else role
    return [Control("<|start_header_id|>"), Text(named), Control("<|end_header_id|>"), Text("\n\n")]


def _with_tools(content: str, tools: Sequence[ToolSchema]) -> str:
    listed = "".join(f"{json.dumps(function(tool), indent=4, ensure_ascii=False)}\n\n" for tool in tools)
    return tool_text("llama3_tools") + listed + content
