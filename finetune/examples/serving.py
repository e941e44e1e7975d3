"""What serving does with a question up to the prompt, and what it thinks of an answer: done here by the same parts.

An example is made only of what serving would send, and only with an answer that serving would vouch for.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from vouch.finetune.examples.unfit import Unfit
from vouch.generation.chat import Cancelled, ChatRequest, Delta, Message, Reply, ToolSchema
from vouch.generation.chat_generator.options import ChatOptions
from vouch.generation.chat_generator.prompting import Prepared, Prompter
from vouch.generation.chat_generator.strength import is_worth_reading
from vouch.generation.drafts import Evidence, Task, Written, never
from vouch.generation.plan.desk import FactDesk
from vouch.generation.reasoning.parts import takes_parts
from vouch.generation.reasoning.thoughts import ThoughtSplitter
from vouch.generation.refusals import early_refusal
from vouch.generation.retrieve import Retrieve, Shelf
from vouch.generation.tools.registry import Toolbox
from vouch.generation.tools.types import Computation
from vouch.generation.vouching.review import Review
from vouch.generation.vouching.voucher import reviewed_text
from vouch.retrieval.question import understand
from vouch.retrieval.types import EVERYTHING, Chunk, Hit, LexicalIndex, Page, Scope, SearchMode, StoredDocument

Count = Callable[[str], int]


class RememberedShelf:
    """A library that reads each page, and the passages of each document, once: examples come back to the same."""

    def __init__(self, shelf: Shelf, scope: Scope = EVERYTHING) -> None:
        """`scope`: only documents in it are there."""
        self._shelf = shelf
        self._scope = scope
        self._documents = [document for document in shelf.documents() if scope.allows(document.source)]
        self._pages: dict[tuple[str, int], Page] = {}
        self._passages: dict[str, list[Chunk]] = {}

    @property
    def lexical(self) -> LexicalIndex:
        return self._shelf.lexical

    def documents(self, scope: Scope = EVERYTHING) -> list[StoredDocument]:
        """Return the documents in scope."""
        return [document for document in self._documents if scope.allows(document.source)]

    def search(self, query: str, k: int = 10, mode: SearchMode = "hybrid", scope: Scope = EVERYTHING) -> list[Hit]:
        """Return the best `k` passages in scope."""
        if not self._scope.is_everything:
            scope = replace(scope, doc_ids=frozenset(d.source.doc_id for d in self.documents(scope)))
        return self._shelf.search(query, k, mode, scope)

    def page(self, doc_id: str, number: int) -> Page:
        """Return a page; KeyError where there is none."""
        key = doc_id, number
        if key not in self._pages:
            self._pages[key] = self._shelf.page(doc_id, number)
        return self._pages[key]

    def passages(self, doc_id: str) -> list[Chunk]:
        """Return all passages of a document in reading order."""
        if doc_id not in self._passages:
            self._passages[doc_id] = self._shelf.passages(doc_id)
        return self._passages[doc_id]


@dataclass(slots=True)
class DictatedModel:
    """A chat model that says what it is told to say and keeps what it was asked; also the measure of a prompt."""

    context_window: int
    count: Count
    replies: list[Reply] = field(default_factory=list)
    requests: list[ChatRequest] = field(default_factory=list)
    name: str = "dictated"

    def count_tokens(self, text: str) -> int:
        """Return how many tokens a text takes."""
        return self.count(text)

    def stream(self, request: ChatRequest, _cancelled: Cancelled = never) -> Iterator[Delta]:
        """Yield the next reply whole."""
        self.requests.append(request)
        reply = self.replies[len(self.requests) - 1]
        yield Delta(reply.text, reply.tool_calls, reply.finish)


@dataclass(slots=True)
class Serving:
    """The parts that answer questions from one library, as the settings make them."""

    shelf: Shelf
    desk: FactDesk
    find: Retrieve
    model: DictatedModel
    options: ChatOptions
    tools: Callable[[Task], Toolbox] | None = None
    """None: the model is offered none."""
    licence: str = ""
    source: str = ""
    prompter: Prompter = field(init=False)
    """What makes prompts; it counts each passage once."""

    def __post_init__(self) -> None:
        self.prompter = Prompter(self.model, self.options)

    def task(self, question: str) -> Task:
        """Return a question with what is found in the scope that serving looks in first; Unfit where it never looks."""
        return next(self._tasks(question))

    def read_task(self, question: str) -> Task:
        """Return a question with what serving shows a model for it; Unfit where it would ask none."""
        for task in self._tasks(question):
            if is_worth_reading(task):
                return task
        raise Unfit("what serving finds is too far from the question to be read")

    def _tasks(self, question: str) -> Iterator[Task]:
        documents = self.shelf.documents()
        asked = understand(question, documents, None, self.desk.companies())
        if early_refusal(asked, documents):
            raise Unfit("serving refuses the question before it searches")
        if takes_parts(asked, self.options.decompose):
            raise Unfit("serving cuts the question into several")
        for scope in asked.scopes:
            hits = self.find(self.shelf, asked, scope)[: max(self.options.passages, 1) * 5]
            yield Task(self.shelf, asked, scope, hits, facts=self.desk, find=self.find)

    def toolbox(self, task: Task) -> Toolbox | None:
        """Return the tools that a model would be offered."""
        tools = self.tools(task) if self.tools else None
        return tools if tools and self.prompter.have_room(tools.schemas) else None

    def offered(self, task: Task) -> tuple[ToolSchema, ...]:
        """Return what a model would be told of tools."""
        tools = self.toolbox(task)
        return tools.schemas if tools else ()

    def prepared(self, task: Task, tools: Sequence[ToolSchema] = ()) -> Prepared:
        """Return the prompt for a task; Unfit where the window has no room for a passage."""
        prepared = self.prompter.prompt(task, tools)
        if not prepared.pieces:
            raise Unfit("no passage fits into the window")
        return prepared


def checked(task: Task, prepared: Prepared, answer: str, computed: Sequence[Computation] = ()) -> Review:
    """Return what serving finds when it checks an answer to a prompt; Unfit where it objects to anything."""
    return checked_against(
        task, tuple(piece.evidence(task.shelf) for piece in prepared.pieces), prepared, answer, computed
    )


def checked_against(
    task: Task, evidence: tuple[Evidence, ...], prepared: Prepared, answer: str, computed: Sequence[Computation]
) -> Review:
    """Return the check of an answer that cites this evidence; its thoughts, which nobody is shown, are left out."""
    splitter = ThoughtSplitter()
    final = splitter.feed(answer) + splitter.finish()
    written = Written(final, evidence, tuple(computed), True, prepared.instructions)
    review = reviewed_text(task, written)
    if review.says_unknown:
        return review
    problems = [problem.kind for claim in review.checked for problem in claim.problems]
    if problems or review.invented or not review.supported:
        raise Unfit(f"serving would not vouch for the answer ({problems[0] if problems else 'nothing to vouch for'})")
    return review


def turns(prepared: Prepared, answer: str) -> tuple[Message, ...]:
    """Return the conversation of a prompt and its answer."""
    return (*prepared.messages, Message("assistant", answer))
