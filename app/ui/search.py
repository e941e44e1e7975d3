"""The search lab: passages with their rank in each leg; no answer is written."""

from typing import cast

import streamlit as st

from vouch.app.service.types import Json, SearchRequest, Service
from vouch.app.ui.answer import show_warnings
from vouch.app.ui.cited_page import open_citation
from vouch.app.ui.filters import chosen_filters
from vouch.app.ui.language import Texts
from vouch.app.ui.markup import plain
from vouch.app.ui.state import ACCESS, page, service
from vouch.app.ui.trouble import show_error
from vouch.retrieval.errors import VouchError
from vouch.retrieval.types import SearchMode

MODES = ("hybrid", "lexical", "vector")
SHOWN = 600
"""Characters of a passage."""


def search_page() -> None:
    """Show the search lab."""
    texts = page().texts
    st.header(texts("page_search"))
    try:
        searched = service()
        filters = page().filters = chosen_filters(searched.documents(ACCESS), page().filters, texts, "search")
        query = st.text_input(texts("search_query"), max_chars=4000)
        left, right = st.columns(2)
        mode = left.segmented_control(texts("mode"), MODES, default="hybrid", format_func=lambda m: texts(f"mode_{m}"))
        k = right.slider("k", 1, 50, 10)
        if query.strip():
            wanted = SearchRequest(query, filters, k, cast(SearchMode, mode or "hybrid"))
            _hits(searched, searched.search(wanted, ACCESS), texts)
    except VouchError as error:
        show_error(error, texts)


def _hits(searched: Service, found: Json, texts: Texts) -> None:
    show_warnings(found.get("warnings", ()))
    if not found["hits"]:
        st.info(texts("nothing_found"))
    for hit in found["hits"]:
        ranks = " · ".join(f"{leg} {rank}" for leg, rank in hit["ranks"].items())
        with st.container(border=True):
            head, button = st.columns([4, 1], vertical_alignment="center")
            head.markdown(f"**{hit['rank']}** · {plain(str(hit['document']))}")
            if button.button(texts("page_n", page=hit["page"]), key=f"hit-{hit['chunk_id']}"):
                open_citation(searched, {**hit, "boxes": []}, texts)
            st.caption(f"{plain(' › '.join(hit['section']))} · {texts('rank')}: {plain(ranks)} · {hit['score']:.3f}")
            st.markdown(plain(str(hit["text"])[:SHOWN]))
