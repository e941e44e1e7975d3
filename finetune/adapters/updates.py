"""What an adapter does to the weights of its base: low-rank updates, and tensors that it replaces.

LoRA (Hu et al. 2021): W + s·B·A with s = alpha / r, rsLoRA (Kalajdzievski 2023): s = alpha / sqrt(r), DoRA (Liu et al.
2024): rows of that scaled to the learned magnitudes. Computed in float32 and rounded once.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from peft import LoraConfig

from vouch.retrieval.errors import ModelError

_PREFIX = "base_model.model."
_PART = re.compile(
    r"(?P<module>.+)\.(?P<part>lora_A|lora_B|lora_embedding_A|lora_embedding_B|lora_magnitude_vector)(?:\.weight)?\Z"
)
_BEYOND = (
    "lora_bias",
    "target_parameters",
    "layer_replication",
    "trainable_token_indices",
    "use_qalora",
    "use_bdlora",
    "arrow_config",
    "kasa_config",
    "monteclora_config",
    "velora_config",
    "alora_invocation_tokens",
    "ensure_weight_tying",
)
"""Settings of peft that change more, or otherwise, than is computed here."""
_BASE_CHANGING = ("pissa", "olora", "corda", "loftq", "lora_ga")
"""Initialisations that take something out of the base's own weights: with the published base the sum is wrong."""


@dataclass(slots=True)
class Update:
    """What becomes of one tensor of the base."""

    scale: float = 0.0
    parts: dict[str, torch.Tensor] = field(default_factory=dict)
    replacement: torch.Tensor | None = None
    transposed: bool = False
    """The layer keeps its weight as (inputs, outputs)."""

    @property
    def rank(self) -> int:
        """Of the low-rank update; 0 where there is none."""
        down = self.parts.get("lora_A", self.parts.get("lora_embedding_A"))
        return 0 if down is None else down.shape[0]

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the tensor that this fits."""
        if self.replacement is not None:
            return tuple(self.replacement.shape)
        if "lora_embedding_A" in self.parts:
            return (self.parts["lora_embedding_A"].shape[1], self.parts["lora_embedding_B"].shape[0])
        outputs, inputs = self.parts["lora_B"].shape[0], self.parts["lora_A"].shape[1]
        return (inputs, outputs) if self.transposed else (outputs, inputs)

    def applied(self, weight: torch.Tensor) -> torch.Tensor:
        """Return the new tensor in float32."""
        start = (weight if self.replacement is None else self.replacement).float()
        if not self.parts:
            return start
        changed = start + self.scale * self._product()
        magnitude = self.parts.get("lora_magnitude_vector")
        if magnitude is None:
            return changed
        sideways = self.transposed or "lora_embedding_A" in self.parts  # peft counts an embedding's columns as rows
        rows = changed.T if sideways else changed
        scaled: torch.Tensor = rows * (magnitude.float().flatten() / torch.linalg.norm(rows, dim=1)).unsqueeze(1)
        return scaled.T if sideways else scaled

    def _product(self) -> torch.Tensor:
        if "lora_embedding_A" in self.parts:
            return (self.parts["lora_embedding_B"].float() @ self.parts["lora_embedding_A"].float()).T
        product: torch.Tensor = self.parts["lora_B"].float() @ self.parts["lora_A"].float()
        return product.T if self.transposed else product


def updates_of(config: LoraConfig, tensors: Mapping[str, torch.Tensor], folder: Path) -> dict[str, Update]:
    """Return what an adapter does, by the name of the tensor it changes; ModelError for what is not known here."""
    _refuse_others(config, folder)
    updates: dict[str, Update] = {}
    for stored, tensor in tensors.items():
        if not stored.startswith(_PREFIX):
            raise ModelError(f"{folder}: {stored} is no tensor of a LoRA adapter")
        name = stored.removeprefix(_PREFIX)
        match = _PART.match(name)
        if match is None:
            plain = name.replace(".modules_to_save", "").replace(".base_layer", "")
            updates.setdefault(plain, Update()).replacement = tensor
        else:
            update = updates.setdefault(f"{match['module']}.weight", Update(transposed=bool(config.fan_in_fan_out)))
            update.parts[match["part"]] = tensor
    for name, update in updates.items():
        _check_parts(name, update, folder)
        if update.parts:
            update.scale = _scale(config, name.removesuffix(".weight"), update.rank)
    return updates


def _check_parts(name: str, update: Update, folder: Path) -> None:
    for down, up in (("lora_A", "lora_B"), ("lora_embedding_A", "lora_embedding_B")):
        if (down in update.parts) != (up in update.parts):
            raise ModelError(f"{folder}: of the update of {name} only one half is there")
    if update.parts and not update.rank:
        raise ModelError(f"{folder}: {name} has a magnitude and no update")


def _scale(config: LoraConfig, module: str, rank: int) -> float:
    alpha = next(_matching(config.alpha_pattern or {}, module), config.lora_alpha)
    return float(alpha) / (math.sqrt(rank) if config.use_rslora else rank)


def _matching(patterns: Mapping[str, float], module: str) -> Iterator[float]:
    """Yield what patterns say of a module, as peft reads them: the end of the name, after a dot."""
    for pattern, value in patterns.items():
        if re.match(rf"(.*\.)?({pattern})$", module):
            yield value


def _refuse_others(config: LoraConfig, folder: Path) -> None:
    beyond = [name for name in _BEYOND if getattr(config, name, None)]
    if beyond:
        raise ModelError(
            f"{folder} uses {', '.join(beyond)}, which cannot be merged here: merge it with the code that trained it"
        )
    start = str(config.init_lora_weights).lower()
    if start.startswith(_BASE_CHANGING):
        raise ModelError(
            f"{folder} began with {config.init_lora_weights}, which took parts out of the base's own weights: save it "
            "from peft with path_initial_model_for_weight_conversion, which makes a plain LoRA adapter of it"
        )
