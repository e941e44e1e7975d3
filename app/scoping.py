"""From what a user says about documents (`--company 茅台`, a file name, an id) to the documents themselves."""

import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from vouch.app.commands.options import Wanted
from vouch.retrieval.types import Scope, Source, StoredDocument


def named_scope(documents: Iterable[StoredDocument], wanted: Wanted) -> tuple[Scope, list[str]]:
    """Return the scope of a command and warnings about names in it that the library does not hold."""
    sources = [document.source for document in documents]
    warnings: list[str] = []
    companies: set[str] = set()
    for said in wanted.companies:
        found = companies_called(said, sources)
        if not found:
            warnings.append(f"the library holds no company {said!r}; it holds {_listed(s.company for s in sources)}")
        companies |= found or {said}  # an unknown name lets nothing answer, rather than everything
    held = {source.collection for source in sources}
    unknown = [collection for collection in wanted.collections if collection not in held]
    warnings += [f"the library holds no collection {name!r}; it holds {_listed(held)}" for name in unknown]
    scope = Scope(
        companies=frozenset(companies), years=frozenset(wanted.years), collections=frozenset(wanted.collections)
    )
    return scope, warnings


def companies_called(said: str, sources: Sequence[Source]) -> set[str]:
    """Return the full names that a name, short name, code or part of a name stands for; empty if none."""
    word = _plain(said)
    exact = {s.company for s in sources if s.company and word in map(_plain, (s.company, s.short_name, s.code))}
    return exact or {s.company for s in sources if word and s.company and word in _plain(s.company)}


def chosen_documents(documents: Sequence[StoredDocument], said: str) -> list[StoredDocument]:
    """Return the documents that an id (or its beginning), a file name or a path stands for; empty if none."""
    full = str(Path(said).expanduser().absolute())
    exact = [d for d in documents if said in (d.source.doc_id, d.source.name, d.source.path) or d.source.path == full]
    return exact or [d for d in documents if len(said) >= 6 and d.source.doc_id.startswith(said)]


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def _listed(names: Iterable[str], at_most: int = 8) -> str:
    different = sorted({name for name in names if name})
    more = f" and {len(different) - at_most} more" if len(different) > at_most else ""
    return ", ".join(different[:at_most]) + more if different else "none"
