"""One answer judged: correct, wrong or refused, with its scores. The judge is chosen by the kind of item."""

from collections.abc import Callable, Mapping, Sequence

from vouch.eval.citation_metrics import citation_scores, number_faithfulness, page_scores
from vouch.eval.official import official_scores
from vouch.eval.types import Item, ItemKind, PageText
from vouch.eval.verdicts.amounts import judge_amounts, judge_count
from vouch.eval.verdicts.choices import judge_choice
from vouch.eval.verdicts.judgement import Judgement, is_refusal, refuses
from vouch.eval.verdicts.names import judge_names
from vouch.eval.verdicts.prose import judge_filing, judge_open, judge_reading, judge_reply
from vouch.eval.verdicts.texts import judge_text
from vouch.generation.types import Answer

_JUDGES: Mapping[ItemKind, Callable[[Item, Answer], Judgement]] = {
    "value": judge_amounts,
    "values": judge_amounts,
    "text": judge_text,
    "ranking": judge_names,
    "count": judge_count,
    "open": judge_open,
    "reading": judge_reading,
    "filing": judge_filing,
    "choice": judge_choice,
    "reply": judge_reply,
}
_WHEN_REFUSED: Mapping[ItemKind, Mapping[str, float]] = {
    "reading": {"em": 0.0, "f1": 0.0},
    "filing": {"f1": 0.0, "rouge_l": 0.0},
    "choice": {"choice": 0.0},
    "reply": {"f1": 0.0, "rouge_l": 0.0},
}
"""Means over the whole set count a refusal as nothing said."""


def judge(item: Item, answer: Answer) -> Judgement:
    """Return the verdict on an answer. A refusal is never wrong, and right only where nothing else is."""
    if item.kind == "refusal":
        if is_refusal(answer):
            return Judgement("correct")
        return Judgement("refused" if refuses(answer) else "wrong", {}, ("answers what it should refuse",))
    if refuses(answer):
        scores = _WHEN_REFUSED.get(item.kind, {})
        if item.kind == "open" and item.references:
            scores = {"f1": 0.0, "rouge_l": 0.0}
        return Judgement("refused", scores, (answer.refusal.detail,) if answer.refusal else ("says nothing",))
    return _JUDGES[item.kind](item, answer)


def all_scores(
    item: Item, answer: Answer, judgement: Judgement, retrieved: Sequence[tuple[str, int]], page_text: PageText
) -> dict[str, float]:
    """Return every score of an answer; one that does not apply to it is absent."""
    scores = {**judgement.scores, **page_scores(item, retrieved), **official_scores(item, answer)}
    if not refuses(answer):
        scores |= citation_scores(item, answer, page_text) | number_faithfulness(item, answer)
    return scores
