"""All facts of one document, checked against each other before they are believed."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from vouch.ingest.facts.audit import audit_facts
from vouch.ingest.facts.company import company_facts
from vouch.ingest.facts.counted import counted_facts
from vouch.ingest.facts.dividend import dividend_facts
from vouch.ingest.facts.key_figures import key_figure_facts
from vouch.ingest.facts.printed import PrintedPages
from vouch.ingest.facts.statements import statement_facts
from vouch.ingest.facts.supplement import supplement_facts
from vouch.ingest.types import Document
from vouch.retrieval.facts import Fact
from vouch.retrieval.fields import FieldDictionary
from vouch.retrieval.identities import broken_identities
from vouch.retrieval.types import Source

DOUBTED = 0.5
"""Confidence of a fact that takes part in an identity which does not hold."""


@dataclass(frozen=True, slots=True)
class Extracted:
    """What was read, and which sums do not add up."""

    facts: tuple[Fact, ...] = ()
    warnings: tuple[str, ...] = ()


def extract_facts(document: Document, source: Source, fields: FieldDictionary) -> Extracted:
    """Return the facts of a company's report; nothing for other documents."""
    if source.kind != "report" or source.year is None or source.language != "zh":
        return Extracted()
    printed = PrintedPages(document.pages, _furniture(document))
    facts = [
        *_with_key_figures(statement_facts(printed, source, fields), key_figure_facts(printed, source, fields)),
        *supplement_facts(printed, source, fields),
        *counted_facts(printed, source, fields),
        *dividend_facts(printed, source, fields),
        *_with_audit(company_facts(printed, source, fields), audit_facts(printed, source, fields)),
    ]
    return _checked(facts)


def _with_audit(company: list[Fact], audit: list[Fact]) -> list[Fact]:
    """Return the profile's facts and those of the audit that it lacks: both may name the auditor."""
    given = {fact.field for fact in company}
    return company + [fact for fact in audit if fact.field not in given]


def _with_key_figures(statements: list[Fact], figures: list[Fact]) -> list[Fact]:
    """Return statement facts and those key figures that no statement gives: the statement is the closer source."""
    given = {(fact.field, fact.year, fact.period) for fact in statements if fact.scope == "consolidated"}
    return statements + [fact for fact in figures if (fact.field, fact.year, fact.period) not in given]


def _furniture(document: Document) -> Mapping[int, frozenset[int]]:
    """Return, for each page, the indexes of its lines that are furniture."""
    starts = defaultdict(set)
    for block in document.blocks:
        if block.kind == "furniture":
            starts[block.page].add(block.start)
    return {
        page.number: frozenset(i for i, line in enumerate(page.lines) if line.start in starts[page.number])
        for page in document.pages
        if page.number in starts
    }


def _checked(facts: list[Fact]) -> Extracted:
    """Lower the confidence of facts whose sums do not hold, and say which do not."""
    groups: dict[tuple[int, str, str], dict[str, float]] = defaultdict(dict)
    for fact in facts:
        if fact.value is not None and fact.statement in ("balance", "income", "cash_flow"):
            groups[fact.year, fact.period, fact.scope][fact.field] = fact.value
    doubted: set[tuple[int, str, str, str]] = set()
    warnings = []
    for (year, period, scope), values in groups.items():
        for broken in broken_identities(values):
            doubted |= {(year, period, scope, field) for field in broken.fields}
            warnings.append(f"{year} {period} {scope}: {broken.text}")
    checked = tuple(
        replace(fact, confidence=DOUBTED) if (fact.year, fact.period, fact.scope, fact.field) in doubted else fact
        for fact in facts
    )
    return Extracted(checked, tuple(warnings))
