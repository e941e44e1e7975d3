"""Which tokens of a chunk are searched: the same for every lexical index."""

from functools import lru_cache

from vouch.retrieval.tokenize import tokens
from vouch.retrieval.types import Chunk


def body_tokens(chunk: Chunk) -> list[str]:
    """Return the tokens of the passage and of what stands before it: a table's caption and header, a question."""
    return tokens(f"{chunk.context}\n{chunk.text}" if chunk.context else chunk.text)


def heading_tokens(chunk: Chunk) -> list[str]:
    """Return the tokens of the document's title and of the headings above the passage."""
    return _remembered("\n".join((chunk.source.title, *chunk.section)))


@lru_cache(maxsize=4096)
def _remembered(headings: str) -> list[str]:
    """Return the tokens of headings, which come back with every passage below them."""
    return tokens(headings)
