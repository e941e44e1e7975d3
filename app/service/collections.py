"""What a caller may see, as a scope: the collections of its key, narrowed by what it asks for."""

from collections.abc import Iterable
from dataclasses import replace

from vouch.app.commands.options import Wanted
from vouch.app.scoping import named_scope
from vouch.app.service.types import Access, Filters
from vouch.retrieval.types import EVERYTHING, Scope, StoredDocument

NOWHERE = Scope(collections=frozenset({"\x00"}))
"""Allows nothing: no collection is called so. An empty set would allow everything."""


def visible(access: Access) -> Scope:
    """Return the scope of everything that a caller may see."""
    if access.collections is None:
        return EVERYTHING
    return Scope(collections=access.collections) if access.collections else NOWHERE


def scope_of(filters: Filters, access: Access, documents: Iterable[StoredDocument]) -> tuple[Scope, list[str]]:
    """Return the scope of a request and warnings about names in it; `documents` are those that may be seen."""
    wanted = Wanted(filters.companies, filters.years, filters.collections)
    scope, warnings = named_scope(documents, wanted)
    if access.collections is None:
        return scope, warnings
    allowed = access.collections & scope.collections if scope.collections else access.collections
    return replace(scope, collections=allowed or NOWHERE.collections), warnings
