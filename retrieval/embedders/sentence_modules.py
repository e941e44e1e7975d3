"""What a sentence-transformers folder says of itself: modules.json and the files it names. Loads no weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vouch.retrieval.embedders.pooling import Pooling
from vouch.retrieval.errors import ModelError
from vouch.retrieval.model_files import read_json, read_json_value

_POOLINGS = {
    "cls": Pooling.CLS,
    "max": Pooling.MAX,
    "mean": Pooling.MEAN,
    "mean_sqrt_len_tokens": Pooling.MEAN_SQRT,
    "weightedmean": Pooling.WEIGHTED_MEAN,
    "lasttoken": Pooling.LAST_TOKEN,
}
"""Their names in files written since version 5.4."""
_POOLING_FLAGS = {
    "pooling_mode_cls_token": Pooling.CLS,
    "pooling_mode_max_tokens": Pooling.MAX,
    "pooling_mode_mean_tokens": Pooling.MEAN,
    "pooling_mode_mean_sqrt_len_tokens": Pooling.MEAN_SQRT,
    "pooling_mode_weightedmean_tokens": Pooling.WEIGHTED_MEAN,
    "pooling_mode_lasttoken": Pooling.LAST_TOKEN,
}
"""Before that, a flag for each; several stand side by side in this order."""
_ACTIVATIONS = {"Identity": "identity", "Tanh": "tanh", "ReLU": "relu", "Sigmoid": "sigmoid"}
_IGNORED = {"Normalize", "Dropout"}
"""Every vector of ours has length 1, and dropout is for training."""
REMEDY = "set embedding.runtime = sentence-transformers, the package itself (an extra of vouch-qa by the same name)"


@dataclass(frozen=True, slots=True)
class Projection:
    """A dense layer behind the pooling: its folder holds its weights."""

    folder: Path
    inputs: int
    outputs: int
    activation: str


@dataclass(frozen=True, slots=True)
class SentenceModules:
    """The parts of a sentence-transformers model."""

    transformer: Path
    """Folder of the transformer itself."""
    poolings: tuple[Pooling, ...] = ()
    pools_prompt: bool = True
    """False: the instruction's own tokens are left out of the pooling."""
    projections: tuple[Projection, ...] = ()
    query_prompt: str = ""
    passage_prompt: str = ""
    max_length: int = 0
    lower_case: bool = False
    dimension: int = 0
    """Leading dimensions that are kept; 0: all."""


def read_modules(folder: Path) -> SentenceModules:
    """Return what the folder says; a folder without modules.json is a bare transformer. ModelError by name for
    modules that Vouch does not run itself."""
    listed = read_json_value(folder / "modules.json") or [{"type": "Transformer", "path": ""}]
    places: dict[str, list[Path]] = {}
    for entry in listed:
        kind = str(entry["type"]).rpartition(".")[2]
        if kind not in {"Transformer", "Pooling", "Dense", *_IGNORED}:
            raise ModelError(f"{folder} has a module {kind}, which Vouch does not run itself: {REMEDY}")
        places.setdefault(kind, []).append(folder / str(entry["path"]))
    if "Transformer" not in places:
        raise ModelError(f"{folder} holds no transformer: {REMEDY}")
    transformer = places["Transformer"][0]
    pooling = read_json(places["Pooling"][0] / "config.json") if "Pooling" in places else {}
    whole = read_json(folder / "config_sentence_transformers.json")
    text = read_json(transformer / "sentence_bert_config.json")
    prompts = whole.get("prompts") or {}
    return SentenceModules(
        transformer,
        _poolings(pooling, folder),
        bool(pooling.get("include_prompt", True)),
        tuple(_projection(place) for place in places.get("Dense", [])),
        prompts.get("query") or "",
        next((prompts[name] for name in ("document", "passage", "corpus") if prompts.get(name)), ""),
        int(text.get("max_seq_length") or 0),
        bool(text.get("do_lower_case", False)),
        int(whole.get("truncate_dim") or 0),
    )


def _poolings(config: Mapping[str, Any], folder: Path) -> tuple[Pooling, ...]:
    named = config.get("pooling_mode")
    if named is None:
        return tuple(pooling for flag, pooling in _POOLING_FLAGS.items() if config.get(flag))
    names = [named] if isinstance(named, str) else named
    unknown = [name for name in names if name not in _POOLINGS]
    if unknown:
        raise ModelError(f"{folder} pools in a way Vouch does not know ({unknown[0]}): {REMEDY}")
    return tuple(_POOLINGS[name] for name in names)


def _projection(folder: Path) -> Projection:
    config = read_json(folder / "config.json")
    activation = str(config.get("activation_function") or "Identity").rpartition(".")[2]
    places = {config.get(key) or "sentence_embedding" for key in ("module_input_name", "module_output_name")}
    if activation not in _ACTIVATIONS or places != {"sentence_embedding"} or config.get("use_residual"):
        raise ModelError(f"{folder} is a dense layer of a sort Vouch does not run itself ({activation}): {REMEDY}")
    return Projection(folder, int(config["in_features"]), int(config["out_features"]), _ACTIVATIONS[activation])
