"""Conversations with a known last reply, as `vouch finetune examples` writes them: `messages` in OpenAI's form.

What is asked is every turn but the last; the last one is the reference.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast, get_args

from vouch.eval.layouts.fields import NotUnderstood, Row, language, text
from vouch.eval.types import Item
from vouch.generation.chat import Message, Role, ToolCall, ToolSchema


def recognises(row: Row) -> bool:
    """Say whether a row is a conversation."""
    return isinstance(row.get("messages"), Sequence) and not isinstance(row["messages"], str) and bool(row["messages"])


def items(row: Row, number: int) -> Iterator[Item]:
    """Yield the item of a conversation; its question is what the row says it is, else what the user said last."""
    turns = tuple(_message(turn) for turn in row["messages"])
    reply = turns[-1].content.strip()
    asked = [turn.content for turn in turns[:-1] if turn.role == "user"]
    if turns[-1].role != "assistant" or not reply or not asked:
        raise NotUnderstood("messages must hold a question of the user and end with an answer of the assistant")
    yield Item(
        id=text(row, "id") or str(number),
        question=text(row, "question") or asked[-1],
        kind="reply",
        type=text(row, "kind", "type"),
        gold=(reply,),
        references=(reply,),
        language=language({**row, "question": reply}),
        messages=turns[:-1],
        tools=tuple(_tool(tool) for tool in row.get("tools") or ()),
    )


def _message(turn: Any) -> Message:
    role = turn.get("role") if isinstance(turn, Mapping) else None
    if role not in get_args(Role):
        raise NotUnderstood(f"{role!r} is no role of a turn; roles are {', '.join(get_args(Role))}")
    return Message(
        cast(Role, role),
        str(turn.get("content") or ""),
        tuple(_call(call) for call in turn.get("tool_calls") or ()),
        str(turn.get("tool_call_id") or ""),
        str(turn.get("name") or "") if role == "tool" else "",
    )


def _call(call: Any) -> ToolCall:
    try:
        said = call["function"]
        return ToolCall(str(call.get("id") or ""), str(said["name"]), json.loads(said.get("arguments") or "{}"))
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise NotUnderstood("a tool call must be an object with function.name and function.arguments") from error


def _tool(tool: Any) -> ToolSchema:
    try:
        said = tool.get("function", tool)
        return ToolSchema(str(said["name"]), str(said.get("description") or ""), said["parameters"])
    except (TypeError, KeyError, AttributeError) as error:
        raise NotUnderstood("a tool must be an object with a function's name and parameters") from error
