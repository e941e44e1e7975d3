"""What is done around a model: instructions, order, batches, cutting, length 1. The model here is made of letters."""

import dataclasses
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from vouch.retrieval.embedders.description import ModelDescription
from vouch.retrieval.embedders.model_embedder import ModelEmbedder
from vouch.retrieval.embedders.pooling import Pooling
from vouch.retrieval.embedders.token_batches import TokenBatch, batches
from vouch.retrieval.types import Vectors

DESCRIBED = ModelDescription(
    folder=Path("letters"),
    architecture="letters-4",
    fingerprint="0",
    is_decoder=False,
    width=4,
    poolings=(Pooling.MEAN,),
    pools_prompt=True,
    projections=(),
    query_instruction="q:",
    passage_instruction="p:",
    max_length=10,
    appends_end=False,
    lower_case=False,
    kept_dimensions=0,
    origins={},
)
START, END = 1, 2


class Letters:
    """Code points between a start and an end token; counts what it is given."""

    def __init__(self, end: int | None = END, adds_end: bool = True) -> None:
        self.end, self._adds_end = end, adds_end
        self.seen: list[TokenBatch] = []
        self.running = 0

    def token_ids(self, texts: Sequence[str], max_length: int) -> list[list[int]]:
        tail = [END] if self._adds_end else []
        return [[START, *map(ord, text)][: max_length - len(tail)] + tail for text in texts]

    def pooled(self, batch: TokenBatch) -> Vectors:
        self.running += 1
        assert self.running == 1, "one batch at a time"
        time.sleep(0.001)
        self.seen.append(batch)
        kept = batch.ids * batch.counted
        sums = [kept.sum(axis=1), (kept**2).sum(axis=1), batch.counted.sum(axis=1), np.ones(len(kept))]
        self.running -= 1
        return np.stack(sums, axis=1).astype(np.float32)


def embedder(model: Letters, batch: int = 2, **described: object) -> ModelEmbedder:
    return ModelEmbedder(dataclasses.replace(DESCRIBED, **described), lambda: model, batch)  # type: ignore[arg-type]


def texts_seen(model: Letters) -> set[str]:
    return {"".join(chr(i) for i in row if i > 2) for batch in model.seen for row in batch.ids.tolist()}


def test_instructions_stand_before_the_texts() -> None:
    model = Letters()
    made = embedder(model)
    made.embed_passages(["abc"])
    made.embed_query("de")
    assert texts_seen(model) == {"p:abc", "q:de"}


def test_the_order_is_the_callers() -> None:
    texts = ["ccc", "a", "bbbbb", "dd", "f"]
    made = embedder(Letters())
    alone = np.concatenate([made.embed_passages([text]) for text in texts])
    assert made.embed_passages(texts) == pytest.approx(alone)


def test_texts_of_like_length_go_together_the_longest_first() -> None:
    model = Letters()
    embedder(model, batch=2).embed_passages(["a", "aaaa", "aa", "aaaaa"])
    assert [batch.mask.sum(axis=1).tolist() for batch in model.seen] == [[9, 8], [6, 5]]


def test_batches_hold_no_more_tokens_than_allowed_but_at_least_one_text() -> None:
    rows = [[1] * length for length in (8, 8, 4, 4, 4, 1)]
    assert [len(batch.places) for batch in batches(rows, size=3, tokens=8)] == [1, 1, 2, 2]
    assert [len(batch.places) for batch in batches(rows, size=9, tokens=3)] == [1, 1, 1, 1, 1, 1]


def test_texts_are_cut_to_the_models_length() -> None:
    model = Letters()
    embedder(model).embed_passages(["abcdefghijklmnop"])
    assert texts_seen(model) == {"p:abcdef"}


def test_the_end_token_is_added_where_the_card_says_and_never_twice() -> None:
    bare, ended = Letters(adds_end=False), Letters()
    for model in (bare, ended):
        embedder(model, appends_end=True).embed_passages(["abcdefghijklmnop", "a"])
    for row in (*bare.seen[0].ids.tolist(), *ended.seen[0].ids.tolist()):
        assert row.count(END) == 1
    assert bare.seen[0].ids.shape == (2, 10)
    assert bare.seen[0].ids[0, -1] == END


def test_an_instruction_is_left_out_of_the_pooling_where_the_model_says() -> None:
    model = Letters()
    embedder(model, pools_prompt=False).embed_passages(["abc"])
    (batch,) = model.seen
    assert batch.mask.sum() == 7  # start, p, :, a, b, c, end
    assert batch.counted.tolist() == [[0, 0, 0, 1, 1, 1, 1]]


def test_kept_dimensions_are_the_leading_ones_at_length_one() -> None:
    whole = embedder(Letters()).embed_passages(["abc"])[0]
    short = embedder(Letters(), kept_dimensions=2).embed_passages(["abc"])[0]
    assert short == pytest.approx(whole[:2] / np.linalg.norm(whole[:2]))


def test_lower_casing_models_get_lower_case() -> None:
    model = Letters()
    embedder(model, lower_case=True).embed_passages(["ABC"])
    assert texts_seen(model) == {"p:abc"}


@pytest.mark.parametrize("text", ["", " \n", "，。"])
def test_a_text_without_content_gives_zeros_and_costs_no_model(text: str) -> None:
    model = Letters()
    vectors = embedder(model).embed_passages([text, "a"])
    assert not vectors[0].any()
    assert np.linalg.norm(vectors[1]) == pytest.approx(1)
    assert len(model.seen[0].places) == 1


def test_the_model_is_loaded_with_the_first_text_and_once() -> None:
    loaded = []

    def load() -> Letters:
        loaded.append(1)
        return Letters()

    made = ModelEmbedder(DESCRIBED, load)
    assert made.name
    assert made.dimension == 4
    assert made.embed_passages([]).shape == (0, 4)
    assert not loaded
    made.embed_query("a")
    made.embed_query("b")
    assert loaded == [1]


def test_threads_take_turns() -> None:
    made = embedder(Letters())
    results: list[Vectors] = []
    threads = [threading.Thread(target=lambda: results.append(made.embed_passages(["a", "bb"]))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert all(np.array_equal(result, results[0]) for result in results)
