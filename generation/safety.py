"""Questions that must not be answered like others: emergencies, self-harm, poisoning, doses for a person.

What they look like stands in `data/red_flags_*.toml`, what is said to them in `data/red_flag_messages.toml`; this
module reads the tables and looks for them. It knows no symptom and no drug.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import get_args

from vouch.generation.phrases import Language
from vouch.generation.red_flag_classifier import shipped
from vouch.generation.red_flag_signs import HAN, holds, readings
from vouch.generation.red_flag_tables import AlertKind, Flags, Rule, load_messages
from vouch.generation.types import Answer, Refusal

SURE = 0.65
"""How likely a red flag has to be for the classifier to speak alone."""
DOUBT = 0.1
"""Below this the rules do not speak either, but for some kinds."""
NEVER_DOUBTED = ("self_harm", "harm_to_others", "violence")
CLASSIFIER = "classifier"
"""Stands for the rule where the classifier spoke alone."""
LONG = 300
"""Characters from which a question is read in pairs of sentences: signs far apart belong to different things."""


@dataclass(frozen=True, slots=True)
class Alert:
    """What a question has to be answered with before, or instead of, anything else."""

    kind: AlertKind
    language: Language
    message: str
    """Leads the answer, as it is; no citation."""
    replaces_answer: bool
    """True: refuse with reason `unsafe` and this message as its text; False: the cited answer follows the message."""
    rule: str = ""
    """Which rule of the table spoke, or `classifier`."""

    @property
    def refusal(self) -> Refusal | None:
        """Return the refusal that takes the answer's place; None where the message only leads it."""
        return Refusal("unsafe", self.message) if self.replaces_answer else None


def red_flag(question: str) -> Alert | None:
    """Return the most urgent alert for a question; None for ordinary ones.

    The rules or the classifier may speak; where the classifier is quite sure that a question is ordinary (knowledge
    asked in the words of an emergency), the rules do not.
    """
    look = shipped().look(question)
    found = [rule for flags, text in readings(question) for rule in _matching(flags, text)]
    found = [rule for rule in found if look.sure >= DOUBT or rule.kind in NEVER_DOUBTED]
    if found:
        first = min(found, key=lambda rule: get_args(AlertKind).index(rule.kind))
        return _alert(question, first.kind, first.name)
    return _alert(question, look.kind, CLASSIFIER) if look.sure >= SURE else None


def _alert(question: str, kind: AlertKind, rule: str) -> Alert:
    language: Language = "zh" if HAN.search(question) else "en"
    message = load_messages()[kind]
    return Alert(kind, language, str(message[language]), bool(message["replaces"]), rule)


def led_by(alert: Alert | None, answer: Answer) -> Answer:
    """Return an answer that begins with the alert's message, or is nothing else where there is no answer."""
    if alert is None:
        return answer
    if answer.refusal is not None:
        return replace(answer, answer=alert.message)
    return replace(answer, answer=f"{alert.message}\n\n{answer.answer}")


def _matching(flags: Flags, text: str) -> Iterator[Rule]:
    for window in _windows(flags, text):
        for rule in flags.rules:
            if _applies(flags, rule, window):
                yield rule


def _windows(flags: Flags, text: str) -> list[str]:
    """Return the text, or each pair of neighbouring sentences of a long one."""
    if len(text) <= LONG:
        return [text]
    ends = [i + 1 for i, c in enumerate(text) if c in flags.sentence_ends]
    borders = sorted({0, *ends, len(text)})
    sentences = [text[a:b] for a, b in pairwise(borders)]
    return ["".join(sentences[i : i + 2]) for i in range(max(1, len(sentences) - 1))]


def _applies(flags: Flags, rule: Rule, text: str) -> bool:
    return (
        all(holds(flags, name, text) for name in rule.all)
        and not any(holds(flags, name, text) for name in rule.unless)
        and _in_frame(flags, rule, text)
    )


def _in_frame(flags: Flags, rule: Rule, text: str) -> bool:
    """Say whether it is happening to somebody, rather than asked for knowledge or told of long ago."""

    def says(frame: str) -> bool:
        return flags.frames[frame].compiled.search(text) is not None

    if rule.frame == "always":
        return True
    if rule.frame == "person":
        return says("person")
    if says("now"):
        return True
    return not says("past") and (says("person") or not says("about"))
