"""Whether a company's values add up as accounting says they must: one check for each entry of identities.toml.

The values of one company, scope, year and period go in; nothing here knows where they were read.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from importlib import resources
from itertools import product
from typing import Any

from vouch.retrieval.errors import SettingsError
from vouch.retrieval.fields import FieldDictionary

IDENTITIES_FILE = "identities.toml"
CENT = Decimal("0.01")

Value = Decimal | float | int
_LISTS = ("plus", "minus", "prior", "parts_of", "maybe", "maybe_minus")


@dataclass(frozen=True, slots=True)
class Term:
    """A value that an identity adds or deducts."""

    field: str
    sign: int = 1
    optional: bool = False
    """An empty row counts as nothing."""
    prior: bool = False
    """Of the period before."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A value and what it must be the sum of."""

    name: str
    total: str
    terms: tuple[Term, ...]
    maybe: tuple[Term, ...] = ()
    """Terms that one format counts here and another counts inside some other term."""
    unless: str = ""
    """Not checked where this value is given."""


@dataclass(frozen=True, slots=True)
class IdentityResult:
    """How far a value is from its sum."""

    name: str
    total: str
    fields: tuple[str, ...]
    """The total and every field of this period that was counted."""
    stated: Decimal
    computed: Decimal
    tolerance: Decimal
    missing: tuple[str, ...] = ()
    """Fields of empty rows: one of them, read as empty, may be what a broken sum lacks."""

    @property
    def difference(self) -> Decimal:
        return self.stated - self.computed

    @property
    def holds(self) -> bool:
        return abs(self.difference) <= self.tolerance

    @property
    def text(self) -> str:
        """Say what is stated, what it adds up to and how far they are apart."""
        return f"{self.name}: {self.stated:,} stated, {self.computed:,} computed, difference {self.difference:,}"


def check(
    values: Mapping[str, Value],
    prior: Mapping[str, Value] | None = None,
    step: Decimal = CENT,
    identities: Iterable[Identity] | None = None,
) -> list[IdentityResult]:
    """Return the result of every identity whose values are there.

    `prior` are the values at the end of the period before this one began (for a quarter: of the last year);
    `step` is the last printed digit in base units (a report in 万元
    with two decimals: 100): each value may be off by half of it.
    """
    now = {name: exact(value) for name, value in values.items()}
    before = {name: exact(value) for name, value in (prior or {}).items()}
    results = (_result(i, now, before, step) for i in (standard_identities() if identities is None else identities))
    return [result for result in results if result]


def broken_identities(
    values: Mapping[str, Value], prior: Mapping[str, Value] | None = None, step: Decimal = CENT
) -> list[IdentityResult]:
    """Return the results of the identities that do not hold."""
    return [result for result in check(values, prior, step) if not result.holds]


def exact(value: Value) -> Decimal:
    """Return the number as printed: a float stands for its shortest decimal, not for its binary value."""
    return value if isinstance(value, Decimal) else Decimal(repr(value))


def _result(
    identity: Identity, now: Mapping[str, Decimal], before: Mapping[str, Decimal], step: Decimal
) -> IdentityResult | None:
    if identity.total not in now or identity.unless in now:
        return None
    sources = [(term, before if term.prior else now) for term in identity.terms]
    if any(term.field not in source for term, source in sources if not term.optional):
        return None
    counted = [(term, source[term.field]) for term, source in sources if term.field in source]
    if not counted:
        return None
    stated = now[identity.total]
    extra = _best_fit(stated - sum(term.sign * value for term, value in counted), identity.maybe, now)
    counted += [(term, now[term.field]) for term in extra]
    return IdentityResult(
        name=identity.name,
        total=identity.total,
        fields=tuple(dict.fromkeys((identity.total, *(term.field for term, _ in counted if not term.prior)))),
        stated=stated,
        computed=sum((term.sign * value for term, value in counted), Decimal(0)),
        tolerance=step * (len(counted) + 1) / 2,
        missing=tuple(term.field for term, source in sources if term.field not in source),
    )


def _best_fit(gap: Decimal, maybe: Sequence[Term], now: Mapping[str, Decimal]) -> tuple[Term, ...]:
    """Return those of the uncertain terms that together come nearest to the gap, as few as possible."""
    by_field: dict[str, list[Term]] = {}
    for term in maybe:
        if now.get(term.field):
            by_field.setdefault(term.field, []).append(term)
    choices = product(*([None, *terms] for terms in by_field.values()))
    sets = (tuple(term for term in choice if term) for choice in choices)
    return min(sets, key=lambda terms: (abs(gap - sum(t.sign * now[t.field] for t in terms)), len(terms)))


@lru_cache(maxsize=1)
def standard_identities() -> tuple[Identity, ...]:
    """Return the identities that ship with the package."""
    text = resources.files("vouch.retrieval").joinpath("data", IDENTITIES_FILE).read_text(encoding="utf-8")
    return read_identities(tomllib.loads(text), FieldDictionary.load())


def read_identities(tables: Mapping[str, Any], fields: FieldDictionary) -> tuple[Identity, ...]:
    """Return the identities of a parsed file; SettingsError names the one over an unknown field."""
    return tuple(_identity(entry, fields) for entry in tables["identity"])


def _identity(entry: Mapping[str, Any], fields: FieldDictionary) -> Identity:
    name, total, minus = entry["name"], entry["total"], entry.get("minus", [])
    deducted = {_plain(field) for field in minus}
    parts = [part.name for t in entry.get("parts_of", []) for part in fields.parts(t) if part.name not in deducted]
    terms = (
        *_terms(entry.get("plus", [])),
        *(Term(field, optional=True) for field in parts),
        *_terms(minus, sign=-1),
        *(Term(field, prior=True) for field in entry.get("prior", [])),
    )
    maybe = (*_terms(entry.get("maybe", [])), *_terms(entry.get("maybe_minus", []), sign=-1))
    uncertain = {term.field for term in maybe}
    identity = Identity(
        name, total, tuple(t for t in terms if t.field not in uncertain), maybe, entry.get("unless", "")
    )
    if unknown := sorted(set(entry) - {"name", "total", "unless", *_LISTS}):
        raise SettingsError(f"{IDENTITIES_FILE}: '{name}' has the unknown key '{unknown[0]}'")
    for field in (total, *(term.field for term in (*identity.terms, *maybe)), *filter(None, [identity.unless])):
        if fields.by_name(field) is None:
            raise SettingsError(f"{IDENTITIES_FILE}: '{name}' names '{field}', which is no field of the dictionary")
    return identity


def _terms(names: Iterable[str], sign: int = 1) -> Iterator[Term]:
    return (Term(_plain(name), sign, optional=name.endswith("?")) for name in names)


def _plain(name: str) -> str:
    return name.removesuffix("?")
