"""A served library with two shelves, whose documents know nothing of each other."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.app.conftest import GUIDELINE, REPORT, run_quietly
from vouch.app.service.keys import KeyFile
from vouch.app.settings import load_settings
from vouch.app.wiring_serve import create_server, key_file

SECRET_REPORT = (
    REPORT.replace("江河重工", "远山电子")
    .replace("600001", "000002")
    .replace("12.34", "56.78")
    .replace("林望舒", "秦岳")
)


@dataclass(frozen=True)
class Served:
    """A running application and the keys that open it."""

    client: TestClient
    application: FastAPI
    folder: Path
    keys: dict[str, str]
    """`mine` sees the shelf `open`, `other` sees `secret`, `admin` everything, `revoked` nothing any more."""

    def headers(self, key: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[key]}"}


@pytest.fixture(scope="session")
def two_shelves(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library folder with the collections `open` and `secret`; tests copy it before they write."""
    home, folder = tmp_path_factory.mktemp("shelves"), tmp_path_factory.mktemp("served") / "library"
    for collection, texts in {
        "open": {"江河重工2022.txt": REPORT, "hay_fever.md": GUIDELINE},
        "secret": {"远山电子2022.txt": SECRET_REPORT},
    }.items():
        shelf = home / collection
        shelf.mkdir()
        for name, text in texts.items():
            (shelf / name).write_text(text, encoding="utf-8")
        done = run_quietly("ingest", shelf, "--library", folder, "--collection", collection, "--jobs", "1", "--quiet")
        assert done.code == 0, done.err
    return folder


@pytest.fixture(scope="module")
def served(two_shelves: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The library behind a server that asks for keys."""
    import shutil

    folder = tmp_path_factory.mktemp("copy") / "library"
    shutil.copytree(two_shelves, folder)
    settings = load_settings({"library": str(folder), "serve.require_keys": True, "ingest.jobs": 1}, {})
    keys = made_keys(key_file(settings))
    application = create_server(settings)
    with TestClient(application, raise_server_exceptions=False) as client:
        yield Served(client, application, folder, keys)


def made_keys(file: KeyFile) -> dict[str, str]:
    """Return the secrets of one key of each sort."""
    made = {
        "mine": file.create("mine", ("ask", "ingest"), ["open"])[1],
        "reader": file.create("reader", ("ask",), ["open"])[1],
        "other": file.create("other", ("ask", "ingest"), ["secret"])[1],
        "admin": file.create("admin", ("admin",), None)[1],
        "revoked": file.create("revoked", ("admin",), None)[1],
    }
    file.revoke("revoked")
    return made
