"""transformers' Trainer, taught the loss of answers and how a held-out split is measured.

trl's SFTTrainer is not used for this: it wants a Hugging Face tokenizer, which ChatGLM3 has not, makes prompts by chat
templates of its own and replaces the model's forward pass; here the ids come ready from the templates of serving.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from torch.utils.data import Sampler
from transformers import Trainer, TrainingArguments

from vouch.finetune.training.base_model import Model, Trainable
from vouch.finetune.training.collate import Collator, Row
from vouch.finetune.training.loss import answer_losses, computes_partly
from vouch.finetune.training.packing import batches
from vouch.finetune.training.recipe import TrainingRecipe
from vouch.finetune.training.watching import Reading

Measured = Callable[[Model], Mapping[str, float]]
"""Answers held-out examples and returns metrics by name."""
_SCHEDULES = {"linear": "linear", "cosine": "cosine", "constant": "constant_with_warmup"}
_MOST_NATS = 700.0
"""Above it the perplexity is no number any more."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What is trained on and what is only measured, and how rows become tensors."""

    train: Sequence[Row]
    held_out: Sequence[Row]
    collator: Collator

    def collate(self, rows: Sequence[Row]) -> dict[str, Any]:
        """Return the tensors of a batch, its tokens counted, and the names of its examples."""
        sequences = [sequence for row in rows for sequence in row]
        names = [sequence.example for sequence in sequences]
        return {**self.collator(rows), "examples": names, "tokens": sum(sequence.length for sequence in sequences)}


class AnswerTrainer(Trainer):
    """A Trainer whose loss is the mean cross-entropy of the learned tokens of a step, over all of its batches."""

    loss_is_scaled_for_ga = True

    def __init__(self, trainable: Trainable, arguments: TrainingArguments, rows: Rows) -> None:
        super().__init__(
            model=trainable.model,
            args=arguments,
            data_collator=rows.collate,
            train_dataset=rows.train,
            eval_dataset=rows.held_out or None,
        )
        self._rows = rows
        self._trained = trainable.model
        base = trainable.model.get_base_model() if isinstance(trainable.model, PeftModel) else trainable.model
        self._partly = computes_partly(base)
        self.model_accepts_loss_kwargs = True  # learned tokens of a step are counted over all of its batches
        self.measure_answers: Measured = lambda _model: {}
        self.reading = Reading()

    def training_step(
        self, model: torch.nn.Module, inputs: dict[str, Any], num_items_in_batch: torch.Tensor | int | None = None
    ) -> torch.Tensor:
        """Return the loss of a batch, whose examples are remembered until the step is over."""
        self.reading.examples += inputs.pop("examples")
        self.reading.tokens += inputs.pop("tokens")
        return super().training_step(model, inputs, num_items_in_batch)

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> torch.Tensor | tuple[torch.Tensor, Any]:
        """Return the batch's share of the mean over all learned tokens of the step, on all devices."""
        assert num_items_in_batch is not None
        losses, _ = answer_losses(model, inputs, self._partly)
        # Gradients of several devices are averaged, while their tokens have been added up.
        loss = losses.sum() / num_items_in_batch * self.accelerator.num_processes
        return (loss, {}) if return_outputs else loss

    def evaluate(
        self, eval_dataset: Any = None, ignore_keys: list[str] | None = None, metric_key_prefix: str = "eval"
    ) -> dict[str, float]:
        """Return loss and perplexity over the learned tokens of the held-out split, and the answer metrics."""
        started = time.perf_counter()
        self._trained.eval()
        found = {"loss": self._held_out_loss(eval_dataset)}
        found["perplexity"] = math.exp(min(found["loss"], _MOST_NATS))
        found |= self.measure_answers(self._trained)
        found["seconds"] = time.perf_counter() - started
        metrics = {f"{metric_key_prefix}_{name}": value for name, value in found.items()}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def _held_out_loss(self, dataset: Any) -> float:
        total, count = 0.0, 0
        for batch in self.get_eval_dataloader(dataset):
            tensors = {name: value for name, value in batch.items() if isinstance(value, torch.Tensor)}
            with torch.no_grad():
                found = self.accelerator.gather_for_metrics(answer_losses(self._trained, tensors, self._partly))
            total += float(found[0].double().sum())
            count += int(found[1].sum())
        return total / count

    def _get_train_sampler(self, train_dataset: Any = None) -> Sampler[int]:
        lengths = [sum(sequence.length for sequence in row) for row in self._rows.train]
        return AlikeLengths(lengths, self.args.per_device_train_batch_size, self.args.seed)


class AlikeLengths(Sampler[int]):
    """The order of an epoch: rows of alike length in one batch, which hardly pads; another in each epoch."""

    def __init__(self, lengths: Sequence[int], batch: int, seed: int) -> None:
        self._lengths, self._batch, self._seed = lengths, batch, seed
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of an epoch."""
        self._epoch = epoch

    def __iter__(self) -> Iterator[int]:
        for batch in batches(self._lengths, self._batch, self._seed + self._epoch):
            yield from batch

    def __len__(self) -> int:
        return len(self._lengths)


def training_arguments(
    recipe: TrainingRecipe, trainable: Trainable, checkpoints: Path, held_out: bool
) -> TrainingArguments:
    """Return the settings of transformers that a recipe stands for."""
    run, optimiser = recipe.run, recipe.optimiser
    return TrainingArguments(
        output_dir=str(checkpoints),
        per_device_train_batch_size=run.batch,
        per_device_eval_batch_size=run.batch,
        gradient_accumulation_steps=run.accumulate,
        num_train_epochs=run.epochs,
        max_steps=run.max_steps or -1,
        learning_rate=optimiser.learning_rate,
        lr_scheduler_type=_SCHEDULES[optimiser.schedule],
        warmup_steps=min(optimiser.warm_up, 0.999),  # below 1 a share
        weight_decay=optimiser.weight_decay,
        max_grad_norm=optimiser.clip,
        optim=optimiser_name(recipe, trainable.device),
        bf16=trainable.computing is torch.bfloat16,
        use_cpu=trainable.device == "cpu",
        seed=run.seed,
        logging_steps=1,
        logging_nan_inf_filter=False,  # a loss that is no number is to be seen
        save_strategy="steps",
        save_steps=run.checkpoint_every,
        save_total_limit=run.keep_checkpoints,
        eval_strategy="steps" if held_out else "no",
        eval_steps=run.evaluate_every,
        remove_unused_columns=False,
        dataloader_pin_memory=trainable.device != "cpu",
        ddp_find_unused_parameters=False,
        report_to="none",
        disable_tqdm=True,
        log_level="error",
    )


def optimiser_name(recipe: TrainingRecipe, device: str) -> str:
    """Return AdamW as transformers calls it: with state in pages that may leave the GPU, where there is one."""
    return "paged_adamw_32bit" if recipe.optimiser.paged and device != "cpu" else "adamw_torch_fused"
