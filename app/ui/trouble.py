"""What went wrong, in the reader's language: a headline with the remedy by kind of error, its exact words beneath.

The words of errors are English, as programs and people who help get to see them; headlines stand in texts.toml.
"""

import streamlit as st

from vouch.app.ui.language import Texts
from vouch.app.ui.markup import plain
from vouch.retrieval import errors
from vouch.retrieval.errors import VouchError


def show_error(error: VouchError, texts: Texts, icon: str | None = None) -> None:
    """Show an error."""
    st.error(said(type(error).__name__, str(error), texts), icon=icon)


def said(kind: str, detail: str, texts: Texts) -> str:
    """Return Markdown of an error; `kind`: the name of its class."""
    return f"**{headline(kind, texts)}**\n\n{plain(detail)}"


def headline(kind: str, texts: Texts) -> str:
    """Return what is said about a kind of error: of its class, or the next one above it that has something."""
    found = getattr(errors, kind, VouchError)
    for known in found.__mro__:
        if texts.has(f"error_{known.__name__}"):
            return texts(f"error_{known.__name__}")
    return texts("error_VouchError")
