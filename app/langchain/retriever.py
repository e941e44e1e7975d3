"""A library as a LangChain retriever: passages with what a citation needs."""

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, SkipValidation

from vouch.retrieval.library import Library
from vouch.retrieval.types import EVERYTHING, Hit, Scope, SearchMode


class LibraryRetriever(BaseRetriever):
    """`LibraryRetriever(library=library)` within `with open_library(settings) as library:`."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    library: SkipValidation[Library]
    k: int = 8
    mode: SearchMode = "hybrid"
    scope: SkipValidation[Scope] = EVERYTHING

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002 LangChain's signature
    ) -> list[Document]:
        return [_document(hit) for hit in self.library.search(query, self.k, self.mode, self.scope)]


def _document(hit: Hit) -> Document:
    chunk, source = hit.chunk, hit.chunk.source
    metadata = {
        "document_id": source.doc_id,
        "document": source.name,
        "page": chunk.page,
        "section": list(chunk.section),
        "kind": chunk.kind,
        "company": source.company,
        "code": source.code,
        "year": source.year,
        "score": hit.score,
    }
    return Document(id=chunk.id, page_content="\n".join(filter(None, [chunk.context, chunk.text])), metadata=metadata)
