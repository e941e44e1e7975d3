"""Llama 2's chat format, as its published code builds it: `[INST] <<SYS>>…<</SYS>> question [/INST] answer`.

Its markers are ordinary text, no control tokens: the published code refuses texts that hold one. Here such a text
gets a space within the marker, after which it encodes to other tokens.
"""

import re
from collections.abc import Sequence

from vouch.generation.chat import Message, ToolSchema
from vouch.generation.templates.plain_turns import as_text, calls_alone, plain_turns
from vouch.generation.templates.segments import Control, Segment, Text
from vouch.generation.templates.written_calls import CallReader

_MARKER = re.compile(r"\[(?=/?INST\])|<(?=<\s*/?SYS\s*>>)", re.I)


class Llama2Format:
    """The format of Llama-2-chat."""

    stops = ("</s>",)
    opening = ""

    def segments(self, messages: Sequence[Message], tools: Sequence[ToolSchema]) -> list[Segment]:
        """Return the prompt up to where the assistant speaks."""
        turns = plain_turns(messages, tools)
        system = without_markers(turns.pop(0).content) if turns[0].role == "system" else ""
        segments: list[Segment] = []
        opening = f"<<SYS>>\n{system}\n<</SYS>>\n\n" if system else ""
        for asked, answered in zip(turns[::2], [*turns[1::2], None], strict=False):
            # The published code strips the text of the whole turn, the system part of the first one included.
            said = (opening + without_markers(asked.content)).strip()
            opening = ""
            segments.append(Control("<s>"))
            if answered is None:
                segments.append(Text(f"[INST] {said} [/INST]"))
            else:
                segments += [
                    Text(f"[INST] {said} [/INST] {without_markers(answered.content).strip()} "),
                    Control("</s>"),
                ]
        return segments

    def reply(self, message: Message, tools: Sequence[ToolSchema]) -> list[Segment]:  # noqa: ARG002 - calls look alike
        """Return what the model writes behind `[/INST]`: the turn between spaces, as a told one stands there."""
        said = without_markers(as_text(calls_alone(message)).content).strip()
        return [Text(f" {said} "), Control("</s>")]

    def reader(self, tools: Sequence[ToolSchema]) -> CallReader:
        """Return what reads one reply."""
        return CallReader([tool.name for tool in tools])


def without_markers(text: str) -> str:
    """Return a text whose markers of the format are broken up by a space."""
    return _MARKER.sub(lambda match: match[0] + " ", text)
