"""What tools get and give: their context, results with evidence, and misuse that the model is told of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

from vouch.generation.phrases import Language
from vouch.generation.plan.desk import FactDesk
from vouch.generation.quotes import Quote, Statement
from vouch.generation.retrieve import Shelf
from vouch.retrieval.types import EVERYTHING, Scope


@dataclass(frozen=True, slots=True)
class Computation:
    """A calculation that was carried out by code: its result needs no page, its operands do."""

    expression: str
    """As people write it: (营业收入-营业成本)/营业收入."""
    operands: Mapping[str, Decimal]
    """By name, in the unit that `expression` means."""
    value: Decimal
    unit: str = ""
    constants: tuple[Decimal, ...] = ()
    """Numbers of the expression itself: 365, a molar mass."""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool found. Each statement brings the quotes it stands on, so that it is cited like a passage."""

    statements: tuple[Statement, ...] = ()
    computations: tuple[Computation, ...] = ()

    @property
    def text(self) -> str:
        """The statements without numbers of citations."""
        return "\n".join(statement.text for statement in self.statements)

    @property
    def evidence(self) -> tuple[Quote, ...]:
        """The quotes, each once, in order."""
        found = {
            (quote.source.doc_id, quote.page.number, quote.start, quote.end): quote
            for statement in self.statements
            for quote in statement.quotes
        }
        return tuple(found.values())


class ToolMisuse(Exception):
    """A call that cannot be carried out: unknown tool, wrong arguments. Its text is what the model is told."""


@dataclass(frozen=True, slots=True)
class WebPage:
    """One result of a web search."""

    title: str
    url: str
    text: str


class WebSearch(Protocol):
    """Searches the web at an endpoint that the settings allow."""

    def search(self, query: str, k: int) -> list[WebPage]: ...


def _today() -> date:
    return date.today()


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What tools read from. There is nothing in it to write with."""

    shelf: Shelf
    facts: FactDesk | None = None
    scope: Scope = EVERYTHING
    """Documents that may answer."""
    language: Language = "zh"
    today: Callable[[], date] = _today
    web: WebSearch | None = None
