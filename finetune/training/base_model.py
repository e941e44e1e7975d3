"""The model that is trained: the base, kept as the recipe's method says, and what of it learns."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import PreTrainedModel, set_seed
from transformers.distributed.fsdp import is_fsdp_enabled

from vouch.finetune.training.precision import Device, computing_precision, training_device
from vouch.finetune.training.recipe import Method, TrainingRecipe
from vouch.generation.models.loading import LoadOptions, load_weights

Model = PreTrainedModel | PeftModel
QUANTISED: Mapping[Method, Literal["int8", "int4"]] = {"qlora": "int4", "int8-lora": "int8"}
"""Methods whose base is kept in fewer bits."""


@dataclass(frozen=True, slots=True)
class Trainable:
    """A model in which some weights learn and the others do not."""

    model: Model
    device: Device
    computing: torch.dtype
    """What matrices are multiplied in."""
    weights: int
    """Of the base."""
    learned: int
    """Weights that learn."""
    bytes_per_weight: float
    """What a weight of a linear layer of the base takes, scales included."""


def trainable_model(recipe: TrainingRecipe) -> Trainable:
    """Return the model of a recipe ready to train; the same seed gives the same adapter to start from."""
    set_seed(recipe.run.seed)
    device = training_device()
    computing = computing_precision(recipe.run.precision, device)
    base = _base(recipe, device, computing)
    weights, each = _weight_count(base), bytes_per_weight(base)
    model = base if recipe.method == "full" else with_adapter(base, recipe)
    learned = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    return Trainable(model, device, computing, weights, learned, each)


def with_adapter(base: PreTrainedModel, recipe: TrainingRecipe) -> PeftModel:
    """Return the base, frozen, with a new low-rank adapter."""
    adapter = recipe.adapter
    config = LoraConfig(
        r=adapter.rank,
        lora_alpha=adapter.alpha,
        lora_dropout=adapter.dropout,
        target_modules=list(adapter.targets) or "all-linear",
        use_rslora=adapter.rank_stabilised,
        use_dora=adapter.decomposed,
        task_type="CAUSAL_LM",
    )
    model = get_peft_model(base, config)
    assert isinstance(model, PeftModel)
    # Named, peft would look for the base, at last on a hub, each time that it saves: see `results`.
    model.peft_config["default"].base_model_name_or_path = ""
    return model


def bytes_per_weight(model: PreTrainedModel) -> float:
    """Return what the tensors of the linear layers take, scales and codes included, over the weights they stand for."""
    parts = {part.data_ptr(): part for _, layer in _linear_layers(model) for part in _parts(layer)}  # codes are shared
    weights = sum(layer.in_features * layer.out_features for _, layer in _linear_layers(model))
    return sum(part.numel() * part.element_size() for part in parts.values()) / weights


def _base(recipe: TrainingRecipe, device: Device, computing: torch.dtype) -> PreTrainedModel:
    # Full fine-tuning changes weights by less than bfloat16 can tell apart: they are kept in float32.
    kept = torch.float32 if recipe.method == "full" else computing
    options = LoadOptions(
        device="cpu" if is_fsdp_enabled() else device,  # its parts are put on the devices afterwards
        precision="bfloat16" if kept is torch.bfloat16 else "float32",
        quantise=_quantised(recipe.method),
        threads=recipe.run.threads,
    )
    model = load_weights(recipe.model, options)
    model.config.use_cache = False
    if recipe.method == "full":
        return model.requires_grad_(True)
    model.requires_grad_(False)
    if recipe.method == "qlora":
        _keep_trainable(model)
    return model


def _quantised(method: Method) -> Literal["none", "int8", "int4"]:
    return QUANTISED.get(method, "none")


def _keep_trainable(model: PreTrainedModel) -> None:
    """Let 4-bit layers stay as they are.

    On processors with AVX512-BF16 bitsandbytes 0.50 packs a layer anew the first time that it is measured with, for a
    product without a gradient and with scales rounded to bfloat16: training after an evaluation would then fail, or
    learn nothing below that layer.
    """
    from bitsandbytes.nn.modules import Linear4bit  # an extra of its own, and six seconds

    for _, layer in _linear_layers(model):
        if isinstance(layer, Linear4bit):
            layer.support_avx512bf16_for_cpu = False


def _linear_layers(model: PreTrainedModel) -> Iterator[tuple[str, torch.nn.Linear]]:
    """Yield the linear layers that adapters go to: all but the output layer."""
    output = model.get_output_embeddings()
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear) and module is not output:
            yield name, module


def _parts(layer: torch.nn.Linear) -> Iterator[torch.Tensor]:
    """Yield the weight's tensor and, of a quantised one, its scales."""
    yield layer.weight
    state = getattr(layer.weight, "quant_state", None)
    while state is not None:
        yield from (state.absmax, state.code)
        state = state.state2
    scales = getattr(layer.weight, "SCB", None)
    if scales is not None:
        yield scales


def _weight_count(model: PreTrainedModel) -> int:
    linear = {id(layer.weight): layer.in_features * layer.out_features for _, layer in _linear_layers(model)}
    return sum(linear.get(id(parameter), parameter.numel()) for parameter in model.parameters())
