"""How a question was read: whom, when and what it is about."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from vouch.app.service.types import Json
from vouch.app.ui.language import Texts
from vouch.app.ui.markup import plain

SHOWN = ("companies", "years", "terms")


def show_understanding(read: Mapping[str, Any], texts: Texts) -> None:
    """Show the companies, years and terms that a question was taken to mean."""
    said = [f"{texts(key)}: {plain('、'.join(map(str, read[key])))}" for key in SHOWN if read.get(key)]
    if said:
        st.caption(f"{texts('understood')} · {' · '.join(said)}")


def understood(answer: Json) -> dict[str, list[Any]]:
    """Return the same of an answer: as its question was read, else as its values tell."""
    read, rows = answer.get("understanding") or {}, answer["results"]
    return {
        "companies": list(read.get("companies") or _each(rows, "company")),
        "years": list(read.get("years") or _each(rows, "year")),
        "terms": _each(rows, "field"),
    }


def _each(rows: list[Json], key: str) -> list[Any]:
    return list(dict.fromkeys(row[key] for row in rows if row[key]))
