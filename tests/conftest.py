"""Shared by all tests: where the repository stands, and a home of their own for settings and libraries."""

import os
from pathlib import Path

import pytest

from tests.postgres import new_database, postgres_server, second_database

__all__ = ["new_database", "postgres_server", "second_database"]

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repository() -> Path:
    """The folder that holds pyproject.toml."""
    return REPOSITORY


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Neither the developer's vouch.toml nor VOUCH_ variables reach a test, and no test reaches the user's library."""
    for name in [name for name in os.environ if name.startswith("VOUCH_") and name != "VOUCH_SHARED"]:
        monkeypatch.delenv(name)
    home = tmp_path_factory.getbasetemp() / "home"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
