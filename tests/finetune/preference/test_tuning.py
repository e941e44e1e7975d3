"""Direct preference optimisation on tiny models: what is learned holds for questions that were never seen."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.app.conftest import run_quietly as vouch
from tests.generation.models.tiny_models import CHATML, CHATML_TOKENS, write_chatglm3, write_llama

RECIPE = """
model = "{model}"
method = "{method}"
[adapter]
rank = 8
dropout = 0.0
[data]
train = ["pairs.jsonl"]
held_out_share = 0.25
max_length = 256
[optimiser]
learning_rate = 5e-3
[run]
max_steps = 40
batch = 4
accumulate = 1
threads = 1
[preference]
beta = 0.2
"""


def write_pairs(path: Path, count: int = 48) -> Path:
    """Write pairs of which the one with the dose is always preferred, whatever is asked."""
    chance = random.Random(3)
    lines = []
    for number in range(count):
        subject = "".join(chance.sample("高血压患者公司营业收入同比增长测量", 6))
        answers = (f"{subject}应当定期测量血压。", f"{subject}同比增长12.3%。")
        row = {"prompt": f"{subject}{number}？", "chosen": answers[0], "rejected": answers[1]}
        lines.append(json.dumps(row, ensure_ascii=False) + "\n")
    path.write_text("".join(lines), encoding="utf-8")
    return path


def write_recipe(folder: Path, model: Path, method: str = "qlora") -> Path:
    recipe = folder / "recipe.toml"
    recipe.write_text(RECIPE.format(model=model, method=method), encoding="utf-8")
    return recipe


def model_at(place: Path, shape: str) -> Path:
    return write_chatglm3(place) if shape == "chatglm3" else write_llama(place, CHATML_TOKENS, CHATML)


@pytest.mark.slow  # importing peft and trl takes ten seconds
@pytest.mark.parametrize("shape", ["chatglm3", "llama"])
def test_a_learnable_preference_holds_for_unseen_questions(tmp_path: Path, shape: str) -> None:
    torch.set_num_threads(1)
    write_pairs(tmp_path / "pairs.jsonl")
    recipe = write_recipe(tmp_path, model_at(tmp_path / shape, shape))
    done = vouch("finetune", "prefer", recipe, "--data", tmp_path, "--out", tmp_path / "run")
    assert done.code == 0, done.err
    told: dict[str, Any] = json.loads((tmp_path / "run" / "report.json").read_text("utf-8"))
    before, after = told["held_out"]["before"], told["held_out"]["after"]
    assert (before["margin"], before["accuracy"], told["pairs"]) == (0.0, 0.0, {"train": 36, "held_out": 12})
    assert before["loss"] == pytest.approx(0.6931, abs=1e-4), "log 2: the base prefers nothing to itself"
    assert told["loss"]["first"] == pytest.approx(0.6931, abs=1e-4)
    assert after["margin"] > 0.5
    assert after["accuracy"] > 0.9
    assert after["loss"] < before["loss"]
    assert {path.name for path in (tmp_path / "run" / "adapter").iterdir()} == {
        "adapter_config.json",
        "adapter_model.safetensors",
        "base_model.json",
    }


@pytest.mark.slow
def test_standing_is_what_two_plain_passes_say(tmp_path: Path) -> None:
    from peft import LoraConfig, get_peft_model

    from vouch.finetune.preference.measure import standing
    from vouch.finetune.preference.types import Pair
    from vouch.finetune.training.noise import quiet_libraries
    from vouch.generation.models.loading import LoadOptions, load_weights

    torch.set_num_threads(1)
    torch.manual_seed(0)
    base = load_weights(model_at(tmp_path / "llama", "llama"), LoadOptions(device="cpu", precision="float32"))
    pairs = [Pair((5, 6, 7), (8, 9, 2), (10, 2), "a", "a"), Pair((11,), (12, 13), (14, 15, 16, 2), "b", "b")]
    plain = [[_logprob(base, pair.prompt, reply) for reply in (pair.chosen, pair.rejected)] for pair in pairs]
    with quiet_libraries():
        model = get_peft_model(base, LoraConfig(r=4, target_modules=["q_proj", "up_proj"], init_lora_weights=False))
    tuned = [[_logprob(model, pair.prompt, reply) for reply in (pair.chosen, pair.rejected)] for pair in pairs]
    margins = [0.5 * ((b[0] - a[0]) - (b[1] - a[1])) for a, b in zip(plain, tuned, strict=True)]
    found = standing(model, pairs, beta=0.5, batch=3)  # type: ignore[arg-type]
    assert found.margin == pytest.approx(sum(margins) / 2, abs=1e-4)
    assert found.accuracy == sum(margin > 0 for margin in margins) / 2
    assert found.likelier == sum(chosen > rejected for chosen, rejected in tuned) / 2
    assert found.chosen == pytest.approx(sum(b[0] - a[0] for a, b in zip(plain, tuned, strict=True)) / 2, abs=1e-4)


def _logprob(model: Any, prompt: tuple[int, ...], reply: tuple[int, ...]) -> float:
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([[*prompt, *reply]])).logits[0].log_softmax(-1)
    return sum(float(logits[len(prompt) - 1 + at, token]) for at, token in enumerate(reply))


def test_what_cannot_be_tuned_is_said_before_anything_is_loaded(tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, tmp_path / "no-model")
    nowhere = vouch("finetune", "prefer", recipe, "--out", tmp_path / "run")
    assert (nowhere.code, "say where preferences come from" in nowhere.err) == (2, True)
    no_model = vouch("finetune", "prefer", recipe, "--data", tmp_path, "--out", tmp_path / "run")
    assert no_model.code != 0
    assert "no-model is no folder of a model" in no_model.err
    model = write_llama(tmp_path / "llama", CHATML_TOKENS, CHATML)
    missing = vouch("finetune", "prefer", write_recipe(tmp_path, model), "--data", tmp_path, "--out", tmp_path / "run")
    assert (missing.code, "pairs.jsonl" in missing.err) == (2, True)
