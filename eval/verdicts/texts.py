"""Short texts: a name, an address, a date, the same or not. Said word for word, and not as one of many things."""

import re

from vouch.eval.numbers import folded
from vouch.eval.text_metrics import is_chinese, normalised, squad_normalised
from vouch.eval.types import Item
from vouch.eval.verdicts.amounts import missing_components
from vouch.eval.verdicts.judgement import Judgement, judged, said
from vouch.generation.types import Answer

LONGEST = 200
"""Characters (80 words in English) besides the right text: a sentence or two, not a page."""
LONGEST_WORDS = 80
_DIGIT_RUNS = 3
"""Other numbers that may stand beside a right answer made of digits: a code among many codes is no answer."""

_DIFFERENT = re.compile(
    r"不(?:完全)?相同|不同|不一致|不一样|有(?:所)?变[化更]|发生了?(?:过)?变[化更]|已变更"
    r"|\bdifferent\b|\bnot the same\b|\bchanged\b",
    re.IGNORECASE,
)
_SAME = re.compile(
    r"相同|一致|一样|(?:未|没有|无)(?:发生)?(?:任何)?变[化更]|\bthe same\b|\bunchanged\b|\bdid not change\b",
    re.IGNORECASE,
)
_YES = re.compile(r"^\W*(?:是的?|对|有的?|yes|正确)(?![\w])|^\W*(?:是|有)[,。;]", re.IGNORECASE)
_NO = re.compile(r"^\W*(?:不是|否|没有|不|无|no|不正确)(?![A-Za-z])", re.IGNORECASE)
_COMPARED = {"相同": "same", "不相同": "different", "不同": "different", "一致": "same", "不一致": "different"}
_DECIDED = {"是": "yes", "否": "no", "yes": "yes", "no": "no"}


def judge_text(item: Item, answer: Answer) -> Judgement:
    """Return whether an answer says one of the accepted texts, and shows what it was compared from."""
    text = said(answer)
    right = any(says(text, gold, item.question) for gold in item.gold)
    lacking = missing_components(item, text)
    scores = {"text": float(right)}
    if item.components:
        scores["components"] = 1 - len(lacking) / len(item.components)
    return judged(
        right and not lacking,
        scores,
        "" if right else "does not say it",
        f"not shown: {', '.join(lacking)}" if lacking else "",
    )


def says(text: str, gold: str, question: str) -> bool:
    """Say whether a text answers with `gold`."""
    if gold in _COMPARED:
        return _comparison(folded(text)) == _COMPARED[gold]
    if gold.lower() in _DECIDED:
        return _decision(text) == _DECIDED[gold.lower()]
    return contains(text, gold) and is_brief(text, gold, question)


def contains(text: str, gold: str) -> bool:
    """Say whether a text holds another one, punctuation and spacing apart; numbers and Latin words as a whole."""
    if not is_chinese(gold) and not is_chinese(text):
        return f" {squad_normalised(gold)} " in f" {squad_normalised(text)} "
    wanted = normalised(gold)
    if not wanted:
        return False
    edges = (r"(?<![a-z0-9])" if wanted[0].isascii() else "", r"(?![a-z0-9])" if wanted[-1].isascii() else "")
    return bool(re.search(edges[0] + re.escape(wanted) + edges[1], normalised(text)))


def is_brief(text: str, gold: str, question: str) -> bool:
    """Say whether a text is about as long as an answer with `gold` may be."""
    if gold.strip().isdigit():
        others = set(re.findall(r"\d+", folded(text))) - set(re.findall(r"\d+", folded(question))) - {gold.strip()}
        if len(others) > _DIGIT_RUNS:
            return False
    if is_chinese(text):
        return len(normalised(text)) <= LONGEST + len(normalised(gold)) + len(normalised(question))
    return len(text.split()) <= LONGEST_WORDS + len(gold.split())


def is_verdict_word(gold: str) -> bool:
    """Say whether an answer is a conclusion (相同, yes) that no page prints."""
    return gold in _COMPARED or gold.lower() in _DECIDED


def decision_agrees(text: str, gold: str) -> bool:
    """Say whether a text does not open with no where `gold` opens with yes, or the other way round."""
    ours, right = _decision(text), _decision(gold)
    return right is None or ours is None or ours == right


def _comparison(text: str) -> str | None:
    """Return `same` or `different`, as a text says first."""
    different, equal = _DIFFERENT.search(text), _SAME.search(text)
    if different and (not equal or different.start() <= equal.start()):
        unchanged = equal and equal.start() <= different.start() and equal.end() >= different.end()
        return "same" if unchanged else "different"
    return "same" if equal else None


def _decision(text: str) -> str | None:
    opening = folded(text).strip()
    if _NO.match(opening):
        return "no"
    return "yes" if _YES.match(opening) else None
