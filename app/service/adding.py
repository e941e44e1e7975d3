"""How documents come into a local service's library and leave it again."""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from vouch.app.service.jobs import Job, Work
from vouch.app.service.parts import Parts
from vouch.app.service.reading import found_document
from vouch.app.service.types import Access, IngestRequest, Json, Upload
from vouch.app.service.uploads import Incoming
from vouch.retrieval.errors import NotAllowed, VouchError


class Adding:
    """Reads documents in the background, one job at a time."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def ingest(self, request: IngestRequest, access: Access) -> Json:
        """Begin to read files and folders; return the job."""
        _check_allowed(request, access)
        return self._begun(request, lambda job: self._parts.ingest(request, job))

    def upload(self, files: Sequence[Upload], request: IngestRequest, access: Access) -> Json:
        """Begin to read uploaded files; return the job."""
        _check_allowed(request, access)
        collection = unicodedata.normalize("NFC", request.collection)
        kept, discard = self._parts.uploads.keep(files, collection), self._parts.uploads.discard
        chosen = replace(request, paths=tuple(incoming.path for incoming in kept), collection=collection)

        try:
            return self._begun(chosen, lambda job: self._read_uploads(kept, chosen, job), lambda: discard(kept))
        except VouchError:  # too many jobs wait already
            discard(kept)
            raise

    def job(self, job_id: str, access: Access) -> Json:
        """Return how far a job is; NotFound where there is none."""
        return self._parts.jobs.get(job_id, access.collections).shown()

    def cancel_job(self, job_id: str, access: Access) -> Json:
        """Ask a job to stop; what it has read stays."""
        return self._parts.jobs.cancel(job_id, access.collections).shown()

    def remove_document(self, document_id: str, access: Access) -> None:
        """Remove a document and the upload it stands on; NotFound where there is none."""
        with self._parts.live.reading() as library:
            document = found_document(library, document_id, access)
        with self._parts.open_to_write() as store:
            store.remove([document_id])
        self._parts.uploads.drop(Path(document.source.path))
        self._parts.live.refresh()

    def _read_uploads(self, kept: Sequence[Incoming], request: IngestRequest, job: Job) -> None:
        """Read files that were sent; one that cannot be read leaves in place what it would have replaced."""
        uploads = self._parts.uploads
        uploads.place(kept)
        try:
            self._parts.ingest(request, job)
        finally:
            read = {entry["document"] for entry in job.documents if not entry["error"]}
            for incoming in kept:
                uploads.settle(incoming.path, incoming.path.name in read)

    def _begun(self, request: IngestRequest, ingest: Work, end: Callable[[], None] = lambda: None) -> Json:
        def work(job: Job) -> None:
            try:
                job.check()
                ingest(job)
            finally:
                end()
                self._parts.live.refresh()  # also what a cancelled job has read is found at once

        return self._parts.jobs.add(request.collection, len(request.paths), work).shown()


def _check_allowed(request: IngestRequest, access: Access) -> None:
    if access.collections is not None and request.collection not in access.collections:
        raise NotAllowed(f"this key may add to {', '.join(sorted(access.collections)) or 'no collection'}")
