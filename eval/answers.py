"""Items asked and judged one by one, and what comes of all of them. Knows no file and no run directory."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from vouch.eval.answer_metrics import all_scores, judge
from vouch.eval.citation_metrics import CUTS, mean_scores
from vouch.eval.official import official_summary
from vouch.eval.significance import bootstrap_interval
from vouch.eval.types import AnswerRecord, Ask, AskPassage, Item, Metrics, PageText, UnderTest, Verdict
from vouch.eval.verdicts.choices import LETTERS
from vouch.generation.types import Answer
from vouch.retrieval.errors import UsageError
from vouch.retrieval.types import Hit

WEIGHTS: Mapping[Verdict, float] = {"correct": 1.0, "refused": 0.0, "wrong": -1.0}
"""A wrong answer costs what a right one gains: saying nothing is better than guessing with less than even odds."""
MEANS = (*(f"page_recall@{cut}" for cut in CUTS), "citation_precision", "citation_recall", "f1", "rouge_l")
"""Metrics that the summary always names, null where no item has them."""
LOGPROB = "reference_logprob"
"""Mean log-probability (natural) of a token of the reference, of models that tell."""


@dataclass(frozen=True, slots=True)
class System:
    """What is evaluated: how it is asked, over its library or over a passage, and what its pages say."""

    ask: Ask
    ask_passage: AskPassage
    page_text: PageText

    def answer(self, item: Item) -> tuple[Answer, tuple[Hit, ...]]:
        """Return what it answers; an item with a passage is asked over that passage alone."""
        if item.messages:
            raise UsageError(
                f"{item.id} is a conversation, which a library cannot be asked: give --generator base or base+ADAPTER"
            )
        question = question_text(item)
        return self.ask_passage(item.passage, question) if item.passage else self.ask(question)

    def likelihood(self, _item: Item) -> Mapping[str, float]:
        """Return nothing: it knows no probabilities."""
        return {}


def answer_records(items: Iterable[Item], system: UnderTest) -> Iterator[AnswerRecord]:
    """Yield a record for each item, in their order, as soon as it is judged."""
    for item in items:
        started = perf_counter()
        answer, hits = asked(item, system)
        yield judged_record(item, answer, hits, system.page_text, perf_counter() - started)


def asked(item: Item, system: UnderTest) -> tuple[Answer, tuple[Hit, ...]]:
    """Return what the system answers, and the passages that were retrieved for it."""
    return system.answer(item)


def question_text(item: Item) -> str:
    """Return what is asked: the question, with its lettered choices where there are any but yes, no, maybe."""
    if item.kind != "choice" or len(item.gold) < 2:
        return item.question
    lettered = (f"{letter}. {choice}" for letter, choice in zip(LETTERS, item.choices, strict=False))
    return "\n".join((item.question, *lettered))


def judged_record(
    item: Item, answer: Answer, hits: Sequence[Hit], page_text: PageText, seconds: float = 0.0
) -> AnswerRecord:
    """Return the record of an answer."""
    places = [(hit.chunk.source.name, hit.chunk.page) for hit in hits]
    # Facts are looked up, not searched: what they cite is what was found.
    retrieved = tuple(dict.fromkeys(places or [(citation.document, citation.page) for citation in answer.citations]))
    judgement = judge(item, answer)
    scores = all_scores(item, answer, judgement, retrieved, page_text)
    return AnswerRecord(item, answer, judgement.verdict, scores, retrieved, seconds, judgement.notes)


def summarise(records: Sequence[AnswerRecord]) -> Metrics:
    """Return the contract's summary: verdicts apart, the weighted score, means, by type, every failure."""
    means = mean_scores([record.scores for record in records])
    values: dict[str, Any] = {
        **_verdicts(records),
        "weights": dict(WEIGHTS),
        "accuracy_interval": _interval(records),
        "by_type": {kind: _of_type(of_kind) for kind, of_kind in _grouped(records).items()},
        **{name: means.get(name) for name in MEANS},
        **{name: mean for name, mean in means.items() if name not in MEANS and name != "official"},
        **({"perplexity": math.exp(-means[LOGPROB])} if LOGPROB in means else {}),
        "official": official_summary(records),
        "failures": [_failure(record) for record in records if record.verdict != "correct"],
    }
    return Metrics(values)


def _verdicts(records: Sequence[AnswerRecord]) -> dict[str, Any]:
    counts = {verdict: sum(record.verdict == verdict for record in records) for verdict in WEIGHTS}
    items = len(records)
    score = sum(WEIGHTS[verdict] * count for verdict, count in counts.items())
    return {
        "items": items,
        "correct": counts["correct"],
        "wrong": counts["wrong"],
        "refused": counts["refused"],
        "accuracy": counts["correct"] / items if items else 0.0,
        "score": score / items if items else 0.0,
    }


def _interval(records: Sequence[AnswerRecord]) -> list[float]:
    interval = bootstrap_interval([float(record.verdict == "correct") for record in records])
    return [interval.low, interval.high]


def _grouped(records: Sequence[AnswerRecord]) -> dict[str, list[AnswerRecord]]:
    grouped: dict[str, list[AnswerRecord]] = {}
    for record in records:
        grouped.setdefault(record.item.type or record.item.kind, []).append(record)
    return dict(sorted(grouped.items()))


def _of_type(records: Sequence[AnswerRecord]) -> dict[str, Any]:
    return {**_verdicts(records), **mean_scores([record.scores for record in records])}


def _failure(record: AnswerRecord) -> dict[str, Any]:
    item = record.item
    return {
        "id": item.id,
        "type": item.type,
        "question": item.question,
        "verdict": record.verdict,
        "gold": list(item.gold),
        "answer": record.answer.answer,
        "notes": list(record.notes),
    }
