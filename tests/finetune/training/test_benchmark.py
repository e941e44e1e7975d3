"""What the benchmark of training computes beside clocks: operations of a step, and the share of a GPU's peak."""

import argparse
import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

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


@pytest.fixture(scope="module")
def benchmark(repository: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("finetune_benchmark", repository / "benchmarks" / "finetune.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_operations_of_a_step_of_the_6b_shape_are_those_counted_by_hand(benchmark: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(SIX_BILLION), encoding="utf-8")
    told = argparse.Namespace(precision="bfloat16", threads=1)
    rows = benchmark.random_rows(1, 2048, 512, 64_000)
    recipe = benchmark.recipe_of(tmp_path, "qlora", told, 1, batch=1, recomputed=True)
    shapes = [(4096, 4096), (4096, 256), (4096, 256), (4096, 4096), (4096, 2 * 13696), (13696, 4096)]
    frozen = 28 * sum(reads * writes for reads, writes in shapes)
    adapter = 28 * sum(16 * (reads + writes) for reads, writes in shapes)
    assert frozen == pytest.approx(5.71e9, rel=0.001)
    layers = 4 * frozen * 2048 + 6 * adapter * 2048  # forward and back; what learns, once more for its own gradient
    output = 4 * 512 * 4096 * 65024
    attention = 3 * 28 * (2 + 2) * 2048**2 * 4096
    assert benchmark.operations_of_a_step(recipe, rows) == pytest.approx(layers + output + attention, rel=1e-6)


def test_utilisation_is_the_share_of_the_listed_peak(benchmark: ModuleType) -> None:
    assert benchmark.utilisation(989e12, 2.0, "NVIDIA H200") == 0.5
    assert benchmark.utilisation(989e12, 2.0, "another") is None


def test_excess_is_the_median_over_neighbours(benchmark: ModuleType) -> None:
    assert benchmark.excess([1.1, 2.0, 3.3], [1.0, 1.0, 3.0]) == pytest.approx(0.1)
