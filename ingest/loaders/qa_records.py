"""Collections of records in JSON or JSON lines: each record is a page, numbered by its line or its place.

The answer is what is found and cited, the question its context; both stand on the page, so that a quote is exact.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from vouch.ingest.loaders.decode import decoding_warnings, read_text
from vouch.ingest.loaders.records import Record, record_of
from vouch.ingest.pages import PageDraft, assembled
from vouch.ingest.types import Document
from vouch.retrieval.errors import UnreadableDocument

NAMED_LINES = 10

Numbered = tuple[int, object]


class RecordsLoader:
    """Reads QA pairs, conversations and plain texts from .jsonl and .json files."""

    def load(self, path: Path) -> Document:
        """Read a file; UnreadableDocument where no record holds an answered question or a text."""
        text, encoding = read_text(path)
        entries, broken = _json_entries(text)
        records: list[tuple[int, Record]] = []
        unknown: list[int] = []
        for number, entry in entries:
            record = record_of(entry) if isinstance(entry, Mapping) else None
            if record is None:
                unknown.append(number)
            else:
                records.append((number, record))
        if not records:
            raise _nothing_found(entries, broken)
        left_out = left_out_warnings((broken, "no valid JSON"), (unknown, "neither an answered question nor a text"))
        return document_of(records, decoding_warnings(text, encoding) + left_out)


def document_of(records: Iterable[tuple[int, Record]], warnings: tuple[str, ...] = ()) -> Document:
    """Return a document with a page for each (number, record)."""
    held = list(records)
    all_titled = all(record.title for _, record in held)
    pages, blocks = assembled([_draft(number, record, all_titled) for number, record in held])
    is_qa = any(record.turns for _, record in held)
    return Document(pages, blocks, kind="qa" if is_qa else "text", warnings=warnings)


def _draft(number: int, record: Record, all_titled: bool) -> PageDraft:
    """Return a record's page. A question is kept out of the passages: it is the context of its answer.

    A title is a heading only where every record has one: it would stand over the untitled records that follow.
    """
    draft = PageDraft(number)
    draft.add("heading" if all_titled else "prose", record.title, level=int(all_titled))
    for paragraph in record.text.splitlines():
        draft.add("prose", paragraph)
    questions: list[str] = []
    for turn in record.turns:
        questions.append(turn.question)
        draft.add("furniture", turn.question)
        draft.add("qa", turn.answer, context="\n".join(questions))
    return draft


def _json_entries(text: str) -> tuple[list[Numbered], list[int]]:
    """Return (number, value) of every record, and the numbers of the lines that are no JSON."""
    whole = parsed_json(text) if text.lstrip().startswith(("[", "{")) else None
    if isinstance(whole, Mapping):
        lists = [value for value in whole.values() if isinstance(value, list) and value]
        wraps = record_of(whole) is None and len(lists) == 1 and isinstance(lists[0][0], Mapping)
        whole = lists[0] if wraps else [whole]
    if isinstance(whole, list):
        return list(enumerate(whole, start=1)), []
    good: list[Numbered] = []
    broken: list[int] = []
    for number, line in json_lines(text):
        value = parsed_json(line)
        if isinstance(value, Mapping):
            good.append((number, value))
        else:
            broken.append(number)
    return good, broken


def json_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield (line number, line) of the lines that are not blank; only a newline ends a JSON line."""
    return ((number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip())


def parsed_json(text: str) -> object:
    """Return the value; None for what is no JSON, or nested too deep to be a record."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _nothing_found(entries: Sequence[Numbered], broken: Sequence[int]) -> UnreadableDocument:
    if not entries:
        return UnreadableDocument(
            f"it is no valid JSON (line {broken[0]})" if broken else "it holds no records",
            "write one JSON object on each line, or one array of objects",
        )
    names = next((", ".join(map(str, entry)) for _, entry in entries if isinstance(entry, Mapping)), "none")
    return UnreadableDocument(
        f"no record holds an answered question or a text (fields of the first: {names[:200]})",
        "name the fields question and answer, or instruction, input and output, or title and text",
    )


def left_out_warnings(*lines_and_reasons: tuple[Sequence[int], str]) -> tuple[str, ...]:
    """Return a warning for each reason that left lines out, naming the first of them."""
    found = []
    for numbers, reason in lines_and_reasons:
        if numbers:
            more = f" and {len(numbers) - NAMED_LINES} more" if len(numbers) > NAMED_LINES else ""
            named = ", ".join(map(str, numbers[:NAMED_LINES]))
            found.append(f"{len(numbers)} record(s) left out, {reason}: {named}{more}")
    return tuple(found)
