"""The tool that reads a page."""

from typing import Annotated

from vouch.generation.quotes import Quote, Statement
from vouch.generation.tools.registry import tool
from vouch.generation.tools.types import ToolContext, ToolMisuse, ToolResult

LONGEST = 3500
"""Characters of a page that are shown at once."""


@tool
def read_page(
    context: ToolContext,
    document: Annotated[str, "file name or document id, as search_documents names it"],
    page: Annotated[int, "page number, 1 is the first"],
    part: Annotated[int, "1 for the beginning of the page, 2 and on for what follows"] = 1,
) -> ToolResult:
    """Read one page of a document, as printed."""
    documents = context.shelf.documents(context.scope)
    matching = [d for d in documents if document in (d.source.doc_id, d.source.name)]
    matching = matching or [d for d in documents if document and document.lower() in d.source.name.lower()]
    if len(matching) != 1:
        named = ", ".join(d.source.name for d in (matching or documents)[:8])
        problem = "several documents are called" if matching else "there is no document"
        raise ToolMisuse(f"{problem} {document[:80]!r}: choose from {named or 'none'}")
    found = matching[0]
    if not 1 <= page <= found.pages:
        raise ToolMisuse(f"{found.source.name} has pages 1 to {found.pages}, not {page}")
    read = context.shelf.page(found.source.doc_id, page)
    start = (max(1, part) - 1) * LONGEST
    text = read.text[start : start + LONGEST]
    if not text.strip():
        raise ToolMisuse(f"page {page} of {found.source.name} has no text there")
    quote = Quote(found.source, read, start, start + len(text), (), 1.0)
    more = f"\n(goes on: part {max(1, part) + 1})" if start + LONGEST < len(read.text) else ""
    return ToolResult((Statement(f"({found.source.name}, p. {page}) {text}{more}", (quote,)),))
