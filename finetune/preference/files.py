"""Preferences as files, one a line: `messages` or `prompt`, `chosen`, `rejected`.

`prompt` may be a question or turns in OpenAI's form, `chosen` and `rejected` a text or a list of one turn: that is also
how trl and most published sets write them.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from vouch.finetune.examples.message_json import messages_from_json, messages_json, tools_from_json, tools_json
from vouch.finetune.examples.text_lines import BadExample, json_line, numbered_lines, text_of
from vouch.finetune.preference.types import Preference
from vouch.generation.chat import Message
from vouch.retrieval.atomic_file import write_atomically
from vouch.retrieval.errors import UsageError


def write_preferences(path: Path, preferences: Iterable[Preference]) -> int:
    """Write preferences to a file, wholly or not at all, and return how many there were."""
    lines = [json.dumps(_json(one), ensure_ascii=False) + "\n" for one in preferences]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, "".join(lines).encode())
    return len(lines)


def read_preferences(path: Path) -> list[Preference]:
    """Return the preferences of a file; UsageError names the line that is none."""
    found: list[Preference] = []
    for number, line in numbered_lines(text_of(path)):
        try:
            found.append(_preference(json_line(line), f"{path.stem}:{number}"))
        except BadExample as error:
            raise UsageError(f"{path}, line {number}: {error}") from error
    if not found:
        raise UsageError(f"{path} holds no preferences")
    return found


def _json(one: Preference) -> dict[str, Any]:
    form: dict[str, Any] = {"id": one.id, "group": one.group, "source": one.source}
    form |= {"messages": messages_json(one.messages), "chosen": one.chosen, "rejected": one.rejected}
    return form | ({"tools": tools_json(one.tools)} if one.tools else {})


def _preference(row: Mapping[str, Any], name: str) -> Preference:
    chosen, rejected = _answer(row, "chosen"), _answer(row, "rejected")
    if chosen == rejected:
        raise BadExample("chosen and rejected are the same")
    messages = _turns(row)
    id_ = str(row.get("id") or name)
    group, source = str(row.get("group") or id_), str(row.get("source") or "")
    return Preference(id_, messages, chosen, rejected, group, tools_from_json(row.get("tools")), source)


def _turns(row: Mapping[str, Any]) -> tuple[Message, ...]:
    asked = row.get("messages", row.get("prompt"))
    messages = (Message("user", asked),) if isinstance(asked, str) and asked.strip() else messages_from_json(asked)
    if messages[-1].role not in ("user", "tool"):
        raise BadExample("the turns must end with the user's, or with a tool's result: chosen and rejected answer it")
    return messages


def _answer(row: Mapping[str, Any], key: str) -> str:
    """Return an answer: a text, or a list of one turn of the assistant."""
    said = row.get(key)
    if isinstance(said, list) and len(said) == 1:
        said = messages_from_json(said)[0].content
    if not isinstance(said, str) or not said.strip():
        raise BadExample(f"{key} must be an answer that is not empty")
    return said.strip()
