"""The generator without a model: it chooses sentences and table rows of the library and quotes them."""

import re
from collections.abc import Sequence

from vouch.generation.drafts import Draft, Task
from vouch.generation.line_items import VALUE_KINDS, value_statements
from vouch.generation.passages import passage_statements
from vouch.generation.phrases import not_computed_warning, prior_year_warning, report_name
from vouch.generation.quotes import Statement
from vouch.generation.relevance import relevance
from vouch.generation.sections import section_statements
from vouch.retrieval.question import Question

_FOR_WORDS = re.compile(
    r"\b(?:why|which|what (?:drove|drives|caused|explains?|led)|how (?:did|do|does|has|have))\b", re.IGNORECASE
)
"""English questions that name a line item and are answered by sentences."""


class ExtractiveGenerator:
    """Answers in the words of the documents."""

    name = "extractive"

    def draft(self, task: Task) -> Draft:
        """Return the statements that answer a question, none where nothing found does."""
        shelf, question = task.shelf, task.question
        kinds = {mention.group.kind for mention in question.mentions}
        if kinds & VALUE_KINDS and "topics" not in kinds and asks_for_value(question):
            statements = value_statements(shelf, question, task.scope)
            if statements:
                warnings = [*_prior_years(question, statements), *_not_computed(question)]
                return Draft(tuple(statements), warnings=tuple(warnings))
        if "topics" in kinds:
            statements = section_statements(shelf, question, task.hits)
            if statements:
                return Draft(tuple(statements), lead=_lead(question, statements))
        passages = sum(document.chunks for document in shelf.documents())
        asks = relevance(question, shelf.lexical.document_frequency, passages)
        statements = passage_statements(shelf, question, task.hits, asks)
        return Draft(tuple(statements), _lead(question, statements), _prior_years(question, statements))


def asks_for_value(question: Question) -> bool:
    """Say whether a row of a report may answer: not a question for reasons, choices or meanings."""
    return question.about_report and question.wants != "definition" and not _FOR_WORDS.search(question.text)


def _lead(question: Question, statements: Sequence[Statement]) -> str:
    """Return whose report answers, for a question about a company."""
    sources = {quote.source.doc_id: quote.source for statement in statements for quote in statement.quotes}
    if not question.companies or len(sources) != 1:
        return ""
    (source,) = sources.values()
    if not source.company:
        return ""
    name = report_name(source, question.language)
    return f"{name}：" if question.language == "zh" else f"{name}:"


def _not_computed(question: Question) -> list[str]:
    """Return a warning where a ratio or a change is asked for: this generator quotes and never computes."""
    asked = question.wants == "percent" or any(mention.group.kind == "metrics" for mention in question.mentions)
    return [not_computed_warning(question.language)] if asked else []


def _prior_years(question: Question, statements: Sequence[Statement]) -> tuple[str, ...]:
    """Return a warning for the years asked for whose own report is not quoted."""
    if not question.companies or not statements:
        return ()
    held = {quote.source.year for statement in statements for quote in statement.quotes}
    years = [year for year in question.years if year not in held and year not in question.missing_years]
    return (prior_year_warning(years, question.language),) if years else ()
