"""Models of random weights, rows of random tokens, our trainer over them: a training's cost hangs on shapes alone."""

import argparse
import json
import random
from collections.abc import Sequence as Several
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from transformers import GlmConfig, GlmForCausalLM, LlamaConfig, LlamaForCausalLM, PrinterCallback

from vouch.finetune.training.base_model import Trainable, trainable_model
from vouch.finetune.training.callbacks import Records
from vouch.finetune.training.collate import Collator
from vouch.finetune.training.recipe import AdapterRecipe, RunRecipe, TrainingRecipe
from vouch.finetune.training.records import LossFile
from vouch.finetune.training.tensorboard_log import TensorBoardLog
from vouch.finetune.training.trainer import AnswerTrainer, Rows, training_arguments
from vouch.finetune.training.types import Sequence

Row = tuple[Sequence]
SIZES = {
    "tiny": {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 1, "num_attention_heads": 4},
    "small": {"hidden_size": 512, "intermediate_size": 1408, "num_hidden_layers": 6, "num_attention_heads": 8},
    "wide": {"hidden_size": 1024, "intermediate_size": 2752, "num_hidden_layers": 8, "num_attention_heads": 16},
}
VOCABULARY = 8192


def random_rows(count: int, length: int, learned: int, vocabulary: int) -> list[Row]:
    """Return rows of one sequence each, all of one length."""
    drawn = random.Random(0)
    ids = [[drawn.randrange(3, vocabulary) for _ in range(length)] for _ in range(count)]
    cut = length - learned
    return [(Sequence(tuple(row[:cut]), tuple(row[cut:]), str(number)),) for number, row in enumerate(ids)]


def write_llama(folder: Path, size: str) -> Path:
    torch.manual_seed(0)
    config = LlamaConfig(vocab_size=VOCABULARY, max_position_embeddings=4096, **SIZES[size])
    LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)
    return folder


def write_six_billion(folder: Path) -> Path:
    """Write ChatGLM3-6B's shape in bf16, random, a file for each layer: never more than one of them in memory."""
    config = GlmConfig(
        vocab_size=65024,
        hidden_size=4096,
        intermediate_size=13696,
        num_hidden_layers=28,
        num_attention_heads=32,
        num_key_value_heads=2,
        head_dim=128,
        rms_norm_eps=1e-5,
        attention_bias=True,
        max_position_embeddings=8192,
        pad_token_id=0,
        eos_token_id=[2, 64795, 64797],
    )
    folder.mkdir(parents=True, exist_ok=True)
    with torch.device("meta"):
        shapes = {name: tensor.shape for name, tensor in GlmForCausalLM(config).state_dict().items()}
    parts: dict[str, list[str]] = {}
    for name in shapes:
        parts.setdefault(".".join(name.split(".")[:3]), []).append(name)
    drawn, listed = torch.Generator().manual_seed(0), {}
    for number, names in enumerate(parts.values()):
        file = f"model-{number:05}.safetensors"
        tensors = {name: _drawn(name, shapes[name], drawn) for name in names}
        save_file(tensors, folder / file, metadata={"format": "pt"})
        listed |= dict.fromkeys(names, file)
    index = {"metadata": {}, "weight_map": listed}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    config.dtype, config.architectures = torch.bfloat16, ["GlmForCausalLM"]
    config.save_pretrained(folder)
    return folder


def _drawn(name: str, shape: torch.Size, drawn: torch.Generator) -> torch.Tensor:
    if name.endswith("norm.weight"):
        return torch.ones(shape, dtype=torch.bfloat16)
    return (torch.randn(shape, generator=drawn) * 0.02).to(torch.bfloat16)


def recipe_of(
    base: Path, method: str, arguments: argparse.Namespace, count: int, batch: int = 4, recomputed: bool = False
) -> TrainingRecipe:
    run = RunRecipe(
        max_steps=count,
        batch=batch,
        accumulate=1,
        checkpoint_every=10 * count,
        gradient_checkpointing=recomputed,
        precision=arguments.precision,
        threads=arguments.threads,
    )
    return TrainingRecipe(base, method, adapter=AdapterRecipe(rank=16, alpha=32), run=run)  # type: ignore[arg-type]


def our_trainer(
    recipe: TrainingRecipe, rows: Several[Row], out: Path, trainable: Trainable | None = None, *watches: Any
) -> AnswerTrainer:
    """Return our trainer as a run has it, with records in a file and for TensorBoard."""
    out.mkdir(parents=True, exist_ok=True)
    trainable = trainable or trainable_model(recipe)
    if recipe.run.gradient_checkpointing:
        trainable.model.activation_checkpointing_enable()
    arguments = training_arguments(recipe, trainable, out, held_out=False)
    trainer = AnswerTrainer(trainable, arguments, Rows(rows, [], Collator(0)))
    trainer.remove_callback(PrinterCallback)
    recorded = (LossFile(out / "losses.jsonl"), TensorBoardLog(out / "tensorboard", 0), *watches)
    trainer.add_callback(Records(recorded, trainer.reading))
    return trainer
