"""The kinds of library that pass the same contracts."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from vouch.retrieval.library_store import LibraryStore
from vouch.retrieval.stores.sqlite_store import SqliteStore

KINDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.pg)]
"""For a fixture's `params`."""


@contextmanager
def library_opener(request: pytest.FixtureRequest, folder: Path) -> Iterator[Callable[..., Any]]:
    """Give what opens the test's library, of the kind that the fixture's parameter names; all is closed in the end."""
    with ExitStack() as opened:

        def open_store(**arguments: Any) -> Any:
            return opened.enter_context(closing(_open(request, folder, **arguments)))

        yield open_store


def _open(request: pytest.FixtureRequest, folder: Path, **arguments: Any) -> LibraryStore:
    if request.param == "sqlite":
        return SqliteStore(folder / "library", **arguments)
    address = request.getfixturevalue("new_database")
    from vouch.retrieval.stores.postgres_store import PostgresStore

    return PostgresStore(address, "the library of a test", **arguments)


def statements(store: LibraryStore) -> AbstractContextManager[Callable[[str], object]]:
    """Give what runs SQL inside one transaction, as somebody with a database tool would."""

    @contextmanager
    def begun() -> Iterator[Callable[[str], object]]:
        database: Any = store._database if isinstance(store, SqliteStore) else store.database  # type: ignore[attr-defined]
        with database.transaction() as connection:
            yield connection.execute

    return begun()
