"""Tool calls read from what models write: ChatGLM3's Python line, JSON with or without tags. Nothing is evaluated."""

import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vouch.generation.chat import ToolCall

LONGEST = 20_000
"""Characters of a call that are looked at; a longer one is refused unread."""
MOST = 16
"""Calls of one reply."""
DEEPEST = 32
"""Brackets within brackets."""

_FENCE = re.compile(r"```[a-zA-Z]*\n?(?P<code>.*?)(?:```|\Z)", re.S)
_TAGGED = re.compile(r"<tool_call>(?P<body>.*?)(?:</tool_call>|\Z)", re.S)
_QUOTED = re.compile(r"""\"(?:[^"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'""")
"""A text within a call: its brackets open nothing."""
_NAMES = ("name", "function", "tool", "tool_name")
_ARGUMENTS = ("parameters", "arguments", "args", "input", "action_input")
_CONSTANTS: Mapping[str, object] = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Calls:
    """What a reply calls. A call that could not be read is there too, with its problem."""

    calls: tuple[ToolCall, ...] = ()
    text: str = ""
    """What of the reply is no call."""


class _Unreadable(Exception):
    """What is wrong with a call, and the tool's name as far as it can be made out."""

    def __init__(self, problem: str, name: str = "") -> None:
        self.problem, self.name = problem, name
        super().__init__(problem)


@dataclass(slots=True)
class _Numbered:
    """Collects calls and numbers them."""

    calls: list[ToolCall] = field(default_factory=list)

    def add(self, name: str, arguments: Mapping[str, Any], problem: str = "") -> None:
        if len(self.calls) < MOST:
            self.calls.append(ToolCall(f"call_{len(self.calls) + 1}", name, arguments, problem))


def chatglm3_call(name: str, content: str, number: int = 1) -> ToolCall:
    """Return the call of a ChatGLM3 turn whose first line is a tool's name and whose content is a line of Python."""
    identity = f"call_{number}"
    try:
        return ToolCall(identity, name.strip(), _keywords(_unfenced(_bounded(content))))
    except _Unreadable as unreadable:
        remedy = "write ```python\\ntool_call(name='value')\\n``` with literal values only"
        return ToolCall(identity, name.strip(), {}, f"the call cannot be read: {unreadable.problem}; {remedy}")


def written_calls(text: str, names: Sequence[str]) -> Calls:
    """Return the calls that a reply writes as JSON, in tags, in a code block or bare, or as Python; and the rest.

    `names`: the tools on offer. JSON that is plainly no call (an answer in JSON) stays text.
    """
    numbered = _Numbered()
    tagged = [match["body"] for match in _TAGGED.finditer(text)]
    if tagged:
        for body in tagged[: MOST + 1]:
            _add_from(body, numbered, names, certain=True)
        return Calls(tuple(numbered.calls), _TAGGED.sub("", text).strip())
    bare = text.strip()
    start = _start_of_call(bare)
    if start is None:
        return Calls(text=text)
    rest = _add_from(bare[start:], numbered, names, certain=False)
    if not numbered.calls:
        return Calls(text=text)
    return Calls(tuple(numbered.calls), (bare[:start] + rest).strip())


def _start_of_call(bare: str) -> int | None:
    """Return where JSON or a code block begins that may be a call; None where a reply is prose."""
    fence = re.search(r"```(?:json|python|tool_code|tool_call)?\s*(?=[{\[]|\w+\()", bare)
    if bare.startswith(("{", "[")):
        return 0
    return fence.start() if fence else None


def _add_from(body: str, numbered: _Numbered, names: Sequence[str], certain: bool) -> str:
    """Add the calls of a piece of text; return what stands behind them.

    `certain`: the model said that this is a call, so that what cannot be read is a complaint, not prose.
    """
    try:
        written = _unfenced(_bounded(body))
        if not written.startswith(("{", "[{")):
            for name, arguments in _python_calls(written, names):
                numbered.add(name, arguments)
            return ""
        values, rest = _json_values(written)
        for value in values:
            if not certain and not _is_call(value):
                return rest
            name, arguments = _json_call(value)
            numbered.add(name, arguments)
        return rest
    except _Unreadable as unreadable:
        if certain or _looks_like_call(body, names):
            remedy = 'write {"name": "...", "parameters": {...}} and nothing else'
            numbered.add(unreadable.name, {}, f"the call cannot be read: {unreadable.problem}; {remedy}")
        return ""


def _looks_like_call(body: str, names: Sequence[str]) -> bool:
    head = body[:300]
    return any(f'"{name}"' in head or f"{name}(" in head for name in names) and any(
        f'"{key}"' in head or "(" in head for key in _ARGUMENTS
    )


def _bounded(text: str) -> str:
    if len(text) > LONGEST:
        raise _Unreadable(f"it is longer than {LONGEST} characters")
    depth = 0
    for character in _QUOTED.sub("", text):
        depth += (character in "([{") - (character in ")]}")
        if depth > DEEPEST:
            raise _Unreadable(f"its brackets are nested more than {DEEPEST} deep")
    return text.strip()


def _unfenced(text: str) -> str:
    fence = _FENCE.search(text)
    return fence["code"].strip() if fence else text


def _json_values(text: str) -> tuple[list[Any], str]:
    """Return the JSON values at the start of a text, parted by spaces, commas or semicolons, and what follows them."""
    decoder = json.JSONDecoder()
    values: list[Any] = []
    at = 0
    while at < len(text) and text[at] in "{[" and len(values) < MOST:
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            if values:
                break
            raise _Unreadable(f"this is no JSON ({error})", _name_in(text)) from error
        values += value if isinstance(value, list) else [value]
        while at < len(text) and text[at] in " \t\r\n,;":
            at += 1
    return values, text[at:]


def _name_in(text: str) -> str:
    match = re.search(r'"(?:name|function)"\s*:\s*"([^"\n]{1,100})"', text)
    return match[1] if match else ""


def _is_call(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and any(isinstance(value.get(key), str | dict) for key in _NAMES)
        and (
            any(key in value for key in _ARGUMENTS) or isinstance(value.get("function"), dict) or set(value) == {"name"}
        )
    )


def _json_call(value: Any) -> tuple[str, Mapping[str, Any]]:
    """Return name and arguments of a call in JSON: flat, or within `function` as OpenAI writes it."""
    if not isinstance(value, dict):
        raise _Unreadable("a call is a JSON object")
    if isinstance(value.get("function"), dict):
        value = value["function"]
    name = next((value[key] for key in _NAMES if isinstance(value.get(key), str)), "")
    if not name:
        raise _Unreadable("it names no tool")
    arguments: Any = next((value[key] for key in _ARGUMENTS if key in value), {})
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except (ValueError, RecursionError) as error:
            raise _Unreadable(f"its arguments are no JSON ({error})", name) from error
    if arguments is None:
        return name, {}
    if not isinstance(arguments, dict):
        raise _Unreadable("its arguments are no JSON object", name)
    return name, arguments


def _parsed(code: str) -> ast.expr:
    try:
        return ast.parse(code, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise _Unreadable(f"this is no call in Python ({type(error).__name__})") from error


def _keywords(code: str) -> Mapping[str, Any]:
    """Return the keyword arguments of one Python call, or of a JSON object in its place."""
    if code.startswith("{"):
        values, _ = _json_values(code)
        if isinstance(values[0], dict):
            return values[0]
    call = _parsed(code)
    if not isinstance(call, ast.Call):
        raise _Unreadable("this is no call")
    return _arguments(call)


def _arguments(call: ast.Call) -> Mapping[str, Any]:
    if call.args or any(keyword.arg is None for keyword in call.keywords):
        raise _Unreadable("each argument needs its name")
    return {str(keyword.arg): _literal(keyword.value) for keyword in call.keywords}


def _literal(value: ast.expr) -> Any:
    if isinstance(value, ast.Name) and value.id in _CONSTANTS:
        return _CONSTANTS[value.id]
    try:
        return ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError) as error:
        raise _Unreadable("an argument is no literal value") from error


def _python_calls(code: str, names: Sequence[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the calls in `tool(a=1)` or `[tool(a=1), other(b=2)]`, as Llama 3.2 writes them, of tools on offer."""
    value = _parsed(code)
    calls = value.elts if isinstance(value, ast.List) else [value]
    for call in calls:
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in names):
            raise _Unreadable("this calls no tool on offer")
        yield call.func.id, _arguments(call)
