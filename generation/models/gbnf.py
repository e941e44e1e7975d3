"""A JSON schema as a grammar for llama.cpp (GBNF): what a reply may be, token by token, without any space.

Why not llama.cpp's own: behind /completion it hands schemas to llguidance, which in 2026-10 let SentencePiece models
write what they liked ("token doesn't satisfy the grammar"); its own grammars hold.

Not enforced, so to be checked in the reply: pattern, format, minimum, maximum, multipleOf, uniqueItems, allOf, not.
Objects have the named properties only, in the order of the schema.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from vouch.retrieval.errors import ModelError

_BASICS = {
    "string": r"""string ::= "\"" char* "\"" """.strip(),
    "char": r"""char ::= [^"\\\x7F\x00-\x1F] | "\\" (["\\bfnrt] | "u" [0-9a-fA-F]{4})""",
    "integer": 'integer ::= "-"? ("0" | [1-9] [0-9]{0,17})',
    "number": 'number ::= integer ("." [0-9]{1,17})? ([eE] [-+]? [0-9]{1,3})?',
    "boolean": 'boolean ::= "true" | "false"',
    "null": 'null ::= "null"',
    "value": "value ::= object | array | string | number | boolean | null",
    "object": 'object ::= "{" (string ":" value ("," string ":" value)*)? "}"',
    "array": 'array ::= "[" (value ("," value)*)? "]"',
}
DEEPEST = 64


def grammar_of(schema: Mapping[str, Any]) -> str:
    """Return the grammar of a schema; ModelError for a schema that has no finite one."""
    rules = _Rules(schema)
    root = rules.expression(schema, 0)
    return "\n".join([f"root ::= {root}", *rules.made, *_BASICS.values()]) + "\n"


class _Rules:
    """Collects the rules of one schema."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self._references: dict[str, str] = {}
        self.made: list[str] = []
        self._numbered = 0

    def expression(self, schema: Any, depth: int) -> str:
        """Return what matches a value of a schema."""
        if depth > DEEPEST:
            raise ModelError(f"the JSON schema is nested deeper than {DEEPEST}")
        if not isinstance(schema, Mapping):
            return "value"
        if "$ref" in schema:
            return self._referred(str(schema["$ref"]))
        if "const" in schema or "enum" in schema:
            return _either([_literal(value) for value in schema.get("enum", [schema.get("const")])])
        if parts := schema.get("anyOf") or schema.get("oneOf"):
            return _either([self.expression(part, depth + 1) for part in parts])
        kind = schema.get("type", "object" if "properties" in schema else "value")
        kinds = [kind] if isinstance(kind, str) else list(kind)
        return _either([self._typed(str(one), schema, depth) for one in kinds])

    def _typed(self, kind: str, schema: Mapping[str, Any], depth: int) -> str:
        if kind == "object" and "properties" in schema:
            return self._object(schema, depth)
        if kind == "array":
            return self._array(schema, depth)
        if kind == "string" and ("minLength" in schema or "maxLength" in schema):
            return rf'"\"" char{_times(schema.get("minLength", 0), schema.get("maxLength"))} "\""'
        if kind not in _BASICS or kind == "char":
            raise ModelError(f"the JSON schema names the type {kind!r}, which JSON has not")
        return kind

    def _object(self, schema: Mapping[str, Any], depth: int) -> str:
        """Return the named properties in their order, those that are not required left out or not."""
        required = set(schema.get("required", ()))
        first, rest = "", ""  # what follows where nothing, and where something stands before
        for name, part in reversed(list(schema["properties"].items())):
            entry = f'{_literal(name)} ":" {self.expression(part, depth + 1)}'
            with_rest = f"{entry} {rest}".strip()
            if name in required:
                first, rest = with_rest, f'"," {with_rest}'
            else:
                first, rest = (
                    f"({with_rest} | {first})" if first else f"({with_rest})?",
                    f'("," {entry})? {rest}'.strip(),
                )
            first, rest = self._rule(first), self._rule(rest)
        return f'"{{" {first} "}}"'

    def _array(self, schema: Mapping[str, Any], depth: int) -> str:
        least, most = int(schema.get("minItems", 0)), schema.get("maxItems")
        if most == 0:
            return '"[]"'
        item = self._rule(self.expression(schema.get("items"), depth + 1))
        more = f'{item} ("," {item}){_times(max(least - 1, 0), None if most is None else int(most) - 1)}'
        return f'"[" {more} "]"' if least else f'"[" ({more})? "]"'

    def _referred(self, reference: str) -> str:
        """Return the rule of a part of the schema; it may refer to itself."""
        if reference not in self._references:
            self._references[reference] = f"ref-{len(self._references)}"
            expression = self.expression(self._part(reference), 0)
            self.made.append(f"{self._references[reference]} ::= {expression}")
        return self._references[reference]

    def _part(self, reference: str) -> Any:
        part: Any = self._schema
        if not reference.startswith("#"):
            raise ModelError(f"the JSON schema refers to {reference!r}: only its own parts can be used")
        for key in filter(None, reference[1:].split("/")):
            part = part.get(key) if isinstance(part, Mapping) else None
        if part is None:
            raise ModelError(f"the JSON schema refers to {reference!r}, which it does not hold")
        return part

    def _rule(self, expression: str) -> str:
        """Return the name of a rule, where the expression is worth one."""
        if not expression or expression in _BASICS:
            return expression
        self._numbered += 1
        self.made.append(f"rule-{self._numbered} ::= {expression}")
        return f"rule-{self._numbered}"


def _either(expressions: Sequence[str]) -> str:
    return expressions[0] if len(expressions) == 1 else f"({' | '.join(expressions)})"


def _literal(value: Any) -> str:
    """Return what matches exactly this JSON value."""
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return '"' + written.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _times(least: Any, most: Any) -> str:
    return f"{{{int(least)},{'' if most is None else int(most)}}}"
