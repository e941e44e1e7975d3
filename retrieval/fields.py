"""The values a report can state: their names, how reports print them, how people ask for them.

The entries stand in `retrieval/data/finance_fields.toml`; this module loads, checks and finds them.
It knows nothing of pages or tables.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Literal, get_args

from vouch.retrieval.errors import SettingsError
from vouch.retrieval.labels import label_key, without_tail
from vouch.retrieval.lexicon import Group, Lexicon, fold

FIELDS_FILE = "finance_fields.toml"

UnitKind = Literal["money", "per_share", "percent", "ratio", "people", "shares", "text"]
Sign = Literal["plus", "minus", "signed"]

_UNITS: Mapping[UnitKind, str] = {
    "money": "元",
    "per_share": "元/股",
    "percent": "%",
    "ratio": "",
    "people": "人",
    "shares": "股",
    "text": "",
}
_DEFAULT_KIND: Mapping[str, UnitKind] = {"company": "text", "audit": "text", "employees": "people"}
_KEYS = frozenset({"en", "labels", "aliases", "unit", "sign", "part_of", "also", "within"})


@dataclass(frozen=True, slots=True)
class Field:
    """One value that reports state."""

    name: str
    """Canonical Chinese name."""
    english: str
    statement: str
    """Where it is printed, as in `Fact.statement`."""
    kind: UnitKind = "money"
    sign: Sign = "plus"
    """minus: printed positive, deducted from its total; signed: a loss or outflow is printed negative."""
    labels: tuple[str, ...] = ()
    """How reports print it, its names among them."""
    aliases: tuple[str, ...] = ()
    """How people ask for it, its names among them."""
    also: tuple[str, ...] = ()
    """Other tables that print the same line."""
    within: str = ""
    """Field below which alone its labels mean it; empty for most."""
    part_of: str = ""
    """Total that the line adds to."""

    @property
    def unit(self) -> str:
        """Say the base unit of a Chinese report's value."""
        return _UNITS[self.kind]

    @property
    def is_money(self) -> bool:
        """Say whether a table's unit (千元, 万元) scales it; values per share and counts are printed as they are."""
        return self.kind == "money"

    @property
    def is_text(self) -> bool:
        return self.kind == "text"


@dataclass(frozen=True, slots=True)
class FieldMention:
    """A field as a question names it: `question[start:end]`."""

    field: Field
    start: int
    end: int


class FieldDictionary:
    """Fields, findable by name, by printed label and in questions. Refuses a label or alias of two fields."""

    def __init__(self, fields: Iterable[Field], spelling: Mapping[str, str] | None = None) -> None:
        self.fields = tuple(fields)
        self._spelling = tuple((spelling or {}).items())
        self._by_name = {field.name: field for field in self.fields}
        self._labels: dict[tuple[str, str, str], Field] = {}
        for field in self.fields:
            self._check(field)
            for statement in (field.statement, *field.also):
                self._add_labels(field, statement)
        self.parents = frozenset(field.within for field in self.fields if field.within)
        """Names of the fields below which some labels mean something else: pass the last one seen as `within`."""
        self._lexicon = Lexicon(Group(field.name, field.statement, field.aliases) for field in self.fields)
        self._printed = _unshared_labels(self.fields, self._lexicon)
        self._asked = Lexicon(
            Group(field.name, field.statement, (*field.aliases, *self._printed.get(field.name, ())))
            for field in self.fields
        )

    @staticmethod
    def load() -> "FieldDictionary":
        """Return the dictionary that ships with the package; it is read once."""
        return _shipped()

    def by_name(self, name: str) -> Field | None:
        """Return the field of a canonical name."""
        return self._by_name.get(name)

    def by_label(self, label: str, statement: str, within: str = "") -> Field | None:
        """Return the field whose line a statement prints so; `within` is the last of `parents` printed above it."""
        key = label_key(label, self._spelling)
        for candidate in dict.fromkeys((key, without_tail(key))):
            found = self._labels.get((statement, within, candidate)) if within else None
            found = found or self._labels.get((statement, "", candidate))
            if found:
                return found
        return None

    def by_alias(self, word: str) -> Field | None:
        """Return the field that people call so."""
        group = self._asked.group(word)
        return self._by_name[group.name] if group else None

    def mentions(self, question: str) -> list[FieldMention]:
        """Return the fields a question names, the longest wherever names overlap, in its order."""
        return [FieldMention(self._by_name[m.group.name], m.start, m.end) for m in self._asked.find(question)]

    def parts(self, total: str) -> tuple[Field, ...]:
        """Return the lines that add up to a total."""
        return tuple(field for field in self.fields if field.part_of == total)

    def _check(self, field: Field) -> None:
        if self._by_name[field.name] is not field:
            raise SettingsError(f"{FIELDS_FILE}: '{field.name}' stands twice, under {field.statement} and before")
        for name in (field.within, field.part_of):
            if name and name not in self._by_name:
                raise SettingsError(f"{FIELDS_FILE}: [{field.statement}] '{field.name}' refers to unknown '{name}'")

    def _add_labels(self, field: Field, statement: str) -> None:
        for label in field.labels:
            key = (statement, field.within, label_key(label, self._spelling))
            other = self._labels.setdefault(key, field)
            if other is not field:
                raise SettingsError(
                    f"{FIELDS_FILE}: [{statement}] label '{label}' stands under '{other.name}' and under '{field.name}'"
                )


@lru_cache(maxsize=1)
def _shipped() -> FieldDictionary:
    text = resources.files("vouch.retrieval").joinpath("data", FIELDS_FILE).read_text(encoding="utf-8")
    return read_fields(tomllib.loads(text))


def read_fields(tables: Mapping[str, Any]) -> FieldDictionary:
    """Return the dictionary of a parsed file; SettingsError names the entry that has another form."""
    spelling = tables.get("spelling", {})
    fields = [
        _field(statement, name, entry)
        for statement, entries in tables.items()
        if statement != "spelling"
        for name, entry in entries.items()
    ]
    return FieldDictionary(fields, spelling)


def _field(statement: str, name: str, entry: Mapping[str, Any]) -> Field:
    where = f"{FIELDS_FILE}: [{statement}] '{name}'"
    if unknown := sorted(set(entry) - _KEYS):
        raise SettingsError(f"{where} has the unknown key '{unknown[0]}': write one of {', '.join(sorted(_KEYS))}")
    if not isinstance(entry.get("en"), str):
        raise SettingsError(f'{where} needs its English name: en = "…"')
    kind = entry.get("unit", _DEFAULT_KIND.get(statement, "money"))
    sign = entry.get("sign", "plus")
    if kind not in get_args(UnitKind) or sign not in get_args(Sign):
        raise SettingsError(f"{where} has unit '{kind}' and sign '{sign}': one of them is unknown")
    names = (name, entry["en"])
    # A line known only below another is printed by a label of its own, never by its long canonical name.
    labels = _words(entry, "labels", where)
    return Field(
        name=name,
        english=entry["en"],
        statement=statement,
        kind=kind,
        sign=sign,
        labels=labels if "within" in entry else tuple(dict.fromkeys((*names, *labels))),
        aliases=tuple(dict.fromkeys((*names, *_words(entry, "aliases", where)))),
        also=_words(entry, "also", where),
        within=entry.get("within", ""),
        part_of=entry.get("part_of", ""),
    )


def _words(entry: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    words: Sequence[object] = entry.get(key, [])
    if not isinstance(words, list) or not all(isinstance(word, str) and word for word in words):
        raise SettingsError(f"{where}: {key} must be a list of words")
    if len(set(words)) < len(words):
        raise SettingsError(f"{where}: {key} names a word twice")
    return tuple(str(word) for word in words)


def _unshared_labels(fields: Iterable[Field], names: Lexicon) -> dict[str, list[str]]:
    """Return, by field, the printed labels that only it has and that are nobody's alias: questions quote them too."""
    holders: dict[str, set[str]] = {}
    words: dict[str, str] = {}
    for field in fields:
        for label in field.labels:
            holders.setdefault(fold(label), set()).add(field.name)
            words.setdefault(fold(label), label)
    found: dict[str, list[str]] = {}
    for key, holding in holders.items():
        if len(holding) == 1 and len(key) >= MIN_QUOTED and names.group(key) is None:
            found.setdefault(next(iter(holding)), []).append(words[key])
    return found


MIN_QUOTED = 4
"""Shorter labels are words of everyday speech (电话, 研发, basic) and count only where listed as an alias."""
