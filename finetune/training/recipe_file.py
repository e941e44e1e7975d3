"""A recipe read from its TOML file: unknown keys, wrong types and impossible values are refused by name."""

import dataclasses
import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from vouch.finetune.training.recipe import Between, TrainingRecipe
from vouch.retrieval.errors import UsageError

_WORDS: Mapping[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    Path: "the path of a folder",
    tuple[str, ...]: "a list of texts",
}


def read_recipe(path: Path) -> TrainingRecipe:
    """Return the recipe of a TOML file; UsageError that names file, key and what is expected.

    `model` is relative to the file's own folder.
    """
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} is no recipe of a training: {error}") from error
    recipe = _made(TrainingRecipe, said, str(path), "")
    assert isinstance(recipe, TrainingRecipe)
    folder = path.parent / recipe.model.expanduser()
    return dataclasses.replace(recipe, model=folder)


def _made(kind: type[Any], entries: Mapping[str, Any], where: str, table: str) -> Any:
    """Return an object of one of the recipe's classes from a TOML table."""
    hints = get_type_hints(kind, include_extras=True)
    for name in entries:
        if name not in hints:
            raise UsageError(f"{where}: there is no {table}{name}{_hint(name, table)}")
    missing = [
        entry.name
        for entry in dataclasses.fields(kind)
        if entry.name not in entries
        and entry.default is dataclasses.MISSING
        and entry.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise UsageError(f"{where} does not say {', '.join(missing)}: add it")
    return kind(**{name: _value(value, hints[name], where, table + name) for name, value in entries.items()})


def _value(value: Any, kind: Any, where: str, name: str) -> Any:
    """Return a TOML value as the field's type."""
    if dataclasses.is_dataclass(kind):
        if not isinstance(value, Mapping):
            raise UsageError(f"{where}: {name} is a table, write [{name}]")
        assert isinstance(kind, type)
        return _made(kind, value, where, f"{name}.")
    limits: Between | None = None
    if get_origin(kind) is Annotated:
        kind, limits = get_args(kind)
    converted = _converted(value, kind)
    if converted is None or (limits and not limits.least <= converted <= limits.greatest):
        raise UsageError(f"{where}: {name} is {value!r}, expected {_expectation(kind, limits)}")
    return converted


def _converted(value: Any, kind: Any) -> Any:
    """Return None for what is not of the type."""
    if get_origin(kind) is Literal:
        return value if value in get_args(kind) else None
    if get_origin(kind) is tuple:
        return tuple(value) if isinstance(value, list) and all(isinstance(entry, str) for entry in value) else None
    if kind is Path:
        return Path(value) if isinstance(value, str) and value else None
    if isinstance(value, bool) or kind is bool:
        return value if kind is bool and isinstance(value, bool) else None
    if kind is float and isinstance(value, int):
        return float(value)
    return value if isinstance(value, kind) else None


def _expectation(kind: Any, limits: Between | None) -> str:
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(map(repr, get_args(kind)))
    return f"{_WORDS[kind]} from {limits.least:g} to {limits.greatest:g}" if limits else _WORDS[kind]


def _hint(name: str, table: str) -> str:
    """Return which key was meant: the one most alike, the right one of another table first."""
    keys = _keys(TrainingRecipe, "")
    moved = [key for key in keys if key.rpartition(".")[2] == name]
    alike = difflib.get_close_matches(table + name, keys, n=1, cutoff=0.5)
    last = {key.rpartition(".")[2]: key for key in keys}
    by_last = [last[near] for near in difflib.get_close_matches(name, last, n=1, cutoff=0.5)]
    found = [*moved, *alike, *by_last]
    return f"; did you mean {found[0]}?" if found else f"; there are {', '.join(keys)}"


def _keys(kind: type[Any], table: str) -> list[str]:
    hints = get_type_hints(kind)
    keys: list[str] = []
    for name, hint in hints.items():
        inner = isinstance(hint, type) and dataclasses.is_dataclass(hint)
        keys += _keys(hint, f"{name}.") if inner else [table + name]
    return keys
