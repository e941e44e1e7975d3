"""Questions and searches of a local service."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vouch.app.service.collections import scope_of, visible
from vouch.app.service.events import event_of
from vouch.app.service.parts import Answering, Manner, Parts
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
from vouch.generation.memory.memory import FollowUp, Memory
from vouch.generation.memory.standalone import Held
from vouch.retrieval.conversations import Session
from vouch.retrieval.errors import NotSetUp
from vouch.retrieval.question import Question

LONGEST_MEMORY = 20
"""Messages in whose light a question is read, where the caller keeps the conversation itself."""


@dataclass(frozen=True, slots=True)
class _Talk:
    """A question in its conversation, and where that is kept."""

    follow_up: FollowUp
    memory: Memory | None = None


class Asking:
    """Answers and searches. What a caller may not see takes no part: no document, company or number of it."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def ask(self, request: AskRequest, access: Access, listen: Listen = ignored, cancelled: Cancelled = never) -> Json:
        """Return the answer object; `listen` hears what happens on the way, the whole answer last."""
        with self._parts.live.reading() as library:
            documents = library.documents(visible(access))
            scope, warnings = scope_of(request.filters, access, documents)
            manner = Manner(request.generator, request.cot, request.tools, request.adapter)
            answering = self._parts.answering(library, manner, access.collections)
            talk = self._talk(request, access, answering, Held(documents, answering.answerer.companies()))
            answer = answering.answerer.ask(
                talk.follow_up.asked,
                scope,
                request.k or self._parts.defaults.k_passages,
                talk.follow_up.context,
                lambda event: None if isinstance(event, Answered) else listen(event_of(event)),
                cancelled,
            )
        shown = with_warnings(answer_json(answer), warnings)
        if talk.memory and not cancelled():
            talk.memory.keep(request.question, talk.follow_up, shown)
        listen(StreamEvent("answer", shown))
        return shown

    def _talk(self, request: AskRequest, access: Access, answering: Answering, held: Held) -> "_Talk":
        """Return the question in the light of those before: of the kept conversation, else those sent along."""
        if request.session:
            memory = Memory(self._parts.people, Session(request.session, access.key), answering.model)
            return _Talk(memory.follow_up(request.question, held), memory)
        context: Question | None = None
        for role, text in request.history[-LONGEST_MEMORY:]:
            if role == "user" and text.strip():
                context = held.understood(text, context)
        return _Talk(FollowUp(request.question, context, request.question))

    def search(self, request: SearchRequest, access: Access) -> Json:
        """Return the contract's search object."""
        started = time.perf_counter()
        defaults = self._parts.defaults
        mode = request.mode or defaults.mode
        rerank = defaults.rerank if request.rerank is None else request.rerank
        if rerank and defaults.rerank is False:
            raise NotSetUp("this server has no reranker: search without rerank")
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
