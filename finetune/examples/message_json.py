"""Conversations and tools in the JSON of OpenAI's chat completions, and back."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from vouch.finetune.examples.text_lines import BadExample
from vouch.generation.chat import Message, Role, ToolCall, ToolSchema
from vouch.generation.templates.tool_texts import function, thawed

_ROLES: Mapping[str, Role] = {
    "system": "system",
    "developer": "system",  # OpenAI's newer name of it
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
}


def messages_json(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Return turns as JSON; `messages_from_json` gives them back."""
    return [_message_json(message) for message in messages]


def tools_json(tools: Sequence[ToolSchema]) -> list[dict[str, Any]]:
    """Return tools as JSON; `tools_from_json` gives them back."""
    return [function(tool) for tool in tools]


def messages_from_json(turns: object) -> tuple[Message, ...]:
    """Return the turns of a list of OpenAI messages; BadExample says which cannot be read."""
    if not isinstance(turns, list) or not turns:
        raise BadExample("messages must be a list of turns that is not empty")
    messages: list[Message] = []
    for number, turn in enumerate(turns, start=1):
        if not isinstance(turn, Mapping):
            raise BadExample(f"turn {number} must be an object with role and content")
        messages.append(_message(turn, number))
    return tuple(messages)


def tools_from_json(tools: object) -> tuple[ToolSchema, ...]:
    """Return tools given as OpenAI functions or as the bare object in one; BadExample for anything else."""
    if tools is None:
        return ()
    if not isinstance(tools, list):
        raise BadExample("tools must be a list")
    return tuple(_tool(tool) for tool in tools)


def _message_json(message: Message) -> dict[str, Any]:
    form: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        form["tool_calls"] = [_call_json(call) for call in message.tool_calls]
    if message.role == "tool":
        form |= {"tool_call_id": message.tool_call_id, "name": message.name}
    return form


def _call_json(call: ToolCall) -> dict[str, Any]:
    arguments = json.dumps(thawed(call.arguments), ensure_ascii=False)
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _message(turn: Mapping[str, Any], number: int) -> Message:
    role = _ROLES.get(str(turn.get("role")))
    if role is None:
        raise BadExample(f"turn {number}: {turn.get('role')!r} is no role; roles are {', '.join(sorted(set(_ROLES)))}")
    calls = turn.get("tool_calls") or []
    if not isinstance(calls, list):
        raise BadExample(f"turn {number}: tool_calls must be a list")
    return Message(
        role,
        _content(turn.get("content"), number),
        tuple(_call(call, number, place) for place, call in enumerate(calls)),
        str(turn.get("tool_call_id") or ""),
        str(turn.get("name") or "") if role == "tool" else "",
    )


def _content(content: object, number: int) -> str:
    if content is None:
        return ""  # as OpenAI writes a turn that only calls tools
    if isinstance(content, str):
        return content
    if isinstance(content, list) and all(isinstance(part, Mapping) and part.get("type") == "text" for part in content):
        return "".join(str(part.get("text", "")) for part in content)
    raise BadExample(f"turn {number}: content must be text")


def _call(call: object, number: int, place: int) -> ToolCall:
    called = call.get("function") if isinstance(call, Mapping) else None
    if not isinstance(call, Mapping) or not isinstance(called, Mapping) or not called.get("name"):
        raise BadExample(f"turn {number}: a tool call must hold a function with a name")
    arguments = called.get("arguments") or {}
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except (ValueError, RecursionError) as error:
            raise BadExample(f"turn {number}: the arguments of {called['name']} are no JSON ({error})") from error
    if not isinstance(arguments, dict):
        raise BadExample(f"turn {number}: the arguments of {called['name']} must be an object")
    return ToolCall(str(call.get("id") or f"call_{number}_{place}"), str(called["name"]), arguments)


def _tool(tool: object) -> ToolSchema:
    told = tool.get("function", tool) if isinstance(tool, Mapping) else None
    if not isinstance(told, Mapping) or not told.get("name"):
        raise BadExample("a tool must be an object with a name")
    parameters = told.get("parameters") or {"type": "object", "properties": {}}
    if not isinstance(parameters, Mapping):
        raise BadExample(f"tool {told['name']}: parameters must be a JSON schema")
    return ToolSchema(str(told["name"]), str(told.get("description") or ""), parameters)
