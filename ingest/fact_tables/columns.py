"""What each column of an imported table is: whom or when a row is about, a field of the dictionary, or unknown."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from importlib import resources

from vouch.ingest.fact_tables.cells import scale_of
from vouch.retrieval.errors import UnreadableDocument
from vouch.retrieval.fields import Field, FieldDictionary

NAMES_FILE = "fact_table_columns.toml"
LONG_FORM = ("field", "value")
"""A table with both columns has a fact on each row; any other has a field in each column."""
MAX_NAMED = 12

_UNIT = re.compile(r"[(（\[【]\s*(?:单位[:：]?)?\s*(百万元|千元|万元|亿元|元|%|人|股)\s*[)）\]】]\s*$")


@dataclass(frozen=True, slots=True)
class FieldColumn:
    """A column that holds the values of one field."""

    place: int
    field: Field
    scale: Decimal


@dataclass(frozen=True, slots=True)
class Columns:
    """What a header row says."""

    roles: Mapping[str, int]
    """Place of the columns that say whom, when and (in the long form) what."""
    fields: tuple[FieldColumn, ...] = ()
    """Where two columns hold one field, the one that bears its name stands first."""
    warnings: tuple[str, ...] = field(default=())

    @property
    def is_long(self) -> bool:
        """Say whether each row is one fact."""
        return all(role in self.roles for role in LONG_FORM)

    @property
    def state_nothing(self) -> bool:
        """Say whether all that is known is whom and when the rows are about."""
        return not self.is_long and {column.place for column in self.fields} <= set(self.roles.values())


def columns_of(header: Sequence[str], dictionary: FieldDictionary) -> Columns:
    """Return what the columns are, with a warning naming those that are nothing known."""
    names = _names()
    roles: dict[str, int] = {}
    for place, title in enumerate(header):
        role = names.get(_plain(title))
        if role:
            roles.setdefault(role, place)
    columns = Columns(roles)
    if columns.is_long:
        return Columns(roles, warnings=_unknown(header, set(range(len(header))) - set(roles.values())))
    found = _field_columns(header, dictionary)
    taken = {column.place for column in found} | set(roles.values())
    unknown = _unknown(header, {place for place in range(len(header)) if place not in taken})
    return Columns(roles, found, (*unknown, *_doubled(header, found)))


def nothing_known(header: Sequence[str]) -> UnreadableDocument:
    """Return the error for a table whose columns are no fields."""
    titles = ", ".join(title for title in header if title)[:200]
    return UnreadableDocument(
        f"no column is a field of the dictionary (columns: {titles})",
        "name them as statements do (营业收入, 净利润 …), or give one fact on each row in the columns field and value",
    )


def _field_columns(header: Sequence[str], dictionary: FieldDictionary) -> tuple[FieldColumn, ...]:
    found: list[FieldColumn] = []
    for place, title in enumerate(header):
        unit = _UNIT.search(title)
        named = dictionary.by_alias(title) or (dictionary.by_alias(title[: unit.start()]) if unit else None)
        if named:
            scale = scale_of(unit[1]) if unit and named.is_money else Decimal(1)
            found.append(FieldColumn(place, named, scale))
    return tuple(sorted(found, key=lambda column: header[column.place] != column.field.name))


def _unknown(header: Sequence[str], places: set[int]) -> tuple[str, ...]:
    names = _names()
    titles = [header[place] for place in sorted(places) if header[place] and names.get(_plain(header[place])) is None]
    if not titles:
        return ()
    more = f" and {len(titles) - MAX_NAMED} more" if len(titles) > MAX_NAMED else ""
    return (f"{len(titles)} column(s) left out, no field is called so: {', '.join(titles[:MAX_NAMED])}{more}",)


def _doubled(header: Sequence[str], found: Sequence[FieldColumn]) -> tuple[str, ...]:
    titles: dict[str, list[str]] = {}
    for column in found:
        titles.setdefault(column.field.name, []).append(header[column.place])
    return tuple(
        f"the columns {', '.join(same)} are all {name}: the first that is filled counts"
        for name, same in titles.items()
        if len(same) > 1
    )


@cache
def _names() -> Mapping[str, str]:
    """Return the role of each column name, read once."""
    text = resources.files("vouch.ingest").joinpath("data", NAMES_FILE).read_text(encoding="utf-8")
    return {_plain(name): role for role, names in tomllib.loads(text).items() for name in names}


def _plain(title: str) -> str:
    return re.sub(r"[\s_\ufeff]+", "", title).lower()
