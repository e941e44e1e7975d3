"""The few words of its own that an answer uses, in the language of the question."""

from collections.abc import Sequence
from typing import Literal

from vouch.retrieval.types import Source, StoredDocument

Language = Literal["zh", "en"]

_PERIODS = {
    "FY": ("年度报告", "annual report"),
    "摘要": ("年度报告摘要", "abridged annual report"),
    "H1": ("半年度报告", "half-year report"),
    "H1摘要": ("半年度报告摘要", "abridged half-year report"),
    "Q1": ("第一季度报告", "first-quarter report"),
    "Q2": ("第二季度报告", "second-quarter report"),
    "Q3": ("第三季度报告", "third-quarter report"),
    "Q4": ("第四季度报告", "fourth-quarter report"),
}
_LISTED = 8


def report_name(source: Source, language: Language) -> str:
    """Return what a report is called: company, year and kind."""
    zh, en = _PERIODS.get(source.period, ("报告", "report"))
    if language == "zh":
        return f"{source.company}{f'{source.year}年' if source.year else ''}{zh}"
    return f"{source.company} {en} {source.year or ''}".strip()


def period_name(source: Source, language: Language) -> str:
    """Return the year and the part of it that a report covers."""
    zh, en = _PERIODS.get(source.period, ("", ""))
    part_zh = "" if source.period in ("FY", "摘要") else zh.removesuffix("报告")
    part_en = "" if source.period in ("FY", "摘要", "") else f" ({en.removesuffix(' report')})"
    return f"{source.year}年{part_zh}" if language == "zh" else f"{source.year}{part_en}"


def holdings(documents: Sequence[StoredDocument], companies: Sequence[str], language: Language) -> str:
    """Return which companies and years the library holds, of the companies named or of all."""
    held: dict[str, set[int]] = {}
    for document in documents:
        source = document.source
        if source.company and source.year and (not companies or source.company in companies):
            held.setdefault(source.short_name or source.company, set()).add(source.year)
    if not held:
        return "库中没有公司报告。" if language == "zh" else "The library holds no company reports."
    joint, open_, close = ("、", "（", "）") if language == "zh" else (", ", " (", ")")
    names = sorted(held)
    listed = [f"{name}{open_}{joint.join(map(str, sorted(held[name])))}{close}" for name in names[:_LISTED]]
    if language == "zh":
        more = f"等 {len(names)} 家公司" if len(names) > _LISTED else ""
        return f"库中现有：{'；'.join(listed)}{more}。"
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"The library holds: {'; '.join(listed)}{more}."


def prior_year_warning(years: Sequence[int], language: Language) -> str:
    """Return the warning for answers that come from the report of another year."""
    if language == "zh":
        named = "、".join(f"{year}年" for year in years)
        return f"库中没有{named}的完整报告，所引内容出自相邻年度的报告；比较数可能经过追溯调整。"
    named = ", ".join(map(str, years))
    return f"The library holds no full report for {named}: what is quoted comes from the report of a neighbouring year."


def not_computed_warning(language: Language) -> str:
    """Return the warning that the values quoted were not put into the ratio or change that was asked for."""
    if language == "zh":
        return "只列出报告中的原始数值，没有计算所问的比率或增减。"
    return "The figures are quoted as reported: the ratio or change asked for was not computed."


def missing_years_warning(years: Sequence[int], language: Language) -> str:
    """Return the warning that some of the years asked for are not held."""
    if language == "zh":
        return f"库中没有{'、'.join(f'{year}年' for year in years)}的报告，回答只涉及其余年份。"
    return f"The library holds no report for {', '.join(map(str, years))}: the answer covers the other years."


def ocr_warning(pages: Sequence[int], language: Language) -> str:
    """Return the warning that quoted pages were read from pictures."""
    named = ", ".join(map(str, pages))
    if language == "zh":
        return f"第 {named} 页由图像识别得到，请对照原件核对。"
    return f"Page {named} was read from a picture: check it against the original."


def unverified_warning(count: int, language: Language) -> str:
    """Return the warning that sentences of the answer bear the mark of what could not be verified."""
    if language == "zh":
        return f"有 {count} 处内容无法在所引资料中核实，已标注“〔未核实〕”。"
    return f"{count} statement(s) could not be verified in the passages cited and are marked [unverified]."


def cut_off_warning(language: Language) -> str:
    """Return the warning that the model's reply was cut off."""
    return "模型的回答没有写完，末尾不完整的句子已略去。" if language == "zh" else "The model's reply was cut off."


def repetition_warning(language: Language) -> str:
    """Return the warning that the model repeated itself."""
    return "模型的回答有大量重复，重复部分已略去。" if language == "zh" else "The model repeated itself; that was cut."


def left_out_warning(count: int, language: Language) -> str:
    """Return the warning that passages found did not fit into the model's window."""
    if language == "zh":
        return f"有 {count} 段检索到的内容放不进模型的上下文窗口，未提供给模型。"
    return f"{count} passage(s) found did not fit into the model's window and were not read by it."


def no_reply(problem: str, language: Language) -> str:
    """Return why there is no answer where the model gave none."""
    return f"模型没有给出回答：{problem}" if language == "zh" else f"The model gave no reply: {problem}"


def window_too_small(tokens: int, language: Language) -> str:
    """Return why a model cannot answer that has no room for a single passage."""
    if language == "zh":
        return f"模型的上下文窗口（{tokens} 个词元）放不下任何一段资料：请换用窗口更大的模型。"
    return f"The model's window ({tokens} tokens) has no room for a passage: use one with a larger window."
