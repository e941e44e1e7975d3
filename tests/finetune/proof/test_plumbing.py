"""From an archive to a comparison, with a tiny model: what is trained on is what the model is asked."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.app.conftest import run_quietly as vouch
from tests.generation.models.tiny_models import CHATML, CHATML_TOKENS, write_chatglm3, write_llama

ARCHIVE = [
    {
        "instruction": f"第{number}位患者血压高怎么办？",
        "input": f"他{30 + number}岁。",
        "output": f"每天测量{number}次血压。",
    }
    for number in range(1, 7)
]


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("shape", ["chatglm3", "llama"])
def test_held_out_examples_are_asked_in_their_own_turns_and_compared(
    tmp_path: Path, shape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.set_num_threads(1)
    folder = tmp_path / shape
    model = write_chatglm3(folder) if shape == "chatglm3" else write_llama(folder, CHATML_TOKENS, CHATML)
    for key, value in {"RUNTIME": "transformers", "PATH": model, "MAX_TOKENS": 6, "BATCH": 4, "THREADS": 1}.items():
        monkeypatch.setenv(f"VOUCH_MODEL__{key}", str(value))
    archive = tmp_path / "archive.jsonl"
    archive.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ARCHIVE), encoding="utf-8")
    made = vouch("finetune", "examples", archive, "--held-out", "0.4", "--model", model, "--out", tmp_path / "examples")
    assert made.code == 0, made.err
    held_out = tmp_path / "examples" / "held_out.jsonl"
    for name, file in (("a", held_out), ("b", held_out), ("archive", archive)):
        done = vouch("eval", "answers", file, "--generator", "base", "--out", tmp_path / name, "--json")
        assert done.code == 0, done.err
    of_examples, of_archive = rows(tmp_path / "a" / "records.jsonl"), rows(tmp_path / "archive" / "records.jsonl")
    by_reference = {record["references"][0]: record["scores"]["reference_logprob"] for record in of_archive}
    assert of_examples
    for record in of_examples:
        # An archive's row and the example made of it are the same question, in the same turns.
        assert record["scores"]["reference_logprob"] == pytest.approx(by_reference[record["references"][0]], abs=1e-4)
    compared = vouch("eval", "compare", tmp_path / "a", tmp_path / "b", "--json").json
    assert (compared["better_count"], compared["worse_count"]) == (0, 0)
    assert compared["metrics"]["reference_logprob"]["p"] == 1.0
