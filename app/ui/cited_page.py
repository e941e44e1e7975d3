"""The cited page as a picture with the passage marked, its neighbours a click away."""

import streamlit as st

from vouch.app.service.types import Json, Service
from vouch.app.ui.language import Texts
from vouch.app.ui.markup import plain
from vouch.app.ui.pictures import png_url
from vouch.app.ui.state import ACCESS
from vouch.app.ui.trouble import show_error
from vouch.retrieval.errors import NotFound, VouchError
from vouch.retrieval.types import Box


def open_citation(service: Service, citation: Json, texts: Texts) -> None:
    """Open a window over the page that shows what is cited."""
    st.session_state["cited_page"] = citation["page"]

    @st.dialog(texts("page_n", page=citation["page"]), width="large")
    def window() -> None:
        _shown(service, citation, texts)

    window()


def _shown(service: Service, citation: Json, texts: Texts) -> None:
    number = int(st.session_state.get("cited_page", citation["page"]))
    document = str(citation["document_id"])
    st.markdown(f"**{plain(str(citation['document']))}**")
    if citation.get("section"):
        st.caption(plain(" › ".join(map(str, citation["section"]))))
    try:
        page = service.page(document, number, ACCESS)
    except VouchError as error:
        show_error(error, texts)
        return
    _turning(number, int(page["pages"]), texts)
    if number == citation["page"] and citation["text"]:
        st.caption(texts("quoted"))  # above the picture, whose marked place may stand far down
        st.markdown(f"> {plain(str(citation['text']))}")
    boxes = _boxes(citation) if number == citation["page"] else ()
    try:
        st.image(png_url(service.page_picture(document, number, boxes, ACCESS)), width="stretch")
    except NotFound:
        st.caption(texts("no_picture"))
        st.markdown(plain(str(page["text"])))


def _turning(number: int, pages: int, texts: Texts) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        if st.button(texts("previous_page"), disabled=number <= 1, key="page-before"):
            st.session_state["cited_page"] = number - 1
            st.rerun(scope="fragment")
        st.markdown(f"{number} / {pages}", width="content")
        if st.button(texts("next_page"), disabled=number >= pages, key="page-after"):
            st.session_state["cited_page"] = number + 1
            st.rerun(scope="fragment")


def _boxes(citation: Json) -> tuple[Box, ...]:
    return tuple((float(a), float(b), float(c), float(d)) for a, b, c, d in citation["boxes"])
