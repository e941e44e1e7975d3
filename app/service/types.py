"""The seam between those who ask (REST, the chat in the browser) and a library, here or behind a server.

What comes back are the JSON objects of the contract, so that both sides of a network see the same.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from vouch.retrieval.types import Box, SearchMode

Json = Mapping[str, Any]
"""A JSON object of the contract."""
Scope = Literal["ask", "ingest", "admin"]
"""What a key may do: ask and read; add and remove documents; everything."""
JobState = Literal["queued", "running", "done", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Access:
    """What a caller may see and do; passed to every call, never remembered."""

    collections: frozenset[str] | None = None
    """None: all of them. What is outside does not exist for this caller."""
    scopes: frozenset[Scope] = frozenset(("ask", "ingest", "admin"))
    key: str = ""
    """Name of the API key, for conversations, feedback and logs; empty without one."""


EVERYTHING_ALLOWED = Access()


@dataclass(frozen=True, slots=True)
class Filters:
    """What the caller narrows a question to; empty allows all that may be seen."""

    collections: tuple[str, ...] = ()
    companies: tuple[str, ...] = ()
    years: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class AskRequest:
    """A question and how to answer it; None leaves a choice to the settings."""

    question: str
    filters: Filters = Filters()
    k: int | None = None
    generator: str | None = None
    cot: bool = False
    tools: bool = True
    session: str = ""
    """The conversation it belongs to; empty: none."""
    history: tuple[tuple[str, str], ...] = ()
    """What was said before (role, text), where the caller keeps the conversation itself."""
    adapter: str | None = None
    """LoRA adapter of the language model, by its name in the settings; empty: the base model."""


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A search without an answer."""

    query: str
    filters: Filters = Filters()
    k: int | None = None
    mode: SearchMode | None = None
    rerank: bool | None = None


@dataclass(frozen=True, slots=True)
class FactsRequest:
    """Which statement values to list, as `vouch facts` takes them."""

    company: str = ""
    year: str = ""
    fields: tuple[str, ...] = ()
    scopes: tuple[Literal["consolidated", "parent", ""], ...] = ()
    collections: tuple[str, ...] = ()
    limit: int = 1000
    offset: int = 0


@dataclass(frozen=True, slots=True)
class IngestRequest:
    """Files or folders to read, as this machine sees them, and what the caller says of them."""

    paths: tuple[Path, ...]
    collection: str = "default"
    kind: str = "auto"
    company: str | None = None
    year: int | None = None
    force: bool = False
    temporary: bool = False
    """The paths are uploads of ours: kept with the library while a document stands on them."""


@dataclass(frozen=True, slots=True)
class FeedbackRequest:
    """What somebody thinks of an answer."""

    question: str
    answer: Json
    """The answer object as it was given."""
    rating: Literal["up", "down"]
    comment: str = ""
    correction: str = ""
    session: str = ""


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One event of an answer in the making: `understanding`, `passages`, `step`, `token`, `withdrawn`, `answer`."""

    event: str
    data: Any


Listen = Callable[[StreamEvent], None]
Cancelled = Callable[[], bool]


def ignored(_event: StreamEvent) -> None:
    """Listen to nothing."""


def never() -> bool:
    """Say that nothing was cancelled."""
    return False


@dataclass(frozen=True, slots=True)
class Upload:
    """A file sent by somebody: its name is only a name, never a path."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Ready:
    """Whether the library can answer now, and why not."""

    ok: bool
    problems: tuple[str, ...] = ()
    library: Json = field(default_factory=dict)


class Service(Protocol):
    """Everything that can be asked of one library.

    NotFound for what does not exist or may not be seen; VouchError for what the caller can mend.
    """

    def ask(self, request: AskRequest, access: Access, listen: Listen = ignored, cancelled: Cancelled = never) -> Json:
        """Return the answer object; `listen` hears what happens on the way, the whole answer last."""
        ...

    def search(self, request: SearchRequest, access: Access) -> Json: ...

    def facts(self, request: FactsRequest, access: Access) -> Json: ...

    def warning(self, company: str, year: int | None, access: Access) -> Json:
        """Return the early-warning report, as `vouch warn --json`."""
        ...

    def documents(self, access: Access) -> list[Json]: ...

    def document(self, document_id: str, access: Access) -> Json: ...

    def remove_document(self, document_id: str, access: Access) -> None: ...

    def page(self, document_id: str, number: int, access: Access) -> Json:
        """Return a page's text, size and number of pages of its document."""
        ...

    def page_picture(self, document_id: str, number: int, boxes: Sequence[Box], access: Access) -> bytes:
        """Return the page as PNG with boxes marked; NotFound where the file is gone or no PDF."""
        ...

    def ingest(self, request: IngestRequest, access: Access) -> Json:
        """Begin to read files in the background; return the job."""
        ...

    def upload(self, files: Sequence[Upload], request: IngestRequest, access: Access) -> Json:
        """Begin to read uploaded files; return the job."""
        ...

    def job(self, job_id: str, access: Access) -> Json: ...

    def cancel_job(self, job_id: str, access: Access) -> Json: ...

    def feedback(self, request: FeedbackRequest, access: Access) -> Json: ...

    def conversations(self, access: Access) -> list[Json]: ...

    def conversation(self, session: str, access: Access) -> Json: ...

    def rename_conversation(self, session: str, title: str, access: Access) -> Json: ...

    def delete_conversation(self, session: str, access: Access) -> None: ...

    def stats(self, access: Access) -> Json: ...

    def ready(self) -> Ready: ...
