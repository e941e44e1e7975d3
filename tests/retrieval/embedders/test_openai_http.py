"""Embeddings over HTTP, against a server on this machine."""

from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest

from tests.retrieval.embedders import embedding_server
from tests.retrieval.embedders.embedding_server import WIDTH, answered, refused, vector_of
from vouch.retrieval.embedders.openai_http import EmbeddingServer, ServerEmbedder
from vouch.retrieval.errors import ModelError
from vouch.retrieval.types import Vectors

KEY = "sk-do-not-show-me"


@pytest.fixture
def server() -> Iterator[embedding_server.EmbeddingServer]:
    running = embedding_server.EmbeddingServer()
    yield running
    running.close()


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def made(server: embedding_server.EmbeddingServer, slept: list[float]) -> Iterator[Any]:
    """Return what makes embedders of the server, and close them."""
    open_ones: list[ServerEmbedder] = []

    def make(**choices: Any) -> ServerEmbedder:
        given = {"base_url": server.address, "model": "my-embedder", "api_key": KEY, "dimension": WIDTH} | choices
        open_ones.append(ServerEmbedder(EmbeddingServer(**given), slept.append))
        return open_ones[-1]

    yield make
    for embedder in open_ones:
        embedder.close()


def expected(*texts: str) -> Vectors:
    rows = np.array([vector_of(text) for text in texts])
    unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


@pytest.mark.parametrize("reply", ["answer_in_base64", "answer_in_numbers", "answer_backwards"])
def test_vectors_come_at_length_one_in_the_order_of_the_texts(
    server: embedding_server.EmbeddingServer, made: Any, reply: str
) -> None:
    server.reply = getattr(embedding_server, reply)
    texts = ["公司", "blood pressure", "x"]
    vectors = made().embed_passages(texts)
    assert vectors.dtype == np.float32
    assert vectors == pytest.approx(expected(*texts), abs=1e-6)


def test_what_is_sent(server: embedding_server.EmbeddingServer, made: Any) -> None:
    made(batch=2).embed_passages(["a", "bb", "ccc"])
    paths, headers, bodies = zip(*server.seen, strict=True)
    assert paths == ("/v1/embeddings",) * 2
    assert headers[0]["Authorization"] == f"Bearer {KEY}"
    assert [body["input"] for body in bodies] == [["a", "bb"], ["ccc"]]
    assert bodies[0] == {"model": "my-embedder", "input": ["a", "bb"], "encoding_format": "base64", "dimensions": WIDTH}


def test_texts_without_content_are_not_sent(server: embedding_server.EmbeddingServer, made: Any) -> None:
    vectors = made().embed_passages(["", "a", "，。"])
    assert not vectors[[0, 2]].any()
    assert [body["input"] for _, _, body in server.seen] == [["a"]]


def test_the_cards_instructions_stand_before_the_texts(server: embedding_server.EmbeddingServer, made: Any) -> None:
    embedder = made(model="intfloat/e5-base-v2")
    embedder.embed_query("why")
    embedder.embed_passages(["so"])
    made(model="intfloat/e5-base-v2", query_instruction="").embed_query("why")
    assert [body["input"] for _, _, body in server.seen] == [["query: why"], ["passage: so"], ["why"]]


def test_an_unknown_dimension_is_asked_for_once(server: embedding_server.EmbeddingServer, made: Any) -> None:
    embedder = made(dimension=0)
    assert (embedder.dimension, embedder.dimension) == (WIDTH, WIDTH)
    assert len(server.seen) == 1
    assert "dimensions" not in server.seen[0][2]


def test_a_dimension_on_the_models_card_is_not_asked_for(server: embedding_server.EmbeddingServer, made: Any) -> None:
    assert made(dimension=0, model="text-embedding-3-large").dimension == 3072
    assert not server.seen


def test_a_server_that_knows_no_base64_is_asked_for_numbers(
    server: embedding_server.EmbeddingServer, made: Any
) -> None:
    server.faults = [refused(400, "encoding_format must be float")]
    server.reply = embedding_server.answer_in_numbers
    embedder = made()
    assert embedder.embed_query("a") == pytest.approx(expected("a"))
    embedder.embed_query("b")
    assert [body["encoding_format"] for _, _, body in server.seen] == ["base64", "float", "float"]


def test_a_busy_server_is_asked_again_after_the_pause_it_wants(
    server: embedding_server.EmbeddingServer, made: Any, slept: list[float]
) -> None:
    server.faults = [refused(429, "slow down", **{"Retry-After": "7"}), refused(503, "loading")]
    assert made().embed_query("a") == pytest.approx(expected("a"))
    assert slept == [7.0, 2.0]


def test_a_server_that_stays_busy_is_given_up(server: embedding_server.EmbeddingServer, made: Any) -> None:
    server.faults = [refused(503, "loading")] * 9
    with pytest.raises(ModelError, match=r"503: loading \(3 attempts\)"):
        made(retries=2).embed_query("a")


def test_a_server_that_says_nothing_is_given_up(server: embedding_server.EmbeddingServer, made: Any) -> None:
    server.hold.clear()
    with pytest.raises(ModelError, match=r"no reply from .* within 0.2 s"):
        made(timeout=0.2, retries=0).embed_query("a")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (refused(401, f"Incorrect API key provided: {KEY}"), r"401 \(Incorrect API key provided: \*\*\*\): check"),
        (refused(404, "no such model"), r"404 \(no such model\): check embedding.base_url"),
        (refused(400, "dimensions is not supported"), r"dimensions is not supported.*embedding.dimension = 0"),
        ((200, {}, "<html>"), "something else than JSON"),
        ((200, {}, '{"choices": []}'), "answers without embeddings"),
        (answered([]), "was sent 1 texts and answered with 0 vectors"),
        (answered([[1.0, float("nan"), 0.0, 0.0]]), "numbers that are none"),
        (answered(["!!!"]), "answers without embeddings"),
        (answered([[1.0] * 8]), r"gives vectors of 8 dimensions, embedding.dimension says 4"),
    ],
)
def test_what_is_wrong_is_told_and_never_the_key(
    server: embedding_server.EmbeddingServer, made: Any, answer: embedding_server.Answer, said: str
) -> None:
    server.faults = [answer]
    with pytest.raises(ModelError, match=said) as caught:
        made().embed_query("a")
    assert KEY not in f"{caught.value!r} {caught.value}"


def test_a_server_that_is_not_there_is_told(made: Any) -> None:
    with pytest.raises(ModelError, match=r"http://127.0.0.1:9/v1/embeddings cannot be reached"):
        made(base_url="http://127.0.0.1:9/v1").embed_query("a")


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"base_url": ""}, "embedding.base_url is ''"),
        ({"base_url": "localhost:8000"}, "http://localhost:8000/v1"),
        ({"model": ""}, "embedding.model is empty"),
    ],
)
def test_missing_settings_are_named(made: Any, choices: dict[str, str], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        made(**choices)


def test_the_key_is_not_in_what_a_server_is_printed_as() -> None:
    assert KEY not in repr(EmbeddingServer("http://a/v1", "m", KEY))


def test_names_tell_models_dimensions_and_instructions_apart(made: Any) -> None:
    given: list[dict[str, Any]] = [{}, {"model": "other"}, {"dimension": 2}, {"query_instruction": "Q: "}]
    names = [made(**choices).name for choices in given]
    assert len(set(names)) == len(names)
    assert made(base_url="http://elsewhere/v1").name == names[0]


def test_the_official_client_reads_the_same_server(server: embedding_server.EmbeddingServer) -> None:
    """The stand-in answers as OpenAI's own client expects."""
    openai = pytest.importorskip("openai")
    with httpx.Client() as transport:
        client = openai.OpenAI(base_url=server.address, api_key=KEY, http_client=transport)
        answer = client.embeddings.create(model="m", input=["a", "bb"])
    assert [entry.embedding for entry in answer.data] == [pytest.approx(vector_of("a")), pytest.approx(vector_of("bb"))]
