"""One of our embedders as LangChain embeddings, for its vector stores."""

from langchain_core.embeddings import Embeddings

from vouch.retrieval.types import Embedder


class VouchEmbeddings(Embeddings):
    """`VouchEmbeddings(make_embedder(settings))`: passages and questions embedded as each model wants them."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return a vector for each passage."""
        return [[float(value) for value in row] for row in self._embedder.embed_passages(texts)]

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a question."""
        return [float(value) for value in self._embedder.embed_query(text)[0]]
