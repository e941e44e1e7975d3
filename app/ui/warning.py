"""Early warning: the signals of a company and year, each with its operands and their pages."""

import streamlit as st

from vouch.app.service.types import Json
from vouch.app.ui.answer import show_warnings
from vouch.app.ui.language import Texts
from vouch.app.ui.markup import plain
from vouch.app.ui.state import ACCESS, page, service
from vouch.retrieval.errors import VouchError

_ICONS = {"alarm": ":material/error:", "watch": ":material/warning:", "normal": ":material/check_circle:"}


def warning_page() -> None:
    """Show the early-warning report of a company."""
    texts = page().texts
    st.header(texts("page_warning"))
    try:
        asked = service()
        companies = sorted({str(entry["company"]) for entry in asked.documents(ACCESS) if entry["company"]})
        whose, when = st.columns([3, 1])
        company = whose.selectbox(texts("choose_company"), companies, index=None)
        year = when.selectbox(texts("year"), [None, *_years(company)], format_func=lambda y: y or texts("latest_year"))
        if company:
            _report(asked.warning(company, year, ACCESS), texts)
    except VouchError as error:
        st.error(plain(str(error)))


def _years(company: str | None) -> list[int]:
    listed = service().documents(ACCESS)
    return sorted({int(d["year"]) for d in listed if d["company"] == company and d["year"]}, reverse=True)


def _report(report: Json, texts: Texts) -> None:
    show_warnings(report["warnings"], texts)
    if not report["signals"]:
        st.info(texts("no_signals"))
        return
    st.subheader(plain(f"{report['company']} {report['year']}"))
    st.json(report["signals"][0])
