"""The ONNX runtime gives what torch gives, from a graph that is there or is written once."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.retrieval.embedders.tiny_models import TEXTS, tiny_bert, tiny_llama
from vouch.retrieval.embedders.description import ModelChoices, ModelDescription, describe
from vouch.retrieval.embedders.model_embedder import ModelEmbedder
from vouch.retrieval.embedders.onnx_export import exported
from vouch.retrieval.embedders.onnx_model import OnnxTokenModel, graph_in
from vouch.retrieval.embedders.torch_model import TorchTokenModel
from vouch.retrieval.errors import ModelError


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_bert(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="module")
def graph(bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(describe(str(bert)), tmp_path_factory.mktemp("cache"))


def in_onnx(described: ModelDescription, graph: Path) -> ModelEmbedder:
    return ModelEmbedder(described, lambda: OnnxTokenModel(described, graph, threads=1), batch=4)


@pytest.mark.parametrize("pooling", ["cls", "mean", "max", "last-token", "weighted-mean"])
def test_both_runtimes_give_the_same_vectors_under_the_same_name(bert: Path, graph: Path, pooling: str) -> None:
    described = describe(str(bert), ModelChoices(pooling=pooling, max_length=9))
    torch_made = ModelEmbedder(described, lambda: TorchTokenModel(described, "cpu", "float32"))
    onnx_made = in_onnx(described, graph)
    assert onnx_made.name == torch_made.name
    assert onnx_made.embed_passages(TEXTS) == pytest.approx(torch_made.embed_passages(TEXTS), abs=1e-5)


def test_the_end_token_is_known(bert: Path, graph: Path) -> None:
    described = describe(str(bert))
    assert OnnxTokenModel(described, graph).end == TorchTokenModel(described, "cpu", "float32").end


def test_the_graph_is_written_once(bert: Path, graph: Path) -> None:
    before = graph.stat().st_mtime_ns
    assert exported(describe(str(bert)), graph.parent.parent) == graph
    assert graph.stat().st_mtime_ns == before
    assert [path.name for path in graph.parent.parent.iterdir()] == [describe(str(bert)).fingerprint]


def test_a_graph_beside_the_model_is_found(tmp_path: Path) -> None:
    assert graph_in(tmp_path) is None
    (tmp_path / "onnx").mkdir()
    (tmp_path / "onnx" / "model.onnx").write_bytes(b"")
    assert graph_in(tmp_path) == tmp_path / "onnx" / "model.onnx"


def test_what_the_runtime_cannot_do_is_refused_by_name(bert: Path, graph: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"mean-last-layers.*runtime = torch"):
        OnnxTokenModel(describe(str(bert), ModelChoices(pooling="mean-last-layers")), graph)
    with pytest.raises(ModelError, match=r"decoder models are not exported.*runtime = torch"):
        exported(describe(str(tiny_llama(tmp_path))), tmp_path / "cache")
    broken = tmp_path / "model.onnx"
    broken.write_bytes(b"no graph")
    with pytest.raises(ModelError, match="is no ONNX model"):
        OnnxTokenModel(describe(str(bert)), broken)


def test_a_folder_without_tokenizer_json_says_how_to_write_it(graph: Path, tmp_path: Path) -> None:
    folder = tiny_bert(tmp_path)
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match="save_pretrained"):
        OnnxTokenModel(describe(str(folder)), graph)


def test_embedding_in_the_onnx_runtime_loads_no_torch(bert: Path, graph: Path) -> None:
    code = (
        "import sys; from pathlib import Path;"
        "from vouch.retrieval.embedders.description import describe;"
        "from vouch.retrieval.embedders.model_embedder import ModelEmbedder;"
        "from vouch.retrieval.embedders.onnx_model import OnnxTokenModel;"
        f"described = describe({str(bert)!r});"
        f"made = ModelEmbedder(described, lambda: OnnxTokenModel(described, Path({str(graph)!r}), 1));"
        "print(made.embed_query('blood pressure').shape);"
        "sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "(1, 16)"
