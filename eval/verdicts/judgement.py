"""What a judge says of one answer, and what every judge needs of it: its own words, whether it refuses."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from vouch.eval.types import Verdict
from vouch.generation.types import Answer

_MARK = re.compile(r"\s*\[\d{1,3}\]")


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its scores; notes say why an answer is not right."""

    verdict: Verdict
    scores: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def judged(right: bool, scores: Mapping[str, float], *notes: str) -> Judgement:
    """Return correct or wrong; the notes stay only where it is wrong."""
    return Judgement("correct" if right else "wrong", scores, () if right else tuple(filter(None, notes)))


def said(answer: Answer) -> str:
    """Return the words of an answer without its citation marks."""
    return _MARK.sub("", answer.answer).strip()


def refuses(answer: Answer) -> bool:
    """Say whether there is no answer: a refusal, or nothing said."""
    return is_refusal(answer) or not said(answer)


def is_refusal(answer: Answer) -> bool:
    """Say whether the system states that it cannot answer."""
    return answer.kind == "refused" or answer.refusal is not None
