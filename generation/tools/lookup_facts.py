"""The tool that looks up statement values."""

from typing import Annotated, Literal

from vouch.generation.plan.sentences import Wording
from vouch.generation.plan.types import Period, QueryPlan
from vouch.generation.quotes import Statement
from vouch.generation.tools.naming import company_named, desk_of, held_periods, measure_named
from vouch.generation.tools.registry import tool
from vouch.generation.tools.saying import ValueSayer, computations
from vouch.generation.tools.types import ToolContext, ToolMisuse, ToolResult

Part = Literal["FY", "H1", "Q1", "Q2", "Q3", "Q4"]
PART_MEANS = "FY: whole year; H1, Q1, Q3: the year up to then"


@tool
def lookup_facts(
    context: ToolContext,
    company: Annotated[str, "name, short name or stock code"],
    fields: Annotated[list[str], "statement lines or ratios, such as 营业收入, 净利润, 毛利率"],
    years: Annotated[list[int], "fiscal years"],
    period: Annotated[Part, PART_MEANS] = "FY",
) -> ToolResult:
    """Look up values that the library's reports state (statement lines, per-share figures, staff, profile) and ratios
    computed from them, each with the page and row it stands in. Use it before any number is said."""
    desk = desk_of(context)
    documents = context.shelf.documents(context.scope)
    name = company_named(context, company, documents)
    if not fields or not years:
        raise ToolMisuse("lookup_facts: fields and years must each name at least one")
    measures = tuple(dict.fromkeys(measure_named(desk.vocabulary, field) for field in fields))
    periods = tuple(dict.fromkeys(Period(year, period) for year in years))
    outcome = desk.outcome(QueryPlan("values", measures, (name,), periods), context.scope)
    wording = Wording(context.language, desk.vocabulary)
    sayer = ValueSayer(context, wording)
    values = [value for row in outcome.rows for value in row]
    statements = [sayer.statement(value) for value in values]
    if not all(value.found for value in values):
        held = wording.whens(held_periods(context, name, documents))
        statements.append(Statement(f"The library holds of {name}: {held or 'nothing'}", ()))
    return ToolResult(tuple(statements), computations(sayer, values))
