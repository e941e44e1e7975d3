"""What every vector index promises, against a product of matrices."""

from pathlib import Path

import numpy as np
import pytest

from vouch.retrieval.types import Vectors
from vouch.retrieval.vectors.faiss_index import FaissIndex

DIMENSION = 16
N = 600


def unit(vectors: np.ndarray) -> Vectors:
    made: Vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return made


VECTORS = unit(np.random.default_rng(1).normal(size=(N, DIMENSION))).astype(np.float16).astype(np.float32)
"""With as many digits as a store keeps."""
SEQS = [10 * n + 3 for n in range(N)]
QUERIES = unit(np.random.default_rng(2).normal(size=(20, DIMENSION)))


def oracle(query: Vectors, k: int, among: set[int] | None = None) -> list[int]:
    """Return the numbers of the k largest inner products, worked out without an index."""
    products = VECTORS @ query
    order = [SEQS[place] for place in np.argsort(-products)]
    return [seq for seq in order if among is None or seq in among][:k]


def nearest(index: FaissIndex, query: Vectors, k: int, among: list[int] | None = None) -> list[int]:
    return [seq for seq, _ in index.search(query[None, :], k, among)]


@pytest.fixture(params=["exact", "codes"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> FaissIndex:
    return FaissIndex(tmp_path, DIMENSION, exact_up_to=N if request.param == "exact" else 200)


@pytest.fixture
def filled(index: FaissIndex) -> FaissIndex:
    for first in range(0, N, 100):
        index.add(SEQS[first : first + 100], VECTORS[first : first + 100])
    index.commit("p1")
    return index


def test_the_nearest_are_found(filled: FaissIndex) -> None:
    """With lists, one byte a coordinate costs a neighbour now and then."""
    overlaps = [len({*nearest(filled, query, 10)} & {*oracle(query, 10)}) / 10 for query in QUERIES]
    assert sum(overlaps) / len(overlaps) >= 0.9


def test_up_to_its_size_the_exact_index_finds_exactly_the_nearest(tmp_path: Path) -> None:
    index = FaissIndex(tmp_path, DIMENSION, exact_up_to=N)
    index.add(SEQS, VECTORS)
    for query in QUERIES:
        found = index.search(query[None, :], 10)
        assert [seq for seq, _ in found] == oracle(query, 10)
        assert [score for _, score in found] == pytest.approx(np.sort(VECTORS @ query)[::-1][:10], abs=1e-5)


def test_a_scope_is_searched_wholly(filled: FaissIndex) -> None:
    among = SEQS[5:400:8]
    for query in QUERIES:
        found = nearest(filled, query, 5, among)
        assert set(found) <= set(among)
        assert len({*found} & {*oracle(query, 5, set(among))}) >= 4


def test_a_scope_smaller_than_asked_for_gives_all_it_has(filled: FaissIndex) -> None:
    assert sorted(nearest(filled, QUERIES[0], 10, SEQS[:3])) == SEQS[:3]
    assert nearest(filled, QUERIES[0], 10, []) == []
    assert nearest(filled, QUERIES[0], 10, [1, 2]) == []


def test_what_was_removed_is_not_found(filled: FaissIndex) -> None:
    gone = oracle(QUERIES[0], 5)
    filled.remove([*gone, 999_999])
    filled.commit("p2")
    assert not set(gone) & set(nearest(filled, QUERIES[0], 50))


def test_adding_a_number_again_replaces_its_vector(filled: FaissIndex) -> None:
    filled.add([SEQS[0]], QUERIES[:1])
    found = nearest(filled, QUERIES[0], N)
    assert found[0] == SEQS[0]
    assert found.count(SEQS[0]) == 1


def test_a_committed_index_is_there_for_the_next_process(filled: FaissIndex, tmp_path: Path) -> None:
    again = FaissIndex(tmp_path, DIMENSION)
    assert again.position == "p1"
    assert nearest(again, QUERIES[0], 10) == nearest(filled, QUERIES[0], 10)


def test_a_new_or_cleared_index_is_empty(index: FaissIndex) -> None:
    assert (index.search(QUERIES[:1], 5), index.position) == ([], "")
    index.add(SEQS, VECTORS)
    index.commit("p1")
    index.clear()
    assert (index.search(QUERIES[:1], 5), index.position) == ([], "")


def test_an_index_of_another_dimension_reads_as_none(filled: FaissIndex, tmp_path: Path) -> None:
    assert FaissIndex(tmp_path, DIMENSION * 2).position == ""


@pytest.mark.parametrize("name", ["vectors-0.rows", "state.json"])
@pytest.mark.parametrize("content", [None, b"", b"half of a file"])
def test_damaged_files_read_as_an_empty_index(
    filled: FaissIndex, tmp_path: Path, name: str, content: bytes | None
) -> None:
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(content)
    again = FaissIndex(tmp_path, DIMENSION)
    assert (again.position, again.search(QUERIES[:1], 5)) == ("", [])


def test_a_file_cut_short_reads_as_an_empty_index(filled: FaissIndex, tmp_path: Path) -> None:
    file = tmp_path / "vectors-0.rows"
    file.write_bytes(file.read_bytes()[:-100])
    assert FaissIndex(tmp_path, DIMENSION).position == ""
