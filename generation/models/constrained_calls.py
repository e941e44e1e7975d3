"""Tool calls that can be carried out for certain: once a reply begins one, only tokens of its grammar are possible.

Until then every token is as likely as the model has it, but for those that would begin a call and go wrong within the
same token (`{"nome`).
"""

from collections.abc import Sequence
from functools import cached_property

import torch

from vouch.generation.chat import ToolSchema
from vouch.generation.models.call_grammar import END_TAG, TAG, TURN, CallStyle, Opening, openings
from vouch.generation.models.constrained import Grammars, Mask

PYTHON_TAG = "<|python_tag|>"
"""A control token by which Llama 3 says that a call follows."""
_SPACE = b" \t\r\n"


class CallGrammars:
    """Makes masks for the calls of one model."""

    def __init__(self, grammars: Grammars, style: CallStyle) -> None:
        self._grammars, self._style = grammars, style
        self._beginnings: dict[tuple[Opening, bytes], torch.Tensor] = {}

    def following(self, tools: Sequence[ToolSchema]) -> "CallMask":
        """Return what keeps the calls of one reply to these tools; ModelError for arguments without a grammar."""
        return CallMask(self, openings(self._style, tools))

    def begun(self, opening: Opening, text: bytes) -> Mask:
        """Return where a call stands of which a text is written."""
        mask = self._grammars.within(opening.grammar, (TAG, END_TAG))
        mask.accept_text(text)
        return mask

    def beginning(self, opening: Opening, before: bytes) -> torch.Tensor:
        """Return which tokens begin a call behind a text that may have begun to (vocabulary,)."""
        key = (opening, before)
        if key not in self._beginnings:
            begin = [call_in(opening, before + text) is not None for text in self._texts]
            self._beginnings[key] = torch.tensor(begin)
        return self._beginnings[key]

    def text_of(self, token: int) -> bytes:
        """Return the text of a token; none for control tokens that no call is written with."""
        return self._texts[token]

    def control_name(self, token: int) -> str | None:
        """Return the name of a control token; None for a token of text."""
        return self._grammars.control_name(token)

    @cached_property
    def _texts(self) -> list[bytes]:
        texts = self._grammars.texts()
        for token in range(len(texts)):
            name = self._grammars.control_name(token)
            if name is not None:
                texts[token] = name.encode() if name in (TAG, END_TAG) else b""
        return texts


def call_in(opening: Opening, text: bytes) -> bytes | None:
    """Return a text from where it begins a call so; None where it does not."""
    if opening.anywhere:
        at = text.find(opening.texts[0].encode())
        return None if at < 0 else text[at:]
    head = text.lstrip(_SPACE)
    return text if any(head.startswith(begun.encode()) for begun in opening.texts) else None


class CallMask:
    """Where one reply stands: free, perhaps at the beginning of a call, or within one."""

    def __init__(self, grammars: CallGrammars, openings: Sequence[Opening]) -> None:
        self._grammars, self._openings = grammars, openings
        self._at_start = True
        """The turn may still begin with a call."""
        self._head = b""
        """Of the turn, as long as it may."""
        self._tail = b""
        """The end of what is written, as far as it may become a tag."""
        self._call: Mask | None = None
        self._plain = b""
        """What would make an answer of the call that has begun."""

    def masked(self, logits: torch.Tensor) -> torch.Tensor:
        """Return logits (vocabulary,) in which no token is possible that would make a call unfit."""
        if self._call is not None:
            return self._call.masked(logits)
        for opening, before in self._possible():
            beginning = self._grammars.beginning(opening, before.lstrip(_SPACE))
            if beginning.any():
                fit = self._grammars.begun(opening, before).masked(logits)
                logits = torch.where(beginning.to(logits.device), fit, logits)
        return logits

    def accept(self, token: int) -> None:
        """Go on behind the token that was chosen."""
        name, text = self._grammars.control_name(token), self._grammars.text_of(token)
        if self._call is not None:
            self._call.accept(token)
            self._head += text
        elif name == TURN:
            self._head, self._at_start = b"", True
        elif name == PYTHON_TAG and self._openings:
            self._begin(self._openings[0], b"")
        else:
            self._read(text)
        if self._plain and self._head.lstrip(b" ") == self._plain:
            self._call, self._plain, self._at_start = None, b"", False

    def _possible(self) -> list[tuple[Opening, bytes]]:
        """Return how a call may begin here, and what of it may be written already."""
        found = [(opening, self._tail if opening.anywhere else self._head) for opening in self._openings]
        return [(opening, before) for opening, before in found if opening.anywhere or self._at_start]

    def _read(self, text: bytes) -> None:
        for opening, before in self._possible():
            call = call_in(opening, before + text)
            if call is not None:
                self._head += text
                self._begin(opening, call)
                return
        self._tail = _unfinished(self._tail + text, TAG.encode())
        if self._at_start:
            self._head += text
            head = self._head.lstrip(_SPACE)
            begun = [text.encode() for opening, _ in self._possible() for text in opening.texts]
            self._at_start = any(text.startswith(head) for text in begun)

    def _begin(self, opening: Opening, text: bytes) -> None:
        self._call, self._plain = self._grammars.begun(opening, text), opening.plain.encode()


def _unfinished(text: bytes, tag: bytes) -> bytes:
    """Return the longest end of a text that a tag begins with, and that is not all of it."""
    return next((tag[:n] for n in range(len(tag) - 1, 0, -1) if text.endswith(tag[:n])), b"")
