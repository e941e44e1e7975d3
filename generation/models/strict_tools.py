"""Tools as OpenAI's structured outputs take them (`strict`): servers that know it hold calls to their schemas.

Strict schemas (platform.openai.com/docs/guides/structured-outputs) name every property as required and allow no other;
one that may be left out may be null instead, which our tools take for left out.
"""

from collections.abc import Mapping
from typing import Any

from vouch.generation.chat import ToolSchema
from vouch.generation.templates.tool_texts import function, thawed


def strict_function(tool: ToolSchema) -> dict[str, Any]:
    """Return a tool in strict form; as it is where its arguments have none."""
    form = function(tool)
    parameters = _strict(thawed(tool.parameters))
    if parameters is None:
        return form
    return form | {"function": form["function"] | {"parameters": parameters, "strict": True}}


def _strict(schema: Any) -> dict[str, Any] | None:
    """Return a schema in strict form; None for one that has no such form: an object of names that it does not list."""
    if not isinstance(schema, Mapping):
        return None
    strict = dict(schema)
    if "properties" in schema or schema.get("type") == "object":
        if schema.get("additionalProperties", False) is not False:
            return None
        needed = schema.get("required", ())
        parts = {name: _strict(part) for name, part in schema.get("properties", {}).items()}
        if None in parts.values():
            return None
        properties = {name: part if name in needed else _or_null(part) for name, part in parts.items() if part}
        strict |= {"properties": properties, "required": list(properties), "additionalProperties": False}
    if "items" in schema:
        items = _strict(schema["items"])
        if items is None:
            return None
        strict["items"] = items
    return strict


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that null fits too."""
    described = {"description": schema["description"]} if "description" in schema else {}
    kept = {key: value for key, value in schema.items() if key != "description"}
    return {"anyOf": [kept, {"type": "null"}]} | described
