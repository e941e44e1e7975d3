"""Conversations for formats that know neither tools nor tool turns: system, then user and assistant in turn."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from vouch.generation.chat import Message, ToolSchema
from vouch.generation.templates.tool_texts import call_json, described, result_text
from vouch.retrieval.errors import ModelError


def plain_turns(messages: Sequence[Message], tools: Sequence[ToolSchema]) -> list[Message]:
    """Return a conversation of at most one system turn, then user and assistant in turn, the user first and last.

    Tools are described in the system turn, calls and results become text; neighbours of one role are joined.
    ModelError where nobody asks anything.
    """
    system = [message.content for message in messages if message.role == "system"]
    if tools:
        system.append(described(tools))
    turns = joined(as_text(message) for message in messages if message.role != "system")
    if not turns or turns[-1].role != "user":
        raise ModelError("a conversation for this model ends with a turn of the user or of a tool; this one does not")
    if turns[0].role == "assistant":
        turns.insert(0, Message("user", ""))
    return [*([Message("system", "\n\n".join(system))] if system else []), *turns]


def as_text(message: Message) -> Message:
    """Return a turn without calls: a call as JSON, a tool's result as a turn of the user."""
    if message.role == "tool":
        return Message("user", result_text(message.name or "the tool", message.content))
    if message.tool_calls:
        written = [message.content, *(call_json(call) for call in message.tool_calls)]
        return Message("assistant", "\n".join(filter(None, written)))
    return message


def calls_alone(message: Message) -> Message:
    """Return a turn that calls without its text: a model that writes calls as JSON is to reply with nothing else.

    Only so are they read: behind prose, JSON is prose.
    """
    return replace(message, content="") if message.tool_calls else message


def joined(messages: Iterable[Message]) -> list[Message]:
    """Return turns of which no two neighbours have the same role."""
    turns: list[Message] = []
    for message in messages:
        if turns and turns[-1].role == message.role:
            turns[-1] = Message(message.role, f"{turns[-1].content}\n\n{message.content}")
        else:
            turns.append(message)
    return turns
