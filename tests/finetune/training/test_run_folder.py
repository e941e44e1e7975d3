"""The folder of a run: whole checkpoints are told from torn ones, runs from other runs, lines from cut ones."""

import json
from pathlib import Path

import pytest

from vouch.finetune.training.interruption import Interruption
from vouch.finetune.training.loss_plot import write_loss_plot
from vouch.finetune.training.records import LossFile
from vouch.finetune.training.run_folder import RunFolder, is_whole, seal
from vouch.finetune.training.watching import Evaluation, Step
from vouch.retrieval.errors import UsageError

IDENTITY = {"method": "qlora", "data.examples": "ab12", "adapter.targets": ("q_proj",)}


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    made = RunFolder(tmp_path / "run")
    made.begin("model = 'x'", IDENTITY)
    return made


def checkpoint(folder: RunFolder, step: int) -> Path:
    made = folder.checkpoints / f"checkpoint-{step}"
    (made / "deeper").mkdir(parents=True)
    (made / "adapter_model.safetensors").write_bytes(bytes(100))
    (made / "deeper" / "optimizer.pt").write_bytes(bytes(50))
    seal(made)
    return made


def step(number: int, loss: float) -> Step:
    return Step(number, 100, number / 10, loss, 1e-4, 0.5, 64, 0.25)


def test_a_sealed_checkpoint_is_whole_and_the_last_one_is_continued(folder: RunFolder) -> None:
    checkpoint(folder, 9)
    last = checkpoint(folder, 10)
    assert folder.last_checkpoint() == last
    assert folder.last_step() == 10


@pytest.mark.parametrize("harm", ["cut", "lost", "unsealed", "seal cut"])
def test_a_torn_checkpoint_is_not_whole(folder: RunFolder, harm: str) -> None:
    before, torn = checkpoint(folder, 5), checkpoint(folder, 10)
    if harm == "cut":
        (torn / "deeper" / "optimizer.pt").write_bytes(bytes(49))
    elif harm == "lost":
        (torn / "adapter_model.safetensors").unlink()
    elif harm == "unsealed":
        (torn / "whole.json").unlink()
    else:
        (torn / "whole.json").write_bytes((torn / "whole.json").read_bytes()[:-5])
    assert not is_whole(torn)
    assert folder.last_checkpoint() == before
    folder.take_up(IDENTITY)
    assert not torn.exists()


def test_a_run_is_taken_up_by_the_same_settings_only(folder: RunFolder) -> None:
    folder.take_up(json.loads(json.dumps(IDENTITY)))
    with pytest.raises(UsageError, match=r"changed are data.examples \(ab12, now cd34\)"):
        folder.take_up({**IDENTITY, "data.examples": "cd34"})


def test_a_run_begins_in_a_folder_without_one_and_goes_on_in_one_with(folder: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--resume"):
        folder.begin("model = 'y'", IDENTITY)
    with pytest.raises(UsageError, match="holds no run"):
        RunFolder(tmp_path / "elsewhere").take_up(IDENTITY)


def test_losses_are_read_back_in_full_and_those_to_come_again_are_forgotten(folder: RunFolder) -> None:
    file = LossFile(folder.losses)
    file.evaluated(Evaluation(0, {"loss": 3.0}))
    for number in range(1, 5):
        file.step(step(number, 1 / 3 / number))
    file.evaluated(Evaluation(4, {"loss": 2.0}))
    assert [line.get("loss") for line in folder.recorded()][1:5] == [1 / 3, 1 / 6, 1 / 9, 1 / 12]
    folder.forget_after(3)
    assert [line["step"] for line in folder.recorded()] == [0, 1, 2, 3]
    folder.forget_after(0)
    assert folder.recorded() == []


def test_a_line_that_was_cut_off_is_left_out(folder: RunFolder) -> None:
    LossFile(folder.losses).step(step(1, 2.5))
    whole = folder.losses.read_bytes()
    folder.losses.write_bytes(whole + whole[:-20])
    assert [line["step"] for line in folder.recorded()] == [1]
    folder.forget_after(1)
    assert folder.losses.read_bytes() == whole


def test_the_plot_is_a_picture_with_and_without_a_held_out_split(folder: RunFolder) -> None:
    lines = [{"step": number, "loss": 3 / number} for number in range(1, 40)]
    for told in (lines, [*lines, {"step": 20, "held_out": {"loss": 0.4}}]):
        write_loss_plot(told, folder.plot)
        assert folder.plot.read_bytes().startswith(b"\x89PNG")
        assert folder.plot.stat().st_size > 5000


def test_the_first_signal_is_noted_and_the_second_ends(folder: RunFolder) -> None:
    import os
    import signal

    interruption = Interruption()
    before = signal.getsignal(signal.SIGINT)
    with interruption.heeded():
        os.kill(os.getpid(), signal.SIGINT)
        assert interruption.wanted
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
