"""Checks of single settings. Does not know which settings there are."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, get_args, get_origin

from vouch.retrieval.errors import SettingsError

SettingValue = str | int | float | bool

MASK = "********"
_SECRET_ENDINGS = ("key", "token", "password", "secret")
# Up to the last @: a password may hold any character, escaped or not.
_PASSWORD = re.compile(r"(://[^:/@?#]*):.*@")
_SECRET_PARAMETER = re.compile(rf"([?&][^=&]*(?:{'|'.join(_SECRET_ENDINGS)})=)[^&#]*", re.IGNORECASE)
_TRUE, _FALSE = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True, slots=True)
class Between:
    """The least and the greatest value that a number may have."""

    least: float
    greatest: float


def checked(name: str, value: object, kind: Any, origin: str) -> SettingValue:
    """Return the value as the setting's type, or raise SettingsError naming key, value, place and what is expected."""
    limits: Between | None = None
    if get_origin(kind) is Annotated:
        kind, limits = get_args(kind)
    converted = _converted(value, kind)
    if converted is None or (limits and not _inside(converted, limits)):
        raise SettingsError(f"{name} is {value!r} ({origin}), expected {expectation(kind, limits)}")
    return converted


def _converted(value: object, kind: Any) -> SettingValue | None:
    """Return None for what cannot be read as the type; environment values arrive as text."""
    if get_origin(kind) is Literal:
        return value if isinstance(value, str) and value in get_args(kind) else None
    if kind is bool:
        return _as_bool(value)
    if kind is int or kind is float:
        return _as_number(value, kind)
    return value if isinstance(value, str) else None


def _as_bool(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else ""
    return True if word in _TRUE else False if word in _FALSE else None


def _as_number(value: object, kind: type[int] | type[float]) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    if kind is int and isinstance(value, float):
        return None
    try:
        return kind(value)
    except ValueError:
        return None


def _inside(value: SettingValue, limits: Between) -> bool:
    return not isinstance(value, str) and limits.least <= value <= limits.greatest


def expectation(kind: Any, limits: Between | None = None) -> str:
    """Return in words what a setting of this type may be."""
    if get_origin(kind) is Literal:
        choices = [f"'{choice}'" for choice in get_args(kind)]
        return choices[0] if len(choices) == 1 else "one of " + ", ".join(choices)
    if isinstance(kind, UnionType):
        return str(kind)
    words = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}[kind]
    return f"{words} from {limits.least:g} to {limits.greatest:g}" if limits else words


def nearest(name: str, valid: Sequence[str], cutoff: float = 0.5) -> str | None:
    """Return the valid name that looks most like a mistyped one; None if none does."""
    last_parts = {key.rpartition(".")[2]: key for key in valid}
    last = name.lower().rpartition(".")[2]
    if last in last_parts and name.lower() not in valid:
        return last_parts[last]  # the right key without its section, or in a wrong one
    if found := difflib.get_close_matches(name.lower(), valid, n=1, cutoff=cutoff):
        return found[0]
    # `topk` for `retrieval.k`: the last part alone.
    found = difflib.get_close_matches(last, list(last_parts), n=1, cutoff=cutoff)
    return last_parts[found[0]] if found else None


def masked(name: str, value: SettingValue) -> SettingValue:
    """Return what may be shown of a setting: secrets and passwords inside addresses are hidden."""
    if not isinstance(value, str) or not value:
        return value
    if name.lower().endswith(_SECRET_ENDINGS):
        return MASK
    return without_password(value)


def without_password(address: str) -> str:
    """Return an address such as postgresql://user:password@host/db with its password hidden."""
    return _SECRET_PARAMETER.sub(rf"\1{MASK}", _PASSWORD.sub(rf"\1:{MASK}@", address))
