"""A question searched for in more words than its own, which a chat model writes: off unless a setting asks for it.

`multi-query`: other wordings, their rankings fused by reciprocal ranks (RAG-fusion; Rackauckas, 2024).
`hyde`: a passage as the answering document might word it, searched for by its vector (Gao et al., 2022).
What a model writes is only ever searched for: it is no evidence and is shown to nobody.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from vouch.generation.chat import ChatModel, ChatRequest, Sampling, collected
from vouch.generation.prompts.loader import load_prompt
from vouch.generation.retrieve import DEPTH, Retrieve, Shelf, retrieve
from vouch.retrieval.errors import NoReply
from vouch.retrieval.question import Question
from vouch.retrieval.types import Hit, Scope

Manner = Literal["multi-query", "hyde"]

RRF = 60
"""The constant of reciprocal rank fusion (Cormack et al., 2009)."""
_LIST_MARK = re.compile(r"^\s*(?:[-*•]|[(（]?\d{1,2}[.、)）:：])\s*")
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class VariantOptions:
    """How far a model may go."""

    manner: Manner
    most: int = 3
    """Other wordings that are searched for."""
    tokens: int = 256
    """Of the model's reply."""
    prompts: Path | None = None
    """A folder whose files replace those of the package."""


class VariedRetrieval:
    """Finds passages for a question and for what a model makes of it; one call of the model for each question."""

    def __init__(self, model: ChatModel, options: VariantOptions, plain: Retrieve = retrieve) -> None:
        """`plain` finds passages for the question itself."""
        self._model = model
        self._options = options
        self._plain = plain
        self._last: tuple[str, tuple[str, ...]] = ("", ())

    def __call__(self, shelf: Shelf, question: Question, scope: Scope) -> list[Hit]:
        """Return the passages found, best first; those of the question alone where the model says nothing of use."""
        if self._last[0] != question.text:
            self._last = question.text, self._written(question)
        rankings = [self._plain(shelf, question, scope)]
        mode: Literal["vector", "hybrid"] = "vector" if self._options.manner == "hyde" else "hybrid"
        rankings += [shelf.search(words, DEPTH, mode, scope) for words in self._last[1]]
        return fused(rankings)

    def _written(self, question: Question) -> tuple[str, ...]:
        hyde = self._options.manner == "hyde"
        prompt = load_prompt("hypothetical" if hyde else "variants", question.language, self._options.prompts)
        blanks = {"question": question.text} if hyde else {"question": question.text, "most": str(self._options.most)}
        request = ChatRequest(prompt.messages(blanks), sampling=Sampling(max_tokens=self._options.tokens))
        try:
            text = collected(self._model.stream(request)).text
        except NoReply:
            return ()  # the question's own words are enough
        if hyde:
            return (text.strip(),) if text.strip() else ()
        return wordings(text, question.text, self._options.most)


def wordings(text: str, question: str, most: int) -> tuple[str, ...]:
    """Return the lines of a reply that are queries: each once, none the question itself, none too long to be one."""
    lines = (_LIST_MARK.sub("", line).strip() for line in text.splitlines())
    kept = dict.fromkeys(line for line in lines if 2 <= len(line) <= _LONGEST and line != question)
    return tuple(kept)[:most]


def fused(rankings: Sequence[Sequence[Hit]]) -> list[Hit]:
    """Return one ranking of several by the sum of 1 / (60 + rank); a single one as it is, the first breaks ties.

    Scores are put on the scale of the first ranking's best, as what reads them expects; ranks stay the first ranking's.
    """
    if len(rankings) == 1:
        return list(rankings[0])
    sums: dict[str, float] = {}
    hits: dict[str, Hit] = {}
    for ranking in rankings:
        for rank, hit in enumerate(ranking, start=1):
            sums[hit.chunk.id] = sums.get(hit.chunk.id, 0.0) + 1 / (RRF + rank)
            hits.setdefault(hit.chunk.id, hit)
    top = max(sums.values(), default=1.0)
    best = max((hit.score for hit in rankings[0]), default=1.0)
    return [replace(hits[key], score=best * total / top) for key, total in sorted(sums.items(), key=lambda e: -e[1])]
