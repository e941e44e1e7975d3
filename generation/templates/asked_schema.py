"""A JSON schema as a request in words, for runtimes that cannot enforce one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from vouch.generation.chat import Message
from vouch.generation.templates.tool_texts import thawed, tool_text


def asking_for(schema: Mapping[str, Any], messages: Sequence[Message]) -> tuple[Message, ...]:
    """Return a conversation whose last turn asks for JSON of this schema."""
    wanted = tool_text("schema").replace("{schema}", json.dumps(thawed(schema), ensure_ascii=False))
    *before, last = messages
    return (*before, replace(last, content=f"{last.content}\n\n{wanted}"))
