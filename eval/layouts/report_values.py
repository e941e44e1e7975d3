"""Values of reports: `gold_value`, `gold_text`, `gold_unit`, `gold_page`, `report`, also in users' own files.

The shape of `gold_value` says what is asked: a number, a text, several labelled numbers, rows of name and number.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from vouch.eval.layouts import shared
from vouch.eval.layouts.fields import (
    NotUnderstood,
    Row,
    file_name,
    is_number,
    pages,
    question,
    short_names,
    text,
    texts,
)
from vouch.eval.layouts.fields import written as printed
from vouch.eval.numbers import lone, numbers
from vouch.eval.types import Item

_CODE = re.compile(r"0\d|\d{6}$")


def recognises(row: Row) -> bool:
    """Say whether a row is a question with a value."""
    return bool(question(row)) and any(row.get(key) is not None for key in ("gold_value", "gold_text"))


def items(row: Row, number: int) -> Iterator[Item]:
    """Yield the item of a row."""
    yield _placed(_valued(Item(kind="text", **shared.base(row, number)), row), row)


def _valued(item: Item, row: Row) -> Item:
    value = row.get("gold_value")
    if is_number(value) or (value is None and _is_amount(text(row, "gold_text"))):
        return _number(item, row, value)
    if isinstance(value, str) or value is None:
        return replace(item, gold=texts(row.get("gold_text")) or texts(value))
    if isinstance(value, Mapping):
        return _labelled(item, row, value)
    if isinstance(value, Sequence):
        return _listed(item, row, list(value))
    raise NotUnderstood(f"gold_value is {value!r}")


def _is_amount(gold: str) -> bool:
    """Say whether a gold text is nothing but one number with its unit; 000999 is a code."""
    return lone(gold) is not None and not _CODE.match(gold.strip())


def _number(item: Item, row: Row, value: Any) -> Item:
    gold = text(row, "gold_text", "gold_value")
    if value is None and (found := lone(gold)):
        unit = found.unit or text(row, "gold_unit")
        return replace(item, kind="value", gold=(gold,), gold_values=(found.value,), unit=unit)
    return replace(
        item,
        kind="value",
        gold=(gold,),
        gold_values=(float(value),),
        unit=_unit(item, row),
        components=_printed(row.get("inputs")),
        alternatives=_alternatives(row.get("gold_alt")),
    )


def _labelled(item: Item, row: Row, value: Mapping[str, Any]) -> Item:
    """Several named values, a superlative among them, or the same text compared over years."""
    said = row.get("gold_text")
    if isinstance(said, str) and all(is_number(entry) for entry in value.values()):
        return replace(item, kind="ranking", gold=(said,), labels=tuple(value), components=_printed(value))
    if all(is_number(entry) for entry in value.values()):
        gold = tuple(
            said.get(name, printed(v)) if isinstance(said, Mapping) else printed(v) for name, v in value.items()
        )
        values = tuple(map(float, value.values()))
        return replace(item, kind="values", gold=gold, gold_values=values, unit=_unit(item, row), labels=tuple(value))
    if isinstance(said, str):
        return replace(item, kind="text", gold=(said,), components=_printed(value))
    names = next((texts(entry) for entry in value.values() if isinstance(entry, list) and texts(entry)), ())
    amounts = {name: entry for name, entry in value.items() if is_number(entry)}
    if not names:
        raise NotUnderstood("gold_value has neither numbers nor names")
    return replace(item, kind="ranking", gold=names, ordered=False, components=_printed(amounts))


def _listed(item: Item, row: Row, value: list[Any]) -> Item:
    """Numbers in the order asked, names, or rows of name and number."""
    said = text(row, "gold_text")
    if not value or (said and shared.asks_count(item.question) and _is_amount(said)):
        return replace(item, kind="count", gold=(said or "0",), gold_values=(float(said or 0),))
    if all(map(is_number, value)):
        gold = tuple(map(printed, value))
        return replace(item, kind="values", gold=gold, gold_values=tuple(map(float, value)), unit=_unit(item, row))
    rows = [entry if isinstance(entry, list) else [entry] for entry in value]
    if not all(rows):
        raise NotUnderstood(f"gold_value is {value!r}")
    return _ranked(item, row, rows, said)


def _ranked(item: Item, row: Row, rows: list[list[Any]], said: str) -> Item:
    names: list[str] = []
    amounts: list[float] = []
    aliases: dict[str, tuple[str, ...]] = {}
    for entry in rows:
        spoken = [str(part) for part in entry if not is_number(part)]
        names.append(spoken[-1] if spoken else str(entry[0]))
        amounts += [float(part) for part in entry if is_number(part)][:1]
        if len(spoken) > 1:
            aliases[names[-1]] = tuple(spoken[:-1])
    complete = len(amounts) == len(names)
    gold, shown = tuple(names), tuple(amounts) if complete else ()
    if said:  # the rows are what the answer was found among
        valued = complete and said in names and shared.asks_amount(item.question)
        gold, shown = (said,), (amounts[names.index(said)],) if valued else ()
    return replace(
        item,
        kind="ranking",
        gold=gold,
        gold_values=shown,
        unit=_unit(item, row),
        labels=tuple(names),
        aliases={**aliases, **short_names(texts(row.get("report")))},
        alternatives=_alternatives(row.get("gold_alt")) if complete else (),
        ordered=shared.asks_order(item.question),
    )


def _unit(item: Item, row: Row) -> str:
    return text(row, "gold_unit") or shared.asked_unit(item.question)


def _printed(values: object) -> dict[str, str]:
    if not isinstance(values, Mapping):
        return {}
    return {str(name): entry if isinstance(entry, str) else printed(entry) for name, entry in values.items()}


def _alternatives(value: object) -> tuple[tuple[float, ...], ...]:
    """Return the values of another reading: a number, a text with one, a list of numbers or of rows."""
    if is_number(value):
        return ((float(value),),)  # type: ignore[arg-type]
    if isinstance(value, str):
        return tuple((found.value,) for found in numbers(value)[:1])
    if isinstance(value, list) and all(map(is_number, value)):
        return (tuple(map(float, value)),)
    return ()


def _placed(item: Item, row: Row) -> Item:
    """Add where the answer stands: one report's pages, or a page for each of several reports or years."""
    reports, place = row.get("report"), row.get("gold_page", row.get("page"))
    if isinstance(reports, list):
        named = [file_name(report) for report in reports]
        return replace(item, other_places=_places(named, place))
    return replace(
        item,
        report=file_name(reports) or file_name(row.get("document")),
        pages=pages(place),
        also_pages=tuple(page for page in pages(row.get("gold_pages")) if page not in pages(place)),
    )


def _places(reports: list[str], place: object) -> tuple[tuple[str, int], ...]:
    if not isinstance(place, Mapping):
        return ()
    found = []
    for key, value in place.items():
        report = next((name for name in reports if name == file_name(key) or f"__{key}年" in name), "")
        found += [(report, page) for page in pages(value) if report]
    return tuple(found)
