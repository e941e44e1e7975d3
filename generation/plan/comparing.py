"""Answers over many companies in words: ranks, counts, lists, averages. Computes nothing."""

from decimal import Decimal

from vouch.generation.plan.evaluate import Outcome
from vouch.generation.plan.saying import Sayer
from vouch.generation.plan.values import Value

_LISTED = 10
"""How many companies a count or an average names; the result holds them all."""


def ranked(sayer: Sayer, outcome: Outcome) -> str:
    """Return the companies at the ranks asked for, with their values."""
    plan, wording, rows = sayer.plan, sayer.wording, outcome.rows
    for row in rows:
        sayer.add(row)
    parts = {
        "placed": sayer.placed(),
        "when": wording.when(plan.periods[0]),
        "field": wording.field(plan.measures[0].name),
        "extreme": _extreme(sayer),
        "value_of": wording.say("sum_of_money" if rows[0][0].unit == "元" else "sum_of_other"),
    }
    if len(rows) == 1 and plan.first == plan.last and len(rows[0]) == 1:
        best = rows[0][0]
        return wording.say("ranked_one", company=sayer.name(best.company), value=sayer.shown(best), **parts)
    top = wording.say("top", n=str(plan.last)) if plan.last and plan.first == 1 else ""
    items = wording.join("item_join", [sayer.item(row) for row in rows if any(value.found for value in row)])
    return wording.say("ranked", top=top, items=items, **parts)


def in_every_period(sayer: Sayer, outcome: Outcome) -> str:
    """Return the companies that reach the ranks in each period."""
    wording = sayer.wording
    items = []
    for row in outcome.rows:
        sayer.add(row)
        values = [wording.say("best_item", when=wording.when(v.period), value=sayer.shown(v)) for v in row if v.found]
        joined = wording.join("name_join", values)
        items.append(wording.say("intersection_item", company=sayer.name(row[0].company), values=joined))
    return wording.say(
        "intersection" if items else "intersection_none",
        placed=sayer.placed(),
        whens=wording.whens(sayer.plan.periods),
        field=wording.field(sayer.plan.measures[0].name),
        n=str(sayer.plan.last),
        items=wording.join("name_join", items),
    )


def counted(sayer: Sayer, outcome: Outcome) -> str:
    """Return how many companies meet the conditions, and the first of them."""
    wording, rows = sayer.wording, outcome.rows
    used = [used for row in rows for value in row for used in value.used]
    unit = wording.say("companies_unit")
    sayer.add_figure(sayer.conditions() or sayer.placed(), Decimal(len(rows)), unit, f"{len(rows)}{unit}", used)
    said = wording.say(
        "counted" if sayer.plan.conditions else "counted_there",
        placed=sayer.placed(),
        when=wording.whens(sayer.plan.periods),
        conditions=sayer.conditions(),
        place=sayer.plan.place,
        n=str(len(rows)),
    )
    return said + _first(sayer, outcome)


def listed(sayer: Sayer, outcome: Outcome) -> str:
    """Return the companies that meet the conditions, with the values looked at."""
    wording = sayer.wording
    for row in outcome.rows:
        sayer.add(row)
    items = [sayer.item(row) for row in outcome.rows if any(value.found for value in row)]
    key = "listed" if items else "listed_none"
    return wording.say(
        key if sayer.plan.conditions else f"{key}_there",
        placed=sayer.placed(),
        when=wording.whens(sayer.plan.periods),
        conditions=sayer.conditions(),
        place=sayer.plan.place,
        items=wording.join("item_join", items),
    )


def averaged(sayer: Sayer, outcome: Outcome) -> str:
    """Return the mean over companies or periods, and what it is the mean of."""
    plan, wording = sayer.plan, sayer.wording
    measure, number = plan.measures[0], outcome.number or Decimal(0)
    values = [row[0] for row in outcome.rows if row[0].found]
    unit = wording.unit(measure)
    text = wording.number(number, unit, measure)
    sayer.add_figure(measure.name, number, unit, text, [used for value in values for used in value.used])
    if any(value.formula is not None for value in values):
        sayer.add(values[:_LISTED])  # a ratio that is listed is shown with what it is computed from
    many = wording.say("average_of", n=str(outcome.considered))
    said = wording.say(
        plan.act,
        when=wording.whens(plan.periods),
        companies=sayer.name(plan.companies[0]) if len(plan.companies) == 1 else many,
        field=wording.field(measure.name),
        value=text,
    )
    return said + _first(sayer, outcome)


def _first(sayer: Sayer, outcome: Outcome) -> str:
    """Return the first companies of a figure with their values, on a line of their own."""
    rows = [row for row in outcome.rows[:_LISTED] if any(value.found for value in row)]
    alone = len(sayer.plan.companies) == 1
    items = [_when_and_value(sayer, row[0]) if alone else sayer.item(row) for row in rows]
    if not items:
        return ""
    more = sayer.wording.say("more") if len(outcome.rows) > _LISTED else ""
    return "\n" + sayer.wording.say("counted_items", items=sayer.wording.join("item_join", items) + more)


def _when_and_value(sayer: Sayer, value: Value) -> str:
    return sayer.wording.say("best_item", when=sayer.wording.when(value.period), value=sayer.shown(value))


def _extreme(sayer: Sayer) -> str:
    plan = sayer.plan
    order = plan.order or "highest"
    if plan.first == plan.last and plan.first > 1:
        return sayer.wording.say(f"nth_{order}", n=str(plan.first))
    return sayer.wording.say(order)
