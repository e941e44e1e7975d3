"""What the settings say about embedders and rerankers is what runs, from the command line down."""

from pathlib import Path

import pytest

from tests.retrieval.embedders.tiny_models import TEXTS, tiny_bert, tiny_cross_encoder
from vouch.app.cli import run
from vouch.app.health import embedder_finding, reranker_finding
from vouch.app.settings import Settings, load_settings
from vouch.app.wiring_embedder import make_embedder, make_reranker
from vouch.app.wiring_ingest import worker_count
from vouch.retrieval.errors import MissingExtra, ModelError, UsageError


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_bert(tmp_path_factory.mktemp("bert"))


def chosen(**flags: object) -> Settings:
    return load_settings({name.replace("__", "."): value for name, value in flags.items()}, {})


def encoder(folder: Path, **flags: object) -> Settings:
    return chosen(retrieval__embedder="encoder", embedding__model=str(folder), **flags)


def test_the_settings_reach_the_model(bert: Path) -> None:
    settings = encoder(
        bert,
        embedding__pooling="max",
        embedding__dimension=8,
        embedding__max_length=20,
        embedding__query_instruction="query: ",
        embedding__precision="float32",
    )
    made = make_embedder(settings)
    assert made.dimension == 8
    assert "/max/8/20t/" in made.name
    assert made.embed_passages(["blood pressure"]) != pytest.approx(made.embed_query("blood pressure"))


def test_the_onnx_runtime_writes_its_graph_into_the_users_cache(
    bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    in_onnx = make_embedder(encoder(bert, embedding__runtime="onnx"))
    in_torch = make_embedder(encoder(bert, embedding__precision="float32"))
    assert in_onnx.name == in_torch.name
    assert in_onnx.embed_passages(TEXTS) == pytest.approx(in_torch.embed_passages(TEXTS), abs=1e-5)
    assert len(list(tmp_path.glob("vouch/onnx/*/model.onnx"))) == 1


def test_the_onnx_runtime_takes_no_bfloat16(bert: Path) -> None:
    made = make_embedder(encoder(bert, embedding__runtime="onnx", embedding__precision="bfloat16"))
    with pytest.raises(UsageError, match="set precision and device to auto"):
        made.embed_query("a")


@pytest.mark.parametrize(
    ("missing", "flags", "extra"),
    [
        ("safetensors", {"retrieval__embedder": "encoder"}, "encoder"),
        ("safetensors", {"retrieval__embedder": "decoder", "embedding__runtime": "onnx"}, "onnx"),
        ("sentence_transformers", {"retrieval__embedder": "encoder", "embedding__runtime": "sentence-transformers"},
         "sentence-transformers"),
        ("httpx", {"retrieval__embedder": "openai"}, "openai"),
    ],
)  # fmt: skip
def test_a_missing_package_names_its_pip_line(
    missing: str, flags: dict[str, str], extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vouch.app.extras.find_spec", lambda name: None if name == missing else object())
    with pytest.raises(MissingExtra, match=rf"pip install 'vouch-qa\[{extra}\]'"):
        make_embedder(chosen(**flags))


def test_a_cross_encoder_without_torch_names_its_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vouch.app.extras.find_spec", lambda name: None if name == "torch" else object())
    with pytest.raises(MissingExtra, match=r"a cross-encoder needs .* 'vouch-qa\[encoder\]'"):
        make_reranker(chosen(retrieval__reranker="cross-encoder"))


def test_a_cross_encoder_is_made_of_its_settings(tmp_path: Path) -> None:
    folder = tiny_cross_encoder(tmp_path)
    made = make_reranker(chosen(retrieval__reranker="cross-encoder", rerank__model=str(folder), rerank__max_length=32))
    assert made is not None
    assert made.name.startswith("cross-encoder:bert@")
    assert made.name.endswith("/32t")


def test_no_reranker_is_none() -> None:
    assert make_reranker(chosen(retrieval__reranker="none")) is None


def test_models_in_torch_are_run_by_one_process(bert: Path) -> None:
    assert worker_count(encoder(bert)) == 1
    assert worker_count(encoder(bert, ingest__jobs=3)) == 3


def test_a_library_keeps_to_its_model(
    bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ingested and searched from the command line; another pooling of the same model is refused with the remedy."""
    monkeypatch.setenv("VOUCH_RETRIEVAL__EMBEDDER", "encoder")
    monkeypatch.setenv("VOUCH_EMBEDDING__MODEL", str(bert))
    for number, text in enumerate(TEXTS):
        (tmp_path / f"{number}.txt").write_text(text * 3, encoding="utf-8")
    library = ["--library", str(tmp_path / "library")]
    assert run(["ingest", *[str(tmp_path / f"{number}.txt") for number in range(len(TEXTS))], *library]) == 0
    assert run(["search", TEXTS[3] * 3, "--mode", "vector", "--no-infer", "-k", "1", "--json", *library]) == 0
    assert '"document": "3.txt"' in capsys.readouterr().out
    monkeypatch.setenv("VOUCH_EMBEDDING__POOLING", "max")
    assert run(["search", "blood", *library]) == 3
    assert "bert-16@" in capsys.readouterr().err


def test_the_doctor_tells_what_runs_and_what_is_missing(bert: Path) -> None:
    found = embedder_finding(encoder(bert))
    assert found.state == "ok"
    assert "bert-16, pooling mean (a guess: it is an encoder), 16 dimensions, 64 tokens" in found.detail
    broken = embedder_finding(encoder(bert / "nowhere"))
    assert broken.state == "failed"
    assert "there is no folder" in broken.detail
    assert embedder_finding(chosen()).state == "ok"
    address = {"embedding__base_url": "http://127.0.0.1:9/v1", "embedding__model": "m"}
    assert "m at http://127.0.0.1:9/v1" in embedder_finding(chosen(retrieval__embedder="openai", **address)).detail
    assert reranker_finding(chosen(retrieval__reranker="none")).detail == "none"
    assert reranker_finding(chosen()).detail.startswith("light/static-")
    lacking = reranker_finding(chosen(retrieval__reranker="cross-encoder"))
    assert (lacking.state, "rerank.model" in lacking.detail) == ("failed", True)


def test_a_model_that_is_not_there_stops_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="hf download"):
        make_embedder(encoder(tmp_path / "none"))
