"""Values of a row by the shape they may have: one or several texts, pages, places, numbers."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from vouch.eval.text_metrics import is_chinese

Row = Mapping[str, Any]

_CITED_FILE = re.compile(r"__([^_/]+)__(?P<code>\d{6})__(?P<short>[^_/]+)__\d{4}年__")
"""Statutory file names: date__full name__code__short name__year__kind."""


class NotUnderstood(ValueError):
    """A row that has the keys of a layout but no values that fit it."""


def text(row: Row, *keys: str) -> str:
    """Return the first of these fields that holds a text or a number; empty where none does."""
    for key in keys:
        value = row.get(key)
        if isinstance(value, str) and value.strip():
            return value.strip()
        if isinstance(value, int | float) and not isinstance(value, bool):
            return written(value)
    return ""


def texts(value: object) -> tuple[str, ...]:
    """Return every text of a value: itself, its entries, what its entries hold under `text`; each once."""
    match value:
        case str():
            found = [value.strip()]
        case bool() | None:
            found = []
        case int() | float():
            found = [written(value)]
        case Mapping():
            found = [*texts(value.get("text"))]
        case Sequence():
            found = [entry for part in value for entry in texts(part)]
        case _:
            found = []
    return tuple(dict.fromkeys(entry for entry in found if entry))


def written(number: float) -> str:
    """Return a number as a person writes it: no point where it is whole."""
    return str(int(number)) if float(number).is_integer() else repr(number)


def is_number(value: object) -> bool:
    """Say whether a value is a number of JSON."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def pages(value: object) -> tuple[int, ...]:
    """Return the page or pages of a value, each once, in its order."""
    if isinstance(value, str) and value.strip().isdigit():
        return (int(value),)
    if isinstance(value, int) and not isinstance(value, bool):
        return (value,)
    if isinstance(value, Mapping):
        return tuple(dict.fromkeys(page for entry in value.values() for page in pages(entry)))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(dict.fromkeys(page for entry in value for page in pages(entry)))
    return ()


def file_name(value: object) -> str:
    """Return the last part of a path."""
    return value.strip().replace("\\", "/").rpartition("/")[2] if isinstance(value, str) else ""


def question(row: Row) -> str:
    """Return what is asked; the turns of a dialogue, given as a list of {Q}, as one question."""
    asked = text(row, "question", "instruction", "query")
    if asked.startswith("[{"):
        try:
            turns = json.loads(asked)
        except ValueError:
            return asked
        said = [turn["Q"].strip() for turn in turns if isinstance(turn, Mapping) and isinstance(turn.get("Q"), str)]
        return " ".join(said) or asked
    return asked


def language(row: Row) -> str:
    """Return the language that a row names, else that of its question."""
    named = row.get("lang") or row.get("language")
    return named if named in ("zh", "en") else ("zh" if is_chinese(question(row)) else "en")


def short_names(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return full company name -> short name, for the statutory file names among these."""
    found: dict[str, tuple[str, ...]] = {}
    for name in names:
        match = _CITED_FILE.search(name)
        if match:
            found[match[1]] = (match["short"],)
    return found
