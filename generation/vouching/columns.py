"""Which year a column of a printed table is about, as far as its header says so."""

import re
from collections.abc import Sequence

from vouch.generation.vouching.figures import folded

_LOOK_BACK = 1500
"""Characters above a row in which its header is looked for."""
_YEAR = re.compile(
    r"(?P<year>(?<!\d)(?:19|20)\d{2})(?!\d)\s*年?(?:度|末|\s*\d{1,2}\s*月\s*\d{1,2}\s*日)?"
    r"|(?P<own>本期(?:金额|发生额)?|期末(?:余额|数)?|本年(?:度|金额|数)?|年末余额)(?!比)"
    r"|(?P<prior>(?<![比较])(?:上期(?:金额|发生额)?|期初(?:余额|数)?|上年(?:度|同期|金额|数)?|年初余额))"
)


def column_years(above: str, own_year: int | None, values: Sequence[str]) -> tuple[int | None, ...]:
    """Return the year of each value of a row; None for those of which the text above does not tell.

    A header counts where it names as many years as the row has amounts, columns of changes (12.3%) left out.
    """
    amounts = [i for i, value in enumerate(values) if not value.endswith("%")]
    for line in reversed(folded(above[-_LOOK_BACK:]).splitlines()):
        years = _years(line, own_year)
        if len(years) < 2:
            continue
        places = amounts if len(amounts) == len(years) else list(range(len(values)))
        if len(places) != len(years) or len(set(years)) < len(years):
            break
        of = dict(zip(places, years, strict=True))
        return tuple(of.get(i) for i in range(len(values)))
    return tuple(None for _ in values)


def _years(line: str, own_year: int | None) -> list[int]:
    found: list[int] = []
    for match in _YEAR.finditer(line):
        if match["year"]:
            found.append(int(match["year"]))
        elif own_year is not None:
            found.append(own_year if match["own"] else own_year - 1)
    return found
