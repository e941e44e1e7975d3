"""A small random classifier of pairs, used as bge-reranker is."""

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from tests.retrieval.embedders.tiny_models import TEXTS, tiny_bert, tiny_cross_encoder
from vouch.retrieval.errors import ModelError
from vouch.retrieval.rerank.cross_encoder import CrossEncoderReranker
from vouch.retrieval.rerank.ranked import passage_text
from vouch.retrieval.rerank.reading import PairReading
from vouch.retrieval.types import Chunk, Hit, Source

QUESTION = "what causes blood pressure"
IN_FLOAT32 = PairReading(max_length=32, batch=2, device="cpu", precision="float32")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_cross_encoder(tmp_path_factory.mktemp("pairs"))


def hit(text: str, rank: int, section: tuple[str, ...] = (), context: str = "") -> Hit:
    source = Source("d", "d.txt", "/d.txt")
    chunk = Chunk(f"c{rank}", source, 1, 0, len(text), text, section=section, context=context)
    return Hit(chunk, 1 / rank, {"lexical": rank})


def by_hand(folder: Path, question: str, passage: str) -> float:
    """The sigmoid of the logit for one pair, without padding."""
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokens = AutoTokenizer.from_pretrained(folder)(question, passage, return_tensors="pt")
    with torch.no_grad():
        return float(torch.sigmoid(model(**tokens).logits[0, 0]))


def test_every_hit_comes_back_best_first_with_score_and_rank(folder: Path) -> None:
    hits = [hit(text, rank) for rank, text in enumerate(TEXTS, start=1)]
    found = CrossEncoderReranker(str(folder), IN_FLOAT32).rerank(QUESTION, hits)
    expected = sorted(hits, key=lambda it: -by_hand(folder, QUESTION, it.chunk.text))
    assert [it.chunk.id for it in found] == [it.chunk.id for it in expected]
    assert [it.chunk.id for it in found] != [it.chunk.id for it in hits]
    assert [it.ranks["rerank"] for it in found] == [1, 2, 3, 4, 5, 6]
    assert {it.chunk.id: it.ranks["lexical"] for it in found} == {it.chunk.id: it.ranks["lexical"] for it in hits}
    for it in found:
        assert it.score == pytest.approx(by_hand(folder, QUESTION, it.chunk.text), abs=1e-5)


def test_no_hits_stay_none(folder: Path) -> None:
    assert CrossEncoderReranker(str(folder), IN_FLOAT32).rerank(QUESTION, []) == []


def test_headings_and_context_are_read_with_the_passage() -> None:
    chunk = hit("10 | 20", 1, ("Notes", "Revenue"), "million").chunk
    assert passage_text(chunk) == "Notes Revenue\nmillion\n10 | 20"


def test_a_long_passage_is_cut_and_the_question_kept(folder: Path) -> None:
    reader = CrossEncoderReranker(str(folder), PairReading(12, 2, "cpu", "float32"))
    long = "fever cough " * 40
    (cut,) = reader.scores(QUESTION, [long])
    assert cut == pytest.approx(by_hand(folder, QUESTION, "fever cough fever cough fever"), abs=1e-5)


def test_two_labels_are_no_and_yes(tmp_path: Path) -> None:
    folder = tiny_cross_encoder(tmp_path, labels=2)
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokens = AutoTokenizer.from_pretrained(folder)(QUESTION, TEXTS[0], return_tensors="pt")
    with torch.no_grad():
        no, yes = model(**tokens).logits[0].exp().tolist()
    (score,) = CrossEncoderReranker(str(folder), IN_FLOAT32).scores(QUESTION, [TEXTS[0]])
    assert score == pytest.approx(yes / (no + yes), abs=1e-5)


def test_bfloat16_scores_are_finer_than_its_steps(folder: Path) -> None:
    """The last layer computes in float32: rounded to bfloat16, a logit keeps 8 bits."""
    reading = PairReading(max_length=32, batch=2, device="cpu", precision="bfloat16")
    scores = CrossEncoderReranker(str(folder), reading).scores(QUESTION, TEXTS)
    logits = torch.logit(torch.tensor(scores, dtype=torch.float64))
    assert (logits.to(torch.bfloat16).double() - logits).abs().max() > 1e-4
    full = CrossEncoderReranker(str(folder), IN_FLOAT32).scores(QUESTION, TEXTS)
    assert scores == pytest.approx(full, abs=0.05)


def test_a_model_that_classifies_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"is no cross-encoder \(BertModel\)"):
        CrossEncoderReranker(str(tiny_bert(tmp_path)))


def test_a_model_of_many_classes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="sorts pairs into 3 classes"):
        CrossEncoderReranker(str(tiny_cross_encoder(tmp_path, labels=3)))


def test_a_missing_model_is_told_with_the_setting() -> None:
    with pytest.raises(ModelError, match=r"rerank\.model"):
        CrossEncoderReranker("")


def test_the_name_tells_models_and_lengths_apart(folder: Path, tmp_path: Path) -> None:
    other = tiny_cross_encoder(tmp_path, labels=2)
    names = {
        CrossEncoderReranker(str(folder)).name,
        CrossEncoderReranker(str(folder), IN_FLOAT32).name,
        CrossEncoderReranker(str(other)).name,
    }
    assert len(names) == 3


@pytest.mark.slow
def test_scores_are_those_of_sentence_transformers(folder: Path) -> None:
    from sentence_transformers import CrossEncoder

    theirs = CrossEncoder(str(folder), device="cpu", max_length=32).predict([(QUESTION, text) for text in TEXTS])
    assert CrossEncoderReranker(str(folder), IN_FLOAT32).scores(QUESTION, TEXTS) == pytest.approx(theirs, abs=1e-5)
