"""Typed functions as tools: what models are told, and what of their arguments gets through."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import pytest

from tests.generation.shelf_maker import FakeShelf
from vouch.generation.quotes import Statement
from vouch.generation.tools.registry import Tool, Toolbox, tool
from vouch.generation.tools.types import ToolContext, ToolMisuse, ToolResult

CONTEXT = ToolContext(FakeShelf())  # type: ignore[arg-type]


@tool
def weigh(
    context: ToolContext,
    what: Annotated[str, "the thing"],
    grams: Annotated[list[float], "readings"],
    scale: Literal["kitchen", "lab"] = "lab",
    times: int = 1,
    *,
    tare: bool = False,
    note: str | None = None,
    parts: dict[str, float] | None = None,
) -> ToolResult:
    """Weigh a thing.

    Twice if need be."""
    return ToolResult((Statement(repr((what, grams, scale, times, tare, note, parts)), ()),))


@tool
def rest() -> ToolResult:
    """Do nothing."""
    return ToolResult()


def said(arguments: Mapping[str, Any]) -> str:
    return weigh(CONTEXT, arguments).text


def test_models_are_told_name_docstring_and_a_closed_schema() -> None:
    schema = weigh.schema
    assert (schema.name, schema.description) == ("weigh", "Weigh a thing. Twice if need be.")
    assert schema.parameters == {
        "type": "object",
        "properties": {
            "what": {"type": "string", "description": "the thing"},
            "grams": {"type": "array", "items": {"type": "number"}, "maxItems": 20, "description": "readings"},
            "scale": {"type": "string", "enum": ["kitchen", "lab"]},
            "times": {"type": "integer"},
            "tare": {"type": "boolean"},
            "note": {"type": "string"},
            "parts": {"type": "object", "additionalProperties": {"type": "number"}, "maxProperties": 20},
        },
        "required": ["what", "grams"],
        "additionalProperties": False,
    }
    assert rest.schema.parameters["properties"] == {}


def test_arguments_arrive_typed_with_defaults_for_the_rest() -> None:
    assert said({"what": "盐", "grams": [1, "2.5"]}) == repr(("盐", [1.0, 2.5], "lab", 1, False, None, None))
    given = {"what": 7, "grams": 3, "times": "4", "tare": True, "note": None, "parts": {"a": "1"}, "scale": "kitchen"}
    assert said(given) == repr(("7", [3.0], "kitchen", 4, True, None, {"a": 1.0}))


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"what": None}, "what is missing: the thing"),
        ({"what": ["a"]}, "what should be a text"),
        ({"what": "x" * 2001}, "what should be a text"),
        ({"grams": ["heavy"]}, "grams should be a number, not 'heavy'"),
        ({"grams": [math.nan]}, "grams should be a number"),
        ({"grams": [math.inf]}, "grams should be a number"),
        ({"grams": [1e31]}, "grams should be a number"),
        ({"grams": [True]}, "grams should be a number"),
        ({"grams": list(range(21))}, "grams has 21 entries, at most 20"),
        ({"times": 1.5}, "times should be a whole number"),
        ({"times": "9" * 5000}, "times should be a whole number"),
        ({"scale": "moon"}, "scale should be one of kitchen, lab, not 'moon'"),
        ({"tare": "yes"}, "tare should be true or false"),
        ({"parts": [1]}, "parts should be an object"),
        ({"parts": {"a": "b"}}, "parts.a should be a number"),
        ({"context": "mine"}, "unknown argument context; there are what, grams"),
        ({"colour": 1}, "unknown argument colour"),
    ],
)
def test_what_does_not_fit_is_named(changed: Mapping[str, Any], complaint: str) -> None:
    with pytest.raises(ToolMisuse) as misuse:
        said({"what": "x", "grams": [1], **changed})
    assert str(misuse.value).startswith(f"weigh: {complaint}")
    assert len(str(misuse.value)) < 400


def test_an_unknown_tool_is_answered_with_those_there_are() -> None:
    with pytest.raises(ToolMisuse, match="there is no tool 'delete_library'; there are weigh, rest"):
        Toolbox([weigh, rest], CONTEXT).call("delete_library", {})


def test_a_function_that_cannot_be_described_is_no_tool() -> None:
    def silent(context: ToolContext) -> ToolResult:
        return ToolResult()

    def untyped(context: ToolContext, anything) -> ToolResult:  # type: ignore[no-untyped-def]
        """Take anything."""
        return ToolResult()

    def open_ended(context: ToolContext, **rest: str) -> ToolResult:
        """Take anything."""
        return ToolResult()

    def strange(context: ToolContext, when: complex) -> ToolResult:
        """Take a complex number."""
        return ToolResult()

    for function in (silent, untyped, open_ended):
        with pytest.raises(AssertionError):
            tool(function)
    with pytest.raises(TypeError, match="no JSON schema"):
        tool(strange)
    assert isinstance(weigh, Tool)
