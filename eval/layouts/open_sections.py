"""Open questions about a section of a report: `gold_pages` or `excerpt`; `not_applicable` where 不适用 is ticked."""

from collections.abc import Iterator

from vouch.eval.layouts import shared
from vouch.eval.layouts.fields import Row, file_name, pages, question, text, texts
from vouch.eval.types import Item


def recognises(row: Row) -> bool:
    """Say whether a row asks about a section."""
    return bool(question(row)) and any(row.get(key) is not None for key in ("gold_pages", "excerpt", "not_applicable"))


def items(row: Row, number: int) -> Iterator[Item]:
    """Yield the item of a row; a section that goes on over the page is found on either page."""
    first = pages(row.get("gold_page")) or pages(row.get("gold_pages"))[:1]
    yield Item(
        kind="open",
        gold=texts(row.get("excerpt")),
        references=texts(row.get("reference_answers")) or texts(row.get("excerpt")),
        keywords=tuple(filter(None, [text(row, "gold_heading")])),
        report=file_name(row.get("report")),
        pages=first,
        also_pages=tuple(page for page in pages(row.get("gold_pages")) if page not in first),
        not_applicable=row.get("not_applicable") is True,
        **shared.base(row, number),
    )
