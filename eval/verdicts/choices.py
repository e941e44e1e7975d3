"""Multiple choice: the one option that an answer settles on."""

import re

from vouch.eval.numbers import folded
from vouch.eval.text_metrics import normalised, squad_normalised
from vouch.eval.types import Item
from vouch.eval.verdicts.judgement import Judgement, judged, said
from vouch.generation.types import Answer

LETTERS = "ABCDEFGHIJ"
_STATED = re.compile(
    r"(?:答案|选择|应选|选项?|answer(?: is)?|option|choice)\s*(?:应?[为是]|is|:)?\s*[(:\s]*([A-J])(?![A-Za-z])",
    re.IGNORECASE,
)
_LEADING = re.compile(r"^\s*[(\[]?([A-J])(?:[)\].:、,。]|\s*$)")
_ALONE = re.compile(r"(?<![A-Za-z])([A-J])(?![A-Za-z])")


def judge_choice(item: Item, answer: Answer) -> Judgement:
    """Return whether the option that an answer settles on is the right one; several at once are none."""
    chosen = settled(folded(said(answer)), item.choices)
    right = chosen is not None and item.choices[chosen] == item.gold[-1]
    return judged(right, {"choice": float(right)}, f"chose {'none' if chosen is None else item.choices[chosen]}")


def settled(text: str, choices: tuple[str, ...]) -> int | None:
    """Return the index of the option that a text settles on: by its letter, or as the only one in its words."""
    exact = [index for index, choice in enumerate(choices) if folded(choice).strip() == text.strip()]
    if len(exact) == 1:
        return exact[0]
    lettered = set(choices) != {"yes", "no", "maybe"}
    if lettered:
        stated = {match[1].upper() for match in _STATED.finditer(text)} or {m[1] for m in [_LEADING.match(text)] if m}
        if len(stated) == 1 and len(set(_ALONE.findall(text))) <= 2:
            index = LETTERS.index(stated.pop())
            return index if index < len(choices) else None
        if stated:
            return None
    spoken = [index for index, choice in enumerate(choices) if _speaks(text, choice)]
    longest = [i for i in spoken if not any(i != j and choices[i] in choices[j] for j in spoken)]
    return longest[0] if len(longest) == 1 else None


def _speaks(text: str, choice: str) -> bool:
    if choice.isascii():
        return f" {squad_normalised(choice)} " in f" {squad_normalised(text)} "
    return normalised(choice) in normalised(text)
