"""Work that outlasts a request: one thread takes jobs in turn, each tells how far it is and can be cancelled."""

import contextlib
import logging
import queue
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from vouch.app.service.types import JobState
from vouch.retrieval.errors import LibraryLocked, NotFound, VouchError

logger = logging.getLogger(__name__)

REMEMBERED = 500
WAITING = 50
"""Jobs that may wait; more are refused."""


class JobCancelled(Exception):
    """Raised inside a job whose owner no longer wants it."""


@dataclass(slots=True)
class Job:
    """One piece of work. Written by its own thread, read by all."""

    id: str
    collection: str
    files: int
    state: JobState = "queued"
    done: int = 0
    failed: int = 0
    documents: list[Mapping[str, Any]] = field(default_factory=list)
    error: str | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)

    def step(self, document: Mapping[str, Any], failed: bool) -> None:
        """Count a file; JobCancelled when the job is no longer wanted."""
        self.documents.append(document)
        self.done += 1
        self.failed += failed
        self.check()

    def check(self) -> None:
        """Raise JobCancelled when the job is no longer wanted."""
        if self.cancelled.is_set():
            raise JobCancelled

    def shown(self) -> dict[str, Any]:
        """Return the job as JSON."""
        return {
            "job_id": self.id,
            "state": self.state,
            "files": self.files,
            "done": self.done,
            "failed": self.failed,
            "collection": self.collection,
            "documents": list(self.documents),
            "error": self.error,
        }


Work = Callable[[Job], None]


class TooManyJobs(LibraryLocked):
    """So much waits to be read already that nothing more is taken in for now."""


class Jobs:
    """A queue of jobs and the thread that does them."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._queue: queue.Queue[tuple[Job, Work] | None] = queue.Queue(WAITING)
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="vouch-jobs", daemon=True)
        self._thread.start()

    def add(self, collection: str, files: int, work: Work) -> Job:
        """Put a job at the end of the queue; TooManyJobs when too many wait."""
        job = Job(uuid.uuid4().hex, collection, files)
        with self._lock:
            try:
                self._queue.put_nowait((job, work))
            except queue.Full as error:
                raise TooManyJobs(f"{WAITING} jobs wait already: try again when some are done") from error
            self._jobs[job.id] = job
            while len(self._jobs) > REMEMBERED:
                self._jobs.popitem(last=False)
        return job

    def get(self, job_id: str, collections: frozenset[str] | None) -> Job:
        """Return a job; NotFound for one that is unknown, forgotten, or of a collection that may not be seen."""
        with self._lock:
            job = self._jobs.get(job_id)
        if job is None or (collections is not None and job.collection not in collections):
            raise NotFound(f"there is no job {job_id}")
        return job

    def cancel(self, job_id: str, collections: frozenset[str] | None) -> Job:
        """Ask a job to stop; what it has done stays."""
        job = self.get(job_id, collections)
        job.cancelled.set()
        if job.state == "queued":
            job.state = "cancelled"
        return job

    def close(self) -> None:
        """Cancel everything and wait for the job at work to notice."""
        with self._lock:
            for job in self._jobs.values():
                job.cancelled.set()
        with contextlib.suppress(queue.Full):  # a job that hears nothing: its thread ends with the process
            self._queue.put(None, timeout=10)
            self._thread.join(timeout=30)

    def _run(self) -> None:
        while (entry := self._queue.get()) is not None:
            job, work = entry
            # Also what was cancelled while it waited: the work notices first thing, and clears up after itself.
            job.state = "cancelled" if job.cancelled.is_set() else "running"
            job.state = self._outcome(job, work)

    def _outcome(self, job: Job, work: Work) -> JobState:
        try:
            work(job)
        except JobCancelled:
            return "cancelled"
        except VouchError as error:
            job.error = str(error)
            return "failed"
        except Exception as error:
            logger.exception("job %s failed", job.id)
            job.error = f"unexpected {type(error).__name__} (a bug; the server's log holds the rest)"
            return "failed"
        return "done"
