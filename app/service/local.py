"""The Service over a library of this machine."""

import logging
import threading

from vouch.app.service.adding import Adding
from vouch.app.service.asking import Asking
from vouch.app.service.parts import Parts
from vouch.app.service.people import People
from vouch.app.service.reading import Reading
from vouch.app.service.types import EVERYTHING_ALLOWED, AskRequest, SearchRequest
from vouch.retrieval.errors import VouchError

logger = logging.getLogger(__name__)

FIRST_QUESTION = "2022年营业收入是多少？"


class LocalService(Asking, Reading, Adding, People):
    """All that can be asked of a library here; safe for many threads."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._warming = threading.Thread(target=self._warmed_up, name="vouch-warm-up", daemon=True)

    def warm_up(self) -> None:
        """Begin to load what the first question would wait for: word lists, indexes, whom the facts are about."""
        self._warming.start()

    def _warmed_up(self) -> None:
        try:
            self.search(SearchRequest(FIRST_QUESTION, rerank=False), EVERYTHING_ALLOWED)
            self.ask(AskRequest(FIRST_QUESTION, generator="extractive"), EVERYTHING_ALLOWED)
        except VouchError as error:  # who asks next is told
            logger.warning("the first question cannot be prepared: %s", error)

    def close(self) -> None:
        """End jobs and close the library; what is still being prepared is waited for, since it reads the library."""
        if self._warming.is_alive():
            self._warming.join()
        self._parts.jobs.close()
        self._parts.live.close()
        self._parts.people.close()
