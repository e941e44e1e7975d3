"""Names: which company, which year. The right ones, in order where there is one, and none that is wrong beside them."""

import re
from collections.abc import Sequence

from vouch.eval.numbers import comparable, folded, numbers, same, target
from vouch.eval.text_metrics import normalised
from vouch.eval.types import Item
from vouch.eval.verdicts.amounts import missing_components
from vouch.eval.verdicts.judgement import Judgement, judged, said
from vouch.generation.types import Answer

LONGEST, EACH = 250, 60
"""Characters of an answer, and for each name that may be in it: more is a page, not an answer."""

_COMPANY = re.compile(r"[\u4e00-\u9fffA-Za-z()]{2,40}?(?:股份有限公司|有限责任公司|有限公司|股份公司)")
_SUPERLATIVE = re.compile(r"最[高低多少大小]|highest|lowest|largest|smallest|most|least|best|biggest", re.IGNORECASE)
_ORDINAL = re.compile(r"第\s*[\d一二三四五六七八九十]+\s*[高低大小多少]|second|third", re.IGNORECASE)
_TAKEN = "\0"
_CLAUSES = re.compile(r"[^;。!?\n,]+")
_SENTENCES = re.compile(r"[^。!?\n]+")
_AFTER = 60
"""Characters within which a name's amount has to follow it."""


def judge_names(item: Item, answer: Answer) -> Judgement:
    """Return whether an answer names what is asked for, with its amounts and operands where those are asked for."""
    text = folded(said(answer))
    found = _claimed(item, text)
    wanted = [folded(name) for name in item.gold]
    right = found == wanted if item.ordered else sorted(found) == sorted(wanted)
    brief = len(normalised(text)) <= LONGEST + EACH * len({*item.gold, *item.labels})
    rows = list(zip(item.gold, item.gold_values, strict=False)) if len(item.gold_values) == len(item.gold) else []
    amounts = [_amount_beside(item, text, name, value) for name, value in rows]
    lacking = missing_components(item, text)
    scores = {"names": _share(found, wanted)}
    if rows:
        scores["value"] = sum(amounts) / len(amounts)
    if item.components:
        scores["components"] = 1 - len(lacking) / len(item.components)
    return judged(
        right and brief and all(amounts) and not lacking,
        scores if brief else dict.fromkeys(scores, 0.0),
        "" if right else f"names {', '.join(found) or 'none'}",
        "" if brief else "says too much to name anything",
        "" if all(amounts) else "an amount is missing or wrong",
        f"not shown: {', '.join(lacking)}" if lacking else "",
    )


def _claimed(item: Item, text: str) -> list[str]:
    """Return the names that an answer gives as its result, in their order."""
    if len(item.gold) != 1:
        return _mentions(item, text)
    telling = _ORDINAL if _ORDINAL.search(item.question) else _SUPERLATIVE
    for clause in _CLAUSES.finditer(text):
        if telling.search(clause[0]) and len(named := _mentions(item, clause[0])) == 1:
            return named
    return next((named for sentence in _SENTENCES.finditer(text) if (named := _mentions(item, sentence[0]))), [])


def _mentions(item: Item, text: str) -> list[str]:
    """Return the names mentioned, each once: those that are known, and companies that are not among them."""
    plain, places = text, dict[str, int]()
    known = {folded(form): folded(name) for name in (*item.gold, *item.labels) for form in _forms(item, name)}
    for form in sorted(known, key=len, reverse=True):
        whole = re.compile(rf"(?<!\d){re.escape(form)}(?!\d)" if form.isdigit() else re.escape(form))
        for match in whole.finditer(plain):
            places[known[form]] = min(match.start(), places.get(known[form], match.start()))
        plain = whole.sub(lambda match: _TAKEN * len(match[0]), plain)
    for match in _COMPANY.finditer(plain):
        if plain[max(0, match.start() - 1)] != _TAKEN:  # else the rest of a full name whose short one is known
            places.setdefault(match[0], match.start())
    return sorted(places, key=lambda name: places[name])


def _forms(item: Item, name: str) -> Sequence[str]:
    return (name, *item.aliases.get(name, ()))


def _amount_beside(item: Item, text: str, name: str, value: float) -> bool:
    """Say whether the first number after a name, of the right unit, is its amount."""
    wanted = target(value, item.unit)
    fitting = [number for number in numbers(text) if comparable(number, wanted.unit)]
    for form in _forms(item, name):
        for match in re.finditer(re.escape(folded(form)), text):
            after = (number for number in fitting if match.end() <= number.start <= match.end() + _AFTER)
            if (following := next(after, None)) and same(following, wanted):
                return True
    return False


def _share(found: Sequence[str], wanted: Sequence[str]) -> float:
    """Return F1 of the names."""
    shared = len(set(found) & set(wanted))
    return 2 * shared / (len(set(found)) + len(set(wanted))) if found and wanted else float(not found and not wanted)
