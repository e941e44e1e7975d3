"""Reading comprehension as in SQuAD: `context`, `question`, `answers` with their offsets; none where it is impossible.

The nested form of the official files (data, paragraphs, qas) is one row with all its questions.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from vouch.eval.layouts import shared
from vouch.eval.layouts.fields import NotUnderstood, Row, question, text, texts
from vouch.eval.types import Item


def recognises(row: Row) -> bool:
    """Say whether a row is a passage with questions whose answers are words of it."""
    flat = bool(question(row)) and bool(text(row, "context")) and "answers" in row
    return flat or bool(_paragraphs(row))


def items(row: Row, number: int) -> Iterator[Item]:
    """Yield an item for each question about the passage."""
    if question(row):
        yield _item(row, text(row, "context"), number)
        return
    for paragraph in _paragraphs(row):
        for asked in paragraph["qas"]:
            yield _item(asked, paragraph["context"], number)


def _item(row: Row, context: str, number: int) -> Item:
    said: Any = row.get("answers")
    answers = texts(said.get("text") if isinstance(said, Mapping) else said)
    if not answers and row.get("is_impossible") is not True and said:
        raise NotUnderstood("answers hold no text")
    fields = shared.base(row, number)
    return Item(kind="reading" if answers else "refusal", gold=answers, references=answers, passage=context, **fields)


def _paragraphs(row: Row) -> list[Row]:
    articles = row["data"] if isinstance(row.get("data"), list) else [row]
    return [
        paragraph
        for article in articles
        if isinstance(article, Mapping) and isinstance(article.get("paragraphs"), list)
        for paragraph in article["paragraphs"]
        if isinstance(paragraph, Mapping) and isinstance(paragraph.get("qas"), list) and text(paragraph, "context")
    ]
