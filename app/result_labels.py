"""What the companies, times and values of an answer are called in its tables and charts, in the question's language."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from vouch.generation.phrases import Language
from vouch.generation.plan.reading import Vocabulary
from vouch.generation.plan.sentences import Wording
from vouch.generation.plan.types import SINGLE, Period
from vouch.generation.types import Answer, ResultRow

_PARTS = ("Q1", "Q2", "H1", "Q3", "Q4", "FY")
"""In the order in which they end."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Names for people. Companies without a short name keep their own."""

    wording: Wording
    short_names: Mapping[str, str] = field(default_factory=dict)

    def company(self, row: ResultRow) -> str:
        """Return the short name of a result's company."""
        return self.short_names.get(row.company) or row.company

    def when(self, row: ResultRow) -> str:
        """Return a result's period; a quarter alone is told from the year to date."""
        said = self.wording.when(Period(row.year, row.period))
        alone = "单季" if self.wording.language == "zh" else " alone"
        return said + alone if row.period.endswith(SINGLE) else said

    def field(self, row: ResultRow) -> str:
        """Return what a result's value is called."""
        return self.wording.field(row.field)


def labels_in(language: Language, short_names: Mapping[str, str]) -> Labels:
    """Return the names in a language; a short name that two companies share tells neither."""
    bearers = Counter(short_names.values())
    telling = {company: short for company, short in short_names.items() if bearers[short] == 1}
    return Labels(Wording(language, Vocabulary.load()), telling)


def of_companies(answer: Answer) -> list[ResultRow]:
    """Return the results that are one company's, each once; figures over several companies are left out."""
    return list({(row.company, row.year, row.period, row.field): row for row in answer.results if row.company}.values())


def in_time(rows: Sequence[ResultRow]) -> list[ResultRow]:
    """Return one result for each period, in the order of time."""
    periods = {(row.year, row.period): row for row in rows}
    return [periods[key] for key in sorted(periods, key=_end)]


def _end(period: tuple[int, str]) -> tuple[int, int, str]:
    year, part = period
    plain = part.removesuffix(SINGLE)
    return year, _PARTS.index(plain) if plain in _PARTS else len(_PARTS), part
