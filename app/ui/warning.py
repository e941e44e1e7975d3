"""Early warning: the signals of a company and year, each with its operands and their pages."""

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from vouch.app.service.types import Json
from vouch.app.ui.answer import show_warnings
from vouch.app.ui.cited_page import open_citation
from vouch.app.ui.language import Texts
from vouch.app.ui.markup import plain
from vouch.app.ui.state import ACCESS, page, service
from vouch.app.ui.trouble import show_error
from vouch.retrieval.errors import VouchError

_ICONS = {"alarm": ":red[:material/error:]", "watch": ":orange[:material/warning:]", "ok": ":green[:material/check:]"}
LEVELS = ("alarm", "watch", "ok", "not_applicable")


def warning_page() -> None:
    """Show the early-warning report of a company."""
    texts = page().texts
    st.header(texts("page_warning"))
    try:
        asked = service()
        companies = sorted({str(entry["company"]) for entry in asked.documents(ACCESS) if entry["company"]})
        whose, when = st.columns([3, 1])
        company = whose.selectbox(texts("choose_company"), companies, index=None, placeholder=texts("choose_company"))
        year = when.selectbox(
            texts("year"), [None, *_years(company)], format_func=lambda y: str(y or texts("latest_year"))
        )
        if company:
            _report(asked.warning(company, year, ACCESS), texts)
    except VouchError as error:
        show_error(error, texts)


def _years(company: str | None) -> list[int]:
    listed = service().documents(ACCESS)
    return sorted({int(d["year"]) for d in listed if d["company"] == company and d["year"]}, reverse=True)


def _report(report: Json, texts: Texts) -> None:
    show_warnings(report["warnings"])
    if not report["signals"]:
        st.info(texts("no_signals"))
        return
    st.subheader(plain(f"{report['company']} {report['year']}"))
    counts = Counter(signal["level"] for signal in report["signals"])
    for column, level in zip(st.columns(len(LEVELS)), LEVELS, strict=True):
        column.metric(texts(f"level_{level}"), counts[level])
    for level in LEVELS[:3]:
        for number, signal in enumerate(s for s in report["signals"] if s["level"] == level):
            _signal(signal, f"{level}-{number}", texts)
    _not_computed([signal for signal in report["signals"] if signal["level"] == "not_applicable"], texts)


def _signal(signal: Json, place: str, texts: Texts) -> None:
    value = "" if signal["value"] is None else f" · {signal['value']:,.4g}"
    with st.expander(f"{_ICONS[signal['level']]} {plain(signal['name'] + value)}"):
        st.markdown(plain(str(signal["text"] or signal["reason"])))
        st.caption(plain(f"{texts('threshold')}: {signal['threshold']} · {texts('source')}: {signal['source']}"))
        for number, operand in enumerate(signal["operands"]):
            said, page_button = st.columns([4, 1], vertical_alignment="center")
            amount = operand["text"] if operand["value"] is None else f"{operand['value']:,} {operand['unit']}"
            said.markdown(plain(f"{operand['field']} {operand['year']}: {amount}"))
            where = {**operand, "section": [], "text": operand["row"], "boxes": []}
            if page_button.button(texts("page_n", page=operand["page"]), key=f"signal-{place}-{number}"):
                open_citation(service(), where, texts)


def _not_computed(signals: Sequence[Json], texts: Texts) -> None:
    if signals:
        with st.expander(f"{texts('level_not_applicable')} ({len(signals)})"):
            for signal in signals:
                st.markdown(f"- {plain(signal['name'])}: {plain(str(signal['reason']))}")
