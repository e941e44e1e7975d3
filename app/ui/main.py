"""The script that Streamlit runs: navigation, language, and the page that was chosen."""

from pathlib import Path

import streamlit as st

from vouch.app.ui.chat import chat_page
from vouch.app.ui.documents import documents_page
from vouch.app.ui.facts import facts_page
from vouch.app.ui.language import LANGUAGES, Language
from vouch.app.ui.own_texts import language_of_page
from vouch.app.ui.pictures import svg_url
from vouch.app.ui.search import search_page
from vouch.app.ui.state import page, settings
from vouch.app.ui.warning import warning_page

# Our own: Streamlit would fetch an icon of its font from elsewhere.
_ICON = Path(__file__).parent / "assets" / "seal.svg"
_PAGES = (
    (chat_page, "page_chat", ":material/forum:", ""),
    (search_page, "page_search", ":material/search:", "search"),
    (facts_page, "page_facts", ":material/table_chart:", "facts"),
    (warning_page, "page_warning", ":material/notification_important:", "warning"),
    (documents_page, "page_documents", ":material/folder:", "documents"),
)


def main() -> None:
    """Show the page."""
    shown = page()
    texts = shown.texts
    language_of_page(texts, settings().serve.upload_mb)
    st.set_page_config(page_title=texts("title"), page_icon=svg_url(_ICON.read_bytes()), layout="centered")
    chosen = st.navigation(
        [
            st.Page(show, title=texts(key), icon=icon, url_path=path, default=not path)
            for show, key, icon, path in _PAGES
        ]
    )
    with st.sidebar:
        languages: list[Language] = list(LANGUAGES)
        picked = st.segmented_control(
            texts("language"),
            languages,
            default=shown.language,
            format_func=lambda language: LANGUAGES[language],
            label_visibility="collapsed",
            key="language",
        )
    if picked and picked != shown.language:
        shown.language = picked
        st.rerun()
    if shown.language != settings().ui.language:
        st.query_params["lang"] = shown.language  # a reload forgets everything but the address
    else:
        st.query_params.pop("lang", None)
    chosen.run()


main()
