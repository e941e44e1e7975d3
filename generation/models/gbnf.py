"""A JSON schema as a grammar (GBNF, read by llama.cpp and xgrammar): what a value may be, token by token.

Why not llama.cpp's own: behind /completion it hands schemas to llguidance, which in 2026-10 let SentencePiece models
write what they liked ("token doesn't satisfy the grammar"); its own grammars hold.

Not enforced, so to be checked in the reply: pattern, format, minimum, maximum, multipleOf, uniqueItems, allOf, not.
Objects have the named properties only, in the order of the schema.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vouch.retrieval.errors import ModelError

_JSON = {
    "string": r"""string ::= "\"" char* "\"" """.strip(),
    "char": r"""char ::= [^"\\\x7F\x00-\x1F] | "\\" (["\\bfnrt] | "u" [0-9a-fA-F]{4})""",
    "integer": 'integer ::= "-"? ("0" | [1-9] [0-9]{0,17})',
    "number": 'number ::= integer ("." [0-9]{1,17})? ([eE] [-+]? [0-9]{1,3})?',
    "boolean": 'boolean ::= "true" | "false"',
    "null": 'null ::= "null"',
    "value": "value ::= object | array | string | number | boolean | null",
}
DEEPEST = 64


@dataclass(frozen=True, slots=True)
class Spelling:
    """How values are written: as JSON, as literals of Python."""

    basics: Mapping[str, str]
    """The rules of values that have no parts, and `value`, by their names."""
    comma: str
    """What matches it, with the space that may follow; so is the colon."""
    colon: str
    quote: str
    """What matches the mark around texts."""
    literal: Callable[[Any], str]
    """Returns what matches exactly one value."""

    @property
    def rules(self) -> list[str]:
        """The rules of all values, those with parts of any kind included."""
        entry = f"string {self.colon} value"
        return [
            *self.basics.values(),
            f'object ::= "{{" ({entry} ({self.comma} {entry})*)? "}}"',
            f'array ::= "[" (value ({self.comma} value)*)? "]"',
        ]


def grammar_of(schema: Mapping[str, Any]) -> str:
    """Return the grammar of a schema, as JSON without any space; ModelError for a schema that has no finite one."""
    rules = Rules(schema, JSON)
    root = rules.expression(schema, 0)
    return "\n".join([f"root ::= {root}", *rules.made, *JSON.rules]) + "\n"


class Rules:
    """Collects the rules of one schema."""

    def __init__(self, schema: Mapping[str, Any], spelling: Spelling, prefix: str = "") -> None:
        """`prefix`: of the names of rules, where one grammar holds those of several schemas."""
        self._schema = schema
        self._spelling = spelling
        self._prefix = prefix
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
            return either([self._spelling.literal(value) for value in schema.get("enum", [schema.get("const")])])
        if parts := schema.get("anyOf") or schema.get("oneOf"):
            return either([self.expression(part, depth + 1) for part in parts])
        kind = schema.get("type", "object" if "properties" in schema else "value")
        kinds = [kind] if isinstance(kind, str) else list(kind)
        return either([self._typed(str(one), schema, depth) for one in kinds])

    def _typed(self, kind: str, schema: Mapping[str, Any], depth: int) -> str:
        if kind == "object" and ("properties" in schema or schema.get("additionalProperties") is not None):
            return self._object(schema, depth)
        if kind == "array":
            return self._array(schema, depth)
        if kind == "string" and ("minLength" in schema or "maxLength" in schema):
            times = _times(schema.get("minLength", 0), schema.get("maxLength"))
            return f"{self._spelling.quote} char{times} {self._spelling.quote}"
        if kind not in _KINDS:
            raise ModelError(f"the JSON schema names the type {kind!r}, which JSON has not")
        return kind

    def _object(self, schema: Mapping[str, Any], depth: int) -> str:
        extra = schema.get("additionalProperties")
        if not schema.get("properties") and isinstance(extra, Mapping):
            entry = self._rule(f"string {self._spelling.colon} {self.expression(extra, depth + 1)}")
            most = schema.get("maxProperties")
            more = f"({self._spelling.comma} {entry}){_times(0, None if most is None else int(most) - 1)}"
            return f'"{{" ({entry} {more})? "}}"'
        if "properties" not in schema and extra is not False:
            return "object"
        named = self.members(schema, lambda name: f"{self._spelling.literal(name)} {self._spelling.colon}", depth)
        return f'"{{" {named} "}}"'

    def members(self, schema: Mapping[str, Any], head: Callable[[str], str], depth: int = 0) -> str:
        """Return the named properties in their order, those that are not required left out or not.

        `head`: returns what stands before the value of a name.
        """
        required = set(schema.get("required", ()))
        comma = self._spelling.comma
        first, rest = "", ""  # what follows where nothing, and where something stands before
        for name, part in reversed(list(schema.get("properties", {}).items())):
            entry = f"{head(name)} {self.expression(part, depth + 1)}"
            with_rest = f"{entry} {rest}".strip()
            if name in required:
                first, rest = with_rest, f"{comma} {with_rest}"
            else:
                first, rest = (
                    f"({with_rest} | {first})" if first else f"({with_rest})?",
                    f"({comma} {entry})? {rest}".strip(),
                )
            first, rest = self._rule(first), self._rule(rest)
        return first

    def _array(self, schema: Mapping[str, Any], depth: int) -> str:
        least, most = int(schema.get("minItems", 0)), schema.get("maxItems")
        if most == 0:
            return '"[]"'
        item = self._rule(self.expression(schema.get("items"), depth + 1))
        times = _times(max(least - 1, 0), None if most is None else int(most) - 1)
        more = f"{item} ({self._spelling.comma} {item}){times}"
        return f'"[" {more} "]"' if least else f'"[" ({more})? "]"'

    def _referred(self, reference: str) -> str:
        """Return the rule of a part of the schema; it may refer to itself."""
        if reference not in self._references:
            self._references[reference] = f"{self._prefix}ref-{len(self._references)}"
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
        if not expression or expression in _KINDS:
            return expression
        self._numbered += 1
        name = f"{self._prefix}rule-{self._numbered}"
        self.made.append(f"{name} ::= {expression}")
        return name


def either(expressions: Sequence[str]) -> str:
    """Return what matches one of several."""
    return expressions[0] if len(expressions) == 1 else f"({' | '.join(expressions)})"


def quoted(text: str) -> str:
    """Return what matches exactly this text."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def json_literal(value: Any) -> str:
    """Return what matches exactly this value as JSON."""
    return quoted(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _times(least: Any, most: Any) -> str:
    return f"{{{int(least)},{'' if most is None else int(most)}}}"


_KINDS = frozenset({"string", "integer", "number", "boolean", "null", "value", "object", "array"})
JSON = Spelling(_JSON, '","', '":"', r'"\""', json_literal)
