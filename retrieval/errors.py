"""Every error a user can act on; anything else that is raised is a bug.

VouchError                  exit code 1 (never raised itself)
├── UsageError              2   a flag or setting is wrong
│   ├── MissingExtra            a feature needs a package that is not installed
│   ├── NotSetUp                what is asked for needs settings that are not there
│   └── SettingsError           vouch.toml or VOUCH_* holds something unknown
├── LibraryError            3   the library cannot be used as it is
│   ├── LibraryMissing          there is none where the settings say
│   ├── LibraryLocked           another process is writing
│   ├── LibraryDamaged          the database or its folder is broken
│   ├── LibraryFull             the disk is full
│   └── IndexMismatch           built with another embedder than the settings name
├── NotAllowed              3   whoever asks may not do this
├── NotFound                3   what is named does not exist, or not for whoever asks
├── ModelError              3   a language model cannot be used as the settings say
│   └── NoReply                 one call brought no reply (callers that make many count it and go on)
├── TrainingFailed           3   a fine-tuning cannot begin, or cannot go on
├── WorkersNotStarted       3   bulk ingest cannot start processes beside its own
└── UnreadableDocument      3   one file cannot be ingested (bulk ingest lists it and goes on)
"""

from typing import Literal


class VouchError(Exception):
    """Something the user can mend; the message says what, where and how."""

    exit_code = 1


class UsageError(VouchError):
    """Wrong usage: a flag, an argument or a combination of them."""

    exit_code = 2


class NotSetUp(UsageError):
    """What is asked for would work with other settings."""


class SettingsError(UsageError):
    """A setting is unknown or has an impossible value."""


class MissingExtra(UsageError):
    """A feature needs an optional package."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs an optional package: pip install 'vouch-qa[{extra}]'")


class LibraryError(VouchError):
    """The library cannot be opened, read or written."""

    exit_code = 3


class LibraryMissing(LibraryError):
    """There is no library where one was to be read."""


class LibraryLocked(LibraryError):
    """Another process writes to the library."""


class LibraryDamaged(LibraryError):
    """The library's database is not one, or is broken."""


class LibraryFull(LibraryError):
    """There is no room left on the library's disk."""


class IndexMismatch(LibraryError):
    """The library's vectors were made by another embedder."""


class NotAllowed(VouchError):
    """Whoever asks may not do this; what may be seen is not told apart from what does not exist, see NotFound."""

    exit_code = 3


class NotFound(VouchError):
    """What is named does not exist, or may not be seen: both read the same."""

    exit_code = 3


class ModelError(VouchError):
    """A language model cannot be reached, does not know us, or is none."""

    exit_code = 3


class NoReply(ModelError):
    """One call brought no reply: time ran out, the server was busy, the content was refused."""

    def __init__(self, message: str, reason: Literal["timeout", "busy", "refused", "malformed"]) -> None:
        self.reason = reason
        super().__init__(message)


class TrainingFailed(VouchError):
    """A fine-tuning cannot begin with what it is given, or cannot go on: what happened, where and what to change."""

    exit_code = 3


class WorkersNotStarted(VouchError):
    """The system lets no worker process start, or ended what starts them."""

    exit_code = 3


class UnreadableDocument(VouchError):
    """One file that cannot be ingested: what is wrong, on which page, and what to do about it."""

    exit_code = 3

    def __init__(self, problem: str, remedy: str, page: int | None = None) -> None:
        self.problem, self.remedy, self.page = problem, remedy, page
        where = f" (page {page})" if page is not None else ""
        super().__init__(f"{problem}{where}; {remedy}")

    def __reduce__(self) -> tuple[type["UnreadableDocument"], tuple[str, str, int | None]]:
        return type(self), (self.problem, self.remedy, self.page)  # crosses process borders in bulk ingest
