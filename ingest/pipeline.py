"""One file to one record: read, identify, cut, embed, extract. Knows no store and no file format."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vouch.ingest import chunk
from vouch.ingest.facts.extract import extract_facts
from vouch.ingest.identity import identify
from vouch.ingest.titles import title_of
from vouch.ingest.types import Document, Loader, Overrides
from vouch.retrieval.errors import UnreadableDocument
from vouch.retrieval.fields import FieldDictionary
from vouch.retrieval.types import Chunk, DocumentRecord, Embedder, Source

READER_VERSION = "4"
"""Raised when the same file would give other passages, so that unchanged files are read again."""

_HAN = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Preparer:
    """Makes records of files; each worker process has one."""

    loader_for: Callable[[Path], Loader]
    embedder: Embedder
    overrides: Overrides
    recipe: str
    """Names everything besides the file that decides what is stored."""

    def prepare(self, path: Path, content_hash: str) -> DocumentRecord:
        """Return a file's record; UnreadableDocument where it cannot be read."""
        document = self.loader_for(path).load(path)
        source = self._source(document, path, content_hash)
        chunks = chunk.split(document, source)
        if not chunks:
            raise UnreadableDocument("no text was found in the file", _no_text_remedy(document))
        vectors = self.embedder.embed_passages([embedding_text(passage) for passage in chunks])
        found = extract_facts(document, source, FieldDictionary.load())
        return DocumentRecord(
            source,
            content_hash,
            self.recipe,
            document.pages,
            chunks,
            vectors,
            warnings=document.warnings + found.warnings,
            facts=found.facts,
        )

    def _source(self, document: Document, path: Path, content_hash: str) -> Source:
        said = self.overrides
        found = identify(document.pages, document.title, str(path))
        company = said.company or found.company
        language = _language(document)
        renamed = said.company is not None and said.company not in (found.company, found.short_name)
        return Source(
            doc_id=document_id(content_hash, said.collection),
            name=path.name,
            path=str(path),
            kind=said.kind or document.kind or found.kind,
            title=title_of(found, document.title, str(path), language),
            collection=said.collection,
            language=language,
            company=company,
            short_name=said.company or "" if renamed else found.short_name,
            code="" if renamed else found.code,
            year=said.year if said.year is not None else found.year,
            period=found.period,
        )


def document_id(content_hash: str, collection: str) -> str:
    """Return the id of a file's bytes in a collection."""
    return hashlib.blake2b(f"{collection}\0{content_hash}".encode(), digest_size=8).hexdigest()


def embedding_text(passage: Chunk) -> str:
    """Return what is embedded of a passage: its headings and context with its text."""
    return "\n".join(filter(None, (" ".join(passage.section), passage.context, passage.text)))


def _language(document: Document) -> str:
    sample = "".join(page.text[:2000] for page in document.pages[:10])
    letters = sum(map(str.isalpha, sample))
    return "zh" if len(_HAN.findall(sample)) > 0.15 * letters else "en"


def _no_text_remedy(document: Document) -> str:
    if any(page.origin == "image" for page in document.pages):
        return "its pages are pictures: pip install 'vouch-qa[ocr]' and ingest it again"
    return "check that it opens and shows text"
