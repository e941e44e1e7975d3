"""Documents with facts, made by hand, for stores."""

from dataclasses import replace

from tests.retrieval.record_maker import record
from vouch.retrieval.facts import Fact
from vouch.retrieval.types import DocumentRecord, Source

RIVER = Source(
    doc_id="river-2022",
    name="江河重工_2022.pdf",
    path="/reports/江河重工_2022.pdf",
    kind="report",
    company="江河重工股份有限公司",
    short_name="江河重工",
    code="600001",
    year=2022,
    period="FY",
)
REVENUE = Fact(
    field="营业收入",
    value=1234567.89,
    unit="元",
    year=2022,
    period="FY",
    raw="1,234,567.89",
    page=1,
    start=0,
    end=22,
    row="一、营业收入 1,234,567.89",
    statement="income",
)


def with_facts(source: Source, *facts: Fact) -> DocumentRecord:
    """Return a document of one page that states these facts."""
    return replace(record(source, "一、营业收入 1,234,567.89"), facts=facts)


def report_of(year: int, period: str = "FY", **changes: str) -> Source:
    """Return the source of another report of the same company."""
    name = changes.get("name", f"江河重工_{year}_{period}.pdf")
    return replace(RIVER, doc_id=name, name=name, path=f"/reports/{name}", year=year, period=period)
