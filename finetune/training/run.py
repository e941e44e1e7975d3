"""A recipe and examples to a trained adapter, step by step."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from safetensors import SafetensorError
from transformers import PrinterCallback

from vouch.finetune.training.answering import HeldOutAnswers, Score
from vouch.finetune.training.base_model import Model, Trainable, trainable_model
from vouch.finetune.training.callbacks import Ends, KeepsBest, Records, Seals
from vouch.finetune.training.checks import check_room
from vouch.finetune.training.collate import Collator
from vouch.finetune.training.identity import run_identity
from vouch.finetune.training.interruption import Interruption
from vouch.finetune.training.loss_plot import write_loss_plot
from vouch.finetune.training.plan import Plan
from vouch.finetune.training.precision import training_device
from vouch.finetune.training.recipe import TrainingRecipe
from vouch.finetune.training.records import LossFile
from vouch.finetune.training.report import Report, run_report
from vouch.finetune.training.results import take_weights, write_result
from vouch.finetune.training.run_folder import RunFolder
from vouch.finetune.training.smoke import smoke_test
from vouch.finetune.training.tensorboard_log import TensorBoardLog
from vouch.finetune.training.trainer import AnswerTrainer, Rows, training_arguments
from vouch.finetune.training.watching import Watch
from vouch.generation.models.formats import Language
from vouch.retrieval.atomic_file import is_full_disk
from vouch.retrieval.errors import TrainingFailed

_PADDING = 0
"""Token id that fills rows up: no model sees it."""


@dataclass(frozen=True, slots=True)
class Job:
    """Everything that one run is made of."""

    recipe: TrainingRecipe
    recipe_text: str
    plan: Plan
    out: Path
    score: Score
    """Metrics of an answer to a held-out example."""


def train(job: Job, resume: bool, watch: Watch) -> Report:
    """Train as the recipe says, write what was learned and return the report.

    `resume`: go on from the last whole checkpoint of the same run, to the same losses.
    """
    # The first that asks decides how processes talk, and without a GPU it must say so.
    PartialState(cpu=training_device() == "cpu")
    folder, interruption = RunFolder(job.out), Interruption()
    identity = run_identity(job.recipe, job.plan.data)
    check_room(job.recipe, job.plan.estimate, job.out)
    checkpoint = _opened(folder, job, identity, resume)
    trainable = trainable_model(job.recipe)
    watches = _watches(folder, watch)
    best = KeepsBest(folder, job.recipe.run.patience)
    trainer = _trainer(job, trainable, watches, interruption)
    if job.recipe.run.patience and job.plan.data.held_out.sequences:
        best.save = trainer.save_model
        trainer.add_callback(best)
    with interruption.heeded():
        _run(trainer, folder, checkpoint)
    if PartialState().is_main_process:
        write_loss_plot(folder.recorded(), folder.plot)
    if interruption.wanted and trainer.state.global_step < trainer.state.max_steps:
        return run_report(job.recipe, folder, trainable, identity, None)
    if best.measured:
        take_weights(trainable.model, folder.best(best.best_step))
    write_result(trainer, folder, job.recipe.model, identity)
    asked = job.plan.data.held_out.sequences or job.plan.data.train.sequences
    smoke = smoke_test(trainable.model, asked, serving_stops(trainable.model, job.plan.language))
    return run_report(job.recipe, folder, trainable, identity, smoke)


def _watches(folder: RunFolder, watch: Watch) -> list[Watch]:
    """Return whoever is told of steps; of several processes one tells."""
    if not PartialState().is_main_process:
        return []
    return [LossFile(folder.losses), TensorBoardLog(folder.tensorboard, folder.last_step()), watch]


def serving_stops(model: Model, language: Language) -> frozenset[int]:
    """Return the tokens that end a reply in serving: the format's, and those that the model's configuration names."""
    named = model.config.eos_token_id
    own = named if isinstance(named, list) else [] if named is None else [named]
    known = (language.vocabulary.id_of(name) for name in language.form.stops)
    return frozenset([*own, *(id_ for id_ in known if id_ is not None)])


def _opened(folder: RunFolder, job: Job, identity: dict[str, Any], resume: bool) -> Path | None:
    """Return the checkpoint to go on from; None: from the beginning."""
    state = PartialState()
    if not state.is_main_process:
        state.wait_for_everyone()
        return folder.last_checkpoint() if resume else None
    if resume:
        folder.take_up(identity)
        folder.forget_after(folder.last_step())
    else:
        folder.begin(job.recipe_text, identity)
    state.wait_for_everyone()
    return folder.last_checkpoint() if resume else None


def _trainer(job: Job, trainable: Trainable, watches: Sequence[Watch], interruption: Interruption) -> AnswerTrainer:
    """Return what trains."""
    run, folder = job.recipe.run, RunFolder(job.out)
    held_out = job.plan.data.held_out.sequences
    arguments = training_arguments(job.recipe, trainable, folder.checkpoints, bool(held_out))
    arguments.eval_on_start = bool(held_out) and folder.last_step() == 0
    rows = Rows(job.plan.rows, [(sequence,) for sequence in held_out], Collator(_PADDING))
    if run.gradient_checkpointing:
        trainable.model.activation_checkpointing_enable()
    trainer = AnswerTrainer(trainable, arguments, rows)
    trainer.remove_callback(PrinterCallback)
    for callback in (Records(watches, trainer.reading), Ends(interruption, bool(held_out)), Seals()):
        trainer.add_callback(callback)
    answered = held_out[: run.generate_held_out]
    if answered:
        stops = serving_stops(trainable.model, job.plan.language)
        trainer.measure_answers = HeldOutAnswers(answered, stops, job.plan.language.vocabulary.text_of, job.score)
    return trainer


def _run(trainer: AnswerTrainer, folder: RunFolder, checkpoint: Path | None) -> None:
    """Train; TrainingFailed where disk or memory do not suffice, the last whole checkpoint kept."""
    try:
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    except torch.OutOfMemoryError as error:
        raise TrainingFailed(
            f"the GPU's memory does not suffice: halve run.batch and double run.accumulate, set "
            f"run.gradient_checkpointing, or shorten data.max_length ({error})"
        ) from error
    except (OSError, RuntimeError, SafetensorError) as error:
        # Libraries have many words for a full disk; that one was being written to is certain.
        if not folder.torn() and not is_full_disk(error):
            raise
        folder.remove_torn()
        kept = folder.last_step()
        went = f"the checkpoint of step {kept} is kept: make room and go on with --resume" if kept else "make room"
        raise TrainingFailed(f"{folder.path}: a checkpoint could not be written ({error}); {went}") from error
