"""Thumbs, a comment and a correction, kept for evaluation and fine-tuning."""

import streamlit as st

from vouch.app.service.types import FeedbackRequest, Service
from vouch.app.ui.language import Texts
from vouch.app.ui.state import ACCESS, Turn, page
from vouch.app.ui.trouble import show_error
from vouch.retrieval.conversations import Rating
from vouch.retrieval.errors import VouchError


def feedback_form(service: Service, turn: Turn, number: int, texts: Texts) -> None:
    """Show thumbs under an answer; a comment can be added after either."""
    if turn.rated:
        st.caption(f":material/check: {texts('thanks')}")
        return
    thumb = st.feedback("thumbs", key=f"thumb-{number}-{page().session}")
    if thumb is None:
        return
    with st.form(f"feedback-{number}", border=False):
        comment = st.text_input(texts("comment"), max_chars=4000)
        correction = st.text_area(texts("correction"), max_chars=20_000) if not thumb else ""
        sent = st.form_submit_button(texts("send"))
    if sent:
        rating: Rating = "up" if thumb else "down"
        said = FeedbackRequest(turn.question, turn.answer, rating, comment, correction, page().session)
        try:
            service.feedback(said, ACCESS)
        except VouchError as error:
            show_error(error, texts)
            return
        turn.rated = rating
        st.rerun()
