"""A company that a question is about and that the library does not know: better refused than answered from another's.

What is known of a question (years, terms, filler) is masked; a name is what is left where a company would stand.
"""

import re
from collections.abc import Sequence

from vouch.retrieval.lexicon import Mention, fold
from vouch.retrieval.wording import Wording

_MASK = "\x00"
_HAN = "\u3400-\u9fff"
_RUN = re.compile(rf"[{_HAN}A-Za-z0-9*·()（）&-]+(?: [A-Za-z0-9&]+)*")
_EDGES = re.compile(r"^(?:[在从自的其是为于，,·-]|根据|针对)+|(?:[的在是为之其里有]|公司|母公司)+$")
_ASKS_VALUE = re.compile(r"多少|几[个家人名]|是谁|哪里|哪儿|何时|什么时候|为何值|是什么|如何|怎么样|情况|[?？]$")
_CAPITALISED = re.compile(r"\b[A-Z][A-Za-z0-9&.'-]*(?:\s+(?:&\s+|and\s+|of\s+)?[A-Z][A-Za-z0-9&.'-]*)*")


def unknown_company(text: str, known: Sequence[tuple[int, int]], mentions: Sequence[Mention], wording: Wording) -> str:
    """Return the name of a company that a question seems to be about, '' where it names none.

    `known` are the places of years and periods; no company of the library may stand in the text.
    """
    if not re.search(f"[{_HAN}]", text):
        return _unknown_english(text, mentions, wording)
    legal = _legal_name(text, known, wording)
    if legal:
        return legal
    folded = fold(text)
    if any(word in folded for word in wording.many_companies) or any(word in folded for word in wording.concept_words):
        return ""
    business = [mention for mention in mentions if mention.group.kind != "medical"]
    if not (business or any(word in folded for word in wording.report_words)):
        return ""
    if not known and not (business and _ASKS_VALUE.search(text)):
        return ""
    return _left_over(text, known, business, wording)


def _legal_name(text: str, known: Sequence[tuple[int, int]], wording: Wording) -> str:
    """Return what stands before a legal form, from the last thing that cannot be part of a name."""
    masked = _masked(text, known, wording, fillers=True)
    forms = "|".join(wording.legal_forms)
    match = re.search(rf"([{_HAN}A-Za-z0-9·()（）-]{{2,40}}?)(?:{forms})", masked)
    if not match:
        return ""
    stem = re.split(r"[的，,、]|持有|收购|设立", _EDGES.sub("", match[1]))[-1]
    if len(stem) < 2 or stem in wording.not_a_name_alone or not re.search(f"[{_HAN}A-Za-z]", stem):
        return ""
    return stem + match[0][len(match[1]) :]


def _left_over(text: str, known: Sequence[tuple[int, int]], mentions: Sequence[Mention], wording: Wording) -> str:
    """Return the first run of a masked question that stands beside a year or before what is asked."""
    taken = [*known, *((mention.start, mention.end) for mention in mentions)]
    masked = _masked(text, taken, wording, fillers=True)
    for match in _RUN.finditer(masked):
        name = _EDGES.sub("", _EDGES.sub("", match[0]))
        if _is_name(name, wording) and _in_place(match, known, mentions):
            return name
    return ""


def _in_place(run: re.Match[str], known: Sequence[tuple[int, int]], mentions: Sequence[Mention]) -> bool:
    """Say whether a run stands beside a year, or right before a term (the company of which the term is asked)."""
    beside_year = any(0 <= run.start() - end <= 3 or 0 <= start - run.end() <= 3 for start, end in known)
    return beside_year or any(0 <= mention.start - run.end() <= 2 for mention in mentions)


def _is_name(name: str, wording: Wording) -> bool:
    if not 2 <= len(name) <= 30 or not re.search(f"[{_HAN}A-Za-z]", name):
        return False
    if re.fullmatch(r"[A-Za-z]{1,2}", name) or re.search(r"\d+(?:\.\d+)?[亿万元%]", name):
        return False
    folded = fold(name)
    return folded not in wording.not_a_name_alone and not any(word in folded for word in wording.not_a_name)


def _masked(text: str, spans: Sequence[tuple[int, int]], wording: Wording, fillers: bool) -> str:
    masked = text
    for start, end in spans:
        masked = masked[:start] + _MASK * (end - start) + masked[end:]
    if fillers:
        for word in wording.filler:
            if len(word) >= 2:
                masked = masked.replace(word, _MASK * len(word))
    return masked


def _unknown_english(text: str, mentions: Sequence[Mention], wording: Wording) -> str:
    """Return a capitalised name that is possessive or has a legal form, in a question about a company's report."""
    folded = fold(text)
    business = any(mention.group.kind != "medical" for mention in mentions)
    medical = any(mention.group.kind == "medical" for mention in mentions)
    words = any(re.search(rf"\b{re.escape(word)}\b", folded) for word in wording.report_words if word.isascii())
    if not (business or words) or medical or any(word in folded for word in wording.many_companies):
        return ""
    for match in _CAPITALISED.finditer(text):
        name = re.sub(r"['’]s?$", "", match[0]).strip(" .")
        parts = [part for part in re.split(r"[\s]+", name) if fold(part).strip(".,'") not in wording.not_a_name_en]
        while parts and fold(parts[0]) in {"&", "and", "of"}:
            parts = parts[1:]
        candidate = " ".join(parts)
        if _is_english_name(candidate, match, text, wording):
            return candidate
    return ""


def _is_english_name(candidate: str, match: re.Match[str], text: str, wording: Wording) -> bool:
    if len(candidate) < 3 or re.fullmatch(r"(?:FY|Q)?\d[\d.]*", candidate):
        return False
    words = fold(candidate).rstrip(".").split()
    if words[-1] in wording.legal_forms_en and len(words) > 1:
        return True
    possessive = text[match.end() - 2 : match.end()] in {"'s", "’s"} or text[match.end() : match.end() + 2] in {
        "'s",
        "’s",
    }
    mixed = bool(re.match(r"[A-Z][a-z]+", candidate))
    before = fold(text[: match.start()]).split()
    subject = bool(before) and before[-1] in {
        "did",
        "does",
        "do",
        "is",
        "are",
        "was",
        "has",
        "for",
        "of",
        "at",
        "by",
        "will",
        "can",
    }
    return possessive or (mixed and subject)
