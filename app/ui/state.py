"""What one browser session remembers, typed; Streamlit keeps it between runs of the page."""

from dataclasses import dataclass, field
from typing import cast

import streamlit as st

from vouch.app.service.types import EVERYTHING_ALLOWED, Access, Filters, Json, Service
from vouch.app.settings import Settings, load_settings
from vouch.app.ui.language import LANGUAGES, Language, Texts
from vouch.app.wiring_ui import ui_service
from vouch.retrieval.errors import VouchError

ACCESS: Access = EVERYTHING_ALLOWED
"""Who may open this page may see the library; a server behind it decides by its key."""


@dataclass
class Turn:
    """A question and its answer."""

    question: str
    answer: Json
    rated: str = ""


@dataclass
class Page:
    """Everything that pages share."""

    language: Language = "zh"
    session: str = ""
    """The conversation shown; empty: a new one, which begins with its first question."""
    turns: list[Turn] = field(default_factory=list)
    filters: Filters = field(default_factory=Filters)
    generator: str | None = None
    cot: bool = False
    listed: int = 30
    """Conversations shown in the list."""
    begun: bool = False
    """Whether the page has been shown before; if not, its address may name a conversation."""
    waiting: str = ""
    """The question that has no answer yet; after a run of the page: one that was stopped or failed."""
    failure: VouchError | None = None
    """Why it has none; None: it was stopped."""
    job: str = ""
    """The job that reads what was last uploaded."""
    outcome: Json = field(default_factory=dict)
    """That job when it was done; empty before."""
    led: bool = False
    """Whether the start page of an empty library leads on: until its first documents are read and looked at."""

    @property
    def texts(self) -> Texts:
        """What the interface says."""
        return Texts(self.language)


def remembered(key: str, value: object) -> None:
    """Give a widget the value it had: Streamlit forgets it while another page is shown."""
    if key not in st.session_state:
        st.session_state[key] = value


@st.cache_resource
def settings() -> Settings:
    """Return the settings, read once."""
    return load_settings()


@st.cache_resource
def service() -> Service:
    """Return the service, opened once for all browsers."""
    return ui_service(settings())


def page() -> Page:
    """Return what this browser session remembers."""
    if "page" not in st.session_state:
        named = st.query_params.get("lang", "")
        chosen = next((language for language in LANGUAGES if language == named), settings().ui.language)
        st.session_state["page"] = Page(language=chosen)
    return cast(Page, st.session_state["page"])
