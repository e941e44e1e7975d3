"""Answers and passages as text for people, in the question's language. Does not know where it is printed."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from vouch.app.result_labels import labels_in
from vouch.app.result_table import result_table
from vouch.app.terminal import printable
from vouch.generation.phrases import Language
from vouch.generation.types import Answer, Citation

_CHINESE = re.compile(r"[\u3400-\u9fff]")
_QUOTE_LINES, _QUOTE_WIDTH = 6, 220
_NO_NAMES: Mapping[str, str] = MappingProxyType({})

_WORDS = {
    "zh": {
        "sources": "来源：",
        "page": "第 {page} 页",
        "ocr": "（扫描页，文字由 OCR 识别，请核对原件）",
        "quote": "“{}”",
    },
    "en": {
        "sources": "Sources:",
        "page": "p. {page}",
        "ocr": "(scanned page, read by OCR: check the original)",
        "quote": '"{}"',
    },
}


def language_of(text: str) -> Language:
    """Return `zh` for a text with Chinese characters, else `en`."""
    return "zh" if _CHINESE.search(text) else "en"


def answer_language(answer: Answer, short_names: Mapping[str, str] = _NO_NAMES) -> Language:
    """Return the language of an answer's question; a Chinese company in an English one leaves it English."""
    asked = answer.question
    for company in dict.fromkeys(row.company for row in answer.results if row.company):
        asked = asked.replace(company, "").replace(short_names.get(company, company), "")
    return language_of(asked)


def answer_text(answer: Answer, quotes: bool = True, short_names: Mapping[str, str] = _NO_NAMES) -> str:
    """Return an answer, its values as a table where it compares some, and its numbered sources.

    `quotes`: also what the sources say; `short_names`: what the table calls the companies.
    """
    language = answer_language(answer, short_names)
    table = result_table(answer, labels_in(language, short_names)) if answer.results else ""
    sources = sources_text(answer.citations, language, quotes)
    return "\n\n".join(part for part in (printable(answer.answer), printable(table), sources) if part)


def sources_text(citations: Sequence[Citation], language: str, quotes: bool) -> str:
    """Return one entry for each citation: number, document, page, headings, quoted span; empty without any."""
    if not citations:
        return ""
    return "\n".join([_WORDS[language]["sources"], *(_source(citation, language, quotes) for citation in citations)])


def _source(citation: Citation, language: str, quotes: bool) -> str:
    words = _WORDS[language]
    place = place_text(citation.document, citation.page, citation.section, language)
    scanned = f" {words['ocr']}" if citation.ocr else ""
    quote = "\n" + indented(words["quote"].format(shortened(citation.text))) if quotes else ""
    return f"[{citation.n}] {place}{scanned}{quote}"


def place_text(document: str, page: int, section: Sequence[str], language: str) -> str:
    """Return where something stands: document, page, headings."""
    headings = " › ".join(section)
    parts = (document, _WORDS[language]["page"].format(page=page), headings)
    return printable(" · ".join(part for part in parts if part))


def shortened(text: str) -> str:
    """Return at most a few lines of a passage, each of a readable width."""
    lines = [line.strip() for line in printable(text).strip().splitlines() if line.strip()]
    shown = [line if len(line) <= _QUOTE_WIDTH else line[: _QUOTE_WIDTH - 1] + "…" for line in lines[:_QUOTE_LINES]]
    return "\n".join([*shown, *(["…"] if len(lines) > _QUOTE_LINES else [])])


def indented(text: str, by: str = "    ") -> str:
    """Return the text with each line moved to the right."""
    return "\n".join(by + line for line in text.splitlines())
