"""The web is searched at one address alone, and what comes back is bounded."""

import httpx
import pytest

from vouch.generation.tools.types import WebPage
from vouch.generation.web.searxng import SearxngSearch
from vouch.retrieval.errors import NoReply, SettingsError

ENDPOINT = "https://search.example/search"


def searched(reply: httpx.Response | Exception, k: int = 3) -> tuple[list[WebPage], list[httpx.Request]]:
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if isinstance(reply, Exception):
            raise reply
        return reply

    return SearxngSearch(ENDPOINT, transport=httpx.MockTransport(handle)).search("油价 & x=1", k), asked


def test_results_come_with_address_and_snippet() -> None:
    results = [
        {"title": "一", "url": "https://a.example", "content": "正文" * 900},
        {"title": "no text", "url": "https://b.example", "content": ""},
        {"title": "script", "url": "javascript:alert(1)", "content": "x"},
        "odd",
        {"url": "https://c.example", "content": "二"},
    ]
    pages, (request,) = searched(httpx.Response(200, json={"results": results}))
    assert [(page.title, page.url, len(page.text)) for page in pages] == [
        ("一", "https://a.example", 1000),
        ("https://c.example", "https://c.example", 1),
    ]
    assert request.url.host == "search.example"
    assert request.url.params["q"] == "油价 & x=1"
    assert request.url.params["format"] == "json"


@pytest.mark.parametrize(
    "reply",
    [
        httpx.Response(302, headers={"location": "https://elsewhere.example"}),
        httpx.Response(500),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[1]),
        httpx.Response(200, content=b"[" * 100_000),
        httpx.Response(200, content=b" " * 2_000_001),
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
    ],
)
def test_an_answer_that_is_none_says_so_and_leads_nowhere_else(reply: httpx.Response | Exception) -> None:
    with pytest.raises(NoReply, match="the web search"):
        searched(reply)


@pytest.mark.parametrize(
    "endpoint", ["", "http://search.example/search", "file:///etc/passwd", "https://me@search.example", "search"]
)
def test_only_an_https_address_or_this_machine_may_be_named(endpoint: str) -> None:
    with pytest.raises(SettingsError, match=r"web\.endpoint"):
        SearxngSearch(endpoint)
    SearxngSearch("http://127.0.0.1:8080/search")
