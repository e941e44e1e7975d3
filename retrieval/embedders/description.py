"""How a model in a folder is to be used: what the user chose, else what the model says, else its card, else its
architecture. Reads configuration files only, so that a name and a dimension cost no model."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vouch.retrieval.embedders.families import Family, KnownModels, known_models
from vouch.retrieval.embedders.pooling import Pooling
from vouch.retrieval.embedders.sentence_modules import Projection, SentenceModules, read_modules
from vouch.retrieval.errors import ModelError
from vouch.retrieval.model_files import check_model, find_model, fingerprint, read_json

AUTO = "auto"
_WIDTHS = ("hidden_size", "d_model", "n_embd", "dim")
_LENGTHS = ("max_position_embeddings", "n_positions", "seq_length", "max_seq_len")
_OFFSET_POSITIONS = {"camembert", "mpnet", "roberta", "xlm-roberta", "xlm-roberta-xl"}
"""Their first two positions stand for padding: 514 means 512 tokens."""
_ENDLESS = 1_000_000
"""Tokenizers say 10^30 for a length nobody set."""


@dataclass(frozen=True, slots=True)
class ModelChoices:
    """What the user may say over what a model says of itself."""

    pooling: str = AUTO
    query_instruction: str = AUTO
    passage_instruction: str = AUTO
    max_length: int = 0
    """Tokens; 0: as the model says."""
    dimension: int = 0
    """0: all."""


NO_CHOICES = ModelChoices()


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """Everything about a model but its weights."""

    folder: Path
    architecture: str
    """Model type and width, as shown in names."""
    fingerprint: str
    is_decoder: bool
    width: int
    """Of a token's state."""
    poolings: tuple[Pooling, ...]
    pools_prompt: bool
    projections: tuple[Projection, ...]
    query_instruction: str
    passage_instruction: str
    max_length: int
    appends_end: bool
    """Texts end with the end token."""
    lower_case: bool
    kept_dimensions: int
    """0: all."""
    origins: Mapping[str, str]
    """Who said pooling, instructions and max_length."""

    @property
    def dimension(self) -> int:
        """Of a text's vector."""
        return self.kept_dimensions or self.full_dimension

    @property
    def full_dimension(self) -> int:
        """Before dimensions are cut off."""
        return self.projections[-1].outputs if self.projections else self.width * len(self.poolings)

    @property
    def name(self) -> str:
        """What libraries remember: everything that decides the vectors, and not where the folder lies.

        float32, bfloat16 and the ONNX runtime share a name, so that a library made with one is searched with another:
        they differ by rounding only.
        """
        said = f"{self.query_instruction}\0{self.passage_instruction}\0{self.appends_end}{self.pools_prompt}"
        instructions = "plain" if said == "\0\0FalseTrue" else hashlib.blake2b(said.encode(), digest_size=3).hexdigest()
        pooling = "+".join(self.poolings)
        return f"{self.architecture}@{self.fingerprint}/{pooling}/{self.dimension}/{self.max_length}t/{instructions}"


def describe(model: str, choices: ModelChoices = NO_CHOICES) -> ModelDescription:
    """Return how to use the model in a folder or in the hub's cache; ModelError where it is none or unfit."""
    folder = find_model(model)
    modules = read_modules(folder)
    check_model(modules.transformer)
    config = read_json(modules.transformer / "config.json")
    known = known_models()
    family = _family(model, folder, config, known)
    is_decoder = _is_decoder(config, known)
    poolings, pooling_origin = _poolings(choices, modules, family, is_decoder)
    query, passage, instruction_origin = _instructions(choices, modules, family)
    length, length_origin = _max_length(choices, modules, family, config)
    width = _first_number(config, _WIDTHS)
    if not width:
        raise ModelError(f"{folder / 'config.json'} does not say how wide the model is ({', '.join(_WIDTHS)})")
    described = ModelDescription(
        folder=modules.transformer,
        architecture=f"{config.get('model_type', 'model')}-{width}",
        fingerprint=fingerprint(folder),
        is_decoder=is_decoder,
        width=width,
        poolings=poolings,
        pools_prompt=modules.pools_prompt,
        projections=modules.projections,
        query_instruction=query,
        passage_instruction=passage,
        max_length=length,
        appends_end=bool(family and family.eos),
        lower_case=modules.lower_case,
        kept_dimensions=0,
        origins={"pooling": pooling_origin, "instructions": instruction_origin, "max_length": length_origin},
    )
    return _shortened(described, choices.dimension or modules.dimension)


def _family(model: str, folder: Path, config: Mapping[str, Any], known: KnownModels) -> Family | None:
    """The names a model may be known by: as given, of its folder in the hub's cache, of what it was made from."""
    cached = [part.removeprefix("models--").replace("--", "/") for part in folder.parts if part.startswith("models--")]
    for name in (model, *cached, str(config.get("_name_or_path", ""))):
        family = known.family(name)
        if family:
            return family
    return None


def _is_decoder(config: Mapping[str, Any], known: KnownModels) -> bool:
    return config.get("model_type") in known.decoders and not config.get("use_bidirectional_attention", False)


def _poolings(
    choices: ModelChoices, modules: SentenceModules, family: Family | None, is_decoder: bool
) -> tuple[tuple[Pooling, ...], str]:
    if choices.pooling != AUTO:
        return (Pooling(choices.pooling),), "settings"
    if modules.poolings:
        return modules.poolings, "the model's 1_Pooling"
    if family and family.pooling:
        return (family.pooling,), f"the card {family.source}"
    if is_decoder:
        return (Pooling.LAST_TOKEN,), "a guess: it is a decoder"
    return (Pooling.MEAN,), "a guess: it is an encoder"


def _instructions(choices: ModelChoices, modules: SentenceModules, family: Family | None) -> tuple[str, str, str]:
    if modules.query_prompt or modules.passage_prompt:
        query, passage, origin = modules.query_prompt, modules.passage_prompt, "the model's config"
    elif family:
        query, passage, origin = family.query, family.passage, f"the card {family.source}"
    else:
        query, passage, origin = "", "", "none known"
    chosen = (choices.query_instruction, choices.passage_instruction)
    if chosen != (AUTO, AUTO):
        origin = "settings" if AUTO not in chosen else f"settings and {origin}"
    return (query if chosen[0] == AUTO else chosen[0]), (passage if chosen[1] == AUTO else chosen[1]), origin


def _max_length(
    choices: ModelChoices, modules: SentenceModules, family: Family | None, config: Mapping[str, Any]
) -> tuple[int, str]:
    """Return how many tokens of a text are read and who says so; ModelError for more than the model has places."""
    places = _first_number(config, _LENGTHS) - (2 if config.get("model_type") in _OFFSET_POSITIONS else 0)
    tokenizer = read_json(modules.transformer / "tokenizer_config.json").get("model_max_length") or 0
    said = [
        (choices.max_length, "settings"),
        (modules.max_length, "the model's config"),
        (family.max_length if family else 0, f"the card {family.source if family else ''}"),
        (int(tokenizer) if tokenizer < _ENDLESS else 0, "the tokenizer's config"),
        (max(places, 0), "the model's positions"),
        (512, "a guess"),
    ]
    length, origin = next((length, origin) for length, origin in said if length)
    if 0 < places < length:
        if origin == "settings":
            raise ModelError(
                f"embedding.max_length is {length}, but the model has {places} positions: set at most that"
            )
        return places, "the model's positions"
    return length, origin


def _shortened(described: ModelDescription, dimension: int) -> ModelDescription:
    if dimension > described.full_dimension:
        raise ModelError(
            f"embedding.dimension is {dimension}, but the model makes {described.full_dimension}: set at most that"
        )
    return replace(described, kept_dimensions=0 if dimension == described.full_dimension else dimension)


def _first_number(config: Mapping[str, Any], keys: tuple[str, ...]) -> int:
    inner = config.get("text_config")
    for place in (config, inner if isinstance(inner, dict) else {}):
        for key in keys:
            if isinstance(place.get(key), int):
                return int(place[key])
    return 0
