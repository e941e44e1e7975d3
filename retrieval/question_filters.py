"""The kind of document, the collection and the hospital department that a question names.

The words stand in `retrieval/data/question_filters.toml`.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import get_args

from vouch.retrieval.errors import SettingsError
from vouch.retrieval.lexicon import Group, Lexicon, fold
from vouch.retrieval.types import DocumentKind, Scope, StoredDocument

FILTERS_FILE = "question_filters.toml"

_COLLECTION = "(?:collection|library|文集|合集|资料库|文档库|知识库|库)"
_TELLS_FROM = re.compile(
    r"根据|依据|按照?|参照|参考|结合|在|从|查阅|\b(?:according|as|based|in|from|per|does|do|what|says?|recommend\w*)\b",
    re.IGNORECASE,
)
"""Words beside which a kind of document is a source, and not the subject of the question."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a question says about the documents that should answer it."""

    kinds: tuple[DocumentKind, ...] = ()
    collections: tuple[str, ...] = ()
    department: str = ""
    """Hospital department, in Chinese; weighs in the search and excludes nothing."""


@dataclass(frozen=True, slots=True)
class _Words:
    kinds: Lexicon
    departments: Lexicon


def named_filters(question: str, documents: Sequence[StoredDocument]) -> Filters:
    """Return what a question names, as far as these documents have it; a department may be of any document."""
    held = {document.source.kind for document in documents}
    tells = _TELLS_FROM.search(question)
    said = [m.group.name for m in _words().kinds.find(question)] if tells else []
    kinds = tuple(kind for kind in get_args(DocumentKind) if kind in said and kind in held)
    folded = fold(question)
    collections = sorted({document.source.collection for document in documents})
    departments = _words().departments.find(question)
    return Filters(
        kinds=kinds,
        collections=tuple(name for name in collections if name != "default" and _is_named(name, folded)),
        department=departments[0].group.name if departments else "",
    )


def narrowed(documents: Sequence[StoredDocument], filters: Filters) -> Scope | None:
    """Return the documents of the kinds and collections named; None where the question names none or all are."""
    fitting = [d for d in documents if Scope(kinds=frozenset(filters.kinds)).allows(d.source)]
    fitting = [d for d in fitting if Scope(collections=frozenset(filters.collections)).allows(d.source)]
    if not fitting or len(fitting) == len(documents):
        return None
    return Scope(doc_ids=frozenset(document.source.doc_id for document in fitting))


def _is_named(collection: str, folded: str) -> bool:
    """Say whether a question speaks of a collection: its name beside the word for one."""
    name = re.escape(fold(collection))
    return bool(
        re.search(rf"(?<![a-z0-9]){name}\s*(?:的\s*)?{_COLLECTION}|{_COLLECTION}\s*[\"“'「]?{name}(?![a-z0-9])", folded)
    )


@cache
def _words() -> _Words:
    text = resources.files("vouch.retrieval").joinpath("data", FILTERS_FILE).read_text(encoding="utf-8")
    tables: Mapping[str, Mapping[str, list[str]]] = tomllib.loads(text)
    if unknown := set(tables["kinds"]) - set(get_args(DocumentKind)):
        raise SettingsError(f"{FILTERS_FILE}: '{min(unknown)}' is no kind of document")
    return _Words(_lexicon(tables["kinds"], False), _lexicon(tables["departments"], True))


def _lexicon(entries: Mapping[str, list[str]], named: bool) -> Lexicon:
    """Return the entries as groups; `named`: the name of an entry is one of its words."""
    return Lexicon(Group(name, "", (name, *words) if named else tuple(words)) for name, words in entries.items())
