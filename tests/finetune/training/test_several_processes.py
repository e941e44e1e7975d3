"""Several processes train as one does; the files that start them are what accelerate reads."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.finetune.training.runs import arguments, curve, report, workshop, write_recipe
from vouch.app.cli import run

pytestmark = pytest.mark.slow  # importing peft and bitsandbytes takes ten seconds, accelerate's settings some
FILES = ("two_gpus.yaml", "fsdp.yaml", "deepspeed.yaml")


@pytest.mark.parametrize("name", FILES)
def test_accelerate_reads_its_settings(repository: Path, name: str) -> None:
    from accelerate.commands.config.config_args import load_config_from_file

    file = repository / "finetune" / "recipes" / "accelerate" / name
    config = load_config_from_file(str(file))
    assert config.num_processes >= 2
    assert f"--config_file finetune/recipes/accelerate/{name}" in file.read_text("utf-8")


def test_the_layers_that_fsdp_cuts_at_are_those_of_the_models(repository: Path) -> None:
    from transformers.models.glm.modeling_glm import GlmDecoderLayer
    from transformers.models.llama.modeling_llama import LlamaDecoderLayer

    told = (repository / "finetune" / "recipes" / "accelerate" / "fsdp.yaml").read_text("utf-8")
    assert f"fsdp_transformer_layer_cls_to_wrap: {GlmDecoderLayer.__name__}" in told
    assert LlamaDecoderLayer.__name__ in told


def test_every_settings_file_is_tested(repository: Path) -> None:
    assert sorted(FILES) == sorted(path.name for path in (repository / "finetune/recipes/accelerate").iterdir())


def test_two_processes_learn_what_one_learns_from_twice_the_batches(tmp_path: Path) -> None:
    shop = workshop(tmp_path)
    steady = {"adapter": {"dropout": 0.0}}
    apart = write_recipe(shop, "apart", "chatglm3", "lora", run={"accumulate": 1}, **steady)
    alone = write_recipe(shop, "alone", "chatglm3", "lora", run={"accumulate": 2}, **steady)
    assert run(arguments(alone, tmp_path / "one")) == 0
    launched = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2", "-m", "vouch.app"]
    done = subprocess.run(
        [*launched, *arguments(apart, tmp_path / "two")], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert report(tmp_path / "two")["devices"] == 2
    expected = curve(tmp_path / "one")
    found = curve(tmp_path / "two")
    assert [entry[:2] for entry in found] == [entry[:2] for entry in expected]
    assert [entry[2] for entry in found] == pytest.approx([entry[2] for entry in expected], rel=1e-3)
