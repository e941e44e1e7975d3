"""What a training will take, before anything is loaded: memory by what it is for, steps, tokens, time, disk.

Activations are counted tensor by tensor as Korthikanti et al. (2022, "Reducing Activation Recomputation in Large
Transformer Models", section 4.1) do it, for what transformers keeps of a Llama- or GLM-like layer: norms in float32,
a gated feed-forward part, attention without a matrix of scores (SDPA), inputs of adapters.
"""

import time
from dataclasses import dataclass

import torch

from vouch.finetune.training.precision import Device, computing_precision
from vouch.finetune.training.recipe import Method, TrainingRecipe
from vouch.finetune.training.shape import Shape, largest
from vouch.finetune.training.workload import Batch, Workload

SINGLE = 4
"""Bytes of a float32."""
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
    layers = _Layers(recipe, shape, device, computing.itemsize)
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
    best, started = float("inf"), time.perf_counter()
    left @ right  # the first one prepares kernels
    while time.perf_counter() - started < _TIMED:
        before = time.perf_counter()
        left @ right
        if device == "cuda":
            torch.cuda.synchronize()
        best = min(best, time.perf_counter() - before)
    return 2 * rows * reads * writes / best


def _memory(recipe: TrainingRecipe, layers: "_Layers", work: Workload, learned: int) -> Memory:
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


@dataclass(frozen=True, slots=True)
class _Layers:
    """Bytes that the layers of a model take while they are computed."""

    recipe: TrainingRecipe
    shape: Shape
    device: Device
    number: int
    """Bytes of a number in the precision that is computed in."""

    @property
    def _mixed(self) -> bool:
        """Matrices are multiplied in another precision than adapters, or all weights, are kept in."""
        return self.number < SINGLE

    def activations(self, batch: Batch, recomputed: bool) -> int:
        """Return what is kept for the backward pass; `recomputed`: of all layers but one only what they read."""
        tokens = batch.rows * batch.width
        shape = self.shape
        layer = self._layer()
        last_norm = SINGLE * shape.hidden
        if not recomputed:
            return tokens * (shape.layers * layer + last_norm)
        read = shape.hidden * (SINGLE if self.recipe.method == "full" else self.number)
        return tokens * (shape.layers * read + layer + last_norm)

    def logits(self, batch: Batch) -> int:
        """Return what the output layer takes: logits, those in float32, their softmax; then gradients instead."""
        each = 2 * SINGLE + (self.number if self._mixed else 0)
        return batch.rows * batch.places * self.shape.vocabulary * each

    def working(self, batch: Batch, learned: int) -> int:
        """Return what is there for a moment: the largest layer unpacked, weights cast, gradients of a gated layer."""
        unpacked = 0 if self.recipe.method in ("full", "lora") else largest(self.shape.linears) * self.number
        cast = learned * self.number if self._mixed else 0
        return unpacked + cast + 3 * batch.rows * batch.width * self.shape.intermediate * self.number

    def _layer(self) -> int:
        """Return what one layer keeps for a token."""
        shape, number = self.shape, self.number
        norms = 2 * SINGLE * shape.hidden
        # Query, key and value for each head (shared ones are repeated where a mask is given), and what comes out.
        attention = 4 * number * shape.attended + SINGLE * shape.heads
        feed_forward = 3 * number * shape.intermediate  # the gate, the gate after its function, what it lets through
        if self.recipe.method != "full":
            return norms + attention + feed_forward + self._adapters()
        inputs = (5 if self._mixed else 2) * number * shape.hidden  # cast for each reader, or shared by readers
        # A norm that learns keeps what it made, too; the last matrix keeps what it reads.
        return 2 * norms + attention + feed_forward + inputs + number * shape.intermediate

    def _adapters(self) -> int:
        """Return what adapters of a layer keep for a token: what each reads, a mask of its dropout, what A makes."""
        recipe, number = self.recipe.adapter, self.number
        mask = (SINGLE if self.device == "cpu" else 1) if recipe.dropout else 0
        # Without dropout and casts, readers of the same numbers keep them once; norms and attention have them already.
        own = number if recipe.dropout or self._mixed else 0
        targets = self.shape.targets(recipe)
        kept = sum(layer.reads * (own + mask) + recipe.rank * number for layer in targets)
        kept += sum(layer.reads * number for layer in self.shape.linears) if self.recipe.method == "int8-lora" else 0
        if not own:
            kept += (2 * self.shape.hidden + self.shape.intermediate) * number * self.shape.layers
        return kept // self.shape.layers


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
