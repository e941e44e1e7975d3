"""Whether a text tells a value: as printed, or rounded and in another unit (738,309,585.06元 as 7.38亿元)."""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal

from vouch.finetune.examples.unfit import Unfit
from vouch.generation.plan.evaluate import Outcome
from vouch.generation.verify import squeezed
from vouch.retrieval.types import Chunk

SHORTEST = 4
"""Characters of a value that can be looked for: shorter ones stand anywhere."""
SURE_DIGITS, SCALED_DIGITS = 5, 3
"""Significant digits from which a number is the value rounded; fewer do where a unit for large amounts follows."""
_NUMBER = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s*(亿|万|千|百万|[bm]illion|thousand)?")


def telling(outcome: Outcome) -> Callable[[str], bool]:
    """Return what says whether a text tells a value of an outcome; Unfit for a value too short to be looked for."""
    used = [used for row in outcome.rows for value in row for used in value.used]
    printed = [squeezed(one.stored.fact.raw) for one in used]
    if any(len(value) < SHORTEST for value in printed):
        raise Unfit("a value that other passages print by chance")
    amounts = [_significant(f"{abs(one.value):f}") for one in used if one.stored.fact.value is not None]

    def tells(text: str) -> bool:
        plain = squeezed(text)
        return any(value in plain for value in printed) or _tells_rounded(text, amounts)

    return tells


def in_chunk(tells: Callable[[str], bool]) -> Callable[[Chunk], bool]:
    """Return the same for passages, with what stands above a table."""
    return lambda chunk: tells(f"{chunk.context}\n{chunk.text}")


def _tells_rounded(text: str, amounts: Sequence[str]) -> bool:
    for found in _NUMBER.finditer(text):
        digits = _significant(found[1].replace(",", ""))
        if len(digits) >= (SCALED_DIGITS if found[2] else SURE_DIGITS) and any(
            _is_rounded(digits, amount) for amount in amounts
        ):
            return True
    return False


def _significant(number: str) -> str:
    """Return the significant digits of a plain number: 738309585.06 and 7.38 begin alike."""
    return number.replace(".", "").lstrip("0")


def _is_rounded(digits: str, amount: str) -> bool:
    """Say whether digits are those of an amount, cut off or rounded there."""
    if not digits or len(digits) > len(amount):
        return False
    rest = Decimal(f"{amount[: len(digits)]}.{amount[len(digits) :] or '0'}")
    return abs(Decimal(digits) - rest) < 1
