"""What the base models read first, and what is held back from them: split by document, company and answer.

Companies whose reports are asked about in the end are never read here, nor is any answer that is measured against.
"""

import hashlib
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pypdfium2

HELD_OUT_COMPANIES = ("301033", "301080")
"""Stock codes; their reports are only asked about."""
HELD_OUT_ANSWERS = 400
"""Medical questions that are only measured, drawn by a hash of the question."""
GENERAL_HELD_OUT = 150
PIECE = 700
"""Characters of a text that go into a row together."""
READING = 420
"""Characters of a passage in the reading exercises: longer ones are left out."""
_SPACE = re.compile(r"[ \t\u3000]+")


@dataclass(frozen=True, slots=True)
class Chat:
    """A question and its answer, learned in the model's own chat format."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Split:
    """Medical questions, rows as they stand in the archive."""

    train: list[dict[str, Any]]
    held_out: list[dict[str, Any]]


def medical_split(data: Path) -> Split:
    """Return the Chinese single-turn rows of qa_train.jsonl; a question or answer of one side is never in the other."""
    rows = [row for row in _lines(data / "medical/qa_train.jsonl") if row["lang"] == "zh" and not row.get("history")]
    rows.sort(key=lambda row: hashlib.sha256(row["instruction"].encode()).hexdigest())
    held_out, rest = rows[:HELD_OUT_ANSWERS], rows[HELD_OUT_ANSWERS:]
    for key in ("instruction", "output"):
        seen = {row[key] for row in held_out}
        rest = [row for row in rest if row[key] not in seen]
    return Split(rest, held_out)


def general_chats(data: Path) -> tuple[list[Chat], list[Chat]]:
    """Return everyday instructions with their answers: to learn the chat format from, and to measure forgetting on."""
    rows = [row for row in _lines(data / "pairs/pairs_zh.jsonl") if row["source"].startswith("alpaca-zh")]
    rows = [row for row in rows if len(row["positive"]) <= PIECE]
    rows.sort(key=lambda row: hashlib.sha256(row["query"].encode()).hexdigest())
    chats = [Chat(row["query"], row["positive"]) for row in rows]
    return chats[GENERAL_HELD_OUT:], chats[:GENERAL_HELD_OUT]


def reading_chats(data: Path) -> list[Chat]:
    """Return passages with a question whose answer stands in them."""
    rows = (row for row in _lines(data / "pairs/mrc_zh_train.jsonl") if row["answers"])
    return [
        Chat(f"{row['context']}\n{row['question']}", row["answers"][0]["text"])
        for row in rows
        if len(row["context"]) <= READING
    ]


def texts(data: Path) -> Iterator[str]:
    """Yield texts of reports, guidelines, doctors' answers of another source, abstracts: pieces of a few hundred
    characters."""
    for folder in ("reports", "reports_other"):
        for file in sorted((data / "finance/cn" / folder).glob("*.pdf")):
            if not any(code in file.name for code in HELD_OUT_COMPANIES):
                yield from _pieces(_pdf_text(file))
    for file in sorted((data / "medical/docs").glob("*")):
        if file.suffix in (".txt", ".md"):
            yield from _pieces(file.read_text(encoding="utf-8"))
    for row in _lines(data / "medical/zh/corpus.jsonl"):
        if row["_id"].startswith("cd-"):
            yield row["text"]
    for row in _lines(data / "pairs/pairs_zh.jsonl"):
        if row["type"] == "title-abstract":
            yield f"{row['query']}\n{row['positive']}"


def without(found: Sequence[str], held_out: Sequence[str], width: int = 16) -> list[str]:
    """Return the texts that share less than a fifth of their runs of `width` characters with what is held out."""
    known = {text[at : at + width] for text in held_out for at in range(len(text) - width + 1)}
    kept = []
    for text in found:
        runs = [text[at : at + width] for at in range(max(1, len(text) - width + 1))]
        if sum(run in known for run in runs) < len(runs) / 5:
            kept.append(text)
    return kept


def shuffled(found: Sequence[Any], seed: int) -> list[Any]:
    """Return the same in another order."""
    order = list(found)
    random.Random(seed).shuffle(order)
    return order


def _pdf_text(file: Path) -> str:
    document = pypdfium2.PdfDocument(file)
    try:
        return "\n".join(page.get_textpage().get_text_range().replace("\r\n", "\n") for page in document)
    finally:
        document.close()


def _pieces(text: str) -> Iterator[str]:
    """Yield lines joined up to the length of a piece."""
    held: list[str] = []
    for line in text.splitlines():
        plain = _SPACE.sub(" ", line).strip()
        if not plain:
            continue
        if held and sum(map(len, held)) + len(plain) > PIECE:
            yield "\n".join(held)
            held = []
        held.append(plain)
    if held:
        yield "\n".join(held)


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
