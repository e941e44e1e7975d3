"""Words that mean the same: lines of the statements, topics of a report with their headings, medical terms.

The words stand in `retrieval/data/*.toml`; this module only loads, checks and finds them.
"""

import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import chain
from typing import Any

from vouch.retrieval.errors import SettingsError

LEXICON_FILES = ("finance.toml", "topics.toml", "medical.toml")


STATEMENT_KINDS = frozenset({"income_statement", "balance_sheet", "cash_flow_statement"})
"""Lines of the three financial statements."""
LINE_KINDS = STATEMENT_KINDS | {"lines"}


@dataclass(frozen=True, slots=True)
class Group:
    """Words for one thing."""

    name: str
    kind: str
    """The TOML table it stands in: `balance_sheet`, `profile`, `people`, `metrics`, `topics`, `medical` …"""
    terms: tuple[str, ...]
    """All words for it, its name first."""
    headings: tuple[str, ...] = ()
    """For a topic: what the section about it is called in reports."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A term of the lexicon as it stands in a text: `text[start:end]`."""

    group: Group
    start: int
    end: int


HEAD = 2
"""Characters by which terms are looked up."""


class Lexicon:
    """Groups of synonyms, findable in a text. Refuses a term that stands in two groups."""

    def __init__(self, groups: Iterable[Group]) -> None:
        self.groups = tuple(groups)
        self._by_term: dict[str, Group] = {}
        for group in self.groups:
            for term in group.terms:
                other = self._by_term.setdefault(fold(term), group)
                if other is not group:
                    raise SettingsError(f"lexicon: '{term}' stands under '{other.name}' and under '{group.name}'")
        lengths: dict[str, set[int]] = defaultdict(set)
        for term in self._by_term:
            lengths[term[:HEAD]].add(len(term))
        self._lengths = {head: sorted(found, reverse=True) for head, found in lengths.items()}
        """Lengths of the terms that begin so, the longest first; a term of one character is its own head."""

    def find(self, text: str) -> list[Mention]:
        """Return the terms that stand in a text, the longest wherever they overlap, in text order."""
        folded, found, i = fold(text), list[Mention](), 0
        while i < len(folded):
            end = self._longest_at(folded, i)
            if end > i:
                found.append(Mention(self._by_term[folded[i:end]], i, end))
            i = max(end, i + 1)
        return found

    def names(self, kind: str) -> tuple[str, ...]:
        """Return the names of all groups of a kind."""
        return tuple(group.name for group in self.groups if group.kind == kind)

    def group(self, term: str) -> Group | None:
        """Return the group that a word belongs to."""
        return self._by_term.get(fold(term))

    def _longest_at(self, folded: str, start: int) -> int:
        if start and _joins(folded[start - 1], folded[start]):
            return start
        heads = self._lengths.get(folded[start : start + HEAD], ()), self._lengths.get(folded[start], ())
        for length in chain(*heads):
            end = start + length
            if end > len(folded):
                continue
            if folded[start:end] in self._by_term and not (
                end < len(folded) and _joins(folded[end - 1], folded[end]) and not _plural(folded, end)
            ):
                return end
        return start


def fold(text: str) -> str:
    """Return the text in lower case and half width, each character still in its place."""
    return "".join(map(_fold_character, text))


@cache
def _fold_character(character: str) -> str:
    folded = unicodedata.normalize("NFKC", character).lower()
    return folded if len(folded) == 1 else character


def _joins(left: str, right: str) -> bool:
    """Say whether two characters belong to one word of a language that parts its words by spaces."""
    return left.isascii() and right.isascii() and left.isalnum() and right.isalnum()


def _plural(folded: str, end: int) -> bool:
    return folded[end] == "s" and not folded[end + 1 : end + 2].isalnum()


@cache
def default_lexicon() -> Lexicon:
    """Return the lexicon that ships with the package."""
    folder = resources.files("vouch.retrieval").joinpath("data")
    groups: list[Group] = []
    for name in LEXICON_FILES:
        groups += read_groups(tomllib.loads(folder.joinpath(name).read_text(encoding="utf-8")), name)
    return Lexicon(groups)


def read_groups(tables: Mapping[str, Any], where: str) -> list[Group]:
    """Return the groups of one lexicon file; SettingsError names the entry that has another form."""
    groups: list[Group] = []
    for kind, entries in tables.items():
        for name, entry in entries.items():
            table: dict[str, Any] = entry if isinstance(entry, dict) else {"asked": entry, "headings": []}
            asked, headings = table.get("asked", ""), table.get("headings", "")
            if not _is_words(asked) or not _is_words(headings):
                raise SettingsError(
                    f"{where}: [{kind}] '{name}' must be a list of words, or have 'asked' and 'headings'"
                )
            terms = tuple(dict.fromkeys((name, *asked)))
            if len(terms) <= len(asked):
                raise SettingsError(f"{where}: [{kind}] '{name}' names a word twice")
            groups.append(Group(name, kind, terms, tuple(headings)))
    return groups


def _is_words(words: object) -> bool:
    return isinstance(words, list) and all(isinstance(word, str) and word for word in words)
