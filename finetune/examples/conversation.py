"""What makes turns a conversation that can be learned from."""

from collections.abc import Sequence

from vouch.finetune.examples.text_lines import BadExample
from vouch.generation.chat import Message, Role

_MAY_FOLLOW: dict[Role | None, frozenset[Role]] = {
    None: frozenset({"system", "user"}),
    "system": frozenset({"user"}),
    "user": frozenset({"assistant"}),
    "tool": frozenset({"tool", "assistant"}),
}


def check_conversation(messages: Sequence[Message]) -> None:
    """Let a conversation pass that begins with a question and ends with an answer; BadExample says what is wrong.

    Order of turns: at most one of the system, then user and assistant in turn; a turn of the assistant that calls
    tools is followed by one result for each call, and those by the assistant again.
    """
    before: Message | None = None
    unanswered: list[str] = []
    for number, message in enumerate(messages, start=1):
        _check_order(before, message, number)
        if message.role == "tool":
            if message.tool_call_id not in unanswered:
                raise BadExample(
                    f"turn {number}: a tool's result without a call (tool_call_id {message.tool_call_id!r})"
                )
            unanswered.remove(message.tool_call_id)
        elif unanswered:
            raise BadExample(f"turn {number}: the tool call before it has no result")
        elif not message.content.strip() and not message.tool_calls and message.role != "system":
            raise BadExample(f"turn {number} ({message.role}) is empty")
        unanswered += [call.id for call in message.tool_calls]
        before = message
    if before is None or before.role != "assistant":
        raise BadExample("no answer: the last turn must be the assistant's")
    if before.tool_calls:
        raise BadExample("no answer: the last turn only calls a tool")


def _check_order(before: Message | None, message: Message, number: int) -> None:
    if before is not None and before.role == "assistant":
        allowed: frozenset[Role] = frozenset({"tool"}) if before.tool_calls else frozenset({"user"})
    else:
        allowed = _MAY_FOLLOW[before.role if before else None]
    if message.role not in allowed:
        after = f"after {before.role}" if before else "at the start"
        wanted = " or ".join(sorted(allowed))
        raise BadExample(f"turn {number}: wrong order of roles, {message.role} {after} where {wanted} must stand")
