"""What a training will take, before anything is loaded: memory by what it is for, steps, tokens, time, disk."""

import time
from dataclasses import dataclass

import torch

from vouch.finetune.training.layer_memory import SINGLE, LayerMemory
from vouch.finetune.training.precision import Device, computing_precision
from vouch.finetune.training.recipe import Method, TrainingRecipe
from vouch.finetune.training.shape import Shape
from vouch.finetune.training.workload import Workload

NF4 = 0.5 + 1 / 64 + SINGLE / (64 * 256)
"""Bytes per weight: 4 bits, 8 bits of scale for each block of 64, 32 for 256 of those scales (Dettmers et al. 2023)."""
ADAM_STATE = 2 * SINGLE
"""Bytes per learned weight: two moments in float32, in pages that may leave the GPU or not."""
LIBRARIES = {"cpu": 750 << 20, "cuda": 0}
"""Of this process with torch, transformers, peft and bitsandbytes loaded, measured; on a GPU none of the tensors."""
UNPACKED = {"cpu": 0.3e9, "cuda": 100e9}
"""NF4 weights a second that become numbers again, each time that a layer is computed; cpu: measured on two cores."""
REACHED = 0.5
"""Share of the speed of one large matrix product that a whole training step reaches."""
_TIMED = 0.3
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes at the peak of a step."""

    base: int
    adapter: int
    gradients: int
    optimiser: int
    activations: int
    """Kept from the forward pass for the backward pass, of the widest batch."""
    logits: int
    """Of the output layer, at places where a token is learned, and their gradients."""
    working: int
    """Weights unpacked or in another precision while they are computed with, gradients on their way."""
    libraries: int

    @property
    def total(self) -> int:
        """All together."""
        kept = self.base + self.adapter + self.gradients + self.optimiser
        return kept + self.activations + self.logits + self.working + self.libraries


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run will take."""

    weights: int
    learned: int
    device: Device
    computing: torch.dtype
    memory: Memory
    other_activations: int
    """Bytes of activations if gradient checkpointing were the other way than the recipe says."""
    work: Workload
    operations: float
    """Floating-point operations of the whole run."""
    rate: float
    """Floating-point operations a second of a large matrix product, measured or given."""
    seconds: float
    """Of the training steps; evaluations come on top."""
    disk: int
    """Bytes of the checkpoints that are kept, of one being written, and of what is written in the end."""


def estimate(recipe: TrainingRecipe, shape: Shape, work: Workload, device: Device, rate: float = 0.0) -> Estimate:
    """Return what a run will take.

    `rate`: floating-point operations a second of the device in large matrix products; 0: measured in half a second.
    """
    computing = computing_precision(recipe.run.precision, device)
    learned = shape.learned(recipe.adapter, recipe.method)
    layers = LayerMemory(recipe, shape, device, computing.itemsize)
    recomputed = recipe.run.gradient_checkpointing
    operations = _operations(recipe, shape, work, learned)
    speed = rate or measured_rate(device, computing, shape)
    unpacking = 0.0
    if recipe.method == "qlora":
        passes = 3 if recomputed else 2
        batches = work.steps * recipe.run.accumulate
        unpacking = batches * passes * shape.linear / UNPACKED[device]
    return Estimate(
        weights=shape.weights,
        learned=learned,
        device=device,
        computing=computing,
        memory=_memory(recipe, layers, work, learned),
        other_activations=layers.activations(work.widest, not recomputed),
        work=work,
        operations=operations,
        rate=speed,
        seconds=operations / (speed * REACHED) + unpacking,
        disk=disk_bytes(recipe, learned),
    )


def base_bytes(method: Method, shape: Shape, number: int) -> int:
    """Return what the base takes. `number`: bytes of a number in the precision that is computed in."""
    if method == "full":
        return shape.weights * SINGLE  # a step changes weights by less than bfloat16 can tell apart
    each = {"qlora": NF4, "int8-lora": 1.0, "lora": float(number)}[method]
    scales = sum(layer.writes for layer in shape.linears) * SINGLE if method == "int8-lora" else 0
    return round(shape.linear * each) + scales + (shape.weights - shape.linear) * number


def disk_bytes(recipe: TrainingRecipe, learned: int) -> int:
    """Return what the run writes: weights and both moments for each checkpoint, and the weights in the end."""
    checkpoints = recipe.run.keep_checkpoints + 1
    return learned * (checkpoints * (SINGLE + ADAM_STATE) + SINGLE)


def measured_rate(device: Device, computing: torch.dtype, shape: Shape) -> float:
    """Return the floating-point operations a second of a matrix product as large as the model's, the best of some."""
    rows, reads, writes = 1024, min(shape.hidden, 4096), min(shape.intermediate, 8192)
    left = torch.randn(rows, reads, device=device, dtype=computing)
    right = torch.randn(reads, writes, device=device, dtype=computing)
    left @ right  # the first one prepares kernels, which may take longer than all the others
    best, started = float("inf"), time.perf_counter()
    while best == float("inf") or time.perf_counter() - started < _TIMED:
        before = time.perf_counter()
        left @ right
        if device == "cuda":
            torch.cuda.synchronize()
        best = min(best, time.perf_counter() - before)
    return 2 * rows * reads * writes / best


def _memory(recipe: TrainingRecipe, layers: LayerMemory, work: Workload, learned: int) -> Memory:
    full = recipe.method == "full"
    return Memory(
        base=base_bytes(recipe.method, layers.shape, layers.number),
        adapter=0 if full else learned * SINGLE,
        gradients=learned * SINGLE,
        optimiser=learned * ADAM_STATE,
        activations=layers.activations(work.widest, recipe.run.gradient_checkpointing),
        logits=layers.logits(work.most_learned),
        working=layers.working(work.widest, learned),
        libraries=LIBRARIES[layers.device],
    )


def _operations(recipe: TrainingRecipe, shape: Shape, work: Workload, learned: int) -> float:
    """Return the floating-point operations of a run: two for each weight and token in each pass (Kaplan et al. 2020).

    Forward, backward to the inputs, backward to the weights: three passes for what is learned, two for what is frozen;
    forward once more where activations are recomputed.
    """
    full = recipe.method == "full"
    again = 2.0 if recipe.run.gradient_checkpointing else 0.0
    frozen = 0.0 if full else (4 + again) * shape.linear
    learning = (6 + again) * (shape.linear if full else learned)
    output = (6 if full else 4) * work.places * shape.hidden * shape.vocabulary
    # Scores and what they weigh: two products of the width, forward; twice that backward.
    attention = (3 + again / 2) * 4 * work.attended * shape.attended * shape.layers
    return (frozen + learning) * work.computed + output + attention
