"""Without keys, whoever reaches the server may use it: pages of other sites in a browser on this machine must not."""

import asyncio
from collections.abc import Mapping

import pytest
from starlette.types import Message, Receive, Scope, Send

from vouch.app.server.own_pages import OwnPages


async def _reached(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})


def status(headers: Mapping[str, str], origins: tuple[str, ...] = ()) -> int:
    """Return what a POST with these headers is answered."""
    said: list[Message] = []

    async def send(message: Message) -> None:
        said.append(message)

    async def receive() -> Message:
        raise AssertionError("nothing is read before it is let in")

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "path": "/v1/documents", "headers": raw}
    asyncio.run(OwnPages(_reached, origins)(scope, receive, send))
    found: int = said[0]["status"]
    return found


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8080", "localhost:8080", "[::1]:8080", "192.168.1.7", "api:8080", "LOCALHOST", ""]
)
def test_programs_that_ask_by_address_or_local_name_are_let_in(host: str) -> None:
    assert status({"host": host}) == 200


@pytest.mark.parametrize("host", ["example.org", "127.0.0.1.example.org:8080", "[::1", "localhost.example.org"])
def test_a_name_that_somebody_else_may_have_made_is_refused(host: str) -> None:
    assert status({"host": host}) == 403


@pytest.mark.parametrize("origin", ["https://example.org", "null", "http://127.0.0.1:9999", "http://localhost:8080"])
def test_a_page_of_another_site_is_refused(origin: str) -> None:
    assert status({"host": "127.0.0.1:8080", "origin": origin}) == 403


def test_a_page_of_this_server_is_let_in() -> None:
    assert status({"host": "127.0.0.1:8080", "origin": "http://127.0.0.1:8080"}) == 200


def test_a_page_that_the_settings_name_is_let_in_and_so_is_its_name() -> None:
    named = ("https://example.org/",)
    assert status({"host": "127.0.0.1:8080", "origin": "https://example.org"}, named) == 200
    assert status({"host": "example.org"}, named) == 200
    assert status({"host": "127.0.0.1:8080", "origin": "https://example.com"}, named) == 403
