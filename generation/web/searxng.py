"""Web search through a SearXNG server (or any that answers its JSON form): one endpoint, named by the settings.

Only that address is ever asked; the pages it lists are not fetched, redirects are not followed.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from vouch.generation.tools.types import WebPage
from vouch.retrieval.errors import NoReply, SettingsError

MOST_BYTES = 2_000_000
LONGEST_TITLE, LONGEST_TEXT = 200, 1000
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class SearxngSearch:
    """Searches at one endpoint."""

    def __init__(self, endpoint: str, timeout: float = 15.0, transport: httpx.BaseTransport | None = None) -> None:
        """`endpoint`: https://host/search, or http on this machine; SettingsError for anything else."""
        parts = urlsplit(endpoint)
        plain = parts.scheme == "http" and parts.hostname in _LOOPBACK
        if not parts.hostname or not (parts.scheme == "https" or plain) or parts.username:
            raise SettingsError(f"web.endpoint {endpoint!r} is no https address (http only on this machine)")
        self._endpoint = endpoint
        self._client = httpx.Client(timeout=timeout, follow_redirects=False, trust_env=False, transport=transport)

    def search(self, query: str, k: int) -> list[WebPage]:
        """Return the best results with their snippets; NoReply where the server brings none."""
        try:
            with self._client.stream("GET", self._endpoint, params={"q": query, "format": "json"}) as response:
                if response.status_code != httpx.codes.OK:
                    raise NoReply(f"the web search answered {response.status_code}", "refused")
                body = self._body(response)
        except httpx.TimeoutException as error:
            raise NoReply("the web search did not answer in time", "timeout") from error
        except httpx.HTTPError as error:
            raise NoReply(f"the web search cannot be reached: {error}", "refused") from error
        return _pages(body)[:k]

    def _body(self, response: httpx.Response) -> bytes:
        body = b""
        for piece in response.iter_bytes():
            body += piece
            if len(body) > MOST_BYTES:
                raise NoReply("the web search answered too much", "malformed")
        return body


def _pages(body: bytes) -> list[WebPage]:
    try:
        found: Any = httpx.Response(200, content=body).json()
    except (ValueError, RecursionError) as error:
        raise NoReply(f"the web search answered no JSON: {error}", "malformed") from error
    results = found.get("results") if isinstance(found, Mapping) else None
    if not isinstance(results, list):
        raise NoReply("the web search answered without results: is format=json allowed there?", "malformed")
    return [page for entry in results if isinstance(entry, Mapping) and (page := _page(entry)) is not None]


def _page(entry: Mapping[str, Any]) -> WebPage | None:
    title, url, text = (entry.get(key) for key in ("title", "url", "content"))
    if not (isinstance(url, str) and url.startswith(("http://", "https://")) and isinstance(text, str) and text):
        return None
    return WebPage(str(title or url)[:LONGEST_TITLE], url[:2000], text[:LONGEST_TEXT])
