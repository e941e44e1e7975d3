"""A disk that fills up costs no more than what was not kept yet."""

import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.finetune.training.runs import arguments, lines, workshop, write_recipe
from vouch.app.cli import run

pytestmark = pytest.mark.slow  # importing peft and bitsandbytes takes ten seconds


def test_a_checkpoint_that_cannot_be_written_ends_the_run_and_the_last_good_one_is_kept(tmp_path: Path) -> None:
    shop = workshop(tmp_path)
    recipe = write_recipe(shop, "small", "chatglm3", "lora", run={"max_steps": 4, "checkpoint_every": 2})
    assert run(arguments(recipe, tmp_path / "whole")) == 0
    sizes = {path.name: path.stat().st_size for path in (tmp_path / "whole" / "checkpoints" / "checkpoint-4").iterdir()}
    most = sizes["optimizer.pt"] - 1000
    assert most > sizes["adapter_model.safetensors"]

    def limit() -> None:
        # The system refuses to write files beyond this size, as it refuses to on a full disk.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    command = [sys.executable, "-m", "vouch.app", *arguments(recipe, tmp_path / "full")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=limit)
    assert done.returncode == 3, done.stderr
    assert "a checkpoint could not be written" in done.stderr
    assert list((tmp_path / "full" / "checkpoints").iterdir()) == []
    assert lines(tmp_path / "full")[-1]["step"] == 2
    assert run(arguments(recipe, tmp_path / "full", "--resume")) == 0
