"""What questions and searches are narrowed to: collection, company, year."""

import streamlit as st

from vouch.app.service.types import Filters, Json
from vouch.app.ui.language import Texts


def chosen_filters(documents: list[Json], texts: Texts, place: str) -> Filters:
    """Show the filters that the documents allow; return what is chosen. `place` names the page they stand on."""
    collections = sorted({str(document["collection"]) for document in documents})
    companies = sorted({_company(document) for document in documents if document["company"]})
    years = sorted({int(document["year"]) for document in documents if document["year"]}, reverse=True)
    with st.expander(texts("filters"), icon=":material/tune:"):
        in_collections = (
            st.multiselect(texts("collection"), collections, key=f"{place}-collection") if len(collections) > 1 else []
        )
        of_companies = st.multiselect(texts("company"), companies, key=f"{place}-company") if companies else []
        of_years = st.multiselect(texts("year"), years, key=f"{place}-year") if years else []
    return Filters(tuple(in_collections), tuple(of_companies), tuple(of_years))


def _company(document: Json) -> str:
    return str(document["short_name"] or document["company"])
