"""The documents: what there is, adding to it, taking away."""

import streamlit as st

from vouch.app.service.types import Json, Service
from vouch.app.ui.adding import upload_form
from vouch.app.ui.cited_page import open_citation
from vouch.app.ui.language import Texts
from vouch.app.ui.markup import plain
from vouch.app.ui.state import ACCESS, page, service
from vouch.app.ui.trouble import show_error
from vouch.retrieval.errors import VouchError

SHOWN = 50
"""Documents shown at once."""


def documents_page() -> None:
    """Show the documents of the library."""
    texts = page().texts
    st.header(texts("page_documents"))
    try:
        held = service()
        with st.expander(texts("add_documents"), icon=":material/upload_file:", expanded=bool(page().job)):
            upload_form(held, texts)
        documents, stats = held.documents(ACCESS), held.stats(ACCESS)
        said = texts("documents_held", documents=stats["documents"], pages=stats["pages"], facts=stats["facts"])
        st.caption(said)
        for document in _chosen(documents, texts):
            _document(held, document, texts)
    except VouchError as error:
        show_error(error, texts)


def _chosen(documents: list[Json], texts: Texts) -> list[Json]:
    """Return those documents that are looked for, one screenful of them."""
    if len(documents) <= SHOWN:
        return documents
    find, turn = st.columns([3, 1], vertical_alignment="bottom")
    wanted = find.text_input(texts("find_document"), max_chars=200, key="find-document").strip().lower()
    found = [document for document in documents if wanted in _words(document)]
    pages = max(1, -(-len(found) // SHOWN))
    number = turn.selectbox(texts("part"), range(1, pages + 1), format_func=lambda n: f"{n} / {pages}")
    return found[(number - 1) * SHOWN : number * SHOWN]


def _words(document: Json) -> str:
    named = (document[key] for key in ("document", "company", "short_name", "year", "collection"))
    return " ".join(str(part).lower() for part in named if part)


def _document(held: Service, document: Json, texts: Texts) -> None:
    document_id = str(document["document_id"])
    with st.container(border=True):
        name, look, remove = st.columns([6, 1, 1], vertical_alignment="center")
        name.markdown(f"**{plain(str(document['document']))}**")
        about = (document["company"], document["year"], document["period"], document["kind"], document["collection"])
        name.caption(plain(" · ".join(str(part) for part in about if part)))
        if look.button("", icon=":material/visibility:", key=f"look-{document_id}", help=texts("show")):
            open_citation(held, {**document, "page": 1, "section": [], "text": "", "boxes": []}, texts)
        with remove.popover("", icon=":material/delete:", help=texts("delete")):
            st.markdown(texts("delete_sure"))
            if st.button(texts("delete"), key=f"remove-{document_id}", type="primary"):
                held.remove_document(document_id, ACCESS)
                st.rerun()
