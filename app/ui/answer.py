"""One answer: its text with marks, its sources, the computation of its values, charts, steps, warnings."""

from collections.abc import Sequence

import altair as alt
import streamlit as st

from vouch.app.service.types import Json, Service
from vouch.app.ui.cited_page import open_citation
from vouch.app.ui.language import Texts
from vouch.app.ui.markup import answer_markup, plain
from vouch.app.ui.understanding import show_understanding, understood

BAR, AXIS = 36, 60
"""Pixels of a bar with the room around it, and of the axis below all of them."""
SHOWN_NAME = 24
"""Characters of a file name on a button."""


def show_answer(service: Service, answer: Json, texts: Texts, place: str) -> None:
    """Show an answer object; `place` tells its buttons from those of other answers."""
    if answer["kind"] == "refused":
        st.info(plain(str(answer["answer"])), icon=":material/block:")
    else:
        st.markdown(answer_markup(str(answer["answer"])))
    show_understanding(understood(answer), texts)
    show_warnings(answer["warnings"])
    _sources(service, answer["citations"], texts, place)
    _computation(answer, texts)
    _chart(answer["results"], texts)
    _steps(answer["steps"], texts)
    _verification(answer, texts)


def show_warnings(warnings: Sequence[str]) -> None:
    """Show what the reader should know about an answer."""
    if warnings:
        st.warning("\n\n".join(plain(str(warning)) for warning in warnings), icon=":material/info:")


def _sources(service: Service, citations: Sequence[Json], texts: Texts, place: str) -> None:
    if not citations:
        return
    st.caption(texts("sources"))
    with st.container(horizontal=True):
        for citation in citations:
            # The page first: a phone cuts the end.
            label = f"[{citation['n']}] {texts('page_n', page=citation['page'])} · {_short(str(citation['document']))}"
            if st.button(plain(label), key=f"{place}-cite-{citation['n']}", help=plain(str(citation["document"]))):
                open_citation(service, citation, texts)


def _short(name: str) -> str:
    return name if len(name) <= SHOWN_NAME else f"{name[: SHOWN_NAME - 9]}…{name[-8:]}"


def _computation(answer: Json, texts: Texts) -> None:
    """Show each computed value with its formula and operands, as a small table."""
    computed = [row for row in answer["results"] if row["formula"]]
    if not computed:
        return
    with st.expander(texts("computation"), expanded=len(computed) == 1, icon=":material/calculate:"):
        for row in computed:
            name = f"{row['company']} {row['year']} {row['field']} = {row['text']}"
            st.markdown(f"**{plain(name)}**")
            st.markdown(f"{texts('formula')}: {plain(str(row['formula']))}")
            st.table(
                [
                    {
                        texts("operand"): plain(str(operand["field"])),
                        texts("year"): str(operand["year"]),
                        texts("value"): plain(f"{operand['value']:,}"),
                        texts("unit"): plain(str(operand["unit"])),
                        texts("source"): plain(f"[{operand['citation']}]"),
                    }
                    for operand in row["operands"]
                ]
            )


def _chart(results: Sequence[Json], texts: Texts) -> None:
    """Draw several years of a field as lines, several companies as bars; nothing for single values."""
    rows = [row for row in results if isinstance(row["value"], int | float) and row["year"]]
    years, companies = {row["year"] for row in rows}, {row["company"] for row in rows}
    if len(years) < 2 and len(companies) < 2:
        return
    for field in dict.fromkeys((str(row["field"]), str(row["unit"])) for row in rows):
        shown = [row for row in rows if (row["field"], row["unit"]) == field]
        if len({(row["company"], row["year"]) for row in shown}) < 2:
            continue
        with st.expander(f"{texts('chart')} · {plain(field[0])}", expanded=True, icon=":material/monitoring:"):
            st.altair_chart(field_chart(shown, field), width="stretch")


def field_chart(rows: Sequence[Json], field: tuple[str, str]) -> alt.Chart:
    """Return the chart of one field and unit: lines over years, or bars of companies where there is one year."""
    data = alt.Data(
        values=[{"company": row["company"], "year": str(row["year"]), "value": row["value"]} for row in rows]
    )
    name, unit = field
    title = f"{name} ({unit})" if unit else name
    value = alt.Y("value:Q", title=title)
    tooltip = [alt.Tooltip("company:N"), alt.Tooltip("year:N"), alt.Tooltip("value:Q", format=",")]
    if len({row["year"] for row in rows}) > 1:
        colour = alt.Color("company:N", title=None, legend=alt.Legend(orient="bottom", labelLimit=0, columns=1))
        years = alt.X("year:O", title=None, axis=alt.Axis(labelAngle=0))
        lines: alt.Chart = alt.Chart(data).mark_line(point=True)
        drawn: alt.Chart = lines.encode(x=years, y=value, color=colour, tooltip=tooltip)
        return drawn
    bars: alt.Chart = alt.Chart(data).mark_bar(size=20)
    companies = alt.Y("company:N", title=None, sort=None, axis=alt.Axis(labelLimit=140))  # lying: names are long
    across = alt.X("value:Q", title=title, axis=alt.Axis(labelOverlap=True, tickCount=4))
    compared: alt.Chart = bars.encode(x=across, y=companies, tooltip=tooltip)
    height = BAR * len({row["company"] for row in rows}) + AXIS
    return compared.properties(height=height)


def _steps(steps: Sequence[Json], texts: Texts) -> None:
    if not steps:
        return
    with st.expander(f"{texts('steps')} ({len(steps)})", icon=":material/account_tree:"):
        for number, step in enumerate(steps, 1):
            tool = f" · {plain(str(step['tool']))}" if step["tool"] else ""
            st.markdown(f"**{number}**{tool}")
            for text in (step["thought"], step["result"]):
                if text:
                    st.markdown(plain(str(text)))


def _verification(answer: Json, texts: Texts) -> None:
    checked = answer["verification"]
    if answer["kind"] == "refused":
        return
    if checked["numbers_unsupported"]:
        st.caption(f":material/error: {texts('unverified', count=checked['numbers_unsupported'])}")
    elif checked["citations_checked"]:
        numbers, citations = checked["numbers_checked"], checked["citations_checked"]
        st.caption(f":material/verified: {texts('verified', numbers=numbers, citations=citations)}")
