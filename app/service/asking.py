"""Questions and searches of a local service."""

import time
from collections.abc import Mapping
from typing import Any

from vouch.app.service.collections import scope_of, visible
from vouch.app.service.events import event_of
from vouch.app.service.parts import Answerer, Manner, Parts
from vouch.app.service.types import (
    Access,
    AskRequest,
    Cancelled,
    Json,
    Listen,
    SearchRequest,
    StreamEvent,
    ignored,
    never,
)
from vouch.generation.events import Answered
from vouch.generation.json_form import answer_json, hit_json
from vouch.retrieval.conversations import Session, Turn
from vouch.retrieval.question import Question, understand
from vouch.retrieval.types import StoredDocument

LONGEST_MEMORY = 10
"""Earlier questions in whose light one is read."""


class Asking:
    """Answers and searches. What a caller may not see takes no part: no document, company or number of it."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def ask(self, request: AskRequest, access: Access, listen: Listen = ignored, cancelled: Cancelled = never) -> Json:
        """Return the answer object; `listen` hears what happens on the way, the whole answer last."""
        session = Session(request.session, access.key)
        with self._parts.live.reading() as library:
            documents = library.documents(visible(access))
            scope, warnings = scope_of(request.filters, access, documents)
            manner = Manner(request.generator, request.cot, request.tools)
            answerer = self._parts.answerer(library, manner, access.collections)
            answer = answerer.ask(
                request.question,
                scope,
                request.k or self._parts.defaults.k_passages,
                _context(self._said_before(request, session), answerer, documents),
                lambda event: None if isinstance(event, Answered) else listen(event_of(event)),
                cancelled,
            )
        shown = with_warnings(answer_json(answer), warnings)
        if request.session and not cancelled():
            self._parts.people.add_turn(session, Turn(request.question, answer.question, shown))
        listen(StreamEvent("answer", shown))
        return shown

    def _said_before(self, request: AskRequest, session: Session) -> list[str]:
        """Return the questions before this one: of the kept conversation, else those that the caller sends along."""
        if request.session:
            return [turn.question for turn in self._parts.people.turns(session)]
        return [text for role, text in request.history if role == "user" and text.strip()]

    def search(self, request: SearchRequest, access: Access) -> Json:
        """Return the contract's search object."""
        started = time.perf_counter()
        defaults = self._parts.defaults
        mode = request.mode or defaults.mode
        rerank = defaults.rerank if request.rerank is None else request.rerank
        with self._parts.live.reading() as library:
            scope, warnings = scope_of(request.filters, access, library.documents(visible(access)))
            hits = self._parts.search(library, request.query, request.k or defaults.k_hits, mode, scope, rerank)
        return {
            "query": request.query,
            "mode": mode,
            "hits": [hit_json(rank, hit) for rank, hit in enumerate(hits, 1)],
            "timings_ms": {"total": round((time.perf_counter() - started) * 1000, 2)},
            "warnings": warnings,
        }


def with_warnings(answer: Mapping[str, Any], warnings: list[str]) -> dict[str, Any]:
    """Return an answer object with warnings about the request before its own."""
    return {**answer, "warnings": [*warnings, *answer["warnings"]]}


def _context(asked: list[str], answerer: Answerer, documents: list[StoredDocument]) -> Question | None:
    """Return the question before this one, itself read in the light of those before it."""
    context: Question | None = None
    for question in asked[-LONGEST_MEMORY:]:
        context = understand(question, documents, context, answerer.companies())
    return context
