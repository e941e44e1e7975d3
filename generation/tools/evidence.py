"""The evidence of tools, numbered on from the passages of a prompt. Knows neither tools nor models."""

from dataclasses import dataclass, field

from vouch.generation.quotes import Quote, Statement
from vouch.generation.tools.types import ToolResult

_CUT = "…"


@dataclass(slots=True)
class Numbered:
    """Quotes under the numbers that a model may cite; the same span has the same number."""

    first: int
    quotes: list[Quote] = field(default_factory=list)
    _numbers: dict[tuple[str, int, int, int], int] = field(default_factory=dict)

    def shown(self, result: ToolResult, room: int) -> str:
        """Return a result as the model reads it, each statement with its numbers, in at most `room` characters.

        Statements that do not fit are left out whole, their evidence with them; the first is cut rather than lost.
        """
        lines: list[str] = []
        left = room
        for statement in result.statements:
            text = statement.text
            if len(text) > left and lines:
                lines.append(f"({len(result.statements) - len(lines)} more left out)")
                break
            if len(text) > left:
                text = text[: max(0, left - 1)] + _CUT
            lines.append(f"{text} {self._marks(statement)}".strip())
            left -= len(text)
        return "\n".join(lines)

    def _marks(self, statement: Statement) -> str:
        return "".join(dict.fromkeys(f"[{self._number(quote)}]" for quote in statement.quotes))

    def _number(self, quote: Quote) -> int:
        key = (quote.source.doc_id, quote.page.number, quote.start, quote.end)
        if key not in self._numbers:
            self._numbers[key] = self.first + len(self.quotes)
            self.quotes.append(quote)
        return self._numbers[key]
