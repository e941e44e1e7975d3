"""Numbers: the ones asked for must be what the answer claims.

An answer may show operands, repeat a number in another unit and add a little context, but the first number that could
be meant has to be right, no other may stand beside it in the same clause, and there may be few others: a page full of
numbers claims nothing, whatever it holds.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from vouch.eval.numbers import Number, Target, comparable, folded, lone, numbers, same, target
from vouch.eval.precision import asked_decimals
from vouch.eval.text_metrics import normalised
from vouch.eval.types import Item
from vouch.eval.verdicts.judgement import Judgement, judged, said
from vouch.generation.types import Answer

OTHERS_ALLOWED = 2
"""Further numbers of the same unit that an answer may mention, such as the year before."""
_CLAUSE_END = re.compile(r"[;。!?()\n]|,(?!\d{3})|\band\b|\bvs\b|\bcompared\b", re.IGNORECASE)
_NONE = re.compile(
    r"没有(?:一家|任何|符合|满足|上市|公司)|无符合|均(?:不|未|没有)|不存在|\bnone\b|\bno (?:compan|such)|\bzero\b",
    re.IGNORECASE,
)
_ROUNDED_TO = 1e-3
"""A shown operand may be rounded, but not by more than this share."""


@dataclass(frozen=True, slots=True)
class Claims:
    """The numbers of an answer, sorted by what they are there for."""

    text: str
    everything: tuple[Number, ...]
    claimed: tuple[Number, ...]
    """Neither named in the question nor operands, in the order of the text."""


def judge_amounts(item: Item, answer: Answer) -> Judgement:
    """Return whether all numbers asked for are claimed, each for its own label, with every operand shown."""
    main = _judge(item, said(answer), item.gold_values)
    # The operands are those of the first reading; another one has others.
    bare = replace(item, components={})
    others = (_judge(bare, said(answer), values) for values in item.alternatives)
    return next((judgement for judgement in (main, *others) if judgement.verdict == "correct"), main)


def judge_count(item: Item, answer: Answer) -> Judgement:
    """Return whether the answer counts as many; names and amounts that follow do not matter."""
    text = said(answer)
    counted = [n for n in _unasked(text, item.question) if n.unit in ("家", "人", "") and n.step == 1]
    wanted = item.gold_values[0]
    if not counted:
        none = wanted == 0 and bool(_NONE.search(folded(text)))
        return judged(none, {"value": float(none)}, "no count")
    first = counted[0]
    right = first.value == wanted
    others = [number for number in counted if number.value != wanted]
    clear = len(others) <= OTHERS_ALLOWED and not any(number.unit == first.unit != "" for number in others)
    return judged(
        right and clear, {"value": float(right and clear)}, f"counted {first.text}", "" if clear else "several counts"
    )


def claims(item: Item, text: str, targets: Sequence[Target]) -> Claims:
    """Return the numbers of an answer that may be meant as its result."""
    everything = tuple(numbers(text))
    operands = [operand for printed in item.components.values() if (operand := amount(printed)) is not None]
    claimed = [
        number
        for number in _unasked(text, item.question, targets)
        if any(same(number, wanted) for wanted in targets) or not any(shows(number, operand) for operand in operands)
    ]
    return Claims(folded(text), everything, tuple(claimed))


def missing_components(item: Item, text: str) -> list[str]:
    """Return the names of the operands (or compared texts) that an answer does not show."""
    shown, plain = numbers(text), normalised(text)
    missing = []
    for name, printed in item.components.items():
        operand = amount(printed)
        found = any(shows(number, operand) for number in shown) if operand else normalised(printed) in plain
        if not found:
            missing.append(name)
    return missing


def amount(printed: str) -> Target | None:
    """Return the number that a printed operand is, None for a text."""
    if printed.strip().isdigit():  # also 1910, which elsewhere is a year
        return Target(float(printed), "", 1.0)
    found = lone(printed)
    return Target(found.value, found.unit, found.step) if found else None


def shows(number: Number, operand: Target) -> bool:
    """Say whether a number is an operand, as printed or rounded a little."""
    if same(number, operand):
        return True
    rounded = number.step <= _ROUNDED_TO * abs(operand.value)
    return rounded and same(number, Target(operand.value, operand.unit, number.step))


def _judge(item: Item, text: str, values: Sequence[float]) -> Judgement:
    targets = wanted_amounts(item, values)
    made = claims(item, text, targets)
    picked = _picked(item, made, targets)
    found = [number for number in picked if number is not None]
    rivals = [n for n in made.claimed if not any(same(n, t) or _coarser(n, t) for t in targets) and _rivals(n, targets)]
    lacking = missing_components(item, text)
    crowd = _crowd(made, found, rivals)
    problems = [
        "" if len(found) == len(targets) else f"{len(targets) - len(found)} of {len(targets)} numbers missing",
        crowd,
        "" if _in_order(item, made, picked) else "values stand beside the wrong names",
        f"not shown: {', '.join(lacking)}" if lacking else "",
    ]
    # A number among many is not said, and neither are operands.
    scores = {"value": 0.0 if crowd else len(found) / len(targets)}
    if item.components:
        scores["components"] = 0.0 if crowd else 1 - len(lacking) / len(item.components)
    return judged(not any(problems), scores, *problems)


def wanted_amounts(item: Item, values: Sequence[float]) -> list[Target]:
    """Return what an item's values are compared as: in base units, as exact as printed or as the question asks."""
    decimals = asked_decimals(item.question)
    printed = item.gold if len(item.gold) == len(values) and values is item.gold_values else ("",) * len(values)
    return [target(value, item.unit, text, decimals) for value, text in zip(values, printed, strict=True)]


def _unasked(text: str, question: str, targets: Sequence[Target] = ()) -> list[Number]:
    """Return the numbers that the question does not name itself."""
    named = {(number.value, number.unit) for number in numbers(question)}
    return [n for n in numbers(text) if (n.value, n.unit) not in named or any(same(n, wanted) for wanted in targets)]


def _rivals(number: Number, targets: Sequence[Target]) -> bool:
    return any(comparable(number, wanted.unit) for wanted in targets)


def _coarser(number: Number, wanted: Target) -> bool:
    """Say whether a number is the right one said again with fewer digits: 5.79亿元 for 579,374,501.21元."""
    return number.step > wanted.step and same(number, Target(wanted.value, wanted.unit, number.step))


def _crowd(made: Claims, found: Sequence[Number], rivals: Sequence[Number]) -> str:
    """Return what other numbers make it unclear which one is meant; empty where it is clear."""
    if not found:
        return ""
    first = min(number.start for number in found)
    if before := [number.text for number in rivals if number.start < first]:
        return f"claims {before[0]} first"
    beside = [n.text for n in rivals if any(_same_clause(made.text, n, right) for right in found)]
    if beside:
        return f"does not say which of several numbers: {beside[0]} stands beside it"
    return f"{len(rivals)} other numbers" if len(rivals) > OTHERS_ALLOWED else ""


def _same_clause(text: str, a: Number, b: Number) -> bool:
    first, second = sorted((a, b), key=lambda number: number.start)
    return not _CLAUSE_END.search(text[first.end : second.start])


def _picked(item: Item, made: Claims, targets: Sequence[Target]) -> list[Number | None]:
    """Return the number that stands for each target: after its own label, else the next that is not taken yet."""
    picked: list[Number | None] = []
    labels = item.labels if len(item.labels) == len(targets) else ("",) * len(targets)
    for wanted, label in zip(targets, labels, strict=True):
        fitting = [number for number in made.claimed if same(number, wanted)]
        labelled = [n for n in fitting if label and _label_before(labels, made.text, n.start) == label]
        free = [number for number in fitting if number not in picked]
        picked.append(next(iter((*labelled, *free, *fitting)), None))
    return picked


def _in_order(item: Item, made: Claims, picked: Sequence[Number | None]) -> bool:
    """Say whether several values stand in the order asked, or each after its own label."""
    found = [number for number in picked if number is not None]
    if len(found) < 2 or len(found) != len(picked):
        return True
    starts = [number.start for number in found]
    if len(item.labels) != len(picked):
        return starts == sorted(starts)
    owners = [_label_before(item.labels, made.text, start) for start in starts]
    if not all(owners):
        return starts == sorted(starts)
    # One number may stand for two: A和B均为5元.
    own = all(o == label or starts.count(at) > 1 for o, label, at in zip(owners, item.labels, starts, strict=True))
    return own or _listed_alike(item.labels, made.text, starts)


def _listed_alike(labels: Sequence[str], text: str, starts: Sequence[int]) -> bool:
    """Say whether all labels come before all values, in the same order: A和B分别为1元、2元."""
    before = {label: at for at, label in _label_places(labels, text[: min(starts)])}
    if len(before) < len(labels):
        return False
    named = sorted(range(len(labels)), key=lambda n: before[labels[n]])
    return named == sorted(range(len(labels)), key=lambda n: starts[n])


def _label_before(labels: Sequence[str], text: str, start: int) -> str:
    """Return the label that stands last before a place; empty for none."""
    return max(_label_places(labels, text[:start]), default=(0, ""))[1]


def _label_places(labels: Sequence[str], text: str) -> list[tuple[int, str]]:
    """Return where labels stand, in their order; 流动资产 inside 其他流动资产 is no label."""
    pattern = "|".join(map(re.escape, sorted(labels, key=len, reverse=True)))
    return [(match.start(), match[0]) for match in re.finditer(pattern, text)] if any(labels) else []
