"""The tool that searches passages."""

from dataclasses import replace
from typing import Annotated

from vouch.generation.quotes import Quote, Statement
from vouch.generation.retrieve import Shelf
from vouch.generation.tools.registry import tool
from vouch.generation.tools.types import ToolContext, ToolMisuse, ToolResult
from vouch.retrieval.companies import known_names
from vouch.retrieval.types import Hit, Scope

MOST = 8
LONGEST = 900
"""Characters of a passage that are shown."""


@tool
def search_documents(
    context: ToolContext,
    query: Annotated[str, "what to look for, in the words of the documents"],
    company: Annotated[str | None, "only reports of this company"] = None,
    year: Annotated[int | None, "only documents on this year"] = None,
    limit: Annotated[int, "how many passages, at most 8"] = 4,
) -> ToolResult:
    """Search the library's documents; returns passages with document and page, best first."""
    if not query.strip():
        raise ToolMisuse("search_documents: the query is empty")
    scope = _narrowed(context, company, year)
    hits = context.shelf.search(query, max(1, min(limit, MOST)), "hybrid", scope) if scope else []
    return ToolResult(tuple(_statement(context.shelf, hit) for hit in hits))


def _narrowed(context: ToolContext, company: str | None, year: int | None) -> Scope | None:
    """Return the scope narrowed to a company and year, never widened; None where nothing is left of it."""
    scope = context.scope
    if company:
        documents = context.shelf.documents(scope)
        known = known_names(frozenset((d.source.company, d.source.short_name, d.source.code) for d in documents))
        named = {name for mention in known.find(company) for name in mention.companies}
        if not named:
            held = ", ".join(known.companies[:8]) or "no company"
            raise ToolMisuse(f"no document of the library is about {company[:60]!r}; it holds {held}")
        scope = replace(scope, companies=frozenset(named))
    if year is not None:
        if scope.years and year not in scope.years:
            return None
        scope = replace(scope, years=frozenset({year}))
    return scope


def _statement(shelf: Shelf, hit: Hit) -> Statement:
    chunk = hit.chunk
    page = shelf.page(chunk.source.doc_id, chunk.page)
    end = min(chunk.end, chunk.start + LONGEST)
    quote = Quote(chunk.source, page, chunk.start, end, chunk.section, min(1.0, max(0.0, hit.score)))
    heading = " > ".join(chunk.section)
    place = f"{chunk.source.name}, p. {chunk.page}" + (f", {heading}" if heading else "")
    said = f"{chunk.context}\n{chunk.text}" if chunk.context else chunk.text
    return Statement(f"({place}) {said[: LONGEST + len(chunk.context)]}", (quote,))
