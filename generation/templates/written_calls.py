"""Replies of models that write their calls into the text: JSON, `<tool_call>` tags, a Python line."""

from collections.abc import Sequence

from vouch.generation.chat import ToolCall
from vouch.generation.tool_calls import written_calls

_OPENINGS = ("{", "[{", "[", "```", "<tool_call>", "<|python_tag|>")
_TAG = "<tool_call>"


class CallReader:
    """Passes text on as it comes; what may be a call is held back until the reply ends. Without tools nothing is."""

    def __init__(self, tool_names: Sequence[str]) -> None:
        self._names = tool_names
        self._held = ""
        self._is_call: bool | None = None if tool_names else False
        """None as long as too little is there to tell."""

    def text(self, piece: str) -> str:
        """Take a piece of text; return what may be shown by now."""
        if not self._names:
            return piece
        self._held += piece
        if self._is_call is None:
            self._is_call = self._starts_like_call()
        if self._is_call is not False:
            return ""
        return self._release()

    def control(self, name: str) -> str:
        """Take a control token: those that open and close calls are read as text, others are dropped."""
        if not self._names:
            return ""
        if name == "<|python_tag|>":
            self._is_call = True
            return ""
        return self.text(name) if name in ("<tool_call>", "</tool_call>") else ""

    def end(self) -> tuple[str, tuple[ToolCall, ...]]:
        """Return what remains to be shown, and the calls."""
        found = written_calls(self._held, self._names) if self._names else None
        return (found.text, found.calls) if found and found.calls else (self._held, ())

    def _starts_like_call(self) -> bool | None:
        start = self._held.lstrip()
        if not start or any(opening.startswith(start) for opening in _OPENINGS):
            return None
        # "[1] 营业收入" begins with a citation.
        if start.startswith("[") and not start[1:2].isalpha() and start[1:2] != "{":
            return False
        return start.startswith(_OPENINGS)

    def _release(self) -> str:
        """Return all that cannot be the beginning of a tag."""
        at = self._held.find(_TAG)
        if at < 0:
            at = next(
                (len(self._held) - n for n in range(len(_TAG) - 1, 0, -1) if self._held.endswith(_TAG[:n])),
                len(self._held),
            )
        else:
            self._is_call = True
        shown, self._held = self._held[:at], self._held[at:]
        return shown
