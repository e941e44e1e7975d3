"""Where a library stands, from how it was named: a folder, a PostgreSQL server, a PostgreSQL in a folder."""

from dataclasses import dataclass
from pathlib import Path

from vouch.app.setting_values import without_password
from vouch.retrieval.errors import UsageError

EMBEDDED = "embedded-postgres"
_SERVERS = ("postgresql", "postgres")


@dataclass(frozen=True, slots=True)
class FolderPlace:
    """A library in a folder."""

    folder: Path

    @property
    def shown(self) -> str:
        """How messages name it."""
        return str(self.folder)


@dataclass(frozen=True, slots=True)
class ServerPlace:
    """A library in a database of a PostgreSQL server."""

    address: str

    @property
    def shown(self) -> str:
        """How messages name it: without the password."""
        return without_password(self.address)


@dataclass(frozen=True, slots=True)
class EmbeddedPlace:
    """A library in a PostgreSQL that is started when it is used; all it has stands in `folder`."""

    folder: Path

    @property
    def shown(self) -> str:
        """How messages name it."""
        return f"{EMBEDDED}:{self.folder}"

    @property
    def data(self) -> Path:
        """The server's own files."""
        return self.folder / "database"


Place = FolderPlace | ServerPlace | EmbeddedPlace


def place_of(library: str) -> Place:
    """Return where a library stands; UsageError for what names none."""
    scheme, colon, rest = library.partition(":")
    if colon and scheme.lower() == EMBEDDED:
        if not rest.strip("/"):
            raise UsageError(f"{library} names no folder: write {EMBEDDED}:FOLDER")
        return EmbeddedPlace(_absolute(rest.removeprefix("//")))
    if rest.startswith("//"):
        if scheme.lower() in _SERVERS:
            return ServerPlace(library)
        raise UsageError(
            f"a library is a folder, postgresql://... or {EMBEDDED}:FOLDER; "
            f"{scheme}://... looks like the address of something else"
        )
    return FolderPlace(_absolute(library))


def beside(folder: Path, library: str) -> str:
    """Return the name of a library that a file in `folder` names: relative folders stand beside that file."""
    scheme, colon, rest = library.partition(":")
    if colon and scheme.lower() == EMBEDDED:
        return f"{EMBEDDED}:{folder / Path(rest).expanduser()}"
    if not library or rest.startswith("//"):
        return library
    return str(folder / Path(library).expanduser())


def _absolute(folder: str) -> Path:
    return Path(folder).expanduser().absolute()
