"""Scores that a language model gives: faithfulness, context precision and recall, answer relevance (after RAGAS).

The definitions are those of the RAGAS papers, the prompts are ours. A judge that gives no usable reply is counted, and
no score is made up for it: means are over what was judged, and None where nothing was. Knows no way to run a model.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any, Literal, TypeVar

from vouch.eval.judge_replies import Unparsable, flag, json_object, texts, verdicts
from vouch.generation.chat import ChatModel, Message, Sampling, reply_to
from vouch.retrieval.errors import NoReply

PROMPTS = Path(__file__).parent / "prompts"
PASSAGES = 5
"""Passages that context precision looks at, one call each."""
PASSAGE_LENGTH = 4000
SAMPLING = Sampling(max_tokens=2048)

_Read = TypeVar("_Read")

State = Literal["judged", "failed", "not_applicable"]
Similarity = Callable[[str, str], float]
"""How alike two questions are, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a judge made of one item; `reason` says why there is no value."""

    state: State
    value: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One answered question, as a judge sees it."""

    question: str
    answer: str
    """Empty for a refusal."""
    passages: tuple[str, ...]
    """What retrieval offered, best first."""
    reference: str = ""
    language: str = "zh"


class Judge:
    """Judges cases with one model; a reply that cannot be read is asked for once more."""

    def __init__(self, model: ChatModel, similarity: Similarity, attempts: int = 2) -> None:
        self._model, self._similarity, self._attempts = model, similarity, attempts

    def judge(self, case: Case) -> dict[str, Judgement]:
        """Return every metric's judgement of a case."""
        metrics: Mapping[str, Callable[[Case], Judgement]] = {
            "faithfulness": self._faithfulness,
            "answer_relevance": self._answer_relevance,
            "context_precision": self._context_precision,
            "context_recall": self._context_recall,
        }
        found = {}
        for name, metric in metrics.items():
            try:
                found[name] = metric(case)
            except NoReply as error:
                found[name] = Judgement("failed", reason=error.reason)
            except Unparsable:
                found[name] = Judgement("failed", reason="unparsable")
        return found

    def _faithfulness(self, case: Case) -> Judgement:
        """Share of the answer's statements that the passages support."""
        if not case.answer:
            return Judgement("not_applicable", reason="no answer")
        return self._supported_share(case, case.answer)

    def _context_recall(self, case: Case) -> Judgement:
        """Share of the reference's statements that the passages support."""
        if not case.reference:
            return Judgement("not_applicable", reason="no reference")
        return self._supported_share(case, case.reference)

    def _supported_share(self, case: Case, text: str) -> Judgement:
        split = prompt_text("split_answer", case.language, {"question": case.question, "answer": text})
        said = self._ask(split, lambda found: texts(found, "statements"))
        if not said:
            return Judgement("not_applicable", reason="no statements")
        if not case.passages:
            return Judgement("judged", 0.0)
        material = {
            "passages": "\n\n".join(passage[:PASSAGE_LENGTH] for passage in case.passages),
            "statements": "\n".join(f"{number}. {statement}" for number, statement in enumerate(said, start=1)),
        }
        check = prompt_text("check_statements", case.language, material)
        supported = self._ask(check, lambda found: verdicts(found, len(said)))
        return Judgement("judged", sum(supported) / len(supported))

    def _context_precision(self, case: Case) -> Judgement:
        """Mean precision at the ranks of useful passages: 1 where all useful ones come first."""
        if not case.reference:
            return Judgement("not_applicable", reason="no reference")
        return Judgement("judged", mean_precision([self._useful(case, p) for p in case.passages[:PASSAGES]]))

    def _useful(self, case: Case, passage: str) -> bool:
        material = {"passage": passage[:PASSAGE_LENGTH], "reference": case.reference, "question": case.question}
        return self._ask(prompt_text("useful_passage", case.language, material), lambda found: flag(found, "useful"))

    def _answer_relevance(self, case: Case) -> Judgement:
        """How like the question the questions are that the answer would answer; 0 for an evasive answer."""
        if not case.answer:
            return Judgement("not_applicable", reason="no answer")
        asked, evasive = self._ask(
            prompt_text("questions_answered", case.language, {"answer": case.answer}), _questions
        )
        if evasive or not asked:
            return Judgement("judged", 0.0)
        return Judgement("judged", sum(self._similarity(case.question, other) for other in asked) / len(asked))

    def _ask(self, prompt: str, read: Callable[[Mapping[str, Any]], _Read]) -> _Read:
        """Return what a reply says; Unparsable where no attempt brought a readable one."""
        messages = [Message("user", prompt)]
        for attempt in range(1, self._attempts + 1):
            reply = reply_to(self._model, messages, SAMPLING).text
            try:
                return read(json_object(reply))
            except Unparsable as problem:
                if attempt == self._attempts:
                    raise
                messages += [Message("assistant", reply), Message("user", f"{problem}. JSON!")]
        raise AssertionError("the loop returns or raises")


def _questions(said: Mapping[str, Any]) -> tuple[list[str], bool]:
    return texts(said, "questions"), flag(said, "evasive")


def prompt_text(name: str, language: str, values: Mapping[str, str]) -> str:
    """Return a prompt with its blanks filled; what is filled in is not searched for further blanks."""
    path = PROMPTS / f"{name}.{'zh' if language == 'zh' else 'en'}.md"
    return Template(path.read_text(encoding="utf-8")).substitute(values)


def mean_precision(useful: Sequence[bool]) -> float:
    """Return the mean, over the ranks of useful passages, of the share of useful ones up to there; 0 without any."""
    shares = [sum(useful[:rank]) / rank for rank, good in enumerate(useful, start=1) if good]
    return sum(shares) / len(shares) if shares else 0.0


def judge_summary(judged: Iterable[Mapping[str, Judgement]]) -> dict[str, dict[str, Any]]:
    """Return for each metric its mean over what was judged (None without any), and how much was not, and why."""
    by_metric: dict[str, list[Judgement]] = {}
    for judgements in judged:
        for name, judgement in judgements.items():
            by_metric.setdefault(name, []).append(judgement)
    summary = {}
    for name, found in by_metric.items():
        values = [judgement.value for judgement in found if judgement.value is not None]
        summary[name] = {
            "mean": sum(values) / len(values) if values else None,
            "judged": len(values),
            "not_applicable": sum(judgement.state == "not_applicable" for judgement in found),
            "failed": sum(judgement.state == "failed" for judgement in found),
            "failures": dict(Counter(judgement.reason for judgement in found if judgement.state == "failed")),
        }
    return summary
