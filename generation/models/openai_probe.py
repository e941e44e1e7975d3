"""What a chat server tells about its model: window and token counts, asked once; the tale differs by server.

llama.cpp: POST /tokenize {content}, GET /props; vLLM: POST /tokenize {prompt}, max_model_len in GET /v1/models.
Others tell neither: a text then counts as many tokens as it has bytes, which no byte-level or byte-fallback
vocabulary exceeds, and the window is 8192.
"""

from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Any

import httpx

UNTOLD_WINDOW = 8192
PATIENCE = 5.0
"""Seconds: these answers need no model."""


class Probe:
    """Asks a server about its model; a server that does not answer is not asked twice."""

    def __init__(self, base_url: str, model: str, headers: Mapping[str, str]) -> None:
        self._base, self._model, self._headers = base_url, model, headers
        self._root = base_url.removesuffix("/v1")
        self._counts = True
        self._counted = lru_cache(maxsize=4096)(self._count)

    @cached_property
    def context_window(self) -> int:
        """Tokens that prompt and reply share."""
        for entry in _list(self._answer("GET", f"{self._base}/models").get("data")):
            if isinstance(entry, Mapping) and entry.get("id") == self._model and _positive(entry.get("max_model_len")):
                return int(entry["max_model_len"])
        told = self._answer("GET", f"{self._root}/props").get("default_generation_settings")
        window = told.get("n_ctx") if isinstance(told, Mapping) else None
        return int(window) if _positive(window) and window is not None else UNTOLD_WINDOW

    def count_tokens(self, text: str) -> int:
        """Return the server's count, else the number of bytes and one for a leading space."""
        return self._counted(text)

    def _count(self, text: str) -> int:
        if self._counts:
            body = {"model": self._model, "content": text, "prompt": text, "add_special_tokens": False}
            answer = self._answer("POST", f"{self._root}/tokenize", body | {"parse_special": False})
            if isinstance(answer.get("tokens"), list):
                return len(answer["tokens"])
            self._counts = False
        return len(text.encode()) + 1

    def _answer(self, method: str, url: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """Return what the server says; nothing where it does not know the question."""
        try:
            response = httpx.request(method, url, json=body, headers=dict(self._headers), timeout=PATIENCE)
            answer = response.json() if response.status_code == httpx.codes.OK else {}
        except (httpx.HTTPError, ValueError):
            return {}
        return answer if isinstance(answer, Mapping) else {}


def _positive(value: Any) -> bool:
    return isinstance(value, int) and value > 0


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
