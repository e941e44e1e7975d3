"""Which setting wins, and what a wrong one says."""

from pathlib import Path

import pytest

from vouch.app.setting_values import MASK, masked
from vouch.app.settings import Settings, load_settings
from vouch.retrieval.errors import SettingsError


@pytest.fixture
def user_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The vouch.toml of the user's config folder (not written yet)."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    folder = tmp_path / "config" / "vouch"
    folder.mkdir(parents=True)
    return folder / "vouch.toml"


@pytest.fixture
def local_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The vouch.toml of the current folder (not written yet)."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work / "vouch.toml"


def origin(settings: Settings, key: str) -> str:
    return next(where for name, _, where in settings.items() if name == key)


def test_without_anything_the_defaults_hold(local_file: Path) -> None:
    settings = load_settings(environment={})
    assert settings.retrieval.mode == "hybrid"
    assert settings.library.endswith("default")
    assert origin(settings, "retrieval.mode") == "default"


def test_each_source_wins_over_the_weaker_ones(user_file: Path, local_file: Path) -> None:
    user_file.write_text("[retrieval]\nk = 2\n[ingest]\njobs = 2\n[generation]\nk = 2\n", encoding="utf-8")
    local_file.write_text("[retrieval]\nk = 3\n[ingest]\njobs = 3\n", encoding="utf-8")
    environment = {"VOUCH_RETRIEVAL__K": "4"}
    settings = load_settings({"retrieval.k": 5}, environment)
    assert (settings.retrieval.k, settings.ingest.jobs, settings.generation.k) == (5, 3, 2)
    assert load_settings({"retrieval.k": None}, environment).retrieval.k == 4
    assert origin(settings, "retrieval.k") == "flag -k"
    assert origin(settings, "ingest.jobs") == str(local_file)
    assert origin(settings, "generation.k") == str(user_file)


def test_the_library_is_named_by_flag_then_environment_then_file(local_file: Path) -> None:
    local_file.write_text('library = "mine"', encoding="utf-8")
    assert load_settings(environment={}).library == str(local_file.parent / "mine")
    assert load_settings(environment={"VOUCH_LIBRARY": "env"}).library == "env"
    assert load_settings({"library": "flag"}, {"VOUCH_LIBRARY": "env"}).library == "flag"


def test_a_library_in_a_file_stands_beside_that_file(user_file: Path, local_file: Path) -> None:
    user_file.write_text('library = "books"', encoding="utf-8")
    assert load_settings(environment={}).library == str(user_file.parent / "books")


def test_a_file_may_start_with_a_byte_order_mark(local_file: Path) -> None:
    local_file.write_bytes("\ufeff[retrieval]\nk = 7\n".encode())
    assert load_settings(environment={}).retrieval.k == 7


@pytest.mark.parametrize(
    ("text", "guess"),
    [
        ("[retrieval]\nmodes = 'hybrid'", "retrieval.mode"),
        ("[retrival]\nmode = 'hybrid'", "retrieval"),
        ("libary = 'x'", "library"),
        ("mode = 'hybrid'", "retrieval.mode"),
    ],
)
def test_an_unknown_key_names_the_nearest_one_and_the_file(local_file: Path, text: str, guess: str) -> None:
    local_file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=f"did you mean {guess}") as raised:
        load_settings(environment={})
    assert str(local_file) in str(raised.value)


@pytest.mark.parametrize(
    ("variable", "guess"),
    [
        ("VOUCH_RETRIEVAL__MODES", "VOUCH_RETRIEVAL__MODE"),
        ("VOUCH_RETRIEVAL_MODE", "VOUCH_RETRIEVAL__MODE"),
        ("VOUCH_LIBARY", "VOUCH_LIBRARY"),
    ],
)
def test_an_unknown_variable_names_the_nearest_one(local_file: Path, variable: str, guess: str) -> None:
    with pytest.raises(SettingsError, match=f"{variable} .*did you mean {guess}"):
        load_settings(environment={variable: "1"})


def test_variables_of_other_programs_are_left_alone(local_file: Path) -> None:
    assert load_settings(environment={"VOUCH_SHARED": "x", "VOUCHER": "y", "VOUCH_DEBUG": "1"}) == load_settings(
        environment={}
    )


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        (
            "VOUCH_RETRIEVAL__K",
            "many",
            r"retrieval.k is 'many' \(environment VOUCH_RETRIEVAL__K\), expected a whole number",
        ),
        ("VOUCH_RETRIEVAL__K", "0", "expected a whole number from 1 to 1000"),
        ("VOUCH_RETRIEVAL__MODE", "fuzzy", "expected one of 'lexical', 'vector', 'hybrid'"),
    ],
)
def test_an_impossible_value_names_key_value_and_what_is_expected(
    local_file: Path, variable: str, value: str, message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        load_settings(environment={variable: value})


@pytest.mark.parametrize(
    "text", ["[retrieval]\nk = true", "[retrieval]\nk = 2.5", "[ingest]\ncollection = 3", "ingest = 3"]
)
def test_a_file_with_a_value_of_the_wrong_type_is_refused(local_file: Path, text: str) -> None:
    local_file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"vouch\.toml"):
        load_settings(environment={})


def test_a_file_that_is_not_toml_says_which_line(local_file: Path) -> None:
    local_file.write_text("[retrieval]\nk = \n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"not valid TOML.*line 2"):
        load_settings(environment={})


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("generation.api_key", "sk-123", MASK),
        ("server.token", "t", MASK),
        ("generation.api_key", "", ""),
        ("retrieval.k", 5, 5),
        ("library", "/books", "/books"),
        ("library", "postgresql://ann:pw@host:5432/db", f"postgresql://ann:{MASK}@host:5432/db"),
        ("library", "postgresql://ann:p@w@host/db", f"postgresql://ann:{MASK}@host/db"),
        ("library", "postgresql://ann:p/w#@host/db", f"postgresql://ann:{MASK}@host/db"),
        ("library", "postgresql://ann@host/db", "postgresql://ann@host/db"),
        ("library", "postgresql://host/db?user=a&password=pw", f"postgresql://host/db?user=a&password={MASK}"),
    ],
)
def test_secrets_are_masked(key: str, value: str | int, shown: str | int) -> None:
    assert masked(key, value) == shown
