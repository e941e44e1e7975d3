"""Which files a command line stands for."""

import os
from pathlib import Path

import pytest

from vouch.app.file_selection import select_files

KNOWN = {".pdf", ".txt"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with documents, other files, hidden ones and a folder below."""
    for name in ("b.pdf", "a.PDF", "sub/c.txt", "photo.png", ".hidden.txt", ".git/d.txt", "~$b.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    return tmp_path


def test_a_folder_stands_for_every_document_below_it(folder: Path) -> None:
    selection = select_files([str(folder)], KNOWN)
    assert [path.relative_to(folder).as_posix() for path in selection.files] == ["a.PDF", "b.pdf", "sub/c.txt"]
    assert selection.skipped == 1


def test_a_pattern_stands_for_what_it_matches(folder: Path) -> None:
    assert select_files([str(folder / "**" / "*.txt")], KNOWN).files == (folder / "sub" / "c.txt",)


def test_a_file_named_twice_is_ingested_once(folder: Path) -> None:
    assert len(select_files([str(folder), str(folder / "b.pdf"), str(folder / "*.pdf")], KNOWN).files) == 3


def test_a_file_is_taken_as_named_whatever_its_ending(folder: Path) -> None:
    assert select_files([str(folder / "photo.png")], KNOWN).files == (folder / "photo.png",)


def test_a_name_that_is_nothing_stays_to_be_reported(folder: Path) -> None:
    names = [str(folder / "gone.pdf"), str(folder / "none*.pdf")]
    assert [str(path) for path in select_files(names, KNOWN).files] == names


def test_brackets_in_a_file_name_are_no_pattern(folder: Path) -> None:
    (folder / "report[1].pdf").write_text("x")
    (folder / "report1.pdf").write_text("x")
    assert select_files([str(folder / "report[1].pdf")], KNOWN).files == (folder / "report[1].pdf",)


def test_names_are_made_absolute(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert select_files(["b.pdf"], KNOWN).files == (folder / "b.pdf",)


def test_a_link_to_a_folder_above_does_not_go_round(folder: Path) -> None:
    os.symlink(folder, folder / "sub" / "round")
    assert len(select_files([str(folder)], KNOWN).files) == 3
