"""From the signature of a typed function to a JSON schema, and arguments checked against it. Knows no tool."""

import inspect
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

_PLAIN: Mapping[type, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}
MAX_TEXT = 2000
"""Characters of a text argument."""
MAX_ITEMS = 20
"""Entries of a list argument."""


class BadArgument(Exception):
    """An argument does not fit; the text says which and what is wanted."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a tool as a model may fill it."""

    name: str
    kind: Any
    """str, int, float, bool, Literal[…], a list of one of them, or dict[str, float]."""
    description: str
    required: bool
    nullable: bool
    default: Any = None

    @property
    def schema(self) -> dict[str, Any]:
        """Return its JSON schema."""
        described = {"description": self.description} if self.description else {}
        return _schema(self.kind) | described


def parameters_of(function: Callable[..., Any], injected: type) -> tuple[Parameter, ...]:
    """Return what a model may fill in of a function's parameters; the one of type `injected` is not its to give."""
    hints = get_type_hints(function, include_extras=True)
    found = []
    for name, parameter in inspect.signature(function).parameters.items():
        assert parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY), f"{name}: plain parameters"
        assert name in hints, f"{name} of {function.__name__} needs an annotation"
        kind, description = _described(hints[name])
        if kind is injected:
            continue
        plain, nullable = _without_none(kind)
        _schema(plain)  # a type that has no schema is a mistake of ours: say so when the tool is defined
        required = parameter.default is parameter.empty
        default = None if required else parameter.default
        found.append(Parameter(name, plain, description, required, nullable, default))
    return tuple(found)


def object_schema(parameters: tuple[Parameter, ...]) -> dict[str, Any]:
    """Return the JSON schema of all parameters."""
    return {
        "type": "object",
        "properties": {parameter.name: parameter.schema for parameter in parameters},
        "required": [parameter.name for parameter in parameters if parameter.required],
        "additionalProperties": False,
    }


def checked_arguments(parameters: tuple[Parameter, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments as the function takes them; BadArgument for one that is unknown, missing or unfit."""
    known = {parameter.name: parameter for parameter in parameters}
    unknown = sorted(str(name) for name in given if name not in known)
    if unknown:
        raise BadArgument(f"unknown argument {', '.join(unknown)[:100]}; there are {', '.join(known) or 'none'}")
    checked = {}
    for parameter in parameters:
        value = given.get(parameter.name)
        if value is None:
            if parameter.required and not parameter.nullable:
                raise BadArgument(f"{parameter.name} is missing: {parameter.description or _wanted(parameter.kind)}")
            checked[parameter.name] = parameter.default
            continue
        checked[parameter.name] = _checked(parameter.name, parameter.kind, value)
    return checked


def _described(hint: Any) -> tuple[Any, str]:
    if get_origin(hint) is Annotated:
        kind, *extras = get_args(hint)
        return kind, next((extra for extra in extras if isinstance(extra, str)), "")
    return hint, ""


def _without_none(kind: Any) -> tuple[Any, bool]:
    if get_origin(kind) in (Union, types.UnionType):
        members = [member for member in get_args(kind) if member is not type(None)]
        assert len(members) == 1, "a parameter has one type, or that type or None"
        return members[0], True
    return kind, False


def _schema(kind: Any) -> dict[str, Any]:
    if kind in _PLAIN:
        return {"type": _PLAIN[kind]}
    if get_origin(kind) is Literal and all(isinstance(choice, str) for choice in get_args(kind)):
        return {"type": "string", "enum": list(get_args(kind))}
    if get_origin(kind) is list:
        (entry,) = get_args(kind)
        return {"type": "array", "items": _schema(entry), "maxItems": MAX_ITEMS}
    if kind == dict[str, float]:
        return {"type": "object", "additionalProperties": {"type": "number"}, "maxProperties": MAX_ITEMS}
    raise TypeError(f"{kind} has no JSON schema here: str, int, float, bool, Literal, list, dict[str, float] have")


def _checked(name: str, kind: Any, value: Any) -> Any:
    """Return a value of the kind; numbers written as text, and one entry in place of a list, are understood."""
    if kind == dict[str, float]:
        return _named_numbers(name, value)
    if get_origin(kind) is list:
        entries = value if isinstance(value, list | tuple) else [value]
        if len(entries) > MAX_ITEMS:
            raise BadArgument(f"{name} has {len(entries)} entries, at most {MAX_ITEMS}")
        return [_checked(name, get_args(kind)[0], entry) for entry in entries]
    if kind in (int, float):
        return _number(name, kind, value)
    if kind is str and isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not _fits(kind, value):
        raise BadArgument(f"{name} should be {_wanted(kind)}, not {_shown(value)}")
    return value


def _fits(kind: Any, value: Any) -> bool:
    if get_origin(kind) is Literal:
        return isinstance(value, str) and value in get_args(kind)
    if kind is bool:
        return isinstance(value, bool)
    return isinstance(value, str) and len(value) <= MAX_TEXT


def _named_numbers(name: str, value: Any) -> dict[str, float]:
    if not isinstance(value, Mapping) or len(value) > MAX_ITEMS:
        raise BadArgument(f"{name} should be an object of at most {MAX_ITEMS} names and numbers, not {_shown(value)}")
    return {str(key)[:100]: _number(f"{name}.{str(key)[:40]}", float, entry) for key, entry in value.items()}


def _number(name: str, kind: Any, value: Any) -> Any:
    if not isinstance(value, bool) and isinstance(value, int | float | str) and len(str(value)) <= 40:
        try:
            number = kind(value) if isinstance(value, str) else value
            if number == kind(number) and abs(number) < 1e30:
                return kind(number)
        except (ValueError, OverflowError):
            pass  # said below
    raise BadArgument(f"{name} should be {_wanted(kind)}, not {_shown(value)}")


def _wanted(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(map(str, get_args(kind)))
    if kind == dict[str, float]:
        return "an object of names and numbers"
    if get_origin(kind) is list:
        return f"a list, each {_wanted(get_args(kind)[0])}"
    return {str: f"a text of at most {MAX_TEXT} characters", int: "a whole number", float: "a number"}.get(
        kind, "true or false"
    )


def _shown(value: Any) -> str:
    return repr(value)[:60]
