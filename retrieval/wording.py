"""How questions are worded: filler to leave out of a search, signs of a report question, legal forms of companies."""

import tomllib
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources

from vouch.retrieval.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Wording:
    """The lists of `retrieval/data/wording.toml`, the longest words first."""

    filler: tuple[str, ...]
    particles: tuple[str, ...]
    filler_en: tuple[str, ...]
    report_words: tuple[str, ...]
    many_companies: tuple[str, ...]
    concept_words: tuple[str, ...]
    not_a_name: tuple[str, ...]
    not_a_name_alone: tuple[str, ...]
    not_a_name_en: tuple[str, ...]
    legal_forms: tuple[str, ...]
    legal_forms_en: tuple[str, ...]
    branch_words_en: tuple[str, ...]
    places: tuple[str, ...]


@cache
def default_wording() -> Wording:
    """Return the wording lists that ship with the package."""
    path = resources.files("vouch.retrieval").joinpath("data", "wording.toml")
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    wanted = {entry.name for entry in fields(Wording)}
    if tables.keys() != wanted:
        raise SettingsError(f"wording.toml: expected the lists {sorted(wanted)}, found {sorted(tables)}")
    lists = {name: tuple(sorted(dict.fromkeys(words), key=len, reverse=True)) for name, words in tables.items()}
    return Wording(**lists)
