"""`vouch eval answers --generator base` and `base+ADAPTER` through the command line."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from tests.app.conftest import Vouch
from tests.generation.models.tiny_models import CHATML, CHATML_TOKENS, write_llama

MEASURE = "定期测量血压。"
INCOME = "公司2023年营业收入为1,234,567.89元，同比增长12.3%。"
QUESTIONS: list[dict[str, Any]] = [
    {
        "id": "q1",
        "kind": "qa",
        "messages": [{"role": "user", "content": "高血压？"}, {"role": "assistant", "content": MEASURE}],
    },
    {"id": "q2", "question": "公司收入？", "reference_answers": [INCOME]},
]


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    file = tmp_path / "questions.jsonl"
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in QUESTIONS), encoding="utf-8")
    return file


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    torch.set_num_threads(1)
    folder = write_llama(tmp_path / "tiny", CHATML_TOKENS, CHATML, end="<|im_end|>")
    for key, value in {"RUNTIME": "transformers", "PATH": folder, "MAX_TOKENS": 8, "BATCH": 2, "THREADS": 1}.items():
        monkeypatch.setenv(f"VOUCH_MODEL__{key}", str(value))
    return folder


def write_adapter(folder: Path) -> Path:
    random = torch.Generator().manual_seed(1)
    before = "base_model.model.model.layers.0.mlp.down_proj"
    tensors = {
        f"{before}.lora_A.weight": torch.randn(4, 128, generator=random),
        f"{before}.lora_B.weight": torch.randn(64, 4, generator=random),
    }
    config = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 4, "lora_alpha": 8}
    config |= {"target_modules": ["down_proj"], "layers_to_transform": [0]}
    folder.mkdir()
    (folder / "adapter_config.json").write_text(json.dumps(config), encoding="utf-8")
    save_file(tensors, folder / "adapter_model.safetensors")
    return folder


def records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "records.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.slow  # importing peft takes ten seconds
def test_base_and_base_with_an_adapter_are_compared(
    vouch: Vouch, model: Path, questions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = write_adapter(tmp_path / "adapter")
    monkeypatch.setenv("VOUCH_MODEL__ADAPTERS", f"mine={adapter}")
    runs = {}
    for name, generator in {"a": "base", "b": "base+mine", "c": f"base+{adapter}"}.items():
        done = vouch("eval", "answers", questions, "--generator", generator, "--out", tmp_path / name, "--json")
        assert done.code == 0, done.err
        runs[name] = done.json
        assert done.json["perplexity"] > 1
    assert runs["a"]["perplexity"] != runs["b"]["perplexity"] == runs["c"]["perplexity"]
    assert records(tmp_path / "b")[0]["answer"]["generator"] == "tiny+mine"
    compared = vouch("eval", "compare", tmp_path / "a", tmp_path / "b", "--json")
    assert compared.json["changed_settings"] == {"bare": ["base", "base+mine"]}
    assert {"f1", "rouge_l", "reference_logprob"} <= compared.json["metrics"].keys()


def test_the_base_is_asked_without_a_library(
    vouch: Vouch, questions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "script.json"
    script.write_text(json.dumps([MEASURE, "不知道。"], ensure_ascii=False), encoding="utf-8")
    monkeypatch.setenv("VOUCH_MODEL__RUNTIME", "scripted")
    monkeypatch.setenv("VOUCH_MODEL__PATH", str(script))
    done = vouch("eval", "answers", questions, "--library", tmp_path / "none", "--generator", "base", "--json")
    assert (done.code, done.json["correct"], done.json["wrong"]) == (0, 1, 1)
    assert "perplexity" not in done.json, "a scripted model knows no probabilities"
    library = vouch("eval", "answers", questions, "--generator", "scripted")
    assert library.code != 0


@pytest.mark.parametrize(
    ("generator", "runtime", "problem"),
    [
        ("base+", "transformers", "names no adapter"),
        ("base+nosuch", "transformers", "model.adapters is empty, and there is no folder nosuch"),
        ("base+mine", "openai", "model.runtime is openai, which has no adapters"),
        ("base", "transformers", "set model.path"),
        ("bases", "transformers", "generation.generator"),
    ],
)
def test_what_cannot_be_asked_is_said(
    vouch: Vouch, questions: Path, monkeypatch: pytest.MonkeyPatch, generator: str, runtime: str, problem: str
) -> None:
    monkeypatch.setenv("VOUCH_MODEL__RUNTIME", runtime)
    done = vouch("eval", "answers", questions, "--generator", generator)
    assert done.code == 2
    assert problem in done.err
