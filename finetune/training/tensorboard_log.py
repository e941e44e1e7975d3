"""Losses for TensorBoard."""

from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

from vouch.finetune.training.watching import Evaluation, Step


class TensorBoardLog:
    """A Watch that writes event files, on the disk at the latest with the process's end."""

    def __init__(self, folder: Path, from_step: int) -> None:
        """`from_step`: steps after it that an interrupted run has written are hidden."""
        self._writer = SummaryWriter(str(folder), purge_step=from_step + 1 if from_step else None)

    def step(self, step: Step) -> None:
        """Write the numbers of a step."""
        self._writer.add_scalar("train/loss", step.loss, step.step)
        self._writer.add_scalar("train/learning_rate", step.learning_rate, step.step)
        self._writer.add_scalar("train/gradient_norm", step.gradient_norm, step.step)
        self._writer.add_scalar("train/tokens_per_second", step.tokens / step.seconds, step.step)

    def evaluated(self, evaluation: Evaluation) -> None:
        """Write the metrics of an evaluation."""
        for name, value in evaluation.metrics.items():
            self._writer.add_scalar(f"held_out/{name}", value, evaluation.step)
        self._writer.flush()
