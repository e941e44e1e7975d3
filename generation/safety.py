"""Questions that must not be answered like others: emergencies, self-harm, poisoning, doses for a person.

What they look like stands in `data/red_flags_*.toml`, what is said to them in `data/red_flag_messages.toml`; this
module reads the tables and looks for them. It knows no symptom and no drug.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import get_args

from vouch.generation.phrases import Language
from vouch.generation.red_flag_tables import AlertKind, Flags, Rule, load_flags, load_messages
from vouch.generation.red_flag_text import plain_chinese, plain_english
from vouch.generation.types import Answer, Refusal

LONG = 300
"""Characters from which a question is read in pairs of sentences: signs far apart belong to different things."""

_HAN = re.compile(r"[\u3400-\u9fff]")


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
    """Which rule of the table spoke."""

    @property
    def refusal(self) -> Refusal | None:
        """Return the refusal that takes the answer's place; None where the message only leads it."""
        return Refusal("unsafe", self.message) if self.replaces_answer else None


def red_flag(question: str) -> Alert | None:
    """Return the most urgent alert for a question; None for ordinary ones."""
    found = [rule for flags, text in _readings(question) for rule in _matching(flags, text)]
    if not found:
        return None
    first = min(found, key=lambda rule: get_args(AlertKind).index(rule.kind))
    language: Language = "zh" if _HAN.search(question) else "en"
    message = load_messages()[first.kind]
    return Alert(first.kind, language, str(message[language]), bool(message["replaces"]), first.name)


def led_by(alert: Alert | None, answer: Answer) -> Answer:
    """Return an answer that begins with the alert's message, or is nothing else where there is no answer."""
    if alert is None:
        return answer
    if answer.refusal is not None:
        return replace(answer, answer=alert.message)
    return replace(answer, answer=f"{alert.message}\n\n{answer.answer}")


def _readings(question: str) -> Iterator[tuple[Flags, str]]:
    """Yield the question as each language reads it: both where it mixes them."""
    if _HAN.search(question):
        flags = load_flags("zh")
        yield flags, plain_chinese(question, flags)
    if re.search(r"[A-Za-zＡ-Ｚａ-ｚ]{2}", question):
        flags = load_flags("en")
        yield flags, plain_english(question, flags)


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
        all(_holds(flags, name, text) for name in rule.all)
        and not any(_holds(flags, name, text) for name in rule.unless)
        and _in_frame(flags, rule, text)
    )


def _holds(flags: Flags, group: str, text: str) -> bool:
    """Say whether a group is found; a sign that is denied (没有胸痛) is not."""
    pattern = flags.signs.get(group)
    if pattern is None:
        return flags.context[group].compiled.search(text) is not None
    return any(not flags.negation.compiled.search(text[: match.start()]) for match in pattern.compiled.finditer(text))


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
