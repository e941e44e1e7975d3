"""When there is no answer: why, what the library does hold, and what to ask instead."""

from collections.abc import Sequence

from vouch.generation.line_items import VALUE_KINDS
from vouch.generation.phrases import holdings
from vouch.generation.types import Refusal
from vouch.retrieval.question import Question
from vouch.retrieval.types import StoredDocument


def early_refusal(question: Question, documents: Sequence[StoredDocument]) -> Refusal | None:
    """Return why a question cannot be answered before anything is searched; None where it may be."""
    if question.candidates:
        return _ambiguous(question)
    if question.unknown_company:
        return _unknown_company(question, documents)
    missing = set(question.missing_years)
    if missing and (missing >= set(question.years) or question.wants == "yes_no"):
        return _missing_years(question, documents)
    if not question.companies and _is_about_one(question) and len(_companies(documents)) > 1:
        return _many_companies(question, documents) if question.over_companies else _no_company(question, documents)
    if not documents:
        detail = (
            "库中没有文档，请先导入。" if question.language == "zh" else "The library is empty: ingest documents first."
        )
        return Refusal("not_in_library", detail)
    return None


def no_evidence(question: Question, documents: Sequence[StoredDocument]) -> Refusal:
    """Return the refusal for a question that nothing found answers."""
    held = holdings(documents, question.companies, question.language) if question.about_report else ""
    if question.language == "zh":
        return Refusal(
            "no_evidence", f"没有找到能回答这个问题的内容。{held}", "请换一种说法，或说明公司、年份和具体项目。"
        )
    return Refusal(
        "no_evidence",
        f"Nothing was found that answers this. {held}".strip(),
        "Try other words, or name company, year and item.",
    )


def unverified(question: Question) -> Refusal:
    """Return the refusal for an answer of which nothing could be vouched for."""
    if question.language == "zh":
        return Refusal("unverified", "找到的内容无法在引用页上核实，因此不予回答。")
    return Refusal("unverified", "What was found could not be verified on the cited pages.")


def not_known(question: Question) -> Refusal:
    """Return the refusal for a question that a model could not answer from what it read."""
    if question.language == "zh":
        return Refusal("no_evidence", "找到的资料不足以回答这个问题。", "请换一种说法，或说明公司、年份和具体项目。")
    return Refusal(
        "no_evidence", "The passages found do not answer this.", "Try other words, or name company, year and item."
    )


def _is_about_one(question: Question) -> bool:
    """Say whether a question asks for what only one company's report can say."""
    kinds = {mention.group.kind for mention in question.mentions}
    if question.wants == "definition" or not kinds & (VALUE_KINDS | {"topics"}):
        return False
    return question.about_report or (bool(kinds & VALUE_KINDS) and question.wants in {"number", "percent", "person"})


def _companies(documents: Sequence[StoredDocument]) -> set[str]:
    return {document.source.company for document in documents if document.source.company}


def _many_companies(question: Question, documents: Sequence[StoredDocument]) -> Refusal:
    held = holdings(documents, (), question.language)
    if question.language == "zh":
        return Refusal(
            "no_evidence",
            f"没有读懂这个关于多家公司的问题要比较或汇总什么。{held}",
            "请写明项目、年份和条件，或指明一家公司。",
        )
    return Refusal(
        "no_evidence", f"This needs figures of many companies; only one can be asked about. {held}", "Name one company."
    )


def _no_company(question: Question, documents: Sequence[StoredDocument]) -> Refusal:
    held = holdings(documents, (), question.language)
    if question.language == "zh":
        return Refusal("ambiguous", f"问题没有指明公司。{held}", "请问您问的是哪家公司？")
    return Refusal("ambiguous", f"The question names no company. {held}", "Which company do you mean?")


def _ambiguous(question: Question) -> Refusal:
    if question.language == "zh":
        names = "、".join(question.candidates)
        return Refusal(
            "ambiguous",
            f"公司名称不明确，可能是：{names}。",
            f"请问您指的是{'，还是'.join(question.candidates)}{'' if len(question.candidates) > 1 else '吗'}？",
        )
    names = " or ".join(question.candidates)
    return Refusal("ambiguous", f"It is not clear which company is meant: it may be {names}", f"Do you mean {names}?")


def _unknown_company(question: Question, documents: Sequence[StoredDocument]) -> Refusal:
    name = question.unknown_company
    like = sorted({d.source.company for d in documents if d.source.short_name and d.source.short_name in name})
    held = holdings(documents, (), question.language)
    if question.language == "zh":
        ask = f"您指的是{'或'.join(like)}吗？" if like else ""
        return Refusal("not_in_library", f"未查询到{name}的相关信息，库中没有该公司的报告，无法回答。{held}", ask)
    ask = f"Do you mean {' or '.join(like)}?" if like else ""
    return Refusal("not_in_library", f"The library holds no report of {name}. {held}", ask)


def _missing_years(question: Question, documents: Sequence[StoredDocument]) -> Refusal:
    held = holdings(documents, question.companies, question.language)
    if question.language == "zh":
        years = "、".join(f"{year}年" for year in question.missing_years)
        return Refusal("not_in_library", f"未查询到{'、'.join(question.companies)}{years}的报告，无法回答。{held}")
    years = ", ".join(map(str, question.missing_years))
    return Refusal(
        "not_in_library", f"The library holds no report of {', '.join(question.companies)} for {years}. {held}"
    )
