"""A run that was killed goes on as if nothing had happened; what is torn, or of another run, is not gone on from."""

import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.finetune.training.runs import arguments, begun, curve, lines, report, workshop, write_recipe
from vouch.app.cli import run

pytestmark = pytest.mark.slow  # importing peft and bitsandbytes takes ten seconds
STEPS = 30
LONGER = {"run": {"max_steps": STEPS, "checkpoint_every": 4, "evaluate_every": 5, "generate_held_out": 2}}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return workshop(tmp_path_factory.mktemp("training"))


@pytest.fixture(scope="module")
def recipe(shop: Path) -> Path:
    return write_recipe(shop, "longer", "chatglm3", "qlora", **LONGER)


@pytest.fixture(scope="module")
def whole(shop: Path, recipe: Path) -> Path:
    """A run that nothing interrupted."""
    assert run(arguments(recipe, shop / "whole")) == 0
    return shop / "whole"


def stopped_after(step: int, recipe: Path, out: Path, number: signal.Signals) -> subprocess.Popen[str]:
    """Begin a run and send it a signal once it has recorded a step."""
    process = begun(recipe, out)
    until = time.monotonic() + 120
    while not (out / "losses.jsonl").exists() or lines(out)[-1]["step"] < step:
        assert time.monotonic() < until
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.01)
    process.send_signal(number)
    process.communicate()
    return process


def test_a_killed_run_is_continued_to_the_losses_of_one_that_was_not(whole: Path, recipe: Path, tmp_path: Path) -> None:
    out = tmp_path / "killed"
    process = stopped_after(14, recipe, out, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert lines(out)[-1]["step"] < STEPS
    assert not (out / "adapter").exists()
    assert run(arguments(recipe, out, "--resume")) == 0
    assert curve(out) == curve(whole)
    assert (out / "adapter" / "adapter_model.safetensors").read_bytes() == (
        whole / "adapter" / "adapter_model.safetensors"
    ).read_bytes()


def test_an_interrupted_run_keeps_a_checkpoint_of_its_last_step(whole: Path, recipe: Path, tmp_path: Path) -> None:
    out = tmp_path / "interrupted"
    process = stopped_after(6, recipe, out, signal.SIGINT)
    assert process.returncode == 130
    last = lines(out)[-1]["step"]
    assert (out / "checkpoints" / f"checkpoint-{last}" / "whole.json").exists()
    assert report(out)["finished"] == ""
    assert run(arguments(recipe, out, "--resume")) == 0
    assert curve(out) == curve(whole)


@pytest.mark.parametrize("torn", ["optimizer.pt", "adapter_model.safetensors", "whole.json"])
def test_a_torn_checkpoint_is_passed_over_for_the_one_before(
    whole: Path, recipe: Path, tmp_path: Path, torn: str
) -> None:
    out = tmp_path / "torn"
    shutil.copytree(whole, out)
    file = out / "checkpoints" / f"checkpoint-{STEPS}" / torn
    file.write_bytes(file.read_bytes()[:-100])
    assert run(arguments(recipe, out, "--resume")) == 0
    assert curve(out) == curve(whole)
    assert (out / "checkpoints" / f"checkpoint-{STEPS}" / "whole.json").exists()


def test_a_run_without_any_whole_checkpoint_begins_anew(whole: Path, recipe: Path, tmp_path: Path) -> None:
    out = tmp_path / "empty"
    shutil.copytree(whole, out)
    for seal in (out / "checkpoints").glob("*/whole.json"):
        seal.unlink()
    assert run(arguments(recipe, out, "--resume")) == 0
    assert curve(out) == curve(whole)


def test_another_run_is_not_continued(
    shop: Path, whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = write_recipe(shop, "changed", "chatglm3", "qlora", run=LONGER["run"], optimiser={"learning_rate": 1e-3})
    out = tmp_path / "other"
    shutil.copytree(whole, out)
    assert run(arguments(changed, out, "--resume")) == 2
    assert "optimiser.learning_rate (0.002, now 0.001)" in capsys.readouterr().err


def test_a_folder_with_a_run_is_not_written_over(whole: Path, recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (whole / "losses.jsonl").read_bytes()
    assert run(arguments(recipe, whole)) == 2
    assert "--resume" in capsys.readouterr().err
    assert (whole / "losses.jsonl").read_bytes() == before
