"""What a local service is made of, put together by wiring."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from vouch.app.service.jobs import Job, Jobs
from vouch.app.service.live import LiveLibrary
from vouch.app.service.types import IngestRequest
from vouch.app.service.uploads import Uploads
from vouch.generation.chat import Cancelled, ChatModel
from vouch.generation.events import Listener
from vouch.generation.types import Answer
from vouch.retrieval.conversations import ConversationStore
from vouch.retrieval.fact_query import FactStore
from vouch.retrieval.library import Library
from vouch.retrieval.library_store import LibraryStore
from vouch.retrieval.question import Question
from vouch.retrieval.types import Box, Hit, Scope, SearchMode, Source


class Answerer(Protocol):
    """What answers one question from the library it was made for."""

    def ask(
        self, question: str, scope: Scope, k: int, context: Question | None, listen: Listener, cancelled: Cancelled
    ) -> Answer: ...

    def companies(self) -> frozenset[tuple[str, str, str]]: ...


@dataclass(frozen=True, slots=True)
class Answering:
    """What answers, and its chat model for whatever else a conversation has to ask it."""

    answerer: Answerer
    model: ChatModel | None = None


@dataclass(frozen=True, slots=True)
class Manner:
    """How to answer: what a request may choose."""

    generator: str | None = None
    cot: bool = False
    tools: bool = True
    adapter: str | None = None


@dataclass(frozen=True, slots=True)
class Defaults:
    """What settings say where a request says nothing."""

    k_passages: int
    k_hits: int
    mode: SearchMode
    rerank: bool | None
    """None: where that suits the question; False: never, there is no reranker."""
    generators: tuple[str, ...] = ("extractive",)
    """What a request may choose from."""


Search = Callable[[Library, str, int, SearchMode, Scope, bool | None], Sequence[Hit]]
"""library, query, k, mode, scope, rerank."""
OpenToWrite = Callable[[], AbstractContextManager[LibraryStore]]
Ingest = Callable[[IngestRequest, Job], None]
Picture = Callable[[Source, int, Sequence[Box]], bytes | None]


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a local service."""

    live: LiveLibrary
    answering: Callable[[Library, Manner, frozenset[str] | None], Answering]
    """Made for a library, a manner, and the collections that may be seen (None: all)."""
    facts: Callable[[Library, frozenset[str] | None], FactStore]
    """The facts of a library, as far as these collections hold them."""
    search: Search
    open_to_write: OpenToWrite
    ingest: Ingest
    picture: Picture
    uploads: Uploads
    jobs: Jobs
    people: ConversationStore
    defaults: Defaults
