"""The challenge's own score, beside the strict one.

A question with a base fact scores 0 where the fact is wrong, else 0.25 for it, 0.25 for all key words and half the
best similarity to a reference answer; without a fact it scores that similarity. The challenge compared sentence
embeddings; here it is the cosine of character bigrams, which needs no model, so scores compare with each other and
not with the challenge's table. The weights of the question types fit the three published totals within 0.006.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from vouch.eval.text_metrics import normalised
from vouch.eval.types import AnswerRecord, Item
from vouch.eval.verdicts.judgement import refuses, said
from vouch.generation.types import Answer

SIMILARITY = "character-bigram cosine"
WEIGHTS = {"1": 0.3, "2": 0.4, "3-1": 0.2, "3-2": 0.1}
_FACT, _KEYWORDS, _SIMILARITY = 0.25, 0.25, 0.5
_FACT_KINDS = ("value", "values", "text", "ranking", "count")


def official_scores(item: Item, answer: Answer) -> dict[str, float]:
    """Return the challenge's score of an answer; nothing for items that are not the challenge's."""
    if question_type(item) is None or not item.references:
        return {}
    text = "" if refuses(answer) and item.kind != "refusal" else said(answer)
    likeness = max((similarity(text, reference) for reference in item.references), default=0.0)
    if item.kind not in _FACT_KINDS:
        return {"official": likeness}
    plain = _plain(text)
    if not text or not all(_plain(fact) in plain for fact in item.gold):
        return {"official": 0.0}
    complete = all(_plain(word) in plain for word in item.keywords)
    return {"official": _FACT + _KEYWORDS * complete + _SIMILARITY * likeness}


def official_summary(records: Sequence[AnswerRecord]) -> dict[str, object] | None:
    """Return the weighted score in hundredths with its parts; None where no item is the challenge's.

    The weights of types that do not occur are shared out over the others.
    """
    parts: dict[str, list[float]] = {}
    for record in records:
        kind = question_type(record.item)
        if kind is not None and "official" in record.scores:
            parts.setdefault(kind, []).append(record.scores["official"])
    if not parts:
        return None
    means = {kind: 100 * sum(scores) / len(scores) for kind, scores in sorted(parts.items())}
    whole = sum(WEIGHTS[kind] for kind in means)
    return {
        "score": sum(WEIGHTS[kind] * mean for kind, mean in means.items()) / whole,
        "by_type": means,
        "items": sum(map(len, parts.values())),
        "weights": {kind: WEIGHTS[kind] / whole for kind in means},
        "similarity": SIMILARITY,
    }


def question_type(item: Item) -> str | None:
    """Return which weight a question has; None for types that the challenge does not know."""
    if item.type in ("3-1", "3-2"):
        return item.type
    known = {"1": "1", "1-1": "1", "1-2": "1", "2-1": "2", "2-2": "2"}
    return known.get(item.type)


def similarity(a: str, b: str) -> float:
    """Return the cosine of the character-bigram counts of two texts."""
    first, second = _bigrams(a), _bigrams(b)
    shared = sum(count * second[pair] for pair, count in first.items())
    return shared / math.sqrt(_square(first) * _square(second)) if shared else 0.0


def _bigrams(text: str) -> Counter[str]:
    plain = normalised(text)
    return Counter(plain[i : i + 2] for i in range(max(len(plain) - 1, min(len(plain), 1))))


def _square(counts: Mapping[str, int]) -> int:
    return sum(count * count for count in counts.values())


def _plain(text: str) -> str:
    """Return a text as facts are looked for in it: thousands separators and the unit 元 do not count."""
    return normalised(text).removesuffix("元")
