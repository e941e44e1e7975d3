"""What a model's words for companies and values mean in this library; ToolMisuse says what there is instead."""

from collections.abc import Sequence
from difflib import get_close_matches

from vouch.generation.plan.desk import FactDesk
from vouch.generation.plan.reading import Vocabulary, read_values
from vouch.generation.plan.types import Measure, Period
from vouch.generation.tools.types import ToolContext, ToolMisuse
from vouch.retrieval.types import StoredDocument

_LISTED = 8


def desk_of(context: ToolContext) -> FactDesk:
    """Return the desk; only tools that need one are offered where there is none."""
    assert context.facts is not None, "a tool over facts is offered without facts"
    return context.facts


def company_named(context: ToolContext, name: str, documents: Sequence[StoredDocument]) -> str:
    """Return the full name of the one company that a text names."""
    holdings = desk_of(context).holdings(documents)
    found = list(dict.fromkeys(mention.companies for mention in holdings.names.find(name)))
    allowed = context.scope.companies
    held = [company for company in holdings.companies if not allowed or company in allowed]
    if len(found) == 1 and len(found[0]) == 1 and found[0][0] in held:
        return found[0][0]
    if any(len(companies) > 1 for companies in found):
        choices = ", ".join(sorted({company for companies in found for company in companies})[:_LISTED])
        raise ToolMisuse(f"{name[:60]!r} may be several companies: {choices}")
    shown = held[:_LISTED]
    raise ToolMisuse(
        f"the library holds nothing of {name[:60]!r}; it holds {', '.join(shown) or 'no company'}"
        + (f" and {len(held) - len(shown)} more" if len(held) > len(shown) else "")
    )


def measure_named(vocabulary: Vocabulary, name: str) -> Measure:
    """Return the field or formula of a name, an alias or a phrase that names just one."""
    word = name.strip()
    known = vocabulary.measure(word)
    if known:
        return known
    by_alias = vocabulary.fields.by_alias(word) or vocabulary.formulas.by_alias(word)
    if by_alias:
        return Measure(by_alias.name)
    named = read_values(word, vocabulary).named()
    if len(named) == 1:
        return named[0]
    names = [field.name for field in vocabulary.fields.fields] + [f.name for f in vocabulary.formulas.formulas]
    near = get_close_matches(word, names, n=3, cutoff=0.5)
    hint = f"; did you mean {', '.join(near)}?" if near else "; use the name of a statement line or ratio"
    raise ToolMisuse(f"{word[:60]!r} is no known value{hint}")


def held_periods(context: ToolContext, company: str, documents: Sequence[StoredDocument]) -> tuple[Period, ...]:
    """Return what periods the library holds of a company, newest first."""
    return desk_of(context).holdings(documents).held([company])[:_LISTED]
