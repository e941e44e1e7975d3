"""Whole runs: every method learns, says what it did, and leaves what serving needs."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tests.finetune.training.runs import arguments, curve, lines, report, workshop, write_recipe
from vouch.app.cli import run
from vouch.finetune.training.plan import planned
from vouch.finetune.training.recipe_file import read_recipe
from vouch.generation.models.loading import LoadOptions, load_model, load_weights

pytestmark = pytest.mark.slow  # importing peft and bitsandbytes takes ten seconds
EXACT = LoadOptions("cpu", "float32", "none", 1)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return workshop(tmp_path_factory.mktemp("training"))


def trained(shop: Path, out: Path, model: str, method: str, **tables: Any) -> Path:
    assert run(arguments(write_recipe(shop, out.name, model, method, **tables), out)) == 0
    return out


@pytest.mark.parametrize("model", ["chatglm3", "llama"])
@pytest.mark.parametrize(
    ("method", "adapter"),
    [
        ("qlora", {}),
        ("qlora", {"decomposed": True}),
        ("lora", {}),
        ("lora", {"rank_stabilised": True}),
        ("lora", {"decomposed": True}),
        ("int8-lora", {}),
        ("full", {}),
    ],
)
def test_every_method_learns(shop: Path, tmp_path: Path, model: str, method: str, adapter: dict[str, Any]) -> None:
    out = trained(shop, tmp_path / "out", model, method, adapter=adapter)
    told = report(out)
    assert told["steps"] == 8
    assert told["held_out"]["after"]["loss"] < told["held_out"]["before"]["loss"] - 0.3
    assert told["held_out"]["after"]["perplexity"] == pytest.approx(math.exp(told["held_out"]["after"]["loss"]))
    assert told["method"] == method
    assert told["optimiser"] == "AdamW (pages need a GPU)"
    if method != "full":
        settings = json.loads((out / "adapter" / "adapter_config.json").read_text("utf-8"))
        assert settings["base_model_name_or_path"] == model
        assert settings["use_dora"] == adapter.get("decomposed", False)
        assert settings["use_rslora"] == adapter.get("rank_stabilised", False)


def test_the_first_loss_is_the_mean_over_all_learned_tokens_of_the_step(shop: Path, tmp_path: Path) -> None:
    everything = {"batch": 3, "accumulate": 10, "max_steps": 1}
    data = {"held_out_share": 0.0}
    out = trained(shop, tmp_path / "one", "chatglm3", "lora", run=everything, data=data, adapter={"dropout": 0.0})
    sequences = planned(read_recipe(shop / "one.toml"), shop).data.train.sequences
    model = load_weights(shop / "chatglm3", EXACT)
    total, count = 0.0, 0
    for sequence in sequences:
        ids = torch.tensor([[*sequence.prompt, *sequence.reply]])
        with torch.no_grad():
            chances = model(ids).logits[0].log_softmax(-1)
        for place in range(len(sequence.prompt), ids.shape[1]):
            total -= float(chances[place - 1, ids[0, place]])
            count += 1
    assert len(sequences) == 30
    assert lines(out)[0]["loss"] == pytest.approx(total / count, rel=1e-5)


def test_packed_rows_and_recomputed_activations_change_no_first_loss(shop: Path, tmp_path: Path) -> None:
    whole = {"held_out_share": 0.0, "max_length": 128}
    plain = {"adapter": {"dropout": 0.0}, "data": whole, "run": {"max_steps": 1, "batch": 30, "accumulate": 1}}
    expected = curve(trained(shop, tmp_path / "plain", "chatglm3", "lora", **plain))
    packed = {**plain, "data": {**whole, "packing": True}}
    again = {**plain, "run": {**plain["run"], "gradient_checkpointing": True}}
    for name, tables in (("packed", packed), ("again", again)):
        found = curve(trained(shop, tmp_path / name, "chatglm3", "lora", **tables))
        assert [value for *_, value in found] == pytest.approx([value for *_, value in expected], rel=1e-4)


def test_a_run_leaves_all_that_is_promised(shop: Path, tmp_path: Path) -> None:
    out = trained(shop, tmp_path / "out", "chatglm3", "qlora", run={"generate_held_out": 3})
    expected = ("recipe.toml", "losses.jsonl", "loss.png", "report.json", "tensorboard", "adapter")
    assert all((out / name).exists() for name in expected)
    assert (out / "recipe.toml").read_text("utf-8") == (shop / "out.toml").read_text("utf-8")
    assert (out / "loss.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in (out / "adapter").iterdir()) == [
        "README.md",
        "adapter_config.json",
        "adapter_model.safetensors",
        "base_model.json",
    ]
    assert "| perplexity |" in (out / "adapter" / "README.md").read_text("utf-8")
    told = report(out)
    assert told["speed"]["tokens"] == sum(line["tokens"] for line in lines(out) if "loss" in line)
    assert told["peak_memory_bytes"] > 100 << 20
    assert 0.5 < told["weights"]["bytes_per_weight"] < 0.6
    assert {"f1", "rouge_l", "numbers", "stopped"} <= set(told["held_out"]["after"])
    assert [line["step"] for line in lines(out) if "held_out" in line] == [0, 4, 8]
    assert [path.name for path in sorted((out / "checkpoints").iterdir())] == ["checkpoint-6", "checkpoint-8"]


def test_full_training_leaves_a_model_that_loads_by_itself(shop: Path, tmp_path: Path) -> None:
    out = trained(shop, tmp_path / "out", "chatglm3", "full")
    loaded = load_model(out / "model", EXACT)
    before = load_weights(shop / "chatglm3", EXACT).state_dict()
    assert all(not torch.equal(before[name], tensor) for name, tensor in loaded.model.state_dict().items())
    assert not (out / "adapter").exists()


def test_a_run_without_progress_ends_early_with_its_best_weights(shop: Path, tmp_path: Path) -> None:
    spoiling = {"learning_rate": 0.5, "warm_up": 0.6}  # learns while the rate is low, forgets when it is high
    often = {"max_steps": 40, "evaluate_every": 2, "patience": 3}
    out = trained(shop, tmp_path / "out", "chatglm3", "lora", optimiser=spoiling, run=often)
    told = report(out)
    losses = {line["step"]: line["held_out"]["loss"] for line in lines(out) if "held_out" in line}
    best = min(losses, key=lambda step: losses[step])
    assert told["steps"] == best + 6 < 40
    assert told["held_out"]["best_step"] == best
    kept = load_file(out / "checkpoints" / f"best-{best}" / "adapter_model.safetensors")
    given = load_file(out / "adapter" / "adapter_model.safetensors")
    assert all(torch.equal(kept[name], given[name]) for name in kept)
    assert len(list((out / "checkpoints").glob("best-*"))) == 1


def test_bfloat16_is_computed_in_where_it_is_asked_for(shop: Path, tmp_path: Path) -> None:
    out = trained(shop, tmp_path / "out", "chatglm3", "qlora", run={"precision": "bfloat16"})
    assert report(out)["computing"] == "bfloat16"
    assert load_file(out / "adapter" / "adapter_model.safetensors").popitem()[1].dtype is torch.float32


def test_a_dry_run_reads_no_weights_and_writes_nothing(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = write_recipe(shop, "dry", "chatglm3", "qlora")
    before = set(shop.iterdir())
    assert run(["finetune", "train", str(recipe), "--data", str(shop), "--dry-run", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["steps"] == 8
    assert told["weights"] == sum(tensor.numel() for tensor in load_weights(shop / "chatglm3", EXACT).parameters())
    assert set(shop.iterdir()) == before
