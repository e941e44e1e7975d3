"""A reply without what is no answer: made-up turns, endless repetition, a half sentence at its end."""

import re
from dataclasses import dataclass

from vouch.generation.vouching.signs import signs

LONGEST = 20_000
"""Characters of a reply that are read: an answer is never so long."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_LOOP = re.compile(r"(?P<unit>\S.{0,39}?)(?P=unit){7,}", re.DOTALL)
_SAME_LINES = 3
_ENDED = re.compile(r"[。！？!?.;；:：|][”’」』）)\]\"'*\s]*$|[\]】]\s*$")
_SENTENCE = re.compile(r"[^。！？!?\n]*[。！？!?\n]+|[^。！？!?\n]+$")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What of a reply may be an answer."""

    text: str
    repeats: bool = False
    """It went round in circles and was cut where it began to."""
    cut: bool = False
    """Its end is missing."""


def cleaned(reply: str, complete: bool) -> Cleaned:
    """Return a reply without invisible characters, made-up turns, repetition and the half sentence of a cut one."""
    cut = len(reply) > LONGEST or not complete
    text = _CONTROL.sub("", reply[:LONGEST]).strip()
    text = _own_turn(text)
    whole = _without_loop(text)
    repeats = len(whole) < len(text)
    if (cut or repeats) and not _ENDED.search(whole):
        whole = "".join(sentence for sentence in _SENTENCE.findall(whole)[:-1])
    return Cleaned(whole.strip(), repeats, cut)


def _own_turn(text: str) -> str:
    """Return the model's own turn: what stands before the first mark of another one."""
    while (first := signs().turns.search(text)) is not None:
        if text[: first.start()].strip():
            return text[: first.start()].rstrip()
        text = text[first.end() :].lstrip()
    return text


def _without_loop(text: str) -> str:
    """Return a text up to where it begins to say the same again and again."""
    loop = next((m for m in _LOOP.finditer(text) if len(set(m["unit"])) > 1 or len(m[0]) > 40), None)
    if loop and not re.fullmatch(r"[\s|\-=_*.]+", loop["unit"]):
        return text[: loop.start() + len(loop["unit"])]
    seen: dict[str, int] = {}
    at = 0
    for match in _SENTENCE.finditer(text):
        plain = re.sub(r"\W+", "", match[0])
        if len(plain) > 4:
            seen[plain] = seen.get(plain, 0) + 1
            if seen[plain] >= _SAME_LINES:
                return text[:at]
            at = at if seen[plain] > 1 else match.end()
    return text
