"""What happens beside the steps of transformers' Trainer: records, guards, checkpoints, an early or a wanted end."""

import math
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from accelerate import PartialState
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from vouch.finetune.training.interruption import Interruption
from vouch.finetune.training.run_folder import RunFolder, seal
from vouch.finetune.training.watching import Evaluation, Reading, Step, Watch
from vouch.retrieval.errors import TrainingFailed

_NAMED = 8
"""Examples that a message names."""


class Records(TrainerCallback):
    """Tells watches of every step and evaluation, and ends a training whose loss is no number or nothing."""

    def __init__(self, watches: Sequence[Watch], reading: Reading) -> None:
        self._watches = watches
        self._reading = reading
        self._begun = 0.0

    def on_step_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_kwargs: Any
    ) -> None:
        """Forget what the last step read."""
        self._reading.examples.clear()
        self._reading.tokens = 0
        self._begun = time.perf_counter()

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **_kwargs: Any,
    ) -> None:
        """Pass a record on; the loss was fetched for it, so the step's work is done by now."""
        logs = logs or {}
        if "loss" in logs:
            seconds = time.perf_counter() - self._begun
            check_loss(state.global_step, logs, self._reading.examples)
            self._tell(_step(state, logs, self._reading.tokens, seconds))
        elif "eval_loss" in logs:
            self._tell(_evaluation(state, logs))

    def _tell(self, record: Step | Evaluation) -> None:
        for watch in self._watches:
            if isinstance(record, Step):
                watch.step(record)
            else:
                watch.evaluated(record)


def check_loss(step: int, logs: dict[str, float], examples: Sequence[str]) -> None:
    """Raise TrainingFailed for a loss or gradient that is no number, and for a loss of exactly nothing."""
    loss, norm, rate = logs["loss"], logs.get("grad_norm", 0.0), logs["learning_rate"]
    names = ", ".join(dict.fromkeys(examples[:_NAMED])) + (" …" if len(examples) > _NAMED else "")
    where = f"step {step} (learning rate {rate:.2g}, examples {names})"
    if loss == 0.0:
        raise TrainingFailed(
            f"the loss is exactly 0 at {where}: no token of these examples is learned, or the model has been trained "
            "to certainty; look at the replies of the examples, or end the training earlier (run.epochs)"
        )
    for what, value in (("loss", loss), ("norm of the gradient", norm)):
        if not math.isfinite(value):
            raise TrainingFailed(
                f"the {what} is {value} at {where}: lower optimiser.learning_rate, raise optimiser.warm_up, set "
                'run.precision = "float32", or take these examples out; --resume goes on from the last checkpoint'
            )


def _step(state: TrainerState, logs: dict[str, float], tokens: int, seconds: float) -> Step:
    return Step(
        step=state.global_step,
        steps=state.max_steps,
        epoch=round(logs["epoch"], 6),
        loss=logs["loss"],
        learning_rate=logs["learning_rate"],
        gradient_norm=logs.get("grad_norm", 0.0),
        tokens=tokens,
        seconds=seconds,
    )


def _evaluation(state: TrainerState, logs: dict[str, float]) -> Evaluation:
    metrics = {name.removeprefix("eval_"): value for name, value in logs.items() if name.startswith("eval_")}
    return Evaluation(state.global_step, metrics)


class Ends(TrainerCallback):
    """Measures at the end, and ends early where that is wanted; what was learned is kept in a checkpoint."""

    def __init__(self, interruption: Interruption, held_out: bool) -> None:
        self._interruption = interruption
        self._held_out = held_out

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_kwargs: Any
    ) -> None:
        """Ask for what the last step needs."""
        if self._interruption.wanted:
            control.should_save = control.should_training_stop = True
        elif state.global_step >= state.max_steps:
            control.should_save = True
            control.should_evaluate = self._held_out


class Seals(TrainerCallback):
    """Marks each checkpoint as whole once everything of it is written."""

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_kwargs: Any) -> None:
        """Seal the checkpoint that was just written, by all processes."""
        PartialState().wait_for_everyone()
        if state.is_world_process_zero:
            assert args.output_dir is not None
            seal(Path(args.output_dir) / f"checkpoint-{state.global_step}")


class KeepsBest(TrainerCallback):
    """Keeps the weights with the least held-out loss, and ends a training that gets no better."""

    def __init__(self, folder: RunFolder, patience: int) -> None:
        self.save: Callable[[str], None] = lambda _path: None
        self._folder = folder
        self._patience = patience
        self._losses: list[tuple[float, int]] = []
        """Held-out loss and step of each evaluation."""

    @property
    def measured(self) -> bool:
        """Whether there is a best."""
        return bool(self._losses)

    @property
    def best_step(self) -> int:
        """The step with the least held-out loss."""
        return min(self._losses)[1]

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_kwargs: Any
    ) -> None:
        """Take up what an interrupted run had measured."""
        lines = [line for line in self._folder.recorded() if "held_out" in line]
        self._losses = [(line["held_out"]["loss"], line["step"]) for line in lines]

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: dict[str, float] | None = None,
        **_kwargs: Any,
    ) -> None:
        """Keep the weights if they are the best so far; end if too many evaluations were no better."""
        assert metrics is not None
        self._losses.append((metrics["eval_loss"], state.global_step))
        if self.best_step == state.global_step:
            self._keep(state)
        since = sum(step > self.best_step for _, step in self._losses)
        if since >= self._patience:
            control.should_save = control.should_training_stop = True

    def _keep(self, state: TrainerState) -> None:
        place = self._folder.best(state.global_step)
        self.save(str(place))
        if state.is_world_process_zero:
            seal(place)
            for other in self._folder.kept_best():
                if other != place:
                    shutil.rmtree(other)
