"""Any model's own chat template, with texts kept out of it: the template is rendered around placeholders.

What the template writes is split at control tokens, what stands at a placeholder stays text. So the ids are those of
the whole rendered string where texts are harmless, and a text that spells a control token never becomes one.
"""

import re
import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from vouch.generation.chat import Message, ToolSchema
from vouch.generation.templates.plain_turns import as_text, calls_alone, joined, plain_turns
from vouch.generation.templates.segments import Control, Segment, Text
from vouch.generation.templates.tool_texts import described, function, thawed
from vouch.generation.templates.written_calls import CallReader
from vouch.retrieval.errors import ModelError

Turns = list[dict[str, Any]]
Render = Callable[[Turns, list[dict[str, Any]] | None], str]
"""Renders the template, the model's turn opened unless the last turn is its own; ModelError for turns refused."""

_LONGEST_MARKER = 40
_PROBE_USER = Message("user", "probe")
_PROBE_TOOL = ToolSchema("vouch_probe_tool", "probe", {"type": "object", "properties": {}})


@dataclass(frozen=True, slots=True)
class Ability:
    """What a template can say, found out by rendering it."""

    system: bool
    """It has system turns."""
    tools: bool
    """It lists tools, and has turns for calls and results."""
    trims: bool
    """It strips texts."""
    markers: tuple[str, ...]
    """Role markers that are ordinary text, such as `### User:`; in texts they are broken up by a space."""


class TemplateFormat:
    """The format that a model's chat template describes."""

    opening = ""

    def __init__(self, render: Render, controls: Collection[str], stops: tuple[str, ...]) -> None:
        """`controls`: every token of the model that is no ordinary text; `stops`: those that end a reply."""
        self.stops = stops
        self._render = render
        literals = sorted(filter(None, controls), key=len, reverse=True)
        self._controls = re.compile("|".join(map(re.escape, literals))) if literals else None
        self.ability = self._found_out()

    def segments(self, messages: Sequence[Message], tools: Sequence[ToolSchema]) -> list[Segment]:
        """Return the prompt up to where the assistant speaks."""
        turns, offered = self._sayable(messages, tools)
        rendering = _Rendering(self)
        rendered = self._render(rendering.dictionaries(turns), offered)
        if rendering.unsaid(rendered):
            raise ModelError("the model's chat template leaves out the last turn: it cannot be used for chats")
        return self._assembled(rendered, rendering)

    def reply(self, message: Message, tools: Sequence[ToolSchema]) -> list[Segment]:
        """Return what the template writes for a turn of the model behind the prompt, up to the token that ends it."""
        turns, offered = self._sayable([_PROBE_USER], tools)
        spoken = message if offered else as_text(calls_alone(message))
        rendering = _Rendering(self)
        dictionaries = rendering.dictionaries([*turns, spoken])
        prompt, whole = self._render(dictionaries[:-1], offered), self._render(dictionaries, offered)
        # A template may open a turn otherwise than it tells one, with a line to think on: then the turn begins there.
        start = self._parting(prompt, whole, rendering)
        asked = [match.end() for match in rendering.placeholder.finditer(prompt)]
        said = self._ended(whole[start:], rendering)
        if start < asked[-1] or (spoken.content and not spoken.tool_calls and rendering.unsaid(said)):
            raise ModelError("the model's chat template renders no turn of the assistant: it cannot be trained with it")
        return self._assembled(said, rendering)

    def reader(self, tools: Sequence[ToolSchema]) -> CallReader:
        """Return what reads one reply."""
        return CallReader([tool.name for tool in tools])

    def harmless(self, text: str) -> str:
        """Return a text that the template itself may handle: control tokens and markers in it broken by a space."""
        for pattern in filter(None, [self._controls, _alternatives(self.ability.markers)]):
            text = pattern.sub(lambda match: f"{match[0][0]} {match[0][1:]}", text)
        return text

    def _sayable(
        self, messages: Sequence[Message], tools: Sequence[ToolSchema]
    ) -> tuple[list[Message], list[dict[str, Any]] | None]:
        """Return the turns that the template has, and the tools it lists."""
        if self.ability.tools and (tools or any(message.role == "tool" for message in messages)):
            return list(messages), [function(tool) for tool in tools] or None
        if any(message.role == "tool" or message.tool_calls for message in messages) or not self.ability.system:
            turns = plain_turns(messages, tools)
            return (turns if self.ability.system else _without_system(turns)), None
        turns = list(messages)
        if tools:
            first = turns.pop(0).content if turns and turns[0].role == "system" else ""
            turns.insert(0, Message("system", "\n\n".join(filter(None, [first, described(tools)]))))
        return turns, None

    def _assembled(self, rendered: str, rendering: "_Rendering") -> list[Segment]:
        """Return a rendered template as segments; neighbouring texts are one, as in the rendered string."""
        segments: list[Segment] = []
        plain = ""
        for part in self._parts(rendered, rendering):
            if isinstance(part, Text):
                plain += part.text
                continue
            segments += [Text(plain), part] if plain else [part]
            plain = ""
        return [*segments, Text(plain)] if plain else segments

    def _parting(self, prompt: str, whole: str, rendering: "_Rendering") -> int:
        """Return where a rendered conversation parts from its prompt, never within a control token or a text."""
        pairs = enumerate(zip(prompt, whole, strict=False))
        at = next((place for place, (one, other) in pairs if one != other), min(len(prompt), len(whole)))
        for pattern in filter(None, [self._controls, rendering.placeholder]):
            at = next((match.start() for match in pattern.finditer(whole) if match.start() < at < match.end()), at)
        return at

    def _ended(self, said: str, rendering: "_Rendering") -> str:
        """Return a rendered turn up to the first token that ends a reply; the first such token where it has none."""
        for match in self._controls.finditer(said) if self._controls else ():
            if match[0] in self.stops:
                return said[: match.end()]
        if not self.stops:
            raise ModelError("the model's tokenizer names no eos_token: a model trained so would never stop")
        # What parts turns in the template is none of this one: it ends with its text, or with its calls.
        text = [match.end() for match in rendering.placeholder.finditer(said)]
        return (said[: text[-1]] if text else said.rstrip()) + self.stops[0]

    def _parts(self, rendered: str, rendering: "_Rendering") -> Iterator[Segment]:
        for index, piece in enumerate(rendering.placeholder.split(rendered)):
            if index % 2:
                yield Text(rendering.texts[int(piece)])
                continue
            at = 0
            for match in self._controls.finditer(piece) if self._controls else ():
                yield Text(piece[at : match.start()])
                yield Control(match[0])
                at = match.end()
            yield Text(piece[at:])

    def _found_out(self) -> Ability:
        """Return what the template can say, by rendering conversations of one word each."""
        user = {"role": "user", "content": "vouchuser"}
        asked = self._tried([user], None)
        if "vouchuser" not in asked:
            raise ModelError("the model's chat template renders no turn of the user: it cannot be used for chats")
        system = "vouchsystem" in self._tried([{"role": "system", "content": "vouchsystem"}, user], None)
        trims = " \nvouchuser" not in self._tried([{"role": "user", "content": " \nvouchuser\n "}], None)
        turns = [user, {"role": "assistant", "content": "vouchanswer"}, user]
        markers = self._markers(self._tried(turns, None) or asked)
        return Ability(system, self._has_tools(user), trims, markers)

    def _has_tools(self, user: dict[str, Any]) -> bool:
        listed = self._tried([user], [function(_PROBE_TOOL)])
        call = {"id": "call00001", "type": "function", "function": {"name": "vouchcall", "arguments": {"a": 1}}}
        calling = {"role": "assistant", "content": "", "tool_calls": [call]}
        result = {"role": "tool", "name": "vouchcall", "tool_call_id": "call00001", "content": "vouchresult"}
        told = self._tried([user, calling, result], [function(_PROBE_TOOL)])
        return _PROBE_TOOL.name in listed and "vouchcall" in told and "vouchresult" in told

    def _tried(self, turns: Turns, tools: list[dict[str, Any]] | None) -> str:
        try:
            return self._render(turns, tools)
        except ModelError:
            return ""  # this template has no such turns

    def _markers(self, rendered: str) -> tuple[str, ...]:
        pieces = re.split(r"vouch(?:user|answer)|\n", rendered)
        texts = (
            text.strip() for piece in pieces for text in (self._controls.split(piece) if self._controls else [piece])
        )
        found = {text for text in texts if 4 <= len(text) <= _LONGEST_MARKER and re.search(r"[\[\]<>#|:]", text)}
        return tuple(sorted(found, key=len, reverse=True))


class _Rendering:
    """One rendering: texts by the number of their placeholder, whose name no text can know."""

    def __init__(self, form: TemplateFormat) -> None:
        self._form = form
        self._nonce = f"vouch{secrets.token_hex(8)}x"
        self.placeholder = re.compile(f"{self._nonce}(\\d+)z")
        self.texts: list[str] = []

    def dictionaries(self, messages: Sequence[Message]) -> Turns:
        """Return turns as templates take them, a placeholder for each text."""
        ids: dict[str, str] = {}
        for message in messages:
            for call in message.tool_calls:
                # Mistral's template takes nine letters and digits.
                ids.setdefault(call.id, f"call{len(ids) + 1:05d}")
        return [self._dictionary(message, ids) for message in messages]

    def unsaid(self, rendered: str) -> bool:
        """Say whether the last text is missing from what was rendered."""
        return bool(self.texts) and f"{self._nonce}{len(self.texts) - 1}z" not in rendered

    def _dictionary(self, message: Message, ids: dict[str, str]) -> dict[str, Any]:
        turn: dict[str, Any] = {"role": message.role, "content": self._placed(message.content)}
        if message.role == "tool":
            turn["name"] = self._form.harmless(message.name)
            turn["tool_call_id"] = ids.get(message.tool_call_id, "call00000")
        if message.tool_calls:
            turn["tool_calls"] = [
                {
                    "id": ids[call.id],
                    "type": "function",
                    "function": {
                        "name": self._form.harmless(call.name),
                        "arguments": _each(thawed(call.arguments), self._form.harmless),
                    },
                }
                for call in message.tool_calls
            ]
        return turn

    def _placed(self, text: str) -> str:
        if not text:
            return ""  # templates ask whether there is a text
        for pattern in filter(None, [_alternatives(self._form.ability.markers)]):
            text = pattern.sub(lambda match: f"{match[0][0]} {match[0][1:]}", text)
        self.texts.append(text.strip() if self._form.ability.trims else text)
        return f"{self._nonce}{len(self.texts) - 1}z"


def _alternatives(markers: Sequence[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(map(re.escape, markers))) if markers else None


def _each(value: Any, change: Callable[[str], str]) -> Any:
    """Return a JSON value with every text in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(key): _each(entry, change) for key, entry in value.items()}
    return [_each(entry, change) for entry in value] if isinstance(value, list) else value


def _without_system(turns: Sequence[Message]) -> list[Message]:
    """Return turns whose system turn is the beginning of the user's first."""
    return joined(Message("user", turn.content) if turn.role == "system" else as_text(turn) for turn in turns)
