"""Grammars of JSON schemas; whether llama.cpp keeps to them is shown with a model in test_gguf."""

import pytest

from vouch.generation.models.gbnf import grammar_of
from vouch.retrieval.errors import ModelError


def rules(schema: dict[str, object]) -> dict[str, str]:
    lines = [line.partition(" ::= ") for line in grammar_of(schema).splitlines()]
    return {name: expression for name, _, expression in lines}


def test_properties_come_in_the_order_of_the_schema() -> None:
    both = {"a": {"type": "integer"}, "营业收入": {"type": "string"}}
    found = rules({"type": "object", "properties": both, "required": ["a", "营业收入"]})
    assert found["root"] == '"{" rule-3 "}"'
    assert found["rule-3"] == r'"\"a\"" ":" integer rule-2'
    assert found["rule-2"] == r'"," "\"营业收入\"" ":" string'


def test_a_property_that_is_not_required_may_be_left_out() -> None:
    found = rules({"type": "object", "properties": {"a": {"type": "null"}, "b": {"type": "null"}}, "required": ["b"]})
    assert found["root"] == '"{" rule-3 "}"'
    assert found["rule-3"] == r'("\"a\"" ":" null rule-2 | rule-1)'
    assert found["rule-1"] == r'"\"b\"" ":" null'


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({}, "value"),
        ({"const": 'say "yes"'}, r'"\"say \\\"yes\\\"\""'),
        ({"enum": ["高", 1, None]}, r'("\"高\"" | "1" | "null")'),
        ({"type": ["integer", "null"]}, "(integer | null)"),
        ({"anyOf": [{"type": "boolean"}, {"type": "number"}]}, "(boolean | number)"),
        ({"type": "string", "maxLength": 9}, r'"\"" char{0,9} "\""'),
        ({"type": "array", "items": {"type": "integer"}}, '"[" (integer ("," integer){0,})? "]"'),
        ({"type": "array", "items": {"type": "null"}, "minItems": 2, "maxItems": 3}, '"[" null ("," null){1,2} "]"'),
        ({"type": "array", "maxItems": 0}, '"[]"'),
    ],
)  # fmt: skip
def test_each_form_of_a_value(schema: dict[str, object], expected: str) -> None:
    assert rules(schema)["root"] == expected


def test_a_schema_may_refer_to_itself() -> None:
    tree = {"type": "array", "items": {"$ref": "#/$defs/tree"}}
    found = rules({"$ref": "#/$defs/tree", "$defs": {"tree": tree}})
    assert found["root"] == "ref-0"
    assert found["ref-0"] == '"[" (ref-0 ("," ref-0){0,})? "]"' or "ref-0" in found["rule-1"]


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"$ref": "https://example.org/schema"}, "only its own parts"),
        ({"$ref": "#/$defs/none"}, "does not hold"),
        ({"type": "date"}, "which JSON has not"),
    ],
)
def test_what_has_no_grammar_is_said(schema: dict[str, object], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        grammar_of(schema)


def test_endless_nesting_is_refused() -> None:
    schema: dict[str, object] = {"type": "null"}
    for _ in range(200):
        schema = {"type": "array", "items": schema}
    with pytest.raises(ModelError, match="nested deeper"):
        grammar_of(schema)
