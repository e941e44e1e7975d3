"""Typed functions as tools: described by their docstring and annotations, called only with arguments that fit."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from vouch.generation.chat import ToolSchema
from vouch.generation.tools.signature import BadArgument, Parameter, checked_arguments, object_schema, parameters_of
from vouch.generation.tools.types import ToolContext, ToolMisuse, ToolResult


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool: what models are told of it and the function that does it."""

    function: Callable[..., ToolResult]
    name: str
    description: str
    parameters: tuple[Parameter, ...]
    reads: bool
    """Its first parameter is the ToolContext; others only compute."""

    @property
    def schema(self) -> ToolSchema:
        """Return the tool as models are told of it."""
        return ToolSchema(self.name, self.description, object_schema(self.parameters))

    def __call__(self, context: ToolContext, arguments: Mapping[str, Any]) -> ToolResult:
        """Return the result of a call; ToolMisuse where the arguments do not fit or cannot be met."""
        try:
            fitting = checked_arguments(self.parameters, arguments)
        except BadArgument as error:
            raise ToolMisuse(f"{self.name}: {error}") from error
        return self.function(context, **fitting) if self.reads else self.function(**fitting)


def tool(function: Callable[..., ToolResult]) -> Tool:
    """Make a tool of a typed function, whose first parameter may be its ToolContext; the docstring describes it."""
    described = inspect.getdoc(function)
    assert described, f"{function.__name__} needs a docstring: it is what models read"
    first = next((entry.annotation for entry in inspect.signature(function).parameters.values()), None)
    parameters = parameters_of(function, ToolContext)
    return Tool(function, function.__name__, " ".join(described.split()), parameters, first is ToolContext)


class Toolbox:
    """The tools of one conversation and what they read from."""

    def __init__(self, tools: Iterable[Tool], context: ToolContext) -> None:
        self.context = context
        self._tools = {tool.name: tool for tool in tools}

    @property
    def schemas(self) -> tuple[ToolSchema, ...]:
        """What a model is told of the tools."""
        return tuple(tool.schema for tool in self._tools.values())

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._tools)

    def call(self, name: str, arguments: Mapping[str, Any]) -> ToolResult:
        """Return a tool's result; ToolMisuse for an unknown tool or arguments that do not fit."""
        if name not in self._tools:
            raise ToolMisuse(f"there is no tool {name[:60]!r}; there are {', '.join(self._tools) or 'none'}")
        return self._tools[name](self.context, arguments)
