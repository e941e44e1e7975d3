"""What each command prints and leaves with: the contract's keys and exit codes."""

import io
import json
import shutil
from pathlib import Path

import pytest

from tests.app.conftest import Done, Vouch
from vouch.retrieval.errors import LibraryFull
from vouch.retrieval.library import Library

# fmt: off
INGEST_KEYS = {
    "files", "ingested", "unchanged", "replaced", "failed", "pages", "chunks", "facts", "seconds", "documents",
}
INGESTED_KEYS = {
    "path", "document_id", "status", "kind", "company", "code", "year", "period", "pages", "chunks", "facts",
    "ocr_pages", "error",
}
SEARCH_KEYS = {
    "query", "mode", "hits", "timings_ms",
}
HIT_KEYS = {
    "rank", "score", "chunk_id", "document_id", "document", "page", "section", "kind", "company", "year",
    "text", "ranks",
}
ANSWER_KEYS = {
    "question", "answer", "kind", "refusal", "results", "citations", "verification", "plan", "steps",
    "generator", "timings_ms", "warnings",
}
CITATION_KEYS = {
    "n", "document_id", "document", "page", "section", "text", "boxes", "score",
}
# fmt: on


def test_ingest_reports_every_file(vouch: Vouch, documents: Path, tmp_path: Path) -> None:
    done = vouch("ingest", documents, "--library", tmp_path / "new", "--jobs", "1", "--json")
    assert done.code == 0
    assert done.json.keys() >= INGEST_KEYS
    assert (done.json["files"], done.json["ingested"], done.json["failed"]) == (2, 2, 0)
    report = next(entry for entry in done.json["documents"] if entry["path"].endswith("江河重工2022.txt"))
    assert report.keys() >= INGESTED_KEYS
    assert (report["company"], report["code"], report["year"], report["period"], report["kind"]) == (
        "江河重工股份有限公司",
        "600001",
        2022,
        "FY",
        "report",
    )


def test_what_is_unchanged_is_skipped_and_what_changed_replaced(vouch: Vouch, tmp_path: Path) -> None:
    note = tmp_path / "note.md"
    note.write_text("# Note\n\nThe owl is grey.\n", encoding="utf-8")
    states = []
    for text in (None, None, "# Note\n\nThe owl is brown.\n"):
        if text:
            note.write_text(text, encoding="utf-8")
        done = vouch("ingest", note, "--library", tmp_path / "new", "--json", "--jobs", "1")
        states.append(done.json["documents"][0]["status"])
    assert states == ["ingested", "unchanged", "replaced"]
    assert len(vouch("docs", "list", "--library", tmp_path / "new", "--json").json["documents"]) == 1


def test_a_file_that_cannot_be_read_is_listed_and_the_rest_ingested(
    vouch: Vouch, documents: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty.pdf").touch()
    paths = (documents / "hay_fever.md", tmp_path / "empty.pdf", tmp_path / "gone.pdf")
    done = vouch("ingest", *paths, "--library", tmp_path / "new", "--json", "--jobs", "1")
    assert done.code == 3
    assert [entry["status"] for entry in done.json["documents"]] == ["ingested", "failed", "failed"]
    error = done.json["documents"][1]["error"]
    assert set(error) == {"type", "message", "page"}
    assert "empty" in error["message"]


def test_company_and_year_override_what_the_document_says(vouch: Vouch, documents: Path, tmp_path: Path) -> None:
    file, library = documents / "江河重工2022.txt", tmp_path / "new"
    done = vouch(
        "ingest", file, "--library", library, "--company", "山川电子", "--year", "2021", "--json", "--jobs", "1"
    )
    entry = done.json["documents"][0]
    assert (entry["company"], entry["year"]) == ("山川电子", 2021)


def test_documents_are_reported_even_if_their_indexes_cannot_be_written(
    vouch: Vouch, documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Library) -> bool:
        raise LibraryFull("no room is left")

    monkeypatch.setattr(Library, "catch_up", full)
    done = vouch("ingest", documents, "--library", tmp_path / "new", "--json", "--jobs", "1")
    assert (done.code, done.json["ingested"]) == (3, 2)
    assert "no room is left" in done.err


@pytest.mark.parametrize(
    ("flags", "needed"), [(("--ocr", "always"), ("rapidocr", "ocr")), (("--reader", "pypdf"), ("pypdf", "pypdf"))]
)
def test_a_missing_optional_package_names_its_pip_line(
    vouch: Vouch, documents: Path, monkeypatch: pytest.MonkeyPatch, flags: tuple[str, str], needed: tuple[str, str]
) -> None:
    module, extra = needed
    monkeypatch.setattr("vouch.app.extras.find_spec", lambda name: None if name == module else object())
    done = vouch("ingest", documents, *flags)
    assert done.code == 2
    assert f"pip install 'vouch-qa[{extra}]'" in done.err


def test_search_gives_ranked_passages(vouch: Vouch, library: Path) -> None:
    done = vouch("search", "antihistamine tablets", "--library", library, "-k", "2", "--json")
    assert done.code == 0
    assert done.json.keys() >= SEARCH_KEYS
    assert done.json["hits"][0].keys() >= HIT_KEYS
    assert [hit["rank"] for hit in done.json["hits"]] == [1, 2]
    assert "Antihistamine tablets are the first choice" in done.json["hits"][0]["text"]


@pytest.mark.parametrize("mode", ["lexical", "vector", "hybrid"])
def test_each_search_mode_says_which_leg_found_a_passage(vouch: Vouch, library: Path, mode: str) -> None:
    done = vouch("search", "营业收入", "--library", library, "--mode", mode, "--json")
    assert done.json["mode"] == mode
    assert done.json["hits"][0]["ranks"].keys() == ({"lexical", "vector"} if mode == "hybrid" else {mode})


def test_search_stays_in_scope(vouch: Vouch, library: Path) -> None:
    hits = vouch("search", "营业收入 hay fever", "--library", library, "--company", "江河重工", "--json").json["hits"]
    assert {hit["company"] for hit in hits} == {"江河重工股份有限公司"}
    done = vouch("search", "营业收入", "--library", library, "--company", "山川电子", "--json")
    assert done.json["hits"] == []
    assert "山川电子" in done.err


def test_an_answer_cites_its_page(vouch: Vouch, library: Path) -> None:
    done = vouch("ask", "江河重工2022年的法定代表人是谁？", "--library", library, "--json")
    assert done.code == 0
    assert done.json.keys() >= ANSWER_KEYS
    assert "林望舒" in done.json["answer"]
    citation = done.json["citations"][0]
    assert citation.keys() >= CITATION_KEYS
    assert (citation["document"], citation["page"]) == ("江河重工2022.txt", 1)
    assert "林望舒" in citation["text"]


def test_an_answer_for_people_names_document_page_and_quote(vouch: Vouch, library: Path) -> None:
    chinese = vouch("ask", "江河重工2022年的法定代表人是谁？", "--library", library)
    assert "[1] 江河重工2022.txt · 第 1 页" in chinese.out
    english = vouch("ask", "What is the first choice for mild hay fever?", "--library", library)
    assert "hay_fever.md · p. 1" in english.out
    assert "Antihistamine tablets" in english.out


def test_a_refusal_is_an_answer_unless_asked_to_fail(vouch: Vouch, library: Path) -> None:
    question = "山川电子股份有限公司2022年的营业收入是多少？"
    done = vouch("ask", question, "--library", library, "--json")
    assert (done.code, done.json["kind"]) == (0, "refused")
    assert done.json["refusal"]["reason"] in ("not_in_library", "no_evidence")
    assert done.json["citations"] == []
    failing = vouch("ask", question, "--library", library, "--json", "--fail-on-refusal")
    assert (failing.code, failing.json["kind"]) == (4, "refused")


def test_a_company_that_is_not_held_is_refused(vouch: Vouch, library: Path) -> None:
    done = vouch("ask", "法定代表人是谁？", "--company", "山川电子", "--library", library, "--json")
    assert (done.code, done.json["kind"]) == (0, "refused")


def test_a_stream_of_events_ends_with_the_answer(vouch: Vouch, library: Path) -> None:
    question = "江河重工2022年的法定代表人是谁？"
    done = vouch("ask", question, "--library", library, "--json", "--stream")
    events = [json.loads(line) for line in done.out.splitlines()]
    assert [event["event"] for event in events] == ["token", "answer"]
    assert events[0]["data"] == events[1]["data"]["answer"]
    assert events[1]["data"].keys() >= ANSWER_KEYS


def test_documents_are_listed_shown_and_removed(vouch: Vouch, documents: Path, tmp_path: Path) -> None:
    library = tmp_path / "new"
    vouch("ingest", documents, "--library", library, "--quiet", "--jobs", "1")
    listed = vouch("docs", "list", "--library", library, "--json").json["documents"]
    assert {entry["document"] for entry in listed} == {"江河重工2022.txt", "hay_fever.md"}
    shown = vouch("docs", "show", "hay_fever.md", "--library", library, "--json").json
    assert shown in listed
    assert "Antihistamine" in vouch("docs", "show", "hay_fever.md", "--page", "1", "--library", library).out
    removed = vouch("docs", "remove", shown["document_id"], "--library", library, "--json").json["removed"]
    assert [entry["document"] for entry in removed] == ["hay_fever.md"]
    assert vouch("search", "antihistamine", "--library", library, "--mode", "lexical", "--json").json["hits"] == []


def test_removing_an_unknown_document_removes_nothing(vouch: Vouch, library: Path) -> None:
    done = vouch("docs", "remove", "hay_fever.md", "gone.pdf", "--library", library)
    assert done.code == 2
    assert "gone.pdf" in done.err
    assert len(vouch("docs", "list", "--library", library, "--json").json["documents"]) == 2


def test_prune_removes_what_has_no_file_any_more(vouch: Vouch, tmp_path: Path) -> None:
    for name in ("stays.md", "goes.md"):
        (tmp_path / name).write_text(f"# Title\n\nThis is {name}.\n", encoding="utf-8")
    library = tmp_path / "new"
    vouch("ingest", tmp_path / "stays.md", tmp_path / "goes.md", "--library", library, "--quiet", "--jobs", "1")
    (tmp_path / "goes.md").unlink()
    asked = vouch("docs", "prune", "--library", library)
    assert (asked.code, "--yes" in asked.err) == (2, True)
    pruned = vouch("docs", "prune", "--yes", "--library", library, "--json").json
    assert [entry["document"] for entry in pruned["removed"]] == ["goes.md"]
    left = vouch("docs", "list", "--library", library, "--json").json["documents"]
    assert [entry["document"] for entry in left] == ["stays.md"]


def test_library_stats_and_check(vouch: Vouch, library: Path) -> None:
    stats = vouch("library", "stats", "--library", library, "--json").json
    assert (stats["documents"], stats["companies"], stats["collections"]) == (2, 1, ["default"])
    check = vouch("library", "check", "--library", library, "--json")
    assert (check.code, check.json) == (0, {"ok": True, "problems": []})


def test_config_tells_where_values_come_from_and_hides_secrets(vouch: Vouch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOUCH_RETRIEVAL__K", "7")
    done = vouch("config", "--library", "postgresql://ann:secret@host/db", "--json")
    entries = {entry["key"]: entry for entry in done.json["settings"]}
    assert (entries["retrieval.k"]["value"], entries["retrieval.k"]["origin"]) == (7, "environment VOUCH_RETRIEVAL__K")
    assert "ann" in entries["library"]["value"]
    assert "secret" not in done.out + vouch("config", "--library", "postgresql://ann:secret@host/db").out


def test_doctor_lists_packages_and_tries_the_core(vouch: Vouch, library: Path) -> None:
    done = vouch("doctor", "--library", library, "--json")
    assert (done.code, done.json["ok"]) == (0, True)
    checks = {check["name"]: check for check in done.json["checks"]}
    assert checks["self-test"]["state"] == "ok"
    assert "2 documents" in checks["library"]["detail"]
    rapidocr = checks["rapidocr"]
    assert rapidocr["state"] == "ok" or rapidocr["remedy"] == "pip install 'vouch-qa[ocr]'"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ask",), "Missing argument 'QUESTION'"),
        (("ask", " "), "empty"),
        (("ask", "x", "--colection", "y"), "No such option"),
        (("ask", "x", "-k", "many"), "many"),
        (("ask", "x", "-k", "0"), "from 1 to 200"),
        (("ask", "x", "--generator", "chatglm"), "'extractive', 'model'"),
        (("ask", "x", "--cot"), "chat models"),
        (("ask", "x", "--no-tools"), "chat models"),
        (("search", "x", "--mode", "fuzzy"), "'lexical', 'vector', 'hybrid'"),
        (("search", "x", "--library", "milvus://ann@host/db"), "a library is a folder, postgresql://"),
        (("serch", "x"), "did you mean `vouch search`"),
        (("facts", "--export", "facts.doc"), ".parquet"),
        (("library", "copy", "x"), "Missing argument 'TARGET'"),
        (("ingest",), "Missing argument"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(vouch: Vouch, arguments: tuple[str, ...], said: str) -> None:
    done = vouch(*arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert done.err.startswith("vouch: ")
    assert done.err.count("\n") == 1
    assert "secret" not in done.err


@pytest.mark.parametrize("arguments", [(), ("docs",), ("library",)])
def test_a_command_that_lacks_its_second_word_shows_help(vouch: Vouch, arguments: tuple[str, ...]) -> None:
    done = vouch(*arguments)
    assert (done.code, done.out) == (2, "")
    assert "Commands:" in done.err


def test_an_unknown_setting_stops_every_command(vouch: Vouch, library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOUCH_RETRIEVAL__MODES", "hybrid")
    done = vouch("ask", "x", "--library", library)
    assert (done.code, "VOUCH_RETRIEVAL__MODE" in done.err) == (2, True)


def test_asking_where_there_is_no_library_says_how_to_make_one(vouch: Vouch, tmp_path: Path) -> None:
    for command in (("ask", "x"), ("search", "x"), ("docs", "list"), ("docs", "remove", "x"), ("library", "check")):
        done: Done = vouch(*command, "--library", tmp_path / "none")
        assert done.code == 3
        assert "vouch ingest" in done.err
    assert not (tmp_path / "none").exists()


def test_ingesting_a_folder_without_documents_says_so(vouch: Vouch, tmp_path: Path) -> None:
    (tmp_path / "photo.png").touch()
    done = vouch("ingest", tmp_path, "--library", tmp_path / "new")
    assert done.code == 3
    assert "folder" in done.out
    assert "photo.png" in done.err


def test_a_piped_chat_can_be_read_afterwards(vouch: Vouch, library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "江河重工2022年的法定代表人是谁？\n/sources\n营业收入是多少？\n/new\n/quit\nnever asked\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(lines))
    done = vouch("chat", "--library", library)
    assert done.code == 0
    assert "› 江河重工2022年的法定代表人是谁？" in done.out
    assert "林望舒" in done.out
    assert "12.34 亿元" in done.out
    assert "never asked" not in done.out


def said(lines: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pipe lines into the next command."""
    monkeypatch.setattr("sys.stdin", io.StringIO(lines))


def test_a_conversation_is_kept_goes_on_and_is_deleted(
    vouch: Vouch, library: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    library = shutil.copytree(library, tmp_path / "own")
    said("江河重工2022年的法定代表人是谁？\n营业收入是多少？\n", monkeypatch)
    vouch("chat", "--library", library)
    kept, *older = json.loads(vouch("chat", "--list", "--json", "--library", library).out)["sessions"]
    assert (kept["title"], kept["questions"]) == ("江河重工2022年的法定代表人是谁？", 2)
    assert kept["session"] in vouch("chat", "--list", "--library", library).out
    said(f"总资产呢？\n/export {tmp_path / 'talk.json'}\n/export /no/such/place\n/delete nobody\n", monkeypatch)
    again = vouch("chat", "--session", kept["session"][:-1], "--library", library)
    assert "林望舒" in again.err  # the last answers are shown again
    assert "cannot be written" in again.out
    assert "there is no conversation nobody" in again.out
    document = json.loads((tmp_path / "talk.json").read_text("utf-8"))
    assert document == json.loads(vouch("chat", "--export", kept["session"], "--library", library).out)
    assert [turn["standalone"] for turn in document["turns"]] == [
        "江河重工2022年的法定代表人是谁？", "江河重工2022年营业收入是多少？", "江河重工2022年总资产呢？",
    ]  # fmt: skip
    assert document["turns"][0]["answer"]["citations"]
    said("/delete\n/sessions\n", monkeypatch)
    gone = vouch("chat", "--session", kept["session"], "--library", library)
    assert f"(deleted {kept['session']})" in gone.out
    left = json.loads(vouch("chat", "--list", "--json", "--library", library).out)["sessions"]
    assert left == older
    assert vouch("chat", "--delete", kept["session"], "--library", library).code == 2


def test_a_conversation_that_is_not_to_be_kept_leaves_no_trace(
    vouch: Vouch, library: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    library = shutil.copytree(library, tmp_path / "own")
    before = vouch("chat", "--list", "--json", "--library", library).out
    said("江河重工2022年的法定代表人是谁？\n营业收入是多少？\n/sessions\n", monkeypatch)
    done = vouch("chat", "--no-keep", "--library", library)
    assert "12.34 亿元" in done.out
    assert "(this conversation is not kept)" in done.out
    assert vouch("chat", "--list", "--json", "--library", library).out == before
