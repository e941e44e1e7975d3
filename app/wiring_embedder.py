"""Settings in, what makes vectors and what reorders hits out: imports each adapter in the branch that chose it."""

from vouch.app.settings import Settings
from vouch.retrieval.errors import UsageError
from vouch.retrieval.types import Embedder, Reranker


def make_embedder(settings: Settings) -> Embedder:
    """Return the embedder that the settings name."""
    match settings.retrieval.embedder:
        case "hashing":
            from vouch.retrieval.embedders.hashing import HashingEmbedder

            return HashingEmbedder()
        case other:
            raise UsageError(f"the embedder {other} is not in this version yet")


def make_reranker(settings: Settings) -> Reranker | None:
    """Return what gives the best hits a second reading; None where the settings want none."""
    match settings.retrieval.reranker:
        case "none":
            return None
        case other:
            raise UsageError(f"the reranker {other} is not in this version yet")
