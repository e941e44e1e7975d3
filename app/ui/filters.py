"""What questions and searches are narrowed to: collection, company, year."""

from collections.abc import Sequence
from typing import TypeVar

import streamlit as st

from vouch.app.service.types import Filters, Json
from vouch.app.ui.language import Texts
from vouch.app.ui.state import remembered

T = TypeVar("T")


def chosen_filters(documents: list[Json], before: Filters, texts: Texts, place: str) -> Filters:
    """Show the filters that the documents allow; return what is chosen.

    `before`: what was chosen the last time; `place`: the page they stand on.
    """
    collections = sorted({str(document["collection"]) for document in documents})
    companies = sorted({_company(document) for document in documents if document["company"]})
    years = sorted({int(document["year"]) for document in documents if document["year"]}, reverse=True)
    with st.expander(texts("filters"), icon=":material/tune:"):
        return Filters(
            _chosen("collection", collections if len(collections) > 1 else [], before.collections, texts, place),
            _chosen("company", companies, before.companies, texts, place),
            _chosen("year", years, before.years, texts, place),
        )


def _chosen(what: str, offered: Sequence[T], before: Sequence[T], texts: Texts, place: str) -> tuple[T, ...]:
    if not offered:
        return ()
    key = f"{place}-{what}"
    remembered(key, list(before))
    # What is offered no more (its document is gone) cannot stay chosen.
    st.session_state[key] = [entry for entry in st.session_state[key] if entry in offered]
    return tuple(st.multiselect(texts(what), offered, placeholder=texts("all"), key=key))


def _company(document: Json) -> str:
    return str(document["short_name"] or document["company"])
