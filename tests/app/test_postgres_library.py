"""A library in PostgreSQL answers every command as a folder does."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.app.conftest import Vouch
from vouch.app.library_places import EmbeddedPlace, FolderPlace, ServerPlace, beside, place_of
from vouch.app.setting_values import MASK
from vouch.retrieval.conversations import Session, Turn
from vouch.retrieval.errors import UsageError
from vouch.retrieval.stores.sqlite_conversations import SqliteConversations

QUESTIONS = (
    "江河重工2022年的法定代表人是谁？",
    "江河重工2022年的营业收入是多少？",
    "What is the first choice for mild hay fever?",
    "山川电子2022年的营业收入是多少？",
)


def with_password(address: str) -> str:
    """The server of the tests trusts everybody, whatever they say."""
    return address.replace("postgres:", "postgres:s3cret")


def without_times(answer: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key != "timings_ms"}


@pytest.mark.pg
def test_answers_and_hits_are_those_of_a_folder(
    vouch: Vouch, documents: Path, library: Path, new_database: str, tmp_path: Path
) -> None:
    address = with_password(new_database)
    done = vouch("ingest", documents, "--library", address, "--jobs", "1", "--json")
    assert (done.code, done.json["ingested"]) == (0, 2)
    assert vouch("ingest", documents, "--library", address, "--jobs", "1", "--json").json["unchanged"] == 2
    copy = tmp_path / "copy"
    assert vouch("library", "copy", address, copy, "--json").json["copied"] == 2
    for question in QUESTIONS:
        answers = [vouch("ask", question, "--library", place, "--json") for place in (library, address, copy)]
        hits = [vouch("search", question, "--library", place, "--json") for place in (library, address, copy)]
        assert [without_times(answer.json) for answer in answers[1:]] == [without_times(answers[0].json)] * 2
        for found in hits[1:]:
            pairs = zip(found.json["hits"], hits[0].json["hits"], strict=True)
            assert all(hit | {"score": 0} == other | {"score": 0} for hit, other in pairs)
    for command in (("docs", "list"), ("facts",), ("library", "check")):
        shown = [vouch(*command, "--library", place, "--json").json for place in (library, address)]
        for listed in shown:
            for document in listed.get("documents", ()):
                document.pop("ingested_at")
        assert shown[0] == shown[1]


@pytest.mark.pg
def test_documents_are_removed_from_a_database(vouch: Vouch, documents: Path, new_database: str) -> None:
    vouch("ingest", documents, "--library", new_database, "--jobs", "1", "--quiet")
    assert vouch("docs", "remove", "hay_fever.md", "--library", new_database).code == 0
    assert vouch("search", "antihistamine", "--library", new_database, "--mode", "lexical", "--json").json["hits"] == []
    assert vouch("library", "stats", "--library", new_database, "--json").json["documents"] == 1


@pytest.mark.pg
def test_no_command_shows_the_password(vouch: Vouch, documents: Path, new_database: str) -> None:
    address = with_password(new_database)
    for command in (
        ("search", "x"),  # there is no library yet
        ("ingest", documents, "--jobs", "1"),
        ("library", "stats"),
        ("library", "check"),
        ("config",),
        ("doctor",),
        ("ask", "x"),
    ):
        done = vouch(*command, "--library", address)
        assert "s3cret" not in done.out + done.err, command
    assert MASK in vouch("library", "stats", "--library", address).out
    assert "s3cret" not in vouch("ask", "x", "--library", "postgresql://ann:s3cret@localhost:1/db").err


@pytest.mark.pg
def test_another_embedder_is_taken_by_reembed(vouch: Vouch, documents: Path, new_database: str, tmp_path: Path) -> None:
    for place in (new_database, tmp_path / "folder"):
        hashing, static = ("--embedder", "hashing"), ("--embedder", "static")
        vouch("ingest", documents, "--library", place, "--jobs", "1", "--quiet")
        vouch("library", "reembed", "--library", place, *hashing)
        done = vouch("library", "reembed", "--library", place, *static, "--json")
        assert done.json["from"].startswith("hashing")
        assert done.json["to"].startswith("static")
        assert done.json["passages"] > 0
        assert vouch("library", "reembed", "--library", place, *static, "--json").json["passages"] == 0
        assert len(list((tmp_path / "folder" / "index").glob("vectors*"))) <= 1


def test_a_library_is_copied_from_folder_to_folder_and_never_into_itself(
    vouch: Vouch, library: Path, tmp_path: Path
) -> None:
    assert vouch("library", "copy", library, tmp_path / "copy", "--json").json["copied"] == 2
    again = vouch("library", "copy", library, tmp_path / "copy", "--json").json
    assert (again["copied"], again["unchanged"]) == (0, 2)
    assert vouch("library", "copy", library, library).code == 2
    assert vouch("library", "copy", tmp_path / "nowhere", tmp_path / "other").code == 3


def test_a_copy_takes_conversations_along(vouch: Vouch, library: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(library, source)
    with closing(SqliteConversations(source)) as talks:
        for kept in talks.conversations():  # of tests that talked before
            talks.delete(kept.session)
    assert vouch("library", "copy", source, tmp_path / "silent", "--json").json["conversations"] == 0
    with closing(SqliteConversations(source)) as talks:
        talks.add_turn(Session("s"), Turn("问", "问", {"answer": "答"}))
    done = vouch("library", "copy", source, tmp_path / "copy", "--json").json
    assert (done["copied"], done["conversations"], done["feedback"]) == (2, 1, 0)
    with closing(SqliteConversations(tmp_path / "copy")) as talks:
        assert [turn.answer for turn in talks.turns(Session("s"))] == [{"answer": "答"}]


def test_a_library_that_kept_no_conversations_yet_is_copied(vouch: Vouch, library: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(library, source)
    with closing(sqlite3.connect(source / "library.db")) as database, database:
        for table in ("turns", "conversations", "feedback"):
            database.execute(f"DROP TABLE {table}")
        database.execute("UPDATE meta SET value = '2' WHERE key = 'schema'")
    done = vouch("library", "copy", source, tmp_path / "copy", "--json").json
    assert (done["copied"], done["conversations"]) == (2, 0)


def test_places_are_read_from_their_names(tmp_path: Path) -> None:
    assert place_of(str(tmp_path)) == FolderPlace(tmp_path)
    assert place_of(f"embedded-postgres:{tmp_path}") == EmbeddedPlace(tmp_path)
    assert place_of("postgresql://h/db") == ServerPlace("postgresql://h/db")
    assert place_of("postgresql://u:p@h/db").shown == f"postgresql://u:{MASK}@h/db"
    for wrong in ("https://example.org", "embedded-postgres:", "milvus://h"):
        with pytest.raises(UsageError):
            place_of(wrong)


def test_a_folder_named_in_a_file_stands_beside_the_file(tmp_path: Path) -> None:
    assert beside(tmp_path, "here") == str(tmp_path / "here")
    assert beside(tmp_path, "embedded-postgres:here") == f"embedded-postgres:{tmp_path / 'here'}"
    assert beside(tmp_path, "postgresql://h/db") == "postgresql://h/db"
