"""The tool that puts companies in order by a value."""

from typing import Annotated, Literal

from vouch.generation.plan.sentences import Wording
from vouch.generation.plan.types import Period, QueryPlan
from vouch.generation.quotes import Statement
from vouch.generation.tools.lookup_facts import PART_MEANS, Part
from vouch.generation.tools.naming import company_named, desk_of, measure_named
from vouch.generation.tools.registry import tool
from vouch.generation.tools.saying import ValueSayer, computations
from vouch.generation.tools.types import ToolContext, ToolMisuse, ToolResult

MOST = 10
"""Companies that are listed."""


@tool
def compare_companies(
    context: ToolContext,
    field: Annotated[str, "one statement line or ratio"],
    year: Annotated[int, "fiscal year"],
    companies: Annotated[list[str] | None, "names or codes; leave out to compare all that the library holds"] = None,
    period: Annotated[Part, PART_MEANS] = "FY",
    order: Annotated[Literal["highest", "lowest"], "which comes first"] = "highest",
) -> ToolResult:
    """Rank companies by one value of one period: those named, or all that the library holds; each value comes with
    its page. Says how many companies were compared."""
    desk = desk_of(context)
    documents = context.shelf.documents(context.scope)
    measure = measure_named(desk.vocabulary, field)
    named = tuple(dict.fromkeys(company_named(context, name, documents) for name in companies or ()))
    if len(named) == 1:
        raise ToolMisuse("compare_companies: name at least two companies, or none for all; use lookup_facts for one")
    plan = QueryPlan("rank", (measure,), named, (Period(year, period),), order=order, last=MOST)
    if not named and (context.scope.companies or context.scope.doc_ids):
        raise ToolMisuse("compare_companies: the question is about some companies only: name them")
    outcome = desk.outcome(plan, context.scope)
    sayer = ValueSayer(context, Wording(context.language, desk.vocabulary))
    values = [row[0] for row in outcome.rows if row and row[0].found]
    statements = [sayer.statement(value) for value in values]
    ranked = [Statement(f"{n}. {entry.text}", entry.quotes) for n, entry in enumerate(statements, start=1)]
    basis = Statement(f"{outcome.considered} companies state this value; {len(ranked)} are listed", ())
    return ToolResult((basis, *ranked), computations(sayer, values))
