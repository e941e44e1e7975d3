"""What every lexical index promises, and how the two we have differ."""

import math
import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.retrieval.record_maker import chunk
from vouch.retrieval.lexical.rank_bm25_index import RankBm25Index
from vouch.retrieval.lexical.tantivy_index import TantivyIndex
from vouch.retrieval.tokenize import tokens
from vouch.retrieval.types import Chunk, LexicalIndex

REPORT = chunk("本年度研发费用为三千万元", "report", section=("第三节", "核心竞争力"))
TABLE = chunk("管理费用\t12.5\t13.7", "report", context="单位：万元 期间费用表")
GUIDELINE = chunk("糖尿病患者应当监测血糖和糖化血红蛋白 HbA1c", "guideline", title="基层糖尿病防治指南")
ENGLISH = chunk("Net sales increased by 4.2% in fiscal 2022", "filing")
OTHERS = [chunk(f"其他段落第{n}号", f"other{n}") for n in range(6)]
"""With so many others no token is in half of all chunks, where rank-bm25 gives it next to no weight."""


@pytest.fixture(params=["tantivy", "rank-bm25"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> LexicalIndex:
    return TantivyIndex(tmp_path / "index") if request.param == "tantivy" else RankBm25Index()


@pytest.fixture
def filled(index: LexicalIndex) -> LexicalIndex:
    fill(index, [REPORT, TABLE, GUIDELINE, ENGLISH, *OTHERS])
    return index


def fill(index: LexicalIndex, chunks: Sequence[Chunk], position: str = "p1") -> None:
    index.add(enumerate(chunks, start=1))
    index.commit(position)


def found(index: LexicalIndex, query: str, k: int = 10, doc_ids: frozenset[str] | None = None) -> list[int]:
    return [seq for seq, _ in index.search(query, k, doc_ids)]


@pytest.mark.parametrize(
    ("query", "seq"),
    [
        ("研发费用是多少", 1),
        ("核心竞争力", 1),
        ("期间费用表", 2),
        ("13.7", 2),
        ("怎样监测血糖？", 3),
        ("防治指南", 3),
        ("hba1c", 3),
        ("How did net sales increase?", 4),
        ("increasing sale", 4),
    ],
)
def test_text_context_title_and_headings_are_found(filled: LexicalIndex, query: str, seq: int) -> None:
    assert found(filled, query)[0] == seq


@pytest.mark.parametrize("query", ["", "的", "zzz 不存在"])
def test_a_query_without_a_match_finds_nothing(filled: LexicalIndex, query: str) -> None:
    assert found(filled, query) == []


def test_the_best_comes_first_and_no_more_than_asked_for(filled: LexicalIndex) -> None:
    scores = [score for _, score in filled.search("管理费用 研发费用", 10)]
    assert len(scores) == 2
    assert scores == sorted(scores, reverse=True)
    assert len(filled.search("管理费用 研发费用", 1)) == 1
    assert filled.search("管理费用", 0) == []


def test_a_scope_decides_who_is_found_but_not_the_score(filled: LexicalIndex) -> None:
    everywhere = dict(filled.search("费用 血糖", 10))
    within = filled.search("费用 血糖", 10, frozenset({"guideline", "unknown"}))
    assert within == [(3, everywhere[3])]
    assert found(filled, "费用", doc_ids=frozenset()) == []


def test_what_was_removed_is_not_found(filled: LexicalIndex) -> None:
    filled.remove([3, 99])
    filled.commit("p2")
    assert found(filled, "血糖") == []
    assert filled.position == "p2"


def test_adding_a_number_again_replaces_its_text(filled: LexicalIndex) -> None:
    filled.add([(3, chunk("高血压患者应当少盐"))])
    filled.commit("p2")
    assert found(filled, "血糖") == []
    assert found(filled, "高血压") == [3]


def test_adding_everything_again_changes_nothing(filled: LexicalIndex) -> None:
    before = found(filled, "研发费用 血糖 sales")
    fill(filled, [REPORT, TABLE, GUIDELINE, ENGLISH, *OTHERS])
    assert found(filled, "研发费用 血糖 sales") == before


def test_a_new_index_is_empty_and_has_no_position(index: LexicalIndex) -> None:
    assert (index.search("费用", 10), index.position, index.document_frequency("费用")) == ([], "", 0)


def test_a_cleared_index_starts_again(filled: LexicalIndex) -> None:
    filled.clear()
    assert (found(filled, "费用"), filled.position) == ([], "")
    fill(filled, [ENGLISH])
    assert found(filled, "sales") == [1]


def test_document_frequency_counts_chunks(filled: LexicalIndex) -> None:
    assert [filled.document_frequency(token) for token in ("费用", "血糖", "nothing")] == [2, 1, 0]


def test_an_empty_commit_moves_the_position(index: LexicalIndex) -> None:
    index.commit("p0")
    assert (index.position, index.search("费用", 10)) == ("p0", [])


def test_a_committed_index_is_there_for_the_next_process(tmp_path: Path) -> None:
    fill(TantivyIndex(tmp_path), [REPORT, TABLE])
    again = TantivyIndex(tmp_path)
    assert (again.position, found(again, "研发费用")[0]) == ("p1", 1)


def test_what_was_not_committed_is_gone(tmp_path: Path) -> None:
    index = TantivyIndex(tmp_path)
    fill(index, [REPORT])
    index.add([(2, GUIDELINE)])
    index.reload()
    assert found(index, "血糖") == []
    index.add([(2, GUIDELINE)])  # the lock of the abandoned writer is free again
    index.commit("p2")
    assert found(index, "血糖") == [2]


def test_files_left_by_a_process_killed_in_a_commit_are_no_hindrance(tmp_path: Path) -> None:
    """The killed commit had written the list of deletions, and not yet the file that makes it part of the index."""
    fill(TantivyIndex(tmp_path / "index"), [REPORT, GUIDELINE])
    shutil.copytree(tmp_path / "index", tmp_path / "killed")
    killed = TantivyIndex(tmp_path / "killed")
    killed.remove([1])
    killed.commit("p2")
    (deletions,) = (tmp_path / "killed").glob("*.del")
    for name in (deletions.name, ".managed.json"):
        shutil.copy(tmp_path / "killed" / name, tmp_path / "index" / name)
    index = TantivyIndex(tmp_path / "index")
    index.remove([1])
    index.commit("p2")
    assert (found(index, "研发费用"), found(index, "血糖")) == ([], [2])


def delete(path: Path) -> None:
    path.unlink()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize("damage", [delete, cut])
@pytest.mark.parametrize("pattern", ["*.idx", "*.term", "*.fast", "*.pos", "meta.json", "state.json"])
def test_a_damaged_index_reads_as_none_and_can_be_rebuilt(
    tmp_path: Path, pattern: str, damage: Callable[[Path], None]
) -> None:
    fill(TantivyIndex(tmp_path), [REPORT])
    damage(next(tmp_path.glob(pattern)))
    index = TantivyIndex(tmp_path)
    assert (index.position, found(index, "研发费用")) == ("", [])
    index.clear()
    fill(index, [REPORT], "p2")
    assert found(TantivyIndex(tmp_path), "研发费用") == [1]


def test_an_index_of_another_tokenizer_reads_as_none(tmp_path: Path) -> None:
    fill(TantivyIndex(tmp_path), [REPORT])
    state = tmp_path / "state.json"
    state.write_text(state.read_text("utf-8").replace("words+bigrams", "words"), "utf-8")
    assert TantivyIndex(tmp_path).position == ""


def textbook_bm25(texts: Sequence[str], query: str, k1: float = 1.2, b: float = 0.75) -> dict[int, float]:
    """Robertson's formula with the idf that Lucene made usual, ln(1 + (N - n + 0.5) / (n + 0.5))."""
    documents = [tokens(text) for text in texts]
    average = sum(map(len, documents)) / len(documents)
    scores: dict[int, float] = {}
    for token in tokens(query):
        holding = sum(token in document for document in documents)
        idf = math.log(1 + (len(documents) - holding + 0.5) / (holding + 0.5))
        for seq, document in enumerate(documents, start=1):
            tf = document.count(token)
            if tf:
                part = idf * tf * (k1 + 1) / (tf + k1 * (1 - b + b * len(document) / average))
                scores[seq] = scores.get(seq, 0.0) + part
    return scores


def test_scores_are_those_of_the_textbook(tmp_path: Path) -> None:
    """Up to 40 tokens tantivy keeps the length of a text exactly; beyond, in one byte."""
    texts = [one.text for one in (REPORT, TABLE, GUIDELINE, ENGLISH)] + ["费用 费用 费用", "血糖监测 net sales"]
    index = TantivyIndex(tmp_path, heading_weight=0)
    fill(index, [chunk(text) for text in texts])
    for query in ("研发费用", "监测血糖", "net sales 费用", "费用费用"):
        assert dict(index.search(query, 10)) == pytest.approx(textbook_bm25(texts, query), rel=1e-5)


def test_headings_weigh_as_much_as_asked_for(tmp_path: Path) -> None:
    index = TantivyIndex(tmp_path)
    fill(index, [chunk("甲", section=("研发费用",)), *OTHERS])
    whole = index.search("研发费用", 1)[0][1]
    assert TantivyIndex(tmp_path, heading_weight=0.5).search("研发费用", 1)[0][1] == pytest.approx(whole / 2)
    assert TantivyIndex(tmp_path, heading_weight=0).search("研发费用", 1) == []


def made_up_texts(n: int, rng: random.Random) -> list[str]:
    """Texts of 30 to 120 made-up words, frequent and rare ones as in language (1 / rank)."""
    vocabulary = [f"{a}{b}{c}" for a in "bdfgklm" for b in "aeiou" for c in "bdfgklmnprstv"]
    shares = [1 / rank for rank in range(1, len(vocabulary) + 1)]
    return [" ".join(rng.choices(vocabulary, shares, k=rng.randint(30, 120))) for _ in range(n)]


def test_the_two_agree_on_eight_of_the_first_ten(tmp_path: Path) -> None:
    """Why not on all: rank-bm25 has k1 1.5 (tantivy 1.2), its idf ln((N - n + 0.5) / (n + 0.5)) falls below that of
    tantivy and, for tokens of more than half of all chunks, is replaced by a quarter of the mean idf; and tantivy keeps
    the length of texts over 40 tokens in one byte, in steps of up to 12 %. So neighbours of nearly the same score swap.
    """
    rng = random.Random(7)
    texts = made_up_texts(400, rng)
    queries = [" ".join(rng.sample(text.split(), 4)) for text in texts[:50]]
    tantivy, reference = TantivyIndex(tmp_path), RankBm25Index()
    for index in (tantivy, reference):
        fill(index, [chunk(text) for text in texts])
    overlap = [len({*found(tantivy, query)} & {*found(reference, query)}) / 10 for query in queries]
    assert 0.8 <= sum(overlap) / len(overlap) < 1
