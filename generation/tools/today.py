"""The tool that tells the date."""

from vouch.generation.quotes import Statement
from vouch.generation.tools.registry import tool
from vouch.generation.tools.types import ToolContext, ToolResult

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@tool
def today(context: ToolContext) -> ToolResult:
    """Tell today's date and weekday."""
    day = context.today()
    return ToolResult((Statement(f"{day.isoformat()} ({_DAYS[day.weekday()]})", ()),))
