"""How like its reference a reply is: what is measured while a model is trained."""

from vouch.eval.numbers import numbers
from vouch.eval.text_metrics import best_f1, best_rouge_l, is_chinese


def reply_scores(reply: str, reference: str) -> dict[str, float]:
    """Return F1 of tokens, ROUGE-L and, where the reference has numbers, whether the reply has exactly these."""
    language = "zh" if is_chinese(reference) else "en"
    scores = {"f1": best_f1(reply, [reference], language), "rouge_l": best_rouge_l(reply, [reference])}
    wanted = _numbers(reference)
    if wanted:
        scores["numbers"] = float(_numbers(reply) == wanted)
    return scores


def _numbers(text: str) -> set[tuple[float, str]]:
    return {(number.value, number.unit) for number in numbers(text)}
