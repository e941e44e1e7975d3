"""An index in a folder that may not be written is read all the same, and nothing is left in it."""

import os
from pathlib import Path

import pytest

from tests.retrieval.record_maker import chunk
from vouch.retrieval.lexical.tantivy_index import TantivyIndex


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    index = TantivyIndex(tmp_path / "index")
    index.add([(7, chunk("zebra costs")), (8, chunk("dividend paid"))])
    index.commit("p1")
    for lock in (tmp_path / "index").glob("*.lock"):
        lock.unlink()
    return tmp_path / "index"


def test_it_is_searched_through_links_and_left_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path) != folder)  # no mode keeps root out
    before = sorted(folder.iterdir())
    index = TantivyIndex(folder)
    assert index.position == "p1"
    assert [seq for seq, _ in index.search("zebra", 5)] == [7]
    assert sorted(folder.iterdir()) == before


def test_the_links_go_with_the_index(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path) != folder)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    index = TantivyIndex(folder)
    assert len(list(tmp_path.glob("vouch-index-*"))) == 1
    del index
    assert list(tmp_path.glob("vouch-index-*")) == []
    assert (folder / "meta.json").exists()
