"""How people ask about companies that report in English, and the words and sections by which their reports answer.

The entries stand in `retrieval/data/report_idioms.toml`; this module loads, checks and finds them.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from vouch.retrieval.errors import SettingsError
from vouch.retrieval.tokenize import words

IDIOMS_FILE = "report_idioms.toml"
OUTLOOK = "guidance"
"""Name of the idiom for what is expected of a time to come."""
REASONS = "reasons of a change"
"""Name of the idiom for why something changed."""
STATEMENTS = ("income", "balance", "cash_flow")

_KEYS = frozenset({"asked", "search", "headings", "statements"})


@dataclass(frozen=True, slots=True)
class Idiom:
    """One thing that people ask about."""

    name: str
    asked: tuple[tuple[str, ...], ...]
    """Ways to ask, each as word stems in their order."""
    search: tuple[str, ...]
    """Words of reports for it."""
    headings: tuple[str, ...] = ()
    """What the section about it is called."""
    statements: tuple[str, ...] = ()
    """Financial statements that state it: some of `STATEMENTS`."""


class Idioms:
    """Idioms, findable in a question."""

    def __init__(self, idioms: Iterable[Idiom]) -> None:
        self.idioms = tuple(idioms)

    def find(self, question: str) -> tuple[Idiom, ...]:
        """Return the idioms that a question uses, in the order of the data."""
        stems = words(question)
        found = [(idiom, spans) for idiom in self.idioms if (spans := _spans(stems, idiom.asked))]
        every = [span for _, spans in found for span in spans]
        return tuple(idiom for idiom, spans in found if not all(_is_inside_another(span, every) for span in spans))


def _spans(stems: Sequence[str], phrases: Iterable[tuple[str, ...]]) -> list[tuple[int, int]]:
    """Return where phrases stand in a question, their stems side by side."""
    return [
        (start, start + len(phrase))
        for phrase in phrases
        for start in range(len(stems) - len(phrase) + 1)
        if tuple(stems[start : start + len(phrase)]) == phrase
    ]


def _is_inside_another(span: tuple[int, int], others: Iterable[tuple[int, int]]) -> bool:
    """Say whether a longer phrase holds this one: debt, of debt securities registered."""
    return any(start <= span[0] and span[1] <= end and span != (start, end) for start, end in others)


@cache
def default_idioms() -> Idioms:
    """Return the idioms that ship with the package."""
    text = resources.files("vouch.retrieval").joinpath("data", IDIOMS_FILE).read_text(encoding="utf-8")
    return read_idioms(tomllib.loads(text))


def read_idioms(tables: Mapping[str, Any]) -> Idioms:
    """Return the idioms of a parsed file; SettingsError names the entry that has another form."""
    idioms = Idioms(_idiom(name, entry) for entries in tables.values() for name, entry in entries.items())
    if missing := {OUTLOOK, REASONS} - {idiom.name for idiom in idioms.idioms}:
        raise SettingsError(f"{IDIOMS_FILE}: '{min(missing)}' must be one of its entries")
    return idioms


def _idiom(name: str, entry: Mapping[str, Any]) -> Idiom:
    lists = {key: entry.get(key, []) for key in _KEYS}
    if set(entry) - _KEYS or not all(_is_words(value) for value in lists.values()):
        raise SettingsError(f"{IDIOMS_FILE}: '{name}' must have lists of words called {', '.join(sorted(_KEYS))} only")
    if not lists["asked"] or not lists["search"]:
        raise SettingsError(f"{IDIOMS_FILE}: '{name}' needs 'asked' and 'search'")
    if unknown := set(lists["statements"]) - set(STATEMENTS):
        raise SettingsError(f"{IDIOMS_FILE}: '{name}' names the unknown statement '{min(unknown)}'")
    asked = tuple(dict.fromkeys(tuple(words(phrase)) for phrase in lists["asked"]))
    if () in asked:
        raise SettingsError(f"{IDIOMS_FILE}: '{name}' has a way to ask without a word that is searched for")
    return Idiom(name, asked, *(tuple(lists[key]) for key in ("search", "headings", "statements")))


def _is_words(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) and word for word in value)
