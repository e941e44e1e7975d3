"""Small random encoders and decoders, run as real ones are, against transformers called by hand text by text."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from transformers import AutoModel, AutoTokenizer

from tests.retrieval.embedders.tiny_models import (
    TEXTS,
    as_sentence_transformer,
    tiny_bert,
    tiny_llama,
    write_json,
)
from vouch.retrieval.embedders.description import ModelChoices, describe
from vouch.retrieval.embedders.model_embedder import ModelEmbedder
from vouch.retrieval.embedders.torch_model import TorchTokenModel
from vouch.retrieval.errors import ModelError
from vouch.retrieval.torch_models.loading import chosen_device, memory_errors
from vouch.retrieval.types import Vectors


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_bert(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_llama(tmp_path_factory.mktemp("llama"))


def embedder(folder: Path, precision: Any = "float32", **choices: Any) -> ModelEmbedder:
    described = describe(str(folder), ModelChoices(**choices))
    return ModelEmbedder(described, lambda: TorchTokenModel(described, "cpu", precision), batch=4)


def states_by_hand(folder: Path, text: str) -> list[torch.Tensor]:
    """The states of every layer for one text, without padding."""
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    with torch.no_grad():
        output = model(**tokenizer(text, return_tensors="pt"), output_hidden_states=True)
    return [layer[0] for layer in output.hidden_states]


def unit(vector: torch.Tensor) -> Vectors:
    row: Vectors = torch.nn.functional.normalize(vector, dim=0).numpy()
    return row


@pytest.mark.parametrize("pooling", ["cls", "mean", "max", "last-token", "weighted-mean", "mean-last-layers"])
@pytest.mark.parametrize("kind", ["bert", "llama"])
def test_a_batch_gives_what_each_text_gives_alone_by_hand(
    kind: str, pooling: str, request: pytest.FixtureRequest
) -> None:
    folder: Path = request.getfixturevalue(kind)
    found = embedder(folder, pooling=pooling).embed_passages(TEXTS)
    for row, text in zip(found, TEXTS, strict=True):
        layers = states_by_hand(folder, text)
        last, tokens = layers[-1], len(layers[-1])
        by_hand = {
            "cls": last[0],
            "mean": last.mean(0),
            "max": last.max(0).values,
            "last-token": last[-1],
            "weighted-mean": sum(((n + 1) * last[n] for n in range(tokens)), torch.zeros(16)),
            "mean-last-layers": torch.stack(layers[1:][-4:]).mean(0).mean(0),
        }[pooling]
        assert row == pytest.approx(unit(by_hand), abs=1e-5)


def test_different_texts_have_different_vectors(bert: Path) -> None:
    vectors = embedder(bert).embed_passages(TEXTS)
    likeness = vectors @ vectors.T - np.eye(len(TEXTS))
    assert likeness.max() < 0.99


def test_bfloat16_is_close_to_float32(bert: Path) -> None:
    full, half = embedder(bert).embed_passages(TEXTS), embedder(bert, "bfloat16").embed_passages(TEXTS)
    assert (full * half).sum(1).min() > 0.995
    assert half.dtype == np.float32
    assert not np.array_equal(full, half)


def test_long_texts_are_cut_with_their_special_tokens_kept(bert: Path) -> None:
    long = "blood pressure " * 50
    made = embedder(bert, max_length=6)
    assert made.embed_query(long) == pytest.approx(made.embed_query("blood pressure blood pressure"), abs=1e-6)


def test_dense_layers_follow_the_pooling(bert: Path, tmp_path: Path) -> None:
    folder = as_sentence_transformer(tiny_bert(tmp_path), {"pooling_mode": "mean"})
    draw = np.random.default_rng(5)
    weight, bias = draw.normal(size=(3, 16)).astype(np.float32), draw.normal(size=3).astype(np.float32)
    types = {"": "Transformer", "1_Pooling": "Pooling", "2_Dense": "Dense"}
    write_json(folder / "modules.json", [{"type": f"models.{kind}", "path": path} for path, kind in types.items()])
    dense = {"in_features": 16, "out_features": 3, "activation_function": "torch.nn.modules.activation.Tanh"}
    write_json(folder / "2_Dense" / "config.json", dense)
    save_file({"linear.weight": weight, "linear.bias": bias}, folder / "2_Dense" / "model.safetensors")
    pooled = states_by_hand(bert, TEXTS[0])[-1].mean(0).numpy()
    expected = np.tanh(weight @ pooled + bias)
    assert embedder(folder).embed_query(TEXTS[0])[0] == pytest.approx(expected / np.linalg.norm(expected), abs=1e-5)


def test_weights_that_do_not_belong_to_the_configuration_are_refused(tmp_path: Path) -> None:
    folder = tiny_bert(tmp_path)
    save_file({"other.weight": np.zeros((2, 2), np.float32)}, folder / "model.safetensors")
    with pytest.raises(ModelError, match=r"lack .* of the model's tensors"):
        embedder(folder).embed_query("a")


def test_an_unknown_model_type_is_explained(tmp_path: Path) -> None:
    folder = tiny_bert(tmp_path)
    write_json(folder / "config.json", {"model_type": "not-a-type", "hidden_size": 16})
    with pytest.raises(ModelError, match=r"cannot be loaded: .*not-a-type"):
        embedder(folder).embed_query("a")


def test_code_that_comes_with_a_model_is_never_run(tmp_path: Path) -> None:
    folder = tiny_bert(tmp_path)
    code = {"AutoConfig": "own.OwnConfig", "AutoModel": "own.OwnModel"}
    write_json(folder / "config.json", {"model_type": "own", "hidden_size": 16, "auto_map": code})
    (folder / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()", encoding="utf-8")
    with pytest.raises(ModelError, match="needs program code from the model's folder"):
        embedder(folder).embed_query("a")
    assert not (tmp_path / "ran").exists()


def test_memory_that_runs_out_is_told_with_the_remedy() -> None:
    gpu = "GPU's memory ran out while embedding: set less"
    with pytest.raises(ModelError, match=gpu), memory_errors("embedding", "set less"):
        raise torch.OutOfMemoryError("CUDA out of memory")
    with pytest.raises(ModelError, match="memory ran out while embedding"), memory_errors("embedding", "set less"):
        torch.empty(2**60, dtype=torch.uint8)
    with pytest.raises(RuntimeError, match="another"), memory_errors("embedding", "set less"):
        raise RuntimeError("another")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_told() -> None:
    with pytest.raises(ModelError, match="torch sees no GPU here"):
        chosen_device("cuda")


def test_models_that_transformers_does_not_know_come_through_a_loader(bert: Path) -> None:
    from vouch.retrieval.embedders.torch_model import load_with_transformers

    described, asked = describe(str(bert)), []

    def load(*given: Any) -> Any:
        asked.append(given)
        return load_with_transformers(*given)

    made = ModelEmbedder(described, lambda: TorchTokenModel(described, "cpu", "float32", load))
    made.embed_query("a")
    assert asked == [(described, "cpu", "float32")]


def test_describing_a_model_loads_no_torch(bert: Path) -> None:
    code = (
        "import sys; from vouch.retrieval.embedders.description import describe;"
        "from vouch.retrieval.embedders.model_embedder import ModelEmbedder;"
        f"made = ModelEmbedder(describe({str(bert)!r}), lambda: None); print(made.name, made.dimension);"
        "sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [describe(str(bert)).name, "16"]


def test_a_folder_without_a_usable_tokenizer_is_explained(tmp_path: Path) -> None:
    folder = tiny_bert(tmp_path)
    (folder / "tokenizer.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelError, match="cannot be loaded"):
        embedder(folder).embed_query("a")
