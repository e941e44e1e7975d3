"""The conversations kept in the library: choose, rename, export, delete."""

import json
from typing import Literal

import streamlit as st

from vouch.app.service.types import Json, Service
from vouch.app.ui.language import Texts
from vouch.app.ui.markup import plain
from vouch.app.ui.state import ACCESS, Page, Turn
from vouch.app.ui.trouble import show_error
from vouch.retrieval.errors import VouchError

SHOWN = 30
"""Conversations shown at first, and how many more each time."""
SHOWN_TITLE = 22
TITLE_WIDTH = 180
"""Pixels; its menu stands beside it, on a phone too."""


def conversation_list(service: Service, shown: Page, texts: Texts) -> None:
    """Show the conversations; the chosen one becomes the page's."""
    if st.button(texts("new_conversation"), icon=":material/add:", width="stretch", key="new-conversation"):
        _begin_anew(shown)
        st.rerun()
    try:
        kept = service.conversations(ACCESS)
    except VouchError as error:
        show_error(error, texts)
        return
    _reopen_from_address(service, shown, kept)
    if kept:
        st.caption(texts("conversations"))
    for entry in kept[: shown.listed]:
        _entry(service, shown, entry, texts)
    if len(kept) > shown.listed and st.button(texts("more"), type="tertiary", icon=":material/expand_more:"):
        shown.listed += SHOWN
        st.rerun()


def _reopen_from_address(service: Service, shown: Page, kept: list[Json]) -> None:
    """Take up the conversation that the page's address names: after a reload the page remembers nothing else.

    Only once: later the address follows the page, and it may lag behind.
    """
    named = st.query_params.get("c", "")
    if not shown.begun and any(entry["session"] == named for entry in kept):
        open_conversation(service, shown, named)
    shown.begun = True
    if shown.session and named != shown.session:
        st.query_params["c"] = shown.session


def _begin_anew(shown: Page) -> None:
    shown.session, shown.turns, shown.waiting = "", [], ""
    st.query_params.pop("c", None)


def open_conversation(service: Service, shown: Page, session: str) -> None:
    """Make a kept conversation the page's."""
    found = service.conversation(session, ACCESS)
    shown.session, shown.waiting = session, ""
    shown.turns = [Turn(str(turn["question"]), turn["answer"]) for turn in found["turns"]]


def _entry(service: Service, shown: Page, entry: Json, texts: Texts) -> None:
    session = str(entry["session"])
    title = str(entry["title"]) or texts("untitled")
    current: Literal["primary", "tertiary"] = "primary" if session == shown.session else "tertiary"
    label = title if len(title) <= SHOWN_TITLE else f"{title[:SHOWN_TITLE]}…"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if st.button(plain(label), key=f"open-{session}", type=current, width=TITLE_WIDTH, help=plain(title)):
            open_conversation(service, shown, session)
            st.rerun()
        with st.popover("", width="content", type="tertiary", help=texts("manage")):
            _rename(service, session, title, texts)
            _export(service, session, title, texts)
            _delete(service, shown, session, texts)


def _delete(service: Service, shown: Page, session: str, texts: Texts) -> None:
    st.caption(texts("delete_sure"))
    if st.button(texts("delete"), key=f"delete-{session}", icon=":material/delete:"):
        service.delete_conversation(session, ACCESS)
        if shown.session == session:
            _begin_anew(shown)
        st.rerun()


def _rename(service: Service, session: str, title: str, texts: Texts) -> None:
    fresh = st.text_input(texts("rename"), title, max_chars=200, key=f"title-{session}")
    if st.button(texts("save"), key=f"rename-{session}") and fresh.strip() and fresh != title:
        service.rename_conversation(session, fresh.strip(), ACCESS)
        st.rerun()


def _export(service: Service, session: str, title: str, texts: Texts) -> None:
    def written() -> str:
        return json.dumps(service.conversation(session, ACCESS), ensure_ascii=False, indent=1)

    st.download_button(texts("export"), written, f"{title[:40]}.json", "application/json", key=f"export-{session}")
