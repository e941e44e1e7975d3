"""The pages of the consolidated financial statements in reports in English, found by their titles and lines."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Protocol

from vouch.retrieval.types import EVERYTHING, Chunk, Hit, Scope, SearchMode

DEPTH = 24
"""Passages looked at for the title of a statement."""
TITLE_LINES = 4
"""A statement's title stands in the first lines of its first passage, below the company's name."""


class Searchable(Protocol):
    """What can be searched within a scope."""

    def search(self, query: str, k: int = 10, mode: SearchMode = "hybrid", scope: Scope = EVERYTHING) -> list[Hit]: ...


@dataclass(frozen=True, slots=True)
class StatementForm:
    """How a financial statement is titled and which lines it prints."""

    titles: frozenset[str]
    query: str


def statement_pages(library: Searchable, statement: str, scope: Scope) -> list[Hit]:
    """Return the first passages of a statement (income, balance, cash_flow) in the documents in scope, surest first."""
    form = _forms()[statement]
    found = library.search(form.query, DEPTH, "lexical", scope)
    return [hit for hit in found if hit.chunk.kind != "toc" and _is_titled(hit.chunk, form.titles)]


def _is_titled(chunk: Chunk, titles: frozenset[str]) -> bool:
    """Say whether a passage begins with the title of a statement, or stands right below it."""
    first = [line for line in chunk.text.split("\n") if line.strip()][:TITLE_LINES]
    above: Sequence[str] = (*chunk.context.split("\n"), *chunk.section[-1:])
    return any(plain_title(line) in titles for line in (*first, *above))


def plain_title(line: str) -> str:
    """Return a title as it is compared: lower case, without "condensed" and what stands in brackets."""
    return " ".join(line.partition("(")[0].lower().replace("condensed", "").split()).rstrip(".:")


@cache
def _forms() -> Mapping[str, StatementForm]:
    text = resources.files("vouch.retrieval").joinpath("data", "statements.toml").read_text(encoding="utf-8")
    return {
        name: StatementForm(frozenset(entry["titles"]), " ".join((entry["titles"][0], *entry["lines"])))
        for name, entry in tomllib.loads(text).items()
    }
