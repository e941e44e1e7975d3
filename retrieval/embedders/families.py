"""What the cards of known embedding models say, from `data/embedding_models.toml`. Reads no model."""

import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path

from vouch.retrieval.embedders.pooling import Pooling

_FILE = Path(__file__).parent.parent / "data" / "embedding_models.toml"


@dataclass(frozen=True, slots=True)
class Family:
    """Models that are used alike. Empty and 0: the card says nothing about it."""

    names: tuple[str, ...]
    source: str
    pooling: Pooling | None = None
    query: str = ""
    passage: str = ""
    max_length: int = 0
    eos: bool = False
    dimension: int = 0


@dataclass(frozen=True, slots=True)
class KnownModels:
    """The table of cards."""

    families: tuple[Family, ...]
    decoders: frozenset[str]
    """The `model_type` of models that read from left to right only."""

    def family(self, name: str) -> Family | None:
        """Return the card of a model by its name, with or without its owner; None for one that is not known."""
        bare = name.replace("\\", "/").rstrip("/").rpartition("/")[2].lower()
        return next((family for family in self.families if any(fnmatchcase(bare, it) for it in family.names)), None)


@lru_cache(maxsize=1)
def known_models() -> KnownModels:
    """Return the table that comes with Vouch."""
    content = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    families = []
    for entry in content["family"]:
        pooling = entry.pop("pooling", None)
        names = tuple(entry.pop("names"))
        families.append(Family(names=names, pooling=Pooling(pooling) if pooling else None, **entry))
    return KnownModels(tuple(families), frozenset(content["decoders"]))
