"""The answer to a plan in words, with every value's citation. Computes nothing."""

import re
from collections.abc import Sequence

from vouch.generation.plan import comparing
from vouch.generation.plan.evaluate import Outcome
from vouch.generation.plan.saying import Sayer
from vouch.generation.plan.types import SINGLE
from vouch.generation.plan.values import Value


def composed(sayer: Sayer, outcome: Outcome) -> str:
    """Return the answer's text; its result rows are added to the sayer on the way."""
    match sayer.plan.act:
        case "same":
            said = _same(sayer, outcome)
        case "best_period":
            said = _best(sayer, outcome)
        case "rank":
            tell = comparing.in_every_period if sayer.plan.every_period else comparing.ranked
            said = tell(sayer, outcome)
        case "count":
            said = comparing.counted(sayer, outcome)
        case "list":
            said = comparing.listed(sayer, outcome)
        case "average" | "sum":
            said = comparing.averaged(sayer, outcome)
        case _:
            said = "\n".join(_values(sayer, row) for row in outcome.rows)
    return said + _basis(sayer, outcome)


def _values(sayer: Sayer, row: Sequence[Value]) -> str:
    """Return the sentences for the values of one company and period, stated ones in one sentence."""
    sayer.add(row)
    stated = [value for value in row if value.formula is None or not value.found]
    sentences = [_stated(sayer, stated)] if stated else []
    sentences += [_computed(sayer, value) for value in row if value.formula is not None and value.found]
    return "".join(sentences)


def _stated(sayer: Sayer, row: Sequence[Value]) -> str:
    wording = sayer.wording
    parts = [
        wording.say("value", field=sayer.field(value), value=sayer.value(value))
        if value.found
        else wording.say("undisclosed", field=sayer.field(value))
        for value in row
    ]
    said = sayer.of(row[0], "stated", values=wording.join("value_join", parts))
    return said + "".join(_alone(sayer, value.single_quarter) for value in row if value.single_quarter)


def _alone(sayer: Sayer, value: Value) -> str:
    """Return the quarter alone, beside the year to date."""
    sayer.add([value])
    return sayer.of(value, "alone", field=sayer.field(value), value=sayer.value(value))


def _computed(sayer: Sayer, value: Value) -> str:
    formula = sayer.wording.formula(value.measure)
    key = "computed_plain" if re.search(r"\d", formula) or value.measure.expression else "computed"
    return sayer.of(
        value,
        key,
        field=sayer.field(value),
        formula=formula,
        value=sayer.value(value),
        operands=sayer.operands(value),
    )


def _same(sayer: Sayer, outcome: Outcome) -> str:
    wording = sayer.wording
    values = [row[0] for row in outcome.rows]
    sayer.add(values)
    items = [wording.say("same_item", when=wording.when(v.period), value=sayer.value(v)) for v in values]
    return wording.say(
        "same",
        company=sayer.name(values[0].company),
        whens=wording.whens([value.period for value in values]),
        field=sayer.field(values[0]),
        verdict=wording.say("verdict_same" if outcome.same else "verdict_different"),
        items=wording.join("value_join", items),
    )


def _best(sayer: Sayer, outcome: Outcome) -> str:
    wording = sayer.wording
    stated = [row[0] for row in outcome.rows if row[0].found]
    sayer.add(stated)
    in_time = sorted(stated, key=lambda value: (value.period.year, value.period.part))
    items = [wording.say("best_item", when=wording.when(v.period), value=sayer.shown(v)) for v in in_time]
    best = stated[0]
    return sayer.of(
        best,
        "best",
        field=sayer.field(best),
        extreme=wording.say(sayer.plan.order or "highest"),
        value=sayer.shown(best),
        items=wording.join("name_join", items),
    )


def _basis(sayer: Sayer, outcome: Outcome) -> str:
    """Return on what basis quarterly values are, where flows are among them."""
    used = [u for row in outcome.rows for value in row for u in value.used]
    flows = [u for u in used if u.stored.fact.period[:1] in "QH" and u.stored.fact.statement != "balance"]
    if not flows or sayer.plan.act == "same":
        return ""
    single = any(u.stored.fact.period.endswith(SINGLE) for u in flows)
    return sayer.wording.say("basis_single" if single else "basis_ytd")
