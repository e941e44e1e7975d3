"""The chat: conversations at the side, questions and checked answers in the middle."""

import time
import uuid
from typing import Any

import streamlit as st

from vouch.app.service.types import AskRequest, Json, Service
from vouch.app.ui.adding import upload_form
from vouch.app.ui.answer import show_answer
from vouch.app.ui.asking import Asked
from vouch.app.ui.conversations import conversation_list
from vouch.app.ui.feedback import feedback_form
from vouch.app.ui.filters import chosen_filters
from vouch.app.ui.language import Texts
from vouch.app.ui.markup import plain
from vouch.app.ui.state import ACCESS, Page, Turn, page, remembered, service
from vouch.app.ui.trouble import show_error
from vouch.app.ui.understanding import show_understanding
from vouch.retrieval.errors import VouchError


def chat_page() -> None:
    """Show the chat, or how to begin where the library is empty."""
    shown = page()
    texts = shown.texts
    try:
        asked = service()
        documents = asked.documents(ACCESS)
        shown.led = (shown.led and bool(shown.job or shown.outcome)) or not (documents or shown.turns)
        if shown.led:
            _empty(asked, shown, bool(documents))
        else:
            _talk(asked, shown, documents, texts)
    except VouchError as error:
        unavailable(error, texts)


def _talk(asked: Service, shown: Page, documents: list[Json], texts: Texts) -> None:
    with st.sidebar:
        conversation_list(asked, shown, texts)
        shown.filters = chosen_filters(documents, shown.filters, texts, "chat")
        _manner(asked, shown, texts)
    if not shown.turns:
        st.title(texts("title"))
        st.caption(texts("tagline"))
    for number, turn in enumerate(shown.turns):
        _turn(asked, turn, number, texts)
    question = (st.chat_input(texts("ask_placeholder"), max_chars=4000) or "").strip()
    if shown.waiting and not question:
        question = _unanswered(shown, texts)
    if question:
        _ask(asked, shown, question, texts)


def unavailable(error: VouchError, texts: Texts) -> None:
    """Say that the service cannot be reached, and let people try again."""
    show_error(error, texts, icon=":material/cloud_off:")
    if st.button(texts("error_retry")):
        st.rerun()


def _empty(asked: Service, shown: Page, held: bool) -> None:
    """Lead by the hand: what can be added, adding it, and on to asking once there is something to ask about."""
    texts = shown.texts
    st.title(texts("add_documents" if held else "empty_title"))
    st.markdown(texts("empty_text"))
    upload_form(asked, texts)
    if held and not shown.job and st.button(texts("start_asking"), icon=":material/forum:"):
        shown.led, shown.outcome = False, {}
        st.rerun()


def _manner(asked: Service, shown: Page, texts: Texts) -> None:
    has_model = "model" in asked.stats(ACCESS).get("generators", ("model",))  # servers before it said so
    names = {"": texts("generator_default"), "extractive": texts("generator_extractive")}
    if has_model:
        names["model"] = texts("generator_model")
    with st.expander(texts("page_settings"), icon=":material/settings:"):
        remembered("generator", (shown.generator or "") if has_model else "")
        generator = texts("generator")
        chosen = st.selectbox(
            generator, list(names), format_func=lambda name: names[name], key="generator", disabled=not has_model
        )
        shown.generator = chosen or None
        remembered("cot", shown.cot and has_model)
        shown.cot = st.toggle(texts("cot"), disabled=chosen == "extractive" or not has_model, key="cot")
        if not has_model:
            st.caption(texts("no_model"))


def _turn(asked: Service, turn: Turn, number: int, texts: Texts) -> None:
    with st.chat_message("user"):
        st.markdown(plain(turn.question))
    with st.chat_message("assistant"):
        show_answer(asked, turn.answer, texts, f"turn-{number}")
        feedback_form(asked, turn, number, texts)


def _unanswered(shown: Page, texts: Texts) -> str:
    """Show the question that was stopped or failed; return it if it is to be asked again."""
    with st.chat_message("user"):
        st.markdown(plain(shown.waiting))
    with st.chat_message("assistant"):
        if shown.failure:
            show_error(shown.failure, texts, icon=":material/cloud_off:")
        else:
            st.caption(texts("stopped"))
        again = st.button(texts("error_retry"), icon=":material/refresh:", key="ask-again")
    return shown.waiting if again else ""


def _ask(asked: Service, shown: Page, question: str, texts: Texts) -> None:
    shown.waiting, shown.failure = question, None
    with st.chat_message("user"):
        st.markdown(plain(question))
    with st.chat_message("assistant"):
        try:
            answer = _streamed(asked, _request(shown, question), texts)
        except VouchError as error:
            shown.failure = error
            st.rerun()
    shown.turns.append(Turn(question, answer))
    shown.waiting = ""
    st.rerun()  # now with its buttons


def _request(shown: Page, question: str) -> AskRequest:
    if not shown.session:
        shown.session = uuid.uuid4().hex
    return AskRequest(question, shown.filters, generator=shown.generator, cot=shown.cot, session=shown.session)


def _streamed(asked: Service, request: AskRequest, texts: Texts) -> Json:
    """Show the answer as it comes; return it whole. Any button, Stop above all, ends it: Streamlit then runs anew."""
    understood, status, words, stop = st.empty(), st.empty(), st.empty(), st.empty()
    state, said, began = texts("thinking"), "", time.monotonic()
    answer: Json | None = None
    stop.button(texts("stop"), icon=":material/stop_circle:", key="stop")
    with Asked(asked, request, ACCESS) as events:
        for event in events:
            match event and event.event:
                case "understanding" if event:
                    with understood.container():
                        show_understanding(event.data, texts)
                case "step" if event:
                    state = _step_line(event.data) or state
                case "token" if event:
                    said += event.data
                    words.markdown(plain(said))
                case "withdrawn":
                    state, said = texts("withdrawn"), ""
                    words.empty()
                case "answer" if event:
                    answer = event.data
            status.caption("" if said else f"{plain(state)} {time.monotonic() - began:.0f} s")
    assert answer is not None, "a stream ends with its answer"
    return answer


def _step_line(step: dict[str, Any]) -> str:
    return str(step["tool"] or step["thought"])[:120]
