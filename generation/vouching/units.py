"""Units of numbers and what they are worth, from number_units.toml."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files

_FILE = "number_units.toml"


@dataclass(frozen=True, slots=True)
class UnitBook:
    """Unit words and scale words, lower case."""

    scales: Mapping[str, Decimal]
    units: Mapping[str, tuple[str, Decimal]]
    """Word -> base unit and what one of the word is worth in it."""
    money: frozenset[str]
    """Base units that are currencies."""

    def words(self) -> list[str]:
        """Return the unit words, longest first, as a pattern tries them."""
        return sorted(self.units, key=len, reverse=True)


@lru_cache(maxsize=1)
def unit_book() -> UnitBook:
    """Return the units of the package."""
    content = tomllib.loads(files("vouch.generation").joinpath("data", _FILE).read_text(encoding="utf-8"))
    units: dict[str, tuple[str, Decimal]] = {}
    for entry in content["units"]:
        worth = dict.fromkeys(entry["words"], Decimal(1)) | {w: Decimal(f) for w, f in entry.get("factors", {}).items()}
        for word, factor in worth.items():
            assert word.lower() not in units, f"{_FILE} names {word} twice"
            units[word.lower()] = (entry["base"], factor)
    scales = {word: Decimal(factor) for word, factor in content["scales"].items()}
    return UnitBook(scales, units, frozenset(entry["base"] for entry in content["units"] if entry.get("money")))
