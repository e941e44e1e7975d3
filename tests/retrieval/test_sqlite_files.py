"""A library's database file: missing, empty, broken, none at all, out of reach."""

from pathlib import Path

import pytest

from vouch.retrieval.errors import LibraryDamaged, LibraryError, LibraryMissing
from vouch.retrieval.stores.sqlite_store import SqliteStore


def test_a_missing_library_is_an_error_that_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(LibraryMissing, match=r"no library in .*nowhere.*vouch ingest --library"):
        SqliteStore(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("write", [False, True])
@pytest.mark.parametrize("content", [b"no database" * 1000, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_database_is_named_and_left_alone(tmp_path: Path, content: bytes, write: bool) -> None:
    (tmp_path / "library.db").write_bytes(content)
    with pytest.raises(LibraryDamaged, match=r"restore library\.db from a backup"):
        SqliteStore(tmp_path, write=write)
    assert (tmp_path / "library.db").read_bytes() == content


def test_an_empty_file_is_no_library_yet(tmp_path: Path) -> None:
    """As left behind by a process that was killed while it made the library."""
    (tmp_path / "library.db").touch()
    with pytest.raises(LibraryError, match="no library"):
        SqliteStore(tmp_path)
    SqliteStore(tmp_path, write=True).close()
    assert SqliteStore(tmp_path).documents() == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LibraryError, match="file/library cannot be made"):
        SqliteStore(tmp_path / "file" / "library", write=True)


@pytest.mark.parametrize("write", [True, False])
def test_a_library_that_is_a_file_is_told_so(tmp_path: Path, write: bool) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LibraryError, match="is a file, a library is a folder"):
        SqliteStore(tmp_path / "file", write=write)


def test_a_library_folder_that_may_not_be_read_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_file", refuse)  # no mode keeps root out
    with pytest.raises(LibraryError, match="may not be read: give this user the right"):
        SqliteStore(tmp_path)
