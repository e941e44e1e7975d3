"""What models are told about tools, as texts."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from vouch.generation.chat import ToolCall, ToolSchema


@cache
def tool_text(name: str) -> str:
    """Return a text of `data/tool_texts.toml`."""
    raw = files("vouch.generation.templates").joinpath("data/tool_texts.toml").read_text(encoding="utf-8")
    return str(tomllib.loads(raw)[name])


def plain(tool: ToolSchema) -> dict[str, Any]:
    """Return a tool as ChatGLM3 and Llama are shown it."""
    return {"name": tool.name, "description": tool.description, "parameters": thawed(tool.parameters)}


def function(tool: ToolSchema) -> dict[str, Any]:
    """Return a tool as OpenAI and the chat templates of most models want it."""
    return {"type": "function", "function": plain(tool)}


def thawed(value: Any) -> Any:
    """Return mappings and sequences as the dicts and lists that JSON takes."""
    if isinstance(value, Mapping):
        return {str(key): thawed(entry) for key, entry in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [thawed(entry) for entry in value]
    return value


def described(tools: Sequence[ToolSchema]) -> str:
    """Return the paragraph of a system turn that explains tools to a model without a format for them."""
    listed = "\n".join(json.dumps(plain(tool), ensure_ascii=False) for tool in tools)
    return tool_text("described").replace("{tools}", listed)


def call_json(call: ToolCall) -> str:
    """Return a call as Llama 3.1 writes it."""
    return json.dumps({"name": call.name, "parameters": thawed(call.arguments)}, ensure_ascii=False)


def result_text(name: str, result: str) -> str:
    """Return a tool's result as a turn of the user."""
    return tool_text("result").replace("{name}", name).replace("{result}", result)
