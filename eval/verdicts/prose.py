"""Prose: sections of reports, definitions, doctors' answers, filings, words of a passage.

What counts as right is a rule with thresholds, chosen on reference answers against each other (ROUGE-L above 0.41 for
95 in 100) and against answers to other questions (below 0.28 for 95 in 100).
"""

import re
from collections.abc import Sequence

from vouch.eval.numbers import Number, Target, folded, numbers, same
from vouch.eval.places import cites, quotes_from
from vouch.eval.text_metrics import (
    best_f1,
    best_rouge_l,
    bigrams,
    exact_match,
    f1,
    normalised,
    recall,
    tokens,
)
from vouch.eval.types import Item
from vouch.eval.verdicts.amounts import judge_amounts
from vouch.eval.verdicts.judgement import Judgement, judged, said
from vouch.eval.verdicts.texts import contains, decision_agrees
from vouch.generation.types import Answer

ROUGE_L = 0.4
"""At least as like a whole reference answer as this."""
QUOTED = 0.3
"""Share of the answer's pairs of neighbouring words that stand in what it quotes from a right page."""
READING_F1 = 0.8
FILING_F1 = 0.4
FILING_RECALL = 0.7
"""With this share of the reference's words, an answer up to four times as long is right too."""
SHORT_GOLD = 6
"""Words up to which a reference is to be said word for word."""
LONGEST = 800
"""Characters of an answer to an open question; more is a page (three in four report pages are longer), no answer."""
LONGEST_FILING = 120
"""Words of an answer to a short question about a filing."""
LONGEST_NONE = 300

_NOT_APPLICABLE = re.compile(
    r"不适用|不涉及|不存在|没有(?!形)|未(?:发生|涉及|触及|出现|面临|受到|被|有)|并?无(?:重大|此类|该|相关|任何|需|应|上述|破产|退市|处罚|违规|[。,;]|$)"
    r"|\bnone\b|\bnot applicable\b|\bno such\b|\bn/a\b",
    re.IGNORECASE,
)


def judge_open(item: Item, answer: Answer) -> Judgement:
    """Return whether an answer quotes a right page, is like a reference, or says that a section does not apply.

    With known pages: a right page is cited and the answer is drawn from it. Without: ROUGE-L with a reference.
    """
    text = said(answer)
    scores = {"rouge_l": best_rouge_l(text, item.references), "f1": best_f1(text, item.references, item.language)}
    if not item.references:
        scores = {}
    if not item.places:
        right = scores.get("rouge_l", 0.0) >= ROUGE_L
        return judged(right, scores, f"unlike the references (ROUGE-L {scores.get('rouge_l', 0.0):.2f})")
    cited = cites(item, answer)
    if item.not_applicable:
        says_none = bool(_NOT_APPLICABLE.search(folded(text))) and len(normalised(text)) <= LONGEST_NONE
        return judged(
            cited and says_none, scores, "" if says_none else "does not say that there is none", _uncited(cited)
        )
    drawn = is_drawn_from(text, quotes_from(item, answer)) and len(text) <= LONGEST
    return judged(cited and drawn, scores, _uncited(cited), "" if drawn else "says little of what it quotes there")


def judge_reply(item: Item, answer: Answer) -> Judgement:
    """Return whether an answer is like the reply of the conversation and states each of its numbers."""
    text, reply = said(answer), item.references[0]
    likeness, stated = best_rouge_l(text, [reply]), [_states(text, wanted) for wanted in numbers(reply)]
    scores = {"rouge_l": likeness, "f1": best_f1(text, [reply], item.language)}
    if stated:
        scores["numbers"] = sum(stated) / len(stated)
    return judged(
        likeness >= ROUGE_L and all(stated),
        scores,
        "" if likeness >= ROUGE_L else f"unlike the reply (ROUGE-L {likeness:.2f})",
        "" if all(stated) else "a number of the reply is missing",
    )


def judge_reading(item: Item, answer: Answer) -> Judgement:
    """Return exact match and F1 with the accepted words of the passage."""
    text = said(answer)
    accepted = item.references or item.gold
    exact, likeness = exact_match(text, accepted, item.language), best_f1(text, accepted, item.language)
    scores = {"em": exact, "f1": likeness}
    return judged(exact == 1 or likeness >= READING_F1, scores, f"F1 {likeness:.2f}")


def judge_filing(item: Item, answer: Answer) -> Judgement:
    """Return whether an answer about a filing gives its number, or for prose its words, numbers and a right page."""
    text, gold = said(answer), item.gold[0]
    scores = {"f1": best_f1(text, item.gold, "en"), "rouge_l": best_rouge_l(text, item.gold)}
    if item.gold_values:
        amount = judge_amounts(item, answer)
        return judged(amount.verdict == "correct", {**scores, **amount.scores}, *amount.notes)
    cited = not item.places or cites(item, answer)
    alike = _says_filing(text, gold)
    numbers_right = all(_states(text, wanted) for wanted in numbers(gold))
    return judged(
        alike and numbers_right and cited and decision_agrees(text, gold),
        scores,
        "" if alike else f"unlike the answer (F1 {scores['f1']:.2f})",
        "" if numbers_right else "a number of the answer is missing",
        "" if decision_agrees(text, gold) else "says no for yes or yes for no",
        _uncited(cited),
    )


def is_drawn_from(text: str, quoted: Sequence[str]) -> bool:
    """Say whether enough of a text's word pairs, digits apart, stand in the quotes."""
    pairs, source = bigrams(text), bigrams("\n".join(quoted))
    return bool(pairs) and (pairs & source).total() >= QUOTED * pairs.total()


def _says_filing(text: str, gold: str) -> bool:
    found, wanted = tokens(text, "en"), tokens(gold, "en")
    if len(wanted) <= SHORT_GOLD and contains(text, gold) and len(found) <= LONGEST_FILING:
        return True
    if f1(found, wanted) >= FILING_F1:
        return True
    return recall(found, wanted) >= FILING_RECALL and len(found) <= 4 * len(wanted)


def _states(text: str, wanted: Number) -> bool:
    return any(same(number, Target(wanted.value, wanted.unit, wanted.step)) for number in numbers(text))


def _uncited(cited: bool) -> str:
    return "" if cited else "cites no page that holds the answer"
