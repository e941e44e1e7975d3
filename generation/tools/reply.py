"""A reply while it streams: passed on as it comes, unless it turns out to be a call. Knows no tool."""

from collections.abc import Iterator, Sequence

from vouch.generation.chat import Delta, Finish, Reply, ToolCall, Usage
from vouch.generation.events import Listener, Token, Withdrawn
from vouch.generation.tool_calls import written_calls

LONGEST = 200_000
"""Characters of one reply that are kept: a model that never ends is cut off here."""
_CALL_STARTS = ("{", "[{", "```", "<", "✿", "Action", "Thought")
"""How calls begin that models write into their text; such text is no answer and is not streamed."""


def heard(deltas: Iterator[Delta], names: Sequence[str], listen: Listener) -> Reply:
    """Return the whole reply of a stream; its pieces are told as they come, and withdrawn where they were a call.

    `names`: the tools on offer. Models without a syntax of their own write calls into their text.
    """
    text, told = "", 0
    calls: tuple[ToolCall, ...] = ()
    finish: Finish = "stop"
    usage = Usage()
    for delta in deltas:
        text += delta.text
        calls += delta.tool_calls
        finish = delta.finish or finish
        usage = delta.usage or usage
        if len(text) > LONGEST:
            text, finish = text[:LONGEST], "length"
        if len(text) > told and not _may_be_call(text):
            listen(Token(text[told:]))
            told = len(text)
        if finish == "length" and len(text) >= LONGEST:
            break
    if not calls and names:
        written = written_calls(text, names)
        calls = written.calls
        text = written.text if calls else text
    if calls and told:
        listen(Withdrawn("tool call"))
    elif not calls and text[told:]:
        listen(Token(text[told:]))
    return Reply(text, calls, finish, usage)


def _may_be_call(text: str) -> bool:
    start = text.lstrip()
    return not start or any(start.startswith(mark) or mark.startswith(start) for mark in _CALL_STARTS)
