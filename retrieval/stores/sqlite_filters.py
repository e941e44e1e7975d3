"""WHERE clauses for SQLite: one JSON list a column, so that any number of values fits. Column names are ours."""

import json
from collections.abc import Iterable, Sequence

from vouch.retrieval.fact_query import FactQuery
from vouch.retrieval.types import Scope

Parameters = list[str]


def scope_filter(scope: Scope) -> tuple[str, Parameters]:
    """Return a WHERE clause over the columns of a source, and its parameters."""
    allowed: dict[str, Iterable[str] | Iterable[int]] = {
        "doc_id": scope.doc_ids,
        "company": scope.companies,
        "year": scope.years,
        "period": scope.periods,
        "kind": scope.kinds,
        "collection": scope.collections,
    }
    clauses, parameters = _lists(allowed)
    return " AND ".join(clauses) or "TRUE", parameters


def fact_filter(query: FactQuery) -> tuple[str, Parameters]:
    """Return a WHERE clause over the columns of a fact, and its parameters."""
    clauses, parameters = _lists(
        {
            "company": query.companies,
            "field": query.fields,
            "year": query.years,
            "period": query.periods,
            "scope": query.scopes,
            '+"column"': query.columns,  # + keeps SQLite from starting at what leaves half of the facts
        }
    )
    if query.collections:
        clauses.append(_IN_COLLECTIONS)
        parameters.append(json.dumps(list(query.collections)))
    return " AND ".join(clauses) or "TRUE", parameters


_IN_COLLECTIONS = "+document IN (SELECT id FROM documents WHERE collection IN (SELECT value FROM json_each(?)))"


def in_collections(collections: Sequence[str]) -> tuple[str, Parameters]:
    """Return an AND over the column `document`, and its parameter; nothing where all collections are allowed."""
    return (f"AND {_IN_COLLECTIONS} ", [json.dumps(list(collections))]) if collections else ("", [])


def _lists(allowed: dict[str, Iterable[str] | Iterable[int]]) -> tuple[list[str], Parameters]:
    used = {column: found for column, values in allowed.items() if (found := list(values))}
    clauses = [f"{column} IN (SELECT value FROM json_each(?))" for column in used]  # noqa: S608
    return clauses, [json.dumps(values) for values in used.values()]
