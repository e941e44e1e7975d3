"""The Service over a library of this machine."""

from vouch.app.service.adding import Adding
from vouch.app.service.asking import Asking
from vouch.app.service.parts import Parts
from vouch.app.service.people import People
from vouch.app.service.reading import Reading


class LocalService(Asking, Reading, Adding, People):
    """All that can be asked of a library here; safe for many threads."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)

    def close(self) -> None:
        """End jobs and close the library."""
        self._parts.jobs.close()
        self._parts.live.close()
        self._parts.people.close()
