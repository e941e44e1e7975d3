"""Units of laboratories and of everyday life: read from the table, converted exactly. Knows no question."""

import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from importlib import resources

_AMOUNTS = {"mmol/L": Fraction(1), "µmol/L": Fraction(1, 1000), "nmol/L": Fraction(1, 10**6),
            "pmol/L": Fraction(1, 10**9), "mol/L": Fraction(1000)}  # fmt: skip
"""In mmol/L."""
_MASSES = {"mg/dL": Fraction(10), "g/L": Fraction(1000), "mg/L": Fraction(1), "g/dL": Fraction(10**4),
           "µg/dL": Fraction(1, 100), "µg/mL": Fraction(1), "ng/mL": Fraction(1, 1000), "ng/dL": Fraction(1, 10**5),
           "µg/L": Fraction(1, 1000), "mg/mL": Fraction(1000)}  # fmt: skip
"""In mg/L."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What can be measured in several units, each a factor and an offset from one of them."""

    name: str
    units: Mapping[str, tuple[Fraction, Fraction]]
    source: str
    mass: Decimal | None = None
    """Molar mass in g/mol, of substances."""

    def convert(self, value: Decimal, origin: str, target: str) -> Fraction:
        """Return a value in another unit, exactly."""
        factor, offset = self.units[origin]
        into, back = self.units[target]
        return (Fraction(value) * factor + offset - back) / into


@dataclass(frozen=True, slots=True)
class UnitTable:
    """Scales by every name, units by every spelling."""

    scales: Mapping[str, Scale]
    spellings: Mapping[str, str]

    def scale(self, name: str) -> Scale | None:
        """Return the scale of a quantity or substance."""
        return self.scales.get(_key(name))

    def unit(self, scale: Scale, written: str) -> str | None:
        """Return a unit of a scale as the table writes it."""
        by_key = {_key(unit): unit for unit in scale.units}
        key = _key(written)
        return by_key.get(key) or by_key.get(_key(self.spellings.get(key, written)))


@cache
def unit_table() -> UnitTable:
    """Return the units that ship with the package."""
    text = resources.files("vouch.generation").joinpath("data", "unit_conversions.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    scales: dict[str, Scale] = {}
    for name, entry in table["substances"].items():
        mass = Fraction(entry["mass"])
        units = {unit: (factor, Fraction(0)) for unit, factor in _AMOUNTS.items()}
        units |= {unit: (factor / mass, Fraction(0)) for unit, factor in _MASSES.items()}
        if "valence" in entry:
            units["mEq/L"] = (Fraction(1, entry["valence"]), Fraction(0))
        _add(scales, Scale(name, units, entry["source"], Decimal(entry["mass"])), entry["names"])
    for name, entry in table["quantities"].items():
        units = {u: (_ratio(v[0]), _ratio(v[1])) for u, v in entry.items() if u not in ("names", "source")}
        _add(scales, Scale(name, units, entry["source"]), entry["names"])
    return UnitTable(scales, {_key(written): unit for written, unit in table["unit_names"].items()})


def _add(scales: dict[str, Scale], scale: Scale, names: list[str]) -> None:
    for name in {_key(word) for word in (scale.name, *names)}:
        assert name not in scales, f"unit_conversions.toml: '{name}' names two things"
        scales[name] = scale


def _ratio(text: str) -> Fraction:
    """Return a number written as a decimal or as a quotient of two."""
    above, _, below = text.partition("/")
    return Fraction(above) / Fraction(below or "1")


def _key(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).lower().replace("μ", "µ").strip()
    return unicodedata.normalize("NFKC", folded).replace(" ", "")
