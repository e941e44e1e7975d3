"""A second reading: the model says which of its sentences the evidence does not support. That can only lower trust."""

import re
from collections.abc import Sequence

from vouch.generation.prompts.loader import Prompt
from vouch.generation.reasoning.voice import Voice
from vouch.generation.vouching.claims import claims

MOST = 20
"""Sentences that are read again."""
_VERDICT = re.compile(
    r"^\W*(\d{1,2})\W+.*?(不支持|不确定|矛盾|unsupported|not supported|unsure|contradict)", re.IGNORECASE | re.MULTILINE
)
_UNSURE = ("不确定", "unsure")


def doubted(voice: Voice, prompt: Prompt, answer: str, passages: str) -> frozenset[str]:
    """Return the sentences of an answer, without their marks, that a model finds unsupported."""
    said = [claim.text for claim in claims(answer) if not claim.heading][:MOST]
    if not said:
        return frozenset()
    listed = "\n".join(f"{n}. {text}" for n, text in enumerate(said, start=1))
    reply = voice.say_if_it_can(prompt.messages({"passages": passages, "claims": listed}))
    return frozenset(_named(reply.text, said))


def _named(reply: str, said: Sequence[str]) -> list[str]:
    verdicts = [(int(n), word.lower()) for n, word in _VERDICT.findall(reply)]
    return [said[n - 1] for n, word in verdicts if 1 <= n <= len(said) and word not in _UNSURE]
