"""Which filings under United States rules answer besides a company's annual report of a year.

The year's results come out first in an earnings release of the fourth quarter; what is expected of a year stands in
the filings of the year before; a fiscal year that ends in January is named for either of two calendar years.
"""

import re
from collections.abc import Sequence

from vouch.retrieval.types import StoredDocument

ANNUAL = ("FY", "Q4")
"""Periods of the filings that tell a whole year: annual report and release of the year's results."""
_FORMS: tuple[tuple[re.Pattern[str], frozenset[str]], ...] = (
    (re.compile(r"\b10-?K\b|\bannual report\b", re.IGNORECASE), frozenset({"FY"})),
    (re.compile(r"\b10-?Q\b|\bquarterly report\b", re.IGNORECASE), frozenset({"Q1", "Q2", "Q3"})),
    (re.compile(r"\b8-?K\b|\bcurrent report\b", re.IGNORECASE), frozenset({""})),
    (re.compile(r"\bearnings (?:release|report|announcement)\b", re.IGNORECASE), frozenset({"Q1", "Q2", "Q3", "Q4"})),
)


def named_form(question: str) -> frozenset[str]:
    """Return the periods of the kind of filing that a question names (this 10-K, in its 10-Q); empty for none."""
    return frozenset(period for pattern, periods in _FORMS if pattern.search(question) for period in periods)


def english(documents: Sequence[StoredDocument]) -> list[StoredDocument]:
    """Return the documents in English."""
    return [document for document in documents if document.source.language == "en"]


def beside_annual(own: Sequence[StoredDocument], year: int, outlook: bool) -> list[StoredDocument]:
    """Return what tells of a whole year besides its annual report; with outlook, also what was expected of it."""
    years = (year, year - 1) if outlook else (year,)
    return [d for d in english(own) if d.source.year in years and d.source.period in ANNUAL]


def newer(own: Sequence[StoredDocument], year: int) -> list[StoredDocument]:
    """Return what was filed after the annual report of a year: the present, where a question names no time."""
    return [d for d in english(own) if d.source.year is not None and d.source.year > year]


def of_form(documents: Sequence[StoredDocument], form: frozenset[str]) -> list[StoredDocument]:
    """Return the documents of the kind of filing named; all where none is, or none of the kind is held."""
    return [d for d in documents if d.source.period in form] or list(documents)
