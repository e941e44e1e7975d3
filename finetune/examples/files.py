"""Examples as files: one a line, in a form that other trainers read as well.

`{"id", "kind", "group", "source", "licence", "messages": [as OpenAI's chat completions], "tools": [likewise]}`, and
`"question"` where the last turn of the user holds passages beside it.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast, get_args

from vouch.finetune.examples.conversation import check_conversation
from vouch.finetune.examples.message_json import messages_from_json, messages_json, tools_from_json, tools_json
from vouch.finetune.examples.text_lines import BadExample, json_line, numbered_lines, text_of
from vouch.finetune.examples.types import Example, Kind
from vouch.retrieval.atomic_file import write_atomically
from vouch.retrieval.errors import UsageError

KINDS: tuple[Kind, ...] = get_args(Kind)


def write_examples(path: Path, examples: Iterable[Example]) -> int:
    """Write examples to a file, wholly or not at all, and return how many there were."""
    lines = [json.dumps(example_json(example), ensure_ascii=False) + "\n" for example in examples]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, "".join(lines).encode())
    return len(lines)


def read_examples(path: Path) -> list[Example]:
    """Return the examples of a file that `write_examples` wrote; UsageError names the line that is none."""
    examples: list[Example] = []
    for number, line in numbered_lines(text_of(path)):
        try:
            examples.append(example_from_json(json_line(line)))
        except BadExample as error:
            raise UsageError(f"{path}, line {number}: {error}") from error
    return examples


def example_json(example: Example) -> dict[str, Any]:
    """Return an example as JSON; `example_from_json` gives it back."""
    form: dict[str, Any] = {
        "id": example.id,
        "kind": example.kind,
        "group": example.group,
        "source": example.source,
        "licence": example.licence,
        "messages": messages_json(example.messages),
    }
    if example.question:
        form["question"] = example.question
    if example.tools:
        form["tools"] = tools_json(example.tools)
    return form


def example_from_json(row: Mapping[str, Any]) -> Example:
    """Return the example of a line; BadExample says what is wrong with it."""
    for key in ("id", "kind", "group"):
        if not isinstance(row.get(key), str) or not row[key]:
            raise BadExample(f"{key} must be a text that is not empty")
    if row["kind"] not in KINDS:
        raise BadExample(f"{row['kind']!r} is no kind of example; there are {', '.join(KINDS)}")
    messages = messages_from_json(row.get("messages"))
    check_conversation(messages)
    return Example(
        id=row["id"],
        messages=messages,
        kind=cast(Kind, row["kind"]),
        group=row["group"],
        tools=tools_from_json(row.get("tools")),
        source=str(row.get("source") or ""),
        licence=str(row.get("licence") or ""),
        question=str(row.get("question") or ""),
    )
