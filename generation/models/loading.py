"""Model folders, loaded: weights, vocabulary, role format. Never from a network, never with code of the folder."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    BitsAndBytesConfig,
    GlmConfig,
    GlmForCausalLM,
    PretrainedConfig,
    PreTrainedModel,
)
from transformers.utils import logging as transformers_logging

from vouch.generation.models.chatglm3.config import glm_config
from vouch.generation.models.chatglm3.conversion import native_tensors
from vouch.generation.models.formats import Language, language_of
from vouch.generation.models.memory import WeightCount, check_fits
from vouch.generation.models.shards import stored_tensors, weight_files
from vouch.retrieval.errors import ModelError

ORIGINAL = "chatglm"
"""The model type of ChatGLM3 checkpoints as published."""
_PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """Where and how weights are kept."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    quantise: Literal["none", "int8", "int4"] = "none"
    threads: int = 0
    """Of the processor; 0: one for each core."""


def _none(_adapter: str) -> None:
    """A model without adapters is what it is."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model ready to talk."""

    name: str
    model: PreTrainedModel
    language: Language
    adapters: tuple[str, ...] = ()
    """Names of the LoRA adapters that are loaded."""
    use_adapter: Callable[[str], None] = _none
    """Makes one the adapter in force; empty: none of them."""


def load_model(folder: Path, options: LoadOptions, adapters: Mapping[str, Path] | None = None) -> LoadedModel:
    """Return the model of a folder with its vocabulary and role format, and LoRA adapters by name."""
    raw = raw_config(folder)
    language = language_of(folder, raw)  # before the weights: a missing tokenizer is found in no time
    model = load_weights(folder, options)
    name = folder.resolve().name
    if not adapters:
        return LoadedModel(name, model, language)
    from vouch.generation.models.adapters import Adapters  # peft takes ten seconds to import

    loaded = Adapters(model, adapters)
    return LoadedModel(name, model, language, loaded.names, loaded.use)


def load_weights(folder: Path, options: LoadOptions) -> PreTrainedModel:
    """Return the causal language model of a folder, in evaluation mode; ModelError where it cannot be had."""
    if options.threads:
        torch.set_num_threads(options.threads)
    transformers_logging.disable_progress_bar()
    plan = _plan(folder, options)
    arguments: dict[str, Any] = {
        "dtype": plan.precision,
        "quantization_config": _quantisation(options.quantise, plan.precision),
    }
    if plan.device != "cpu":
        arguments["device_map"] = {"": plan.device}
    if plan.original is not None:
        model = _converted_model(plan.files, plan.original, arguments)
    else:
        model = _native_model(folder, plan.config, arguments)
    model.eval()
    return model


def model_summary(folder: Path, options: LoadOptions) -> str:
    """Return what loading the folder would bring; ModelError where it would fail, as far as no weights are read."""
    language = language_of(folder, raw_config(folder))
    plan = _plan(folder, options)
    size = plan.count.bytes_needed(plan.precision, options.quantise) / 2**30
    kept = options.quantise if options.quantise != "none" else str(plan.precision).removeprefix("torch.")
    told = type(language.form).__name__.removesuffix("Format")
    return f"{plan.config.model_type}, {size:.1f} GiB as {kept} on {plan.device}, spoken to as {told}"


def empty_model(folder: Path) -> PreTrainedModel:
    """Return the model of a folder in the classes it is loaded in, with the shapes of its weights and no weights."""
    raw = raw_config(folder)
    native = glm_config(raw, folder) if raw.get("model_type") == ORIGINAL else _native_config(folder, raw)
    return _without_weights(native)


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a folder will be loaded."""

    files: list[Path]
    config: PretrainedConfig
    original: GlmConfig | None
    """The same, where the weights are in the original layout of ChatGLM3."""
    device: str
    precision: torch.dtype
    count: WeightCount


def _plan(folder: Path, options: LoadOptions) -> _Plan:
    """Return how the folder will be loaded; ModelError where it cannot be, or would not fit into memory."""
    raw = raw_config(folder)
    files = weight_files(folder)
    original = glm_config(raw, folder) if raw.get("model_type") == ORIGINAL else None
    config = original or _native_config(folder, raw)
    device = _device(options.device)
    precision = _precision(options.precision, raw, device)
    count = _counted(config)
    if "quantization_config" not in raw:
        check_fits(count, precision, options.quantise, device)
    return _Plan(files, config, original, device, precision, count)


def _converted_model(files: list[Path], config: GlmConfig, arguments: Mapping[str, Any]) -> PreTrainedModel:
    tensors = native_tensors(stored_tensors(files), config)
    model: PreTrainedModel = GlmForCausalLM.from_pretrained(None, config=config, state_dict=tensors, **arguments)
    return model


def raw_config(folder: Path) -> dict[str, Any]:
    """Return `config.json` as it is; ModelError for what is no model folder."""
    if not folder.is_dir():
        raise ModelError(f"{folder} is no folder of a model: set model.path to a downloaded one, nothing is fetched")
    file = folder / "config.json"
    try:
        raw = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"{folder} has no config.json: it is no model folder of transformers") from error
    except ValueError as error:
        raise ModelError(f"{file} is no JSON: fetch it again") from error
    if not isinstance(raw, dict):
        raise ModelError(f"{file} holds no settings: fetch it again")
    return raw


def _native_config(folder: Path, raw: Mapping[str, Any]) -> PretrainedConfig:
    try:
        config: PretrainedConfig = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (ValueError, OSError, KeyError) as error:
        kind = raw.get("model_type", "unnamed")
        if "auto_map" in raw:
            raise ModelError(
                f"{folder}: a {kind} model brings code of its own, which is never run; "
                "take a version for transformers (-hf), or serve it elsewhere (model.runtime = openai)"
            ) from error
        raise ModelError(f"{folder}: transformers does not know the model type {kind}") from error
    return config


def _native_model(folder: Path, config: PretrainedConfig, arguments: Mapping[str, Any]) -> PreTrainedModel:
    loaded: Any
    try:
        loaded = AutoModelForCausalLM.from_pretrained(
            folder, config=config, local_files_only=True, trust_remote_code=False, output_loading_info=True, **arguments
        )
    except (OSError, ValueError, ImportError, RuntimeError) as error:
        raise ModelError(f"{folder} cannot be loaded: {error}") from error
    model, found = loaded
    wrong = [f"{name} is missing" for name in sorted(found["missing_keys"])]
    wrong += [f"{name} is of no use" for name in sorted(found["unexpected_keys"])]
    wrong += [f"{entry[0]} has another shape" for entry in sorted(found["mismatched_keys"])]
    if wrong:
        shown = "; ".join(wrong[:5]) + (f"; and {len(wrong) - 5} more" if len(wrong) > 5 else "")
        raise ModelError(f"the weights in {folder} do not fit its config.json: {shown}")
    assert isinstance(model, PreTrainedModel)
    return model


def _device(wanted: str) -> str:
    if wanted == "cuda" and not torch.cuda.is_available():
        raise ModelError("model.device is cuda, and PyTorch finds no such device: set cpu, or install the CUDA build")
    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return wanted


def _precision(wanted: str, raw: Mapping[str, Any], device: str) -> torch.dtype:
    """Return how weights are kept: as stored, but that processors are slow with float16 and have bfloat16."""
    if wanted in _PRECISIONS:
        return _PRECISIONS[wanted]
    stored = _PRECISIONS.get(str(raw.get("dtype") or raw.get("torch_dtype") or ""), torch.float32)
    return torch.bfloat16 if stored is torch.float16 and device == "cpu" else stored


def _quantisation(quantise: str, precision: torch.dtype) -> BitsAndBytesConfig | None:
    if quantise == "none":
        return None
    if quantise == "int8":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=precision
    )


def _counted(config: PretrainedConfig) -> WeightCount:
    """Return how many weights the model has, without making any."""
    model = _without_weights(config)
    output = model.get_output_embeddings()
    linear = sum(
        module.weight.numel()
        for module in model.modules()
        if isinstance(module, torch.nn.Linear) and module is not output
    )
    return WeightCount(linear, sum(parameter.numel() for parameter in model.parameters()) - linear)


def _without_weights(config: PretrainedConfig) -> PreTrainedModel:
    try:
        with torch.device("meta"):
            model: PreTrainedModel = AutoModelForCausalLM.from_config(config)
    except ValueError as error:
        raise ModelError(f"{config.model_type} is no model that writes text: take a causal language model") from error
    return model
