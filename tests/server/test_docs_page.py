"""The page of the API's description comes from this server alone: nothing of it is fetched from anywhere else."""

import re
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import uvicorn
from fastapi.testclient import TestClient

from tests.server.conftest import made_keys
from tests.ui.conftest import browser
from vouch.app.server.routes_docs import CONTENT_POLICY, PATHS
from vouch.app.settings import load_settings
from vouch.app.wiring_serve import create_server, key_file

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["browser"]


def test_no_file_of_the_page_names_another_host(tmp_path: Path) -> None:
    with TestClient(create_server(load_settings({"library": str(tmp_path / "library")}, {}))) as client:
        for path in PATHS:
            answer = client.get(path)
            assert answer.status_code == 200
            assert not re.findall(r"""https?:|(?:src|href)=["']?//|url\(|@import""", answer.text), path
            assert answer.headers["content-security-policy"] == CONTENT_POLICY
        loaded = re.findall(r'(?:src|href)="([^"]+)"', client.get("/docs").text)
        assert [client.get(f"/{name}").status_code for name in loaded if not name.startswith("data:")] == [200] * 3
        assert client.get("/redoc").status_code == 404


def test_the_page_may_load_nothing_from_elsewhere() -> None:
    for directive in CONTENT_POLICY.split(";"):
        assert set(directive.split()[1:]) <= {"'none'", "'self'", "blob:", "data:"}


@pytest.fixture
def served(two_shelves: Path, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Address and key of a listening server."""
    folder = shutil.copytree(two_shelves, tmp_path / "library")
    settings = load_settings({"library": str(folder), "serve.require_keys": True}, {})
    keys = made_keys(key_file(settings))
    server = uvicorn.Server(uvicorn.Config(create_server(settings), port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", keys["mine"]
    server.should_exit = True
    thread.join(timeout=10)


@pytest.mark.browser
def test_a_question_can_be_sent_from_the_page_and_only_this_server_is_asked(
    served: tuple[str, str], browser: "Browser", tmp_path: Path
) -> None:
    address, key = served
    page = browser.new_page(viewport={"width": 390, "height": 844})
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{address}/docs")
    page.get_by_label("API key").fill(key)
    routes = page.locator("details")
    routes.first.wait_for()
    for number in range(routes.count()):
        routes.nth(number).locator("summary").click()
    page.wait_for_function("document.querySelectorAll('details[open] button').length === 23")
    route = page.locator("details").filter(has=page.locator(".path", has_text=re.compile("^/v1/ask$")))
    route.locator("textarea").fill('{"question": "江河重工2022年的营业收入是多少？"}')
    route.get_by_role("button", name="Send").click()
    answer = route.locator("pre", has_text="12.34").first
    answer.wait_for()
    assert route.get_by_role("heading", name=re.compile("^200")).count() == 1
    page.screenshot(path=str(tmp_path / "docs.png"))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert complaints == []
    assert {urlsplit(url).netloc for url in asked if not url.startswith("data:")} == {urlsplit(address).netloc}
