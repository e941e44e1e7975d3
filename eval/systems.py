"""The system under test as evaluation asks it: an answer together with the passages that were retrieved for it."""

from collections.abc import Callable, Mapping

from vouch.generation.drafts import Draft, Generator, Task
from vouch.generation.pipeline import Asker
from vouch.generation.types import Answer
from vouch.retrieval.types import EVERYTHING, Hit, Scope


class WatchedGenerator:
    """A generator that remembers which passages it was offered."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        self.hits: dict[str, Hit] = {}

    @property
    def name(self) -> str:
        """The name of the generator that is watched."""
        return self._generator.name

    def draft(self, task: Task) -> Draft:
        """Return the generator's own draft."""
        for hit in task.hits:
            self.hits.setdefault(hit.chunk.id, hit)
        return self._generator.draft(task)


class AskLibrary:
    """Asks a library as `vouch ask` does."""

    def __init__(self, made: Callable[[Generator], Asker], generator: Generator, k: int) -> None:
        """`made` returns what answers with a generator; it is given one that remembers what it was offered."""
        self._watched = WatchedGenerator(generator)
        self._asker = made(self._watched)
        self._k = k

    def __call__(self, question: str, scope: Scope = EVERYTHING) -> tuple[Answer, tuple[Hit, ...]]:
        """Return the answer and the passages offered to the generator, best first; none for an early refusal."""
        self._watched.hits = {}
        answer = self._asker.ask(question, scope, self._k)
        return answer, tuple(self._watched.hits.values())


class AskPassages:
    """Asks about one text at a time, each being a document of a library."""

    def __init__(self, ask: AskLibrary, documents: Mapping[str, str]) -> None:
        """`documents`: text -> document id."""
        self._ask, self._documents = ask, documents

    def __call__(self, passage: str, question: str) -> tuple[Answer, tuple[Hit, ...]]:
        """Return what the library answers when only this text may."""
        return self._ask(question, Scope(doc_ids=frozenset({self._documents[passage]})))
