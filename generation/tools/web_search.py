"""The tool that searches the web: offered only where the settings name an endpoint."""

import hashlib
from typing import Annotated

from vouch.generation.quotes import Quote, Statement
from vouch.generation.tools.registry import tool
from vouch.generation.tools.types import ToolContext, ToolMisuse, ToolResult, WebPage
from vouch.retrieval.errors import ModelError
from vouch.retrieval.types import Page, Source

MOST = 5
LONGEST = 800


@tool
def web_search(
    context: ToolContext,
    query: Annotated[str, "what to look for"],
    limit: Annotated[int, "how many results, at most 5"] = 3,
) -> ToolResult:
    """Search the web. What it finds is not in the library: say so, and cite the address."""
    if context.web is None or not query.strip():
        raise ToolMisuse("web_search: " + ("the query is empty" if context.web else "it is switched off"))
    try:
        pages = context.web.search(query, max(1, min(limit, MOST)))
    except ModelError as error:
        raise ToolMisuse(f"web_search: {error}") from error
    return ToolResult(tuple(_statement(page) for page in pages[:MOST]))


def _statement(page: WebPage) -> Statement:
    text = f"{page.title}\n{page.text}"[:LONGEST]
    identity = "web-" + hashlib.sha256(page.url.encode()).hexdigest()[:16]
    source = Source(identity, page.url, page.url, "text", page.title, "web")
    return Statement(f"(web: {page.url}) {text}", (Quote(source, Page(1, text), 0, len(text), (), 0.0),))
