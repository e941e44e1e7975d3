"""The tables of red flags: read, checked and compiled once. Knows no question."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Any, Literal, get_args

from vouch.generation.phrases import Language
from vouch.retrieval.errors import SettingsError

AlertKind = Literal[
    "self_harm", "harm_to_others", "violence", "poisoning", "emergency", "pregnancy_drug", "personal_treatment"
]
"""The most urgent first."""
Frame = Literal["now", "person", "always"]

_GAP: Mapping[Language, str] = {"zh": r"[^。!?;\n]{0,8}", "en": r"[^.!?;\n]{0,40}"}
"""What … stands for."""
_SPOKEN = ("about", "person", "now", "past", "polite", "denied")
_RULE_KEYS = frozenset({"name", "kind", "all", "unless", "frame"})


@dataclass(frozen=True, slots=True)
class Rule:
    """Groups of patterns that make a red flag together."""

    name: str
    kind: AlertKind
    all: tuple[str, ...]
    unless: tuple[str, ...]
    frame: Frame


@dataclass(frozen=True)
class LazyPattern:
    """A pattern that is compiled when it is first needed: all of them take 0.3 s, most questions need a few."""

    text: str
    where: str

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        try:
            return re.compile(self.text)
        except re.error as error:
            raise SettingsError(f"{self.where}: no regular expression: {error}") from error


@dataclass(frozen=True, slots=True)
class Flags:
    """The red flags of one language."""

    language: Language
    signs: Mapping[str, LazyPattern]
    context: Mapping[str, LazyPattern]
    frames: Mapping[str, LazyPattern]
    negation: LazyPattern
    sentence_ends: str
    rules: tuple[Rule, ...]
    simplified: Mapping[int, str]
    spellings: Mapping[str, str]
    vocabulary: frozenset[str]
    not_typos: frozenset[str]


@cache
def load_flags(language: Language) -> Flags:
    """Return the red flags of a language."""
    where = f"red_flags_{language}.toml"
    table = _table(where)
    frames = table["frames"]
    pairs = table.get("simplified", "")
    flags = Flags(
        language,
        {name: _joined(patterns, language, f"{where} {name}") for name, patterns in table["signs"].items()},
        {name: _joined(patterns, language, f"{where} {name}") for name, patterns in table["context"].items()},
        {name: _joined(frames[name], language, f"{where} {name}") for name in _SPOKEN},
        _joined(frames["negation"], language, f"{where} negation"),
        frames["sentence"],
        tuple(_rule(entry, where) for entry in table["rule"]),
        {ord(pairs[i]): pairs[i + 1] for i in range(0, len(pairs), 2)},
        table.get("spellings", {}),
        frozenset(table.get("vocabulary", ())),
        frozenset(table.get("not_typos", ())),
    )
    _check(flags, where)
    return flags


@cache
def load_messages() -> Mapping[str, Mapping[str, Any]]:
    """Return what is said to each kind of alert: zh, en, replaces."""
    return _table("red_flag_messages.toml")


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files("vouch.generation").joinpath("data", name).read_text(encoding="utf-8"))


def _joined(patterns: Iterable[str], language: Language, where: str) -> LazyPattern:
    return LazyPattern("|".join(f"(?:{pattern})" for pattern in patterns).replace("…", _GAP[language]), where)


def _rule(entry: Mapping[str, Any], where: str) -> Rule:
    if not entry.keys() <= _RULE_KEYS or entry.get("frame") not in ("now", "person", "always"):
        raise SettingsError(f"{where}: rule {entry.get('name')} has unknown keys or no frame")
    return Rule(entry["name"], entry["kind"], tuple(entry["all"]), tuple(entry.get("unless", ())), entry["frame"])


def _check(flags: Flags, where: str) -> None:
    known = flags.signs.keys() | flags.context.keys()
    for rule in flags.rules:
        unknown = {*rule.all, *rule.unless} - known
        if unknown or rule.kind not in get_args(AlertKind):
            raise SettingsError(f"{where}: rule {rule.name} names {', '.join(sorted(unknown)) or rule.kind}, unknown")
