"""Nobody has to name the embedder of a library: it is remembered, and asked again where it was made anew."""

import json
import sqlite3
from pathlib import Path

import pytest

from tests.app.conftest import Vouch
from vouch.app.settings import load_settings
from vouch.app.wiring_embedder import with_embedder_of
from vouch.app.wiring_store import open_library
from vouch.retrieval.fusion import best_shares
from vouch.retrieval.library_store import RememberedEmbedder

ASKED = ("What is the first choice for mild hay fever?", "--json")


@pytest.fixture
def hashed(vouch: Vouch, documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library as a vouch made it that had hashed vectors for its default."""
    with monkeypatch.context() as said:
        said.setenv("VOUCH_RETRIEVAL__EMBEDDER", "hashing")
        assert vouch("ingest", documents, "--library", tmp_path / "old", "--jobs", "1", "--quiet").code == 0
    return tmp_path / "old"


def embedder_of(vouch: Vouch, library: Path) -> str:
    name: str = vouch("library", "stats", "--library", library, "--json").json["embedder"]
    return name


def test_a_new_library_is_static_and_an_old_one_stays_as_it_is(vouch: Vouch, library: Path, hashed: Path) -> None:
    assert embedder_of(vouch, library).startswith("static-")
    assert embedder_of(vouch, hashed).startswith("hashing-")
    for place in (library, hashed):
        assert vouch("ask", *ASKED, "--library", place).json["citations"]
        assert vouch("search", "antihistamine", "--mode", "vector", "--library", place, "--json").json["hits"]


def test_documents_are_added_with_the_library_s_own_embedder(vouch: Vouch, hashed: Path, tmp_path: Path) -> None:
    (tmp_path / "more.md").write_text("# Sleep\n\nAdults need seven hours of sleep.\n", encoding="utf-8")
    added = vouch("ingest", tmp_path / "more.md", "--library", hashed, "--jobs", "1", "--json")
    assert (added.code, added.json["ingested"]) == (0, 1)
    assert embedder_of(vouch, hashed).startswith("hashing-")
    found = vouch("search", "seven hours of sleep", "--mode", "vector", "--library", hashed, "--json").json["hits"]
    assert "seven hours" in found[0]["text"]


def test_one_that_is_named_and_differs_is_refused(vouch: Vouch, hashed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOUCH_RETRIEVAL__EMBEDDER", "static")
    refused = vouch("ask", *ASKED, "--library", hashed)
    assert refused.code == 3
    assert "vouch library reembed" in refused.err
    assert "settings leave it" not in refused.err


def test_reembed_brings_an_old_library_to_the_present_default(vouch: Vouch, hashed: Path) -> None:
    done = vouch("library", "reembed", "--library", hashed, "--json")
    assert done.json["from"].startswith("hashing-")
    assert done.json["to"].startswith("static-")
    assert "vouch.toml" not in done.err, "nothing has to be set"
    assert vouch("ask", *ASKED, "--library", hashed).json["citations"]


def test_a_setting_that_reembed_left_behind_is_told(
    vouch: Vouch, hashed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOUCH_RETRIEVAL__EMBEDDER", "hashing")
    done = vouch("library", "reembed", "--library", hashed, "--embedder", "auto")
    assert 'set retrieval.embedder = "auto"' in done.err


def test_a_library_of_a_model_asks_for_the_model(vouch: Vouch, hashed: Path) -> None:
    database = sqlite3.connect(hashed / "library.db")
    with database:
        database.execute("UPDATE meta SET value = 'bert-384@0/mean/384/256t/plain' WHERE key = 'embedder'")
    database.close()
    refused = vouch("ask", *ASKED, "--library", hashed)
    assert refused.code == 3
    assert "built with bert-384" in refused.err
    assert "none of the built-in ones" in refused.err


def test_a_shortened_static_embedder_is_remembered_with_its_length(
    vouch: Vouch, documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as said:
        said.setenv("VOUCH_EMBEDDING__DIMENSION", "64")
        vouch("ingest", documents, "--library", tmp_path / "short", "--jobs", "1", "--quiet")
    assert "/64/" in embedder_of(vouch, tmp_path / "short")
    assert vouch("ask", *ASKED, "--library", tmp_path / "short").json["citations"]


def test_a_table_of_another_version_is_not_taken_for_the_shipped_one() -> None:
    settings = load_settings({}, {})
    chosen = with_embedder_of(settings, RememberedEmbedder("static-0000/4096/words", 4096))
    assert (chosen.retrieval.embedder, chosen.embedding.dimension) == ("static", 0)


def test_the_mixture_fits_the_embedder_unless_it_is_set(library: Path, hashed: Path) -> None:
    for place, shares in ((library, (0.25, 0.25)), (hashed, (0.05, 0.0))):
        with open_library(load_settings({"library": str(place)}, {})) as opened:
            assert (opened._settings.vector_weight, opened._settings.vector_weight_latin) == shares
            assert best_shares(opened.embedder.name) == shares
    said = {"library": str(hashed), "retrieval.vector_weight": 0.0, "retrieval.vector_weight_latin": 0.4}
    with open_library(load_settings(said, {})) as opened:
        assert (opened._settings.vector_weight, opened._settings.vector_weight_latin) == (0.0, 0.4)


def test_every_place_that_shows_settings_shows_the_library_s_embedder(vouch: Vouch, hashed: Path) -> None:
    name = embedder_of(vouch, hashed)
    assert f"auto    (default; the library's: {name})" in vouch("config", "--library", hashed).out
    assert vouch("config", "--library", hashed, "--json").json["library_embedder"] == name
    checks = vouch("doctor", "--library", hashed, "--json").json["checks"]
    assert json.dumps(next(c["detail"] for c in checks if c["name"] == "embedder")) == f'"auto: {name}"'
    assert vouch("config", "--library", hashed / "nowhere", "--json").json["library_embedder"] is None
