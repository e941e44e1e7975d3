"""Examples that say the same twice: found exactly and by their n-grams; the first of them stays."""

from collections.abc import Sequence

from vouch.finetune.examples.archives import LeftOut
from vouch.finetune.examples.overlap import AlikeTexts, folded, grams, numbers
from vouch.finetune.examples.types import Example

N = 4
"""Characters of an n-gram."""
NEAR = 0.85
"""Jaccard of question and answer from which two examples are one, if their numbers are the same too."""


def without_duplicates(examples: Sequence[Example], near: float = NEAR) -> tuple[list[Example], list[LeftOut]]:
    """Return the examples, of equal and nearly equal ones the first, and those left out.

    What is compared is what was asked and answered: passages of a prompt, and examples of different numbers, which
    templates make alike, are no reason.
    """
    texts = [folded(f"{example.asked}\n{example.answer}") for example in examples]
    sets = [grams(text, N) for text in texts]
    alike = AlikeTexts(sets, near)
    kept: list[Example] = []
    left_out: list[LeftOut] = []
    gone: set[int] = set()
    seen: dict[tuple[str, str], int] = {}
    for place, example in enumerate(examples):
        first = seen.setdefault((texts[place], example.kind), place)
        said = numbers(f"{example.asked} {example.answer}")
        near_ones = (
            other
            for other, _ in alike.like(sets[place], before=place)
            if other not in gone and _may_be_one(examples[other], example, said)
        )
        same = first if first != place else next(near_ones, None)
        if same is None:
            kept.append(example)
            continue
        gone.add(place)
        what = "equal to one before it" if same == first else f"nearly equal to {examples[same].id}"
        left_out.append(LeftOut(example.id, what))
    return kept, left_out


def _may_be_one(one: Example, other: Example, numbers_of_other: tuple[str, ...]) -> bool:
    """Say whether two examples with much text in common may say the same."""
    return one.kind == other.kind and numbers(f"{one.asked} {one.answer}") == numbers_of_other
