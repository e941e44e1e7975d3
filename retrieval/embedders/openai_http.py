"""Embeddings from an OpenAI-compatible server (vLLM, llama.cpp, Ollama, text-embeddings-inference, hosted ones)."""

import base64
import binascii
import hashlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np

from vouch.retrieval.embedders.families import known_models
from vouch.retrieval.embedders.recent_queries import RecentQueries
from vouch.retrieval.errors import ModelError
from vouch.retrieval.types import Vectors

BUSY = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
"""Answers that may be better a little later."""
LONGEST_WAIT = 60.0
REFUSED_SETTING = (
    "the server's own words say what it does not take (a dimension: set embedding.dimension = 0; "
    "so many texts at once: set embedding.batch lower)"
)
REMEDIES: Mapping[int, str] = {
    400: REFUSED_SETTING,
    401: "check embedding.api_key",
    403: "the API key may not use this model",
    404: "check embedding.base_url (it usually ends in /v1) and embedding.model",
    413: "set embedding.batch lower",
    422: REFUSED_SETTING,
}


@dataclass(frozen=True, slots=True)
class EmbeddingServer:
    """Where a model is served and how it is asked."""

    base_url: str
    """Up to and including the version, without /embeddings."""
    model: str
    api_key: str = ""
    query_instruction: str = "auto"
    passage_instruction: str = "auto"
    dimension: int = 0
    """Asked of the server as `dimensions`; 0: as many as the model has."""
    batch: int = 32
    """Texts in one request."""
    timeout: float = 60.0
    retries: int = 3

    def __repr__(self) -> str:
        return f"EmbeddingServer({self.base_url!r}, {self.model!r})"  # never the key


class ServerEmbedder:
    """An Embedder over HTTP. Busy servers are asked again, with growing pauses."""

    def __init__(
        self,
        server: EmbeddingServer,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`sleep` is for tests."""
        if not server.base_url.startswith(("http://", "https://")):
            raise ModelError(
                f"embedding.base_url is {server.base_url!r}: set the server's address, like http://localhost:8000/v1"
            )
        if not server.model:
            raise ModelError("embedding.model is empty: set the model's name as the server knows it")
        family = known_models().family(server.model)
        chosen = (server.query_instruction, server.passage_instruction)
        cards = (family.query, family.passage) if family else ("", "")
        self._query, self._passage = (
            card if said == "auto" else said for said, card in zip(chosen, cards, strict=True)
        )
        self._server, self._sleep = server, sleep
        self._dimension = server.dimension or (family.dimension if family else 0)
        self._asking = threading.Lock()
        self._encoding = "base64"
        self._queries = RecentQueries(lambda text: self._embedded([text], self._query))
        headers = {"Authorization": f"Bearer {server.api_key}"} if server.api_key else {}
        self._client = httpx.Client(headers=headers, timeout=server.timeout)

    @property
    def name(self) -> str:
        """The server's name for its model stands for the model: where it is served may change."""
        said = f"{self._query}\0{self._passage}"
        instructions = "plain" if said == "\0" else hashlib.blake2b(said.encode(), digest_size=3).hexdigest()
        return f"openai:{self._server.model}/{self.dimension}/{instructions}"

    @property
    def dimension(self) -> int:
        """As set, as the model's card says, else as the server answers a first text."""
        with self._asking:
            if not self._dimension:
                self._dimension = len(self._asked(["dimension"])[0])
        return self._dimension

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self._embedded(texts, self._passage)

    def embed_query(self, text: str) -> Vectors:
        return self._queries.vector(text)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _embedded(self, texts: Sequence[str], instruction: str) -> Vectors:
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        full = [place for place, text in enumerate(texts) if any(map(str.isalnum, text))]
        for start in range(0, len(full), self._server.batch):
            places = full[start : start + self._server.batch]
            rows = self._asked([instruction + texts[place] for place in places])
            self._check_width(rows)
            vectors[places] = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        return vectors

    def _check_width(self, rows: Vectors) -> None:
        if rows.shape[1] == self.dimension:
            return
        told = "embedding.dimension says" if self._server.dimension else "the model has"
        raise ModelError(
            f"{self._server.model} at {self._address} gives vectors of {rows.shape[1]} dimensions, {told} "
            f"{self.dimension}: set embedding.dimension = 0 to take the model's own, or name another model"
        )

    @property
    def _address(self) -> str:
        return self._server.base_url.rstrip("/") + "/embeddings"

    def _asked(self, texts: Sequence[str]) -> Vectors:
        """Return one row for each text, as the server gave it."""
        body: dict[str, Any] = {"model": self._server.model, "input": list(texts), "encoding_format": self._encoding}
        if self._server.dimension:
            body["dimensions"] = self._server.dimension
        for attempt in range(self._server.retries + 1):
            try:
                return _vectors(self._posted(body), len(texts), self._address)
            except _Again as again:
                if attempt == self._server.retries:
                    raise ModelError(f"{again} ({attempt + 1} attempts)") from again
                self._sleep(min(again.wait or 2.0**attempt, LONGEST_WAIT))
        raise AssertionError("the loop returns or raises")

    def _posted(self, body: Mapping[str, Any]) -> Any:
        try:
            response = self._client.post(self._address, json=body)
        except httpx.TimeoutException as error:
            raise _Again(f"no reply from {self._address} within {self._server.timeout:g} s") from error
        except httpx.TransportError as error:
            raise ModelError(f"{self._address} cannot be reached ({error}): is the server running?") from error
        if response.status_code in BUSY:
            wait = _seconds(response.headers.get("Retry-After", ""))
            raise _Again(f"{self._address} answered {response.status_code}: {self._said(response)}", wait)
        if self._encoding == "base64" and response.status_code in (400, 422) and "encoding" in response.text:
            self._encoding = "float"  # a third as compact, but every server knows it
            return self._posted({**body, "encoding_format": self._encoding})
        if response.status_code != httpx.codes.OK:
            remedy = REMEDIES.get(response.status_code, "the server's log may say more")
            raise ModelError(f"{self._address} answered {response.status_code} ({self._said(response)}): {remedy}")
        try:
            return response.json()
        except ValueError as error:
            raise ModelError(f"{self._address} answers something else than JSON: check embedding.base_url") from error

    def _said(self, response: httpx.Response) -> str:
        """Return the server's own message, one line of it; some repeat the key they were sent."""
        try:
            said = response.json()["error"]["message"]
        except (ValueError, KeyError, TypeError):
            said = response.text
        line = " ".join(str(said).split())[:300]
        return line.replace(self._server.api_key, "***") if self._server.api_key else line


class _Again(Exception):
    """A call that may work a little later."""

    def __init__(self, message: str, wait: float = 0.0) -> None:
        self.wait = wait
        super().__init__(message)


def _vectors(content: Any, expected: int, address: str) -> Vectors:
    """Return the rows of an answer in the order of the texts; ModelError where it is none."""
    try:
        entries = sorted(content["data"], key=lambda entry: int(entry["index"]))
        rows = [_row(entry["embedding"]) for entry in entries]
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise ModelError(
            f"{address} answers without embeddings: check embedding.base_url and embedding.model"
        ) from error
    if [int(entry["index"]) for entry in entries] != list(range(expected)):
        raise ModelError(f"{address} was sent {expected} texts and answered with {len(rows)} vectors")
    if len({len(row) for row in rows}) > 1 or not all(np.isfinite(row).all() for row in rows):
        raise ModelError(f"{address} answers with vectors of several lengths, or with numbers that are none")
    return np.stack(rows) if rows else np.zeros((0, 0), np.float32)


def _row(embedding: object) -> Vectors:
    """Return one vector; servers send base64 of little-endian float32 or, knowing no better, a list of numbers."""
    if isinstance(embedding, str):
        return np.frombuffer(base64.b64decode(embedding, validate=True), "<f4").astype(np.float32)
    return np.array(embedding, np.float32)


def _seconds(header: str) -> float:
    try:
        return max(float(header), 0.0)
    except ValueError:
        return 0.0  # a date, or nothing: our own pauses will do
