"""Scores of generated text: perplexity, BLEU (sacrebleu), ROUGE (rouge-score). Needs the extra `eval`.

Both libraries part text at spaces; Chinese is given to them by characters, Latin words and numbers kept whole.
"""

import math
import re
from collections.abc import Sequence

import sacrebleu
from rouge_score import rouge_scorer, tokenizers

ROUGE = ("rouge1", "rouge2", "rougeL")
_TOKEN = re.compile(r"[\u3400-\u9fff]|[A-Za-z]+|\d+(?:\.\d+)?")


def perplexity(token_logprobs: Sequence[Sequence[float]]) -> float:
    """Return e to the mean negative log-likelihood of a token, over all tokens of all texts (natural logarithms)."""
    count = sum(map(len, token_logprobs))
    if not count:
        raise ValueError("perplexity of no tokens")
    return math.exp(-sum(map(sum, token_logprobs)) / count)


def bleu(texts: Sequence[str], references: Sequence[Sequence[str]], language: str) -> float:
    """Return the corpus BLEU, 0 to 100; `references` holds one or more for each text."""
    most = max(map(len, references))
    # sacrebleu wants the references by their place: all first ones, all second ones; None where there is no such one.
    by_place = [[given[n] if n < len(given) else None for given in references] for n in range(most)]
    tokenizer = "zh" if language == "zh" else "13a"
    return sacrebleu.corpus_bleu(list(texts), by_place, tokenize=tokenizer).score  # type: ignore[arg-type] # takes None


def rouge(texts: Sequence[str], references: Sequence[Sequence[str]]) -> dict[str, float]:
    """Return the mean F measure of each ROUGE, 0 to 1, against the reference that fits each text best."""
    scorer = rouge_scorer.RougeScorer(list(ROUGE), tokenizer=_Tokenizer())
    sums = dict.fromkeys(ROUGE, 0.0)
    for text, given in zip(texts, references, strict=True):
        scores = scorer.score_multi(list(given), text)
        for name in ROUGE:
            sums[name] += scores[name].fmeasure
    return {name: total / len(texts) for name, total in sums.items()}


class _Tokenizer(tokenizers.Tokenizer):  # type: ignore[misc] # rouge-score carries no types
    """rouge-score's own one drops every character that is not Latin."""

    def tokenize(self, text: str) -> list[str]:
        return _TOKEN.findall(text.lower())
