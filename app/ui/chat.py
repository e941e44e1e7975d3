"""The chat: conversations at the side, questions and checked answers in the middle."""

import uuid
from typing import Any

import streamlit as st

from vouch.app.service.types import AskRequest, Json, Service
from vouch.app.ui.adding import upload_form
from vouch.app.ui.answer import show_answer, show_understanding
from vouch.app.ui.asking import Asked
from vouch.app.ui.conversations import conversation_list
from vouch.app.ui.feedback import feedback_form
from vouch.app.ui.filters import chosen_filters
from vouch.app.ui.language import Texts
from vouch.app.ui.markup import plain
from vouch.app.ui.state import ACCESS, Page, Turn, page, service
from vouch.retrieval.errors import VouchError


def chat_page() -> None:
    """Show the chat, or how to begin where the library is empty."""
    shown = page()
    texts = shown.texts
    try:
        asked = service()
        documents = asked.documents(ACCESS)
    except VouchError as error:
        unavailable(error, texts)
        return
    if not documents and not shown.turns:
        _empty(asked, texts)
        return
    with st.sidebar:
        conversation_list(asked, shown, texts)
        shown.filters = chosen_filters(documents, texts, "chat")
        _manner(shown, texts)
    if not shown.turns:
        st.title(texts("title"))
        st.caption(texts("tagline"))
    for number, turn in enumerate(shown.turns):
        _turn(asked, turn, number, texts)
    question = st.chat_input(texts("ask_placeholder"), max_chars=4000)
    if question and question.strip():
        _ask(asked, shown, question.strip(), texts)


def unavailable(error: VouchError, texts: Texts) -> None:
    """Say that the service cannot be reached, and let people try again."""
    st.error(f"{texts('error_server')}: {plain(str(error))}", icon=":material/cloud_off:")
    if st.button(texts("error_retry")):
        st.rerun()


def _empty(asked: Service, texts: Texts) -> None:
    """Lead by the hand: what can be added, and adding it."""
    st.title(texts("empty_title"))
    st.markdown(texts("empty_text"))
    upload_form(asked, texts)
    if st.button(texts("start_asking"), icon=":material/forum:"):
        st.rerun()


def _manner(shown: Page, texts: Texts) -> None:
    names: dict[str | None, str] = {
        None: texts("generator_default"),
        "extractive": texts("generator_extractive"),
        "model": texts("generator_model"),
    }
    with st.expander(texts("page_settings"), icon=":material/settings:"):
        shown.generator = st.selectbox(texts("generator"), list(names), format_func=lambda name: names[name])
        shown.cot = st.toggle(texts("cot"), disabled=shown.generator == "extractive")


def _turn(asked: Service, turn: Turn, number: int, texts: Texts) -> None:
    with st.chat_message("user"):
        st.markdown(plain(turn.question))
    with st.chat_message("assistant"):
        show_answer(asked, turn.answer, texts, f"turn-{number}")
        feedback_form(asked, turn, number, texts)


def _ask(asked: Service, shown: Page, question: str, texts: Texts) -> None:
    with st.chat_message("user"):
        st.markdown(plain(question))
    with st.chat_message("assistant"):
        try:
            answer = _streamed(asked, _request(shown, question), texts)
        except VouchError as error:
            st.error(plain(str(error)), icon=":material/cloud_off:")
            return
    shown.turns.append(Turn(question, answer))
    st.rerun()  # now with its buttons


def _request(shown: Page, question: str) -> AskRequest:
    if not shown.session:
        shown.session = uuid.uuid4().hex
    return AskRequest(question, shown.filters, generator=shown.generator, cot=shown.cot, session=shown.session)


def _streamed(asked: Service, request: AskRequest, texts: Texts) -> Json:
    """Show the answer as it comes; return it whole."""
    understood, status, words = st.empty(), st.empty(), st.empty()
    status.markdown(f":gray[{texts('thinking')}]")
    said = ""
    answer: Json | None = None
    for event in Asked(asked, request, ACCESS):
        match event.event:
            case "understanding":
                with understood.container():
                    show_understanding(event.data, texts)
            case "step":
                status.markdown(f":gray[{plain(_step_line(event.data))}]")
            case "token":
                said += event.data
                status.empty()
                words.markdown(plain(said))
            case "withdrawn":
                said = ""
                words.empty()
                status.markdown(f":gray[{texts('withdrawn')}]")
            case "answer":
                answer = event.data
    assert answer is not None, "a stream ends with its answer"
    return answer


def _step_line(step: dict[str, Any]) -> str:
    return str(step["tool"] or step["thought"])[:120]
