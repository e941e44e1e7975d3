"""The fact browser: values that reports state, with their pages; export."""

import csv
import functools
import io
from collections.abc import Sequence

import streamlit as st

from vouch.app.service.types import FactsRequest, Json
from vouch.app.ui.answer import show_warnings
from vouch.app.ui.language import Texts
from vouch.app.ui.state import ACCESS, page, service
from vouch.app.ui.trouble import show_error
from vouch.retrieval.errors import VouchError

COLUMNS = ("company", "year", "period", "field", "text", "unit", "document", "page", "row", "confidence")
LIMIT = 2000


def facts_page() -> None:
    """Show the fact browser."""
    texts = page().texts
    st.header(texts("page_facts"))
    whose, when, what = st.columns(3, vertical_alignment="bottom")
    company = whose.text_input(texts("fact_company"), max_chars=200)
    year = when.text_input(texts("fact_year"), max_chars=40)
    field = what.text_input(texts("fact_field"), max_chars=200)
    fields = (field.strip(),) if field.strip() else ()
    try:
        found = service().facts(FactsRequest(company.strip(), year.strip(), fields, limit=LIMIT), ACCESS)
    except VouchError as error:
        show_error(error, texts)
        return
    show_warnings(found["warnings"])
    if found["facts"]:
        _table(found["facts"], texts)


def _table(facts: Sequence[Json], texts: Texts) -> None:
    rows = [{texts(f"column_{column}"): fact[column] for column in COLUMNS} for fact in facts]
    if len(facts) == LIMIT:
        st.caption(texts("first_facts", limit=LIMIT))
    st.dataframe(rows, hide_index=True, width="stretch")
    # Written when clicked: a ready file is asked for at once, and the next page may have dropped it by then.
    written = functools.partial(facts_csv, facts)
    st.download_button(texts("download_csv"), written, "facts.csv", "text/csv", icon=":material/download:")


def facts_csv(facts: Sequence[Json]) -> bytes:
    """Return facts as CSV that spreadsheets open in UTF-8; a cell that could be a formula is a text there."""
    text = io.StringIO()
    columns = list(facts[0])
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_cell(fact[column]) for column in columns] for fact in facts)
    return b"\xef\xbb\xbf" + text.getvalue().encode("utf-8", "replace")


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t") else value
