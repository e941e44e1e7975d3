"""What the layers of a model keep in memory while they are trained.

Counted tensor by tensor as Korthikanti et al. (2022, "Reducing Activation Recomputation in Large Transformer Models",
section 4.1) do it, for what transformers keeps of a Llama- or GLM-like layer: norms in float32, a gated feed-forward
part, attention without a matrix of scores (SDPA), inputs of adapters.
"""

from dataclasses import dataclass

from vouch.finetune.training.precision import Device
from vouch.finetune.training.recipe import TrainingRecipe
from vouch.finetune.training.shape import Shape, largest
from vouch.finetune.training.workload import Batch

SINGLE = 4
"""Bytes of a float32."""


@dataclass(frozen=True, slots=True)
class LayerMemory:
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
