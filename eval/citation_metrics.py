"""Whether the cited pages hold what the answer needs, and whether its numbers come from what it cites."""

from collections.abc import Mapping, Sequence

from vouch.eval.computations import computed_numbers
from vouch.eval.numbers import Number, Target, numbers, same
from vouch.eval.places import found_share, is_right
from vouch.eval.text_metrics import normalised
from vouch.eval.types import Item, PageText
from vouch.eval.verdicts.amounts import amount, missing_components, wanted_amounts
from vouch.eval.verdicts.judgement import said
from vouch.eval.verdicts.texts import contains, is_verdict_word
from vouch.generation.types import Answer, Citation, ResultOperand

CUTS = (1, 3, 5)
_TABLE_UNITS = (1.0, 1e3, 1e4, 1e6, 1e8)
"""A page prints 57,937.45 under the heading 单位：万元 for what an answer calls 579,374,500 元."""


def page_scores(item: Item, retrieved: Sequence[tuple[str, int]]) -> dict[str, float]:
    """Return the share of the needed pages among the first few that were retrieved; none where none is known."""
    if not item.places:
        return {}
    distinct = list(dict.fromkeys(retrieved))
    return {f"page_recall@{cut}": found_share(item, distinct[:cut]) for cut in CUTS}


def citation_scores(item: Item, answer: Answer, page_text: PageText) -> dict[str, float]:
    """Return citation precision and recall and how many needed pages are cited, of an answer that is no refusal.

    Precision: the share of citations whose page holds a number or the text of the right answer, or is a right page.
    Recall: the share of the right answer's numbers (operands of a computed one) on cited pages; of needed pages if
    the answer is prose. Neither exists where nothing is known of the right answer.
    """
    if item.kind == "refusal" or item.passage:
        return {}
    pages = [_page(citation, page_text) for citation in answer.citations]
    wanted = _wanted(item)
    scores: dict[str, float] = {}
    if pages and (wanted or item.places or item.gold):
        helpful = [_helps(item, citation, page, wanted) for citation, page in zip(answer.citations, pages, strict=True)]
        scores["citation_precision"] = sum(helpful) / len(helpful)
    if wanted:
        scores["citation_recall"] = sum(any(holds(page, number) for page in pages) for number in wanted) / len(wanted)
    elif texts := _wanted_texts(item):
        scores["citation_recall"] = sum(any(contains(page, text) for page in pages) for text in texts) / len(texts)
    elif item.places:
        scores["citation_recall"] = _cited_share(item, answer)
    if item.places:
        scores["cited_page_recall"] = _cited_share(item, answer)
    return scores


def number_faithfulness(item: Item, answer: Answer) -> dict[str, float]:
    """Return the share of the answer's numbers that stand in a quote or follow from those that do."""
    made = numbers(said(answer))
    named = {(number.value, number.unit) for number in numbers(item.question)}
    told = [number for number in made if not {(number.value, number.unit), (number.value, "")} & named]
    if not told:
        return {}
    evidence = [number for citation in answer.citations for number in numbers(citation.text)]
    quoted = [number for number in made if any(_stands_for(found, number) for found in evidence)]
    computed = computed_numbers(said(answer), {number.start for number in quoted})
    supported = [
        n
        for n in told
        if n in quoted or n.start in computed or _is_shown_result(item, answer, n) or _is_worked_out(answer, n)
    ]
    return {"number_faithfulness": len(supported) / len(told)}


def holds(page: str, wanted: Target) -> bool:
    """Say whether a page prints a number, also in the thousands or millions that its tables may be in."""
    return any(_stands_for(found, _as_number(wanted)) for found in numbers(page))


def _stands_for(found: Number, said_number: Number) -> bool:
    """Say whether a printed number is the one said, its sign, unit and the table's unit apart."""
    value, step = abs(said_number.value), said_number.step
    for unit in _TABLE_UNITS:
        printed, digits = abs(found.value) * unit, found.step * unit
        coarse = unit > 1 and digits > max(step, 1e-3 * value)
        if not coarse and abs(printed - value) <= max(step, digits if unit > 1 else 0.0) / 2 + 1e-9 * max(1.0, value):
            return True
    return False


def _is_shown_result(item: Item, answer: Answer, number: Number) -> bool:
    """Say whether a number is the right result and everything it is computed from is shown, or the right count."""
    computed = item.kind == "value" and bool(item.components) and not missing_components(item, said(answer))
    if item.kind == "count":
        return number.value in item.gold_values
    return computed and any(same(number, wanted) for wanted in wanted_amounts(item, item.gold_values))


def _is_worked_out(answer: Answer, number: Number) -> bool:
    """Say whether a number is one of the answer's results, worked out from operands that its quotes hold.

    A count is worked out by counting: it is as large as the list of what was counted.
    """
    for row in answer.results:
        if row.value is None or abs(row.value - number.value) > number.step / 2 + 1e-9 * abs(number.value):
            continue
        held = all(_is_quoted(answer, operand) for operand in row.operands)
        counted = number.unit == row.unit == "家" and row.value == len(row.operands)
        if held and (counted or (row.formula and row.operands)):
            return True
    return False


def _is_quoted(answer: Answer, operand: ResultOperand) -> bool:
    quotes = [citation.text for citation in answer.citations if citation.n == operand.citation]
    wanted = Number(float(operand.value), operand.unit, 0.0, "", 0, 0)
    return any(_stands_for(found, wanted) for quote in quotes for found in numbers(quote))


def _as_number(wanted: Target) -> Number:
    return Number(wanted.value, wanted.unit, wanted.step, "", 0, 0)


def _wanted(item: Item) -> list[Target]:
    """Return the numbers that pages must hold: the operands of a computed answer, else its values."""
    operands = [found for printed in item.components.values() if (found := amount(printed))]
    if operands:
        return operands
    if item.kind not in ("value", "values", "ranking"):
        return []
    return wanted_amounts(item, item.gold_values)


def _wanted_texts(item: Item) -> list[str]:
    """Return the texts that pages must hold: what is compared, else one of the accepted answers."""
    if item.kind not in ("text", "ranking"):
        return []
    compared = [printed for printed in item.components.values() if amount(printed) is None]
    return list(dict.fromkeys(compared)) or [gold for gold in item.gold if not is_verdict_word(gold)]


def _helps(item: Item, citation: Citation, page: str, wanted: Sequence[Target]) -> bool:
    if any(holds(page, number) for number in wanted):
        return True
    if any(contains(page, text) for text in _wanted_texts(item)):
        return True
    if item.places:
        return is_right(item, (citation.document, citation.page))
    return normalised(citation.text) in normalised(page)


def _page(citation: Citation, page_text: PageText) -> str:
    try:
        return page_text(citation.document_id, citation.page)
    except KeyError:
        return ""  # a citation of a page that does not exist holds nothing


def _cited_share(item: Item, answer: Answer) -> float:
    return found_share(item, [(citation.document, citation.page) for citation in answer.citations])


def mean_scores(all_scores: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the mean of every score over the items that have it."""
    names = sorted({name for scores in all_scores for name in scores})
    return {name: _mean([scores[name] for scores in all_scores if name in scores]) for name in names}


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
