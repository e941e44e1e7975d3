"""The layouts in which people keep conversations, each told by its keys: one object in, turns and tools out."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from vouch.finetune.examples.message_json import messages_from_json, tools_from_json
from vouch.finetune.examples.text_lines import BadExample
from vouch.generation.chat import Message, Role, ToolCall, ToolSchema

Row = Mapping[str, Any]
Conversation = tuple[tuple[Message, ...], tuple[ToolSchema, ...]]

_SPEAKERS: Mapping[str, Role] = {
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "assistant": "assistant",
    "bing": "assistant",
    "chatgpt": "assistant",
    "chatglm": "assistant",
    "bard": "assistant",
    "system": "system",
    "function_call": "assistant",
    "observation": "tool",
    "tool": "tool",
    "function_response": "tool",
}
"""Who speaks in ShareGPT's layout, as its exports and LLaMA-Factory write it."""


def conversation_of(row: Row) -> Conversation:
    """Return the turns and tools of a row in whatever layout its keys tell; BadExample where they tell none."""
    for keys, read in _LAYOUTS:
        if all(key in row for key in keys):
            return read(row)
    raise BadExample(
        f"no known layout: it has the keys {', '.join(map(str, row)) or 'none'}; expected messages, conversations, "
        "instruction and output, prompt and response, or question and answer"
    )


def _openai(row: Row) -> Conversation:
    return messages_from_json(row["messages"]), tools_from_json(row.get("tools"))


def _alpaca(row: Row) -> Conversation:
    """Return instruction and input as one question, what was said before it in `history`."""
    return _exchange(row, _joined(row, "instruction", "input"), _text(row, "output"))


def _prompt_response(row: Row) -> Conversation:
    """Return the form of ChatGLM's first examples: prompt, response, history."""
    return _exchange(row, _text(row, "prompt"), _text(row, "response"))


def _question_answer(row: Row) -> Conversation:
    return _exchange(row, _text(row, "question"), _text(row, "answer"))


def _exchange(row: Row, question: str, answer: str) -> Conversation:
    if not answer.strip():
        raise BadExample("no answer")
    if not question.strip():
        raise BadExample("no question")
    messages = [Message("system", _text(row, "system"))] if row.get("system") else []
    messages += _history(row.get("history"))
    return (*messages, Message("user", question), Message("assistant", answer)), ()


def _history(rounds: object) -> list[Message]:
    """Return earlier rounds, each a pair of question and answer."""
    messages: list[Message] = []
    for pair in rounds if isinstance(rounds, list) else []:
        if not (isinstance(pair, list) and len(pair) == 2 and all(isinstance(said, str) for said in pair)):
            raise BadExample("history must be a list of pairs of texts, question and answer")
        messages += [Message("user", pair[0]), Message("assistant", pair[1])]
    return messages


def _sharegpt(row: Row) -> Conversation:
    """Return ShareGPT's `from` and `value`, with the calls and observations that LLaMA-Factory added."""
    messages = [Message("system", _text(row, "system"))] if row.get("system") else []
    for number, turn in enumerate(_turns(row), start=1):
        speaker = str(turn.get("from"))
        role = _SPEAKERS.get(speaker)
        if role is None:
            raise BadExample(f"turn {number}: {speaker!r} is nobody known; there are {', '.join(_SPEAKERS)}")
        value = _text(turn, "value")
        if speaker == "function_call":
            messages.append(Message("assistant", "", (_written_call(value, number),)))
        elif role == "tool":
            messages.append(_result(messages, value, number))
        else:
            messages.append(Message(role, value))
    return tuple(messages), tools_from_json(_listed_tools(row.get("tools")))


def _chatglm3(row: Row) -> Conversation:
    """Return ChatGLM3's conversation with tools: a turn of role tool holds the call and what came of it."""
    messages: list[Message] = []
    for number, turn in enumerate(_turns(row), start=1):
        role = turn.get("role")
        if role == "tool":
            messages += _called(messages, turn, number)
        elif role in ("system", "user", "assistant"):
            messages.append(Message(role, _text(turn, "content")))
        else:
            raise BadExample(f"turn {number}: {role!r} is no role; roles are system, user, assistant, tool")
    return tuple(messages), tools_from_json(_listed_tools(row.get("tools")))


def _called(messages: list[Message], turn: Row, number: int) -> list[Message]:
    """Return a call and its result; the assistant's turn before it, if any, is the thought that led to it."""
    name, parameters = turn.get("name"), turn.get("parameters") or {}
    if not isinstance(name, str) or not name or not isinstance(parameters, Mapping):
        raise BadExample(f"turn {number}: a turn of role tool needs name and parameters")
    if "observation" not in turn:
        raise BadExample(f"turn {number}: a turn of role tool needs the observation that came of it")
    observed = turn["observation"]
    said = observed if isinstance(observed, str) else json.dumps(observed, ensure_ascii=False)
    call = ToolCall(f"call_{number}", name, dict(parameters))
    thought = ""
    if messages and messages[-1].role == "assistant" and not messages[-1].tool_calls:
        thought = messages.pop().content
    return [Message("assistant", thought, (call,)), Message("tool", said, tool_call_id=call.id, name=name)]


def _written_call(value: str, number: int) -> ToolCall:
    try:
        written = json.loads(value)
    except (ValueError, RecursionError) as error:
        raise BadExample(f"turn {number}: a function_call must be JSON with name and arguments ({error})") from error
    arguments = written.get("arguments") if isinstance(written, dict) else None
    if isinstance(arguments, str):
        arguments = json.loads(arguments) if arguments.startswith("{") else None
    if not isinstance(written, dict) or not written.get("name") or not isinstance(arguments, dict):
        raise BadExample(f"turn {number}: a function_call must hold name and arguments")
    return ToolCall(f"call_{number}", str(written["name"]), arguments)


def _result(messages: Sequence[Message], value: str, number: int) -> Message:
    if not messages or not messages[-1].tool_calls:
        raise BadExample(f"turn {number}: wrong order of roles, an observation without a call before it")
    call = messages[-1].tool_calls[0]
    return Message("tool", value, tool_call_id=call.id, name=call.name)


def _either_conversation(row: Row) -> Conversation:
    turns = _turns(row)
    return _sharegpt(row) if any("from" in turn for turn in turns) else _chatglm3(row)


def _turns(row: Row) -> list[Row]:
    turns = row["conversations"]
    if not isinstance(turns, list) or not turns or not all(isinstance(turn, Mapping) for turn in turns):
        raise BadExample("conversations must be a list of turns that is not empty")
    return turns


def _listed_tools(tools: object) -> object:
    """Return tools as a list, also where they are written as JSON within a text."""
    if not isinstance(tools, str):
        return tools
    try:
        return json.loads(tools) if tools.strip() else None
    except (ValueError, RecursionError) as error:
        raise BadExample(f"tools are no JSON ({error})") from error


def _joined(row: Row, *keys: str) -> str:
    return "\n".join(text for key in keys if (text := _text(row, key)).strip())


def _text(row: Row, key: str) -> str:
    value = row.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadExample(f"{key} must be a text, not {type(value).__name__}")
    return value.strip()


_LAYOUTS: tuple[tuple[tuple[str, ...], Callable[[Row], Conversation]], ...] = (
    (("messages",), _openai),
    (("conversations",), _either_conversation),
    (("instruction", "output"), _alpaca),
    (("prompt", "response"), _prompt_response),
    (("question", "answer"), _question_answer),
)
