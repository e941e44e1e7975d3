"""Answers and passages as text for people, in the question's language. Does not know where it is printed."""

import re
from collections.abc import Sequence

from vouch.app.terminal import printable
from vouch.generation.types import Answer, Citation

_CHINESE = re.compile(r"[\u3400-\u9fff]")
_QUOTE_LINES, _QUOTE_WIDTH = 6, 220

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


def language_of(text: str) -> str:
    """Return `zh` for a text with Chinese characters, else `en`."""
    return "zh" if _CHINESE.search(text) else "en"


def answer_text(answer: Answer, quotes: bool = True) -> str:
    """Return an answer with its numbered sources and, unless told otherwise, what they say."""
    sources = sources_text(answer.citations, language_of(answer.question), quotes)
    return "\n\n".join(part for part in (printable(answer.answer), sources) if part)


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
