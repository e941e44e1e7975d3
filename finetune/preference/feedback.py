"""Preferences from what people thought of answers. Nothing is made up: each side was written by or shown to a person.

A correction is preferred to the answer that it corrects. A disliked answer that nobody corrected is put beside a liked
one to the same question.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from vouch.finetune.examples.unfit import Unfit
from vouch.finetune.preference.types import LeftOut, Preference
from vouch.generation.chat import Message, ToolSchema
from vouch.retrieval.conversations import Feedback

_MARK = re.compile(r"\s*\[\d{1,3}\]")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Prompt:
    """What serving sends for a question."""

    messages: tuple[Message, ...]
    tools: tuple[ToolSchema, ...] = ()


Prompts = Callable[[Feedback], Prompt]
"""What serving would send for the question that feedback is about; Unfit where it would ask no model."""


@dataclass(frozen=True, slots=True)
class FromFeedback:
    """What feedback gave, and what gave nothing."""

    preferences: tuple[Preference, ...]
    left_out: tuple[LeftOut, ...]


def preferences_of(given: Sequence[Feedback], prompts: Prompts) -> FromFeedback:
    """Return a preference for each correction, and for each disliked answer with a liked one to the same question."""
    liked = _liked(given)
    found: dict[str, Preference] = {}
    left_out: list[LeftOut] = []
    for feedback in given:
        try:
            for chosen in _wanted(feedback, liked):
                made = _preference(feedback, chosen, prompts)
                found.setdefault(made.id, made)
        except Unfit as error:
            left_out.append(LeftOut(feedback.id, error.reason))
    return FromFeedback(tuple(found.values()), tuple(left_out))


def same_question(question: str) -> str:
    """Return what two questions share that are the same but for spaces and case."""
    return _SPACE.sub("", question).casefold()


def _liked(given: Sequence[Feedback]) -> dict[str, list[str]]:
    """Return answers that were liked, the last one first, by question."""
    liked: dict[str, list[str]] = {}
    for feedback in reversed(given):
        said = _answer(feedback)
        answers = liked.setdefault(same_question(feedback.question), [])
        if feedback.rating == "up" and not feedback.correction.strip() and said and said not in answers:
            answers.append(said)
    return liked


def _wanted(feedback: Feedback, liked: dict[str, list[str]]) -> Iterator[str]:
    """Yield what is preferred to the answer of a feedback; Unfit where nothing is known to be better."""
    if feedback.correction.strip():
        yield feedback.correction.strip()
        return
    if feedback.rating == "up":
        return  # it is the better side of others
    answers = liked.get(same_question(feedback.question), [])
    if not answers:
        raise Unfit("disliked, without a correction or a liked answer to the same question")
    yield answers[0]


def _preference(feedback: Feedback, chosen: str, prompts: Prompts) -> Preference:
    rejected = _answer(feedback)
    if not rejected:
        raise Unfit("the answer was empty or a refusal of the program, which no model wrote")
    # People correct what is said and leave marks of citations out: that none are there is not what they prefer.
    if not (_MARK.search(chosen) and _MARK.search(rejected)):
        chosen, rejected = _MARK.sub("", chosen).strip(), _MARK.sub("", rejected).strip()
    if same_question(chosen) == same_question(rejected):
        raise Unfit("the correction says what the answer said")
    prompt = prompts(feedback)
    name = hashlib.sha256("\x00".join((feedback.question, chosen, rejected)).encode()).hexdigest()[:16]
    group = same_question(feedback.question)
    return Preference(f"feedback-{name}", prompt.messages, chosen, rejected, group, prompt.tools, "feedback")


def _answer(feedback: Feedback) -> str:
    """Return the text of an answer that a model wrote or that was quoted; empty for a refusal."""
    said = feedback.answer
    return "" if said.get("kind") == "refused" else str(said.get("answer") or "").strip()
