"""What people suffer from after fine-tuning ChatGLM3 and others, and what does not happen here."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.finetune.training.runs import arguments, questions, report, workshop, write_recipe
from tests.generation.models.tiny_models import write_chatglm3
from vouch.app.cli import run
from vouch.generation.chat import ChatRequest, Message, Reply, Sampling, collected
from vouch.generation.models.loading import LoadOptions, load_model
from vouch.generation.models.transformers_chat import TransformersChat

pytestmark = pytest.mark.slow  # importing peft and bitsandbytes takes ten seconds
LEARNED = {
    "adapter": {"rank": 16, "alpha": 64, "dropout": 0.0},
    "data": {"held_out_share": 0.0},
    "optimiser": {"learning_rate": 1e-2, "warm_up": 0.05},
    "run": {"max_steps": 80, "batch": 4, "accumulate": 1, "checkpoint_every": 1000},
}
"""Enough to know four examples by heart."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return workshop(tmp_path_factory.mktemp("training"), questions(4))


@pytest.fixture(scope="module", params=["chatglm3", "llama"])
def learned(request: pytest.FixtureRequest, shop: Path) -> tuple[Path, Path]:
    """A base, and a run that knows the examples by heart."""
    out = shop / f"learned-{request.param}"
    assert run(arguments(write_recipe(shop, out.name, request.param, "qlora", **LEARNED), out)) == 0
    return shop / str(request.param), out


def spoken(base: Path, adapter: Path, quantise: Any, asked: str, adapters: Sequence[str] = ("own", "")) -> list[Reply]:
    """Return what serving says to a question, with the adapter and without."""
    loaded = load_model(base, LoadOptions("cpu", "float32", quantise, 1), {"own": adapter})
    model = TransformersChat(loaded)
    sampling = Sampling(max_tokens=80)
    asking = (Message("user", asked),)
    return [collected(model.stream(ChatRequest(asking, sampling=sampling, adapter=name))) for name in adapters]


def test_the_loss_falls_and_is_a_number_at_every_step(learned: tuple[Path, Path]) -> None:
    told = report(learned[1])
    assert told["loss"]["first"] > 4
    assert told["loss"]["last"] < 0.5


@pytest.mark.parametrize("quantise", ["int4", "none"])
def test_serving_with_the_adapter_says_what_was_learned_and_ends(learned: tuple[Path, Path], quantise: str) -> None:
    base, out = learned
    for example in questions(4):
        trained, before = spoken(base, out / "adapter", quantise, example.messages[0].content)
        assert trained.text == example.messages[1].content
        assert trained.finish == "stop"
        assert before.text != trained.text


def test_the_adapter_changes_the_logits_and_the_replies_after_training_end(learned: tuple[Path, Path]) -> None:
    smoke = report(learned[1])["smoke"]
    assert smoke["change"] > 0.1
    assert smoke["stopped"] == smoke["asked"] == 4
    assert report(learned[1])["warnings"] == []


def test_a_model_that_never_ends_its_replies_is_warned_of_loudly(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = write_recipe(shop, "hardly", "chatglm3", "lora", run={"max_steps": 2})
    assert run(arguments(recipe, tmp_path / "hardly")) == 0
    assert "did not end within" in capsys.readouterr().err
    assert "did not end within" in report(tmp_path / "hardly")["warnings"][0]


def test_an_adapter_that_learned_nothing_is_warned_of(shop: Path, tmp_path: Path) -> None:
    still = write_recipe(shop, "still", "llama", "lora", optimiser={"learning_rate": 1e-8}, run={"max_steps": 1})
    assert run(arguments(still, tmp_path / "still")) == 0  # the first step of a warm-up has no learning rate
    told = report(tmp_path / "still")
    assert told["smoke"]["change"] == 0.0
    assert "changes nothing" in told["warnings"][0]


def test_a_loss_that_is_no_number_ends_the_run_and_names_the_step(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = write_chatglm3(tmp_path / "broken", hidden_size=128, ffn_hidden_size=256, kv_channels=32)
    from safetensors.torch import load_file, save_file

    tensors = load_file(broken / "model.safetensors")
    tensors["transformer.encoder.layers.1.mlp.dense_4h_to_h.weight"][:] = torch.inf
    save_file(tensors, broken / "model.safetensors")
    recipe = write_recipe(shop, "broken", str(broken), "lora", data={"held_out_share": 0.0})
    assert run(arguments(recipe, tmp_path / "out")) == 3
    told = capsys.readouterr().err
    assert "the loss is nan at step 1 (learning rate" in told
    assert "examples q" in told
    assert "lower optimiser.learning_rate" in told
    assert not (tmp_path / "out" / "adapter").exists()


def test_an_adapter_is_not_merged_into_a_quantised_base(learned: tuple[Path, Path], tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    base, out = learned
    if base.name != "llama":
        pytest.skip("transformers reads only the native layout by itself")
    small = AutoModelForCausalLM.from_pretrained(base, quantization_config=BitsAndBytesConfig(load_in_4bit=True))
    small.save_pretrained(tmp_path / "quantised")
    assert run(["finetune", "merge", str(out / "adapter"), "--base", str(tmp_path / "quantised"), "--out", "x"]) == 3
