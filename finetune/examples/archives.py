"""Archives of questions and answers as examples: JSON, JSON lines or CSV, in any layout that is known.

An example that cannot be used is left out and listed with file and line; a file that cannot be read is an error.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vouch.finetune.examples.conversation import check_conversation
from vouch.finetune.examples.files import KINDS, example_from_json
from vouch.finetune.examples.layouts import conversation_of
from vouch.finetune.examples.message_json import messages_json
from vouch.finetune.examples.text_lines import BadExample, json_line, numbered_lines, text_of
from vouch.finetune.examples.types import Example
from vouch.generation.chat import Message
from vouch.retrieval.errors import UsageError

_OWN = ("id", "kind", "group", "messages")
"""Keys of a line that we wrote ourselves."""
_GROUPS = ("group", "document", "doc", "report")
"""Keys under which archives name what an example was made from."""


@dataclass(frozen=True, slots=True)
class ArchiveOptions:
    """What a file does not say about itself."""

    columns: Mapping[str, str] = field(default_factory=dict)
    """Of a CSV file: layout key (question, answer, instruction …) to the column that holds it."""
    licence: str = ""
    system: str = ""
    """A first turn for conversations without one."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An example that is not among those written, and why."""

    place: str
    """File and line, or the example's id."""
    reason: str


def read_archive(path: Path, options: ArchiveOptions = ArchiveOptions()) -> tuple[list[Example], list[LeftOut]]:
    """Return the examples of a file and what had to be left out; UsageError where nothing in it is of use."""
    examples: list[Example] = []
    left_out: list[LeftOut] = []
    for line, read in _rows(path, options):
        try:
            examples.append(_example(read if isinstance(read, Mapping) else json_line(read), path, options))
        except BadExample as error:
            left_out.append(LeftOut(f"{path}, line {line}", str(error)))
    if not examples:
        first = f"{left_out[0].place}: {left_out[0].reason}" if left_out else f"{path} is empty"
        raise UsageError(f"{path} holds no example that can be used; the first problem: {first}")
    return examples, left_out


def content_id(messages: tuple[Message, ...]) -> str:
    """Return the id of a conversation: the same turns have the same one."""
    written = json.dumps(messages_json(messages), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(written.encode()).hexdigest()[:16]


def _rows(path: Path, options: ArchiveOptions) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
    """Yield line number and row, or the line still to be parsed."""
    content = text_of(path)
    if path.suffix.lower() in (".csv", ".tsv"):
        yield from _table_rows(content, path, options.columns)
    elif content.lstrip().startswith("["):
        yield from _list_entries(content, path)
    else:
        yield from numbered_lines(content)


def _table_rows(content: str, path: Path, columns: Mapping[str, str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    reader = csv.DictReader(io.StringIO(content), delimiter=delimiter)
    missing = [name for name in columns.values() if name not in (reader.fieldnames or ())]
    if missing:
        has = ", ".join(reader.fieldnames or ()) or "none"
        raise UsageError(f"{path} has no column {missing[0]!r}: its columns are {has}")
    try:
        for row in reader:
            cells = {str(name): value for name, value in row.items() if isinstance(value, str)}
            yield reader.line_num, {key: cells.get(name, "") for key, name in columns.items()} if columns else cells
    except csv.Error as error:
        raise UsageError(f"{path}, line {reader.line_num}: no CSV ({error})") from error


def _list_entries(content: str, path: Path) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
    """Yield the entries of one JSON list with the lines on which they begin."""
    decoder, at, line = json.JSONDecoder(), content.index("[") + 1, 1
    counted = 0
    while True:
        while at < len(content) and (content[at].isspace() or content[at] == ","):
            at += 1
        line, counted = line + content.count("\n", counted, at), at
        if content[at : at + 1] == "]":
            return
        try:
            entry, at = decoder.raw_decode(content, at)
        except (ValueError, RecursionError) as error:
            # What follows a broken entry cannot be told apart from it.
            raise UsageError(
                f"{path}, line {line}: no JSON ({error}); mend the list or write an example a line"
            ) from error
        yield line, entry if isinstance(entry, dict) else json.dumps(entry)


def _example(row: Mapping[str, Any], path: Path, options: ArchiveOptions) -> Example:
    if all(key in row for key in _OWN) and row["kind"] in KINDS:
        return example_from_json(row)
    messages, tools = conversation_of(row)
    if options.system and messages[:1] and messages[0].role != "system":
        messages = (Message("system", options.system), *messages)
    check_conversation(messages)
    id_ = content_id(messages)
    group = next((str(row[key]) for key in _GROUPS if isinstance(row.get(key), str | int) and row[key]), id_)
    told = row.get("source")
    return Example(
        id=id_,
        messages=messages,
        kind="tools" if tools or any(message.tool_calls for message in messages) else "qa",
        group=group,
        tools=tools,
        source=f"{path.name}: {told}" if isinstance(told, str) and told else path.name,
        licence=str(row.get("licence") or row.get("license") or options.licence),
    )
