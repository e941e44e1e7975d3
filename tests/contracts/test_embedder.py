"""What every embedder promises."""

import subprocess
import sys

import numpy as np
import pytest

from vouch.retrieval.embedders.hashing import HashingEmbedder
from vouch.retrieval.embedders.static import StaticEmbedder
from vouch.retrieval.types import Embedder

TEXTS = [
    "公司2022年营业收入为1,234.56万元，同比增长2.5%。",
    "本报告期营业收入同比增长，主要是产品销量增加所致。",
    "Metformin is the first-line treatment of type 2 diabetes.",
    "糖尿病患者应当监测血糖。",
]


@pytest.fixture(
    params=[HashingEmbedder, lambda: HashingEmbedder(64), StaticEmbedder, lambda: StaticEmbedder(dimension=128)],
    ids=["hashing", "hashing-64", "static", "static-128"],
)
def embedder(request: pytest.FixtureRequest) -> Embedder:
    made: Embedder = request.param()
    return made


def test_each_text_gives_a_row_of_length_one(embedder: Embedder) -> None:
    vectors = embedder.embed_passages(TEXTS)
    assert vectors.shape == (len(TEXTS), embedder.dimension)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-5)


def test_a_query_is_one_row(embedder: Embedder) -> None:
    assert embedder.embed_query("血糖").shape == (1, embedder.dimension)


@pytest.mark.parametrize("text", ["", " \n", "，。"])
def test_a_text_without_content_gives_zeros(embedder: Embedder, text: str) -> None:
    assert not embedder.embed_passages([text]).any()


def test_no_texts_give_no_rows(embedder: Embedder) -> None:
    assert embedder.embed_passages([]).shape == (0, embedder.dimension)


def test_a_text_does_not_depend_on_its_neighbours(embedder: Embedder) -> None:
    together = embedder.embed_passages(TEXTS)
    alone = np.concatenate([embedder.embed_passages([text]) for text in TEXTS])
    assert np.array_equal(together, alone)


def test_a_question_is_nearest_to_the_text_about_it(embedder: Embedder) -> None:
    vectors = embedder.embed_passages(TEXTS)
    assert np.argmax(vectors @ embedder.embed_query("糖尿病人怎样监测血糖").T) == 3
    assert np.argmax(vectors @ embedder.embed_query("treating diabetes with metformin").T) == 2


def test_names_tell_dimensions_apart() -> None:
    assert HashingEmbedder(64).name != HashingEmbedder(384).name


def test_another_process_makes_the_same_vectors() -> None:
    """Libraries outlive processes: nothing may hang on the hash seed of one."""
    code = (
        "from vouch.retrieval.embedders.hashing import HashingEmbedder as E;"
        f"import sys; sys.stdout.buffer.write(E().embed_query({TEXTS[0]!r}).tobytes())"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    assert other == HashingEmbedder().embed_query(TEXTS[0]).tobytes()
