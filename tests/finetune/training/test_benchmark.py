"""What the benchmark of training computes beside clocks: operations of a step, and the share of a GPU's peak."""

import importlib
import json
from pathlib import Path
from types import ModuleType

import pytest

from vouch.finetune.training.recipe import AdapterRecipe, RunRecipe, TrainingRecipe
from vouch.finetune.training.types import Sequence

SIX_BILLION = {
    "model_type": "glm",
    "vocab_size": 65024,
    "hidden_size": 4096,
    "intermediate_size": 13696,
    "num_hidden_layers": 28,
    "num_attention_heads": 32,
    "num_key_value_heads": 2,
    "head_dim": 128,
    "attention_bias": True,
    "pad_token_id": 0,
    "tie_word_embeddings": False,
}


@pytest.fixture
def flops(repository: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(repository / "benchmarks")
    return importlib.import_module("finetune_flops")


def test_operations_of_a_step_of_the_6b_shape_are_those_counted_by_hand(flops: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(SIX_BILLION), encoding="utf-8")
    rows = [(Sequence(tuple(range(1536)), tuple(range(512)), "one"),)]
    run = RunRecipe(max_steps=1, batch=1, accumulate=1, gradient_checkpointing=True, precision="bfloat16")
    recipe = TrainingRecipe(tmp_path, adapter=AdapterRecipe(rank=16), run=run)
    shapes = [(4096, 4096), (4096, 256), (4096, 256), (4096, 4096), (4096, 2 * 13696), (13696, 4096)]
    frozen = 28 * sum(reads * writes for reads, writes in shapes)
    adapter = 28 * sum(16 * (reads + writes) for reads, writes in shapes)
    assert frozen == pytest.approx(5.71e9, rel=0.001)
    layers = 4 * frozen * 2048 + 6 * adapter * 2048  # forward and back; what learns, once more for its own gradient
    output = 4 * 512 * 4096 * 65024
    attention = 3 * 28 * (2 + 2) * 2048**2 * 4096
    assert flops.operations_of_a_step(recipe, rows) == pytest.approx(layers + output + attention, rel=1e-6)


def test_utilisation_is_the_share_of_the_listed_peak(flops: ModuleType) -> None:
    assert flops.utilisation(989e12, 2.0, "NVIDIA H200") == 0.5
    assert flops.utilisation(989e12, 2.0, "another") is None
