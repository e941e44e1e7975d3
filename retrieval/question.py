"""What a question asks of a library: which company, which years, what for.

Everything comes from the question, the lexicon and the documents that the library holds; nothing here searches.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from vouch.retrieval.companies import CompanyNames, ambiguous, known_names
from vouch.retrieval.holdings import Wanted, choose
from vouch.retrieval.lexicon import LINE_KINDS, Mention, default_lexicon, fold
from vouch.retrieval.periods import NamedPeriods, named_periods
from vouch.retrieval.question_filters import Filters, named_filters, narrowed
from vouch.retrieval.report_idioms import OUTLOOK, Idiom, default_idioms
from vouch.retrieval.types import EVERYTHING, Scope, StoredDocument
from vouch.retrieval.unknown_company import unknown_company
from vouch.retrieval.us_filings import named_form
from vouch.retrieval.wording import Wording, default_wording

Wants = Literal["number", "percent", "date", "person", "yes_no", "definition", "prose"]

_CONDITION = re.compile(r"\bif\b[^.?!;]*\b(?:state|explain|say|tell)\b[^.?!]*", re.IGNORECASE)
"""If … is not useful, then state that and explain why: an instruction, not what is asked."""
_HAN = re.compile(r"[\u3400-\u9fff]")
_DEFINITION_EN = r"^what\s+(?:is|are)\s+(?:an?\s+)?(?!the\b)(?:(?!\s(?:of|for|in|on|at)\s)[\w\s'(),-]){3,60}\??$"
_WANTS: dict[Wants, re.Pattern[str]] = {
    "definition": re.compile(rf"^(?:请问)?什么是|是什么意思|定义是?什么|是指什么|{_DEFINITION_EN}", re.IGNORECASE),
    "percent": re.compile(
        r"百分之|百分比|比例|比率|占比|比重|毛利率|增长率|percent|percentage|\brate\b|\bratio\b|margin", re.IGNORECASE
    ),
    "date": re.compile(
        r"何时|什么时候|哪一?[年天日]|日期|\bwhen\s+(?:was|were|is|are|did|do|does|will)\b|\bwhat\s+(?:date|year)\b",
        re.IGNORECASE,
    ),
    "person": re.compile(r"是谁|谁是|什么人|\bwho\b|\bwhom\b", re.IGNORECASE),
    "number": re.compile(
        r"多少|几[个家人名项]|金额|数额|数值|\bhow\s+(?:much|many)\b|\bamount\b|\bnumber\s+of\b|\btotal\b",
        re.IGNORECASE,
    ),
    "yes_no": re.compile(
        r"是否|有没有|吗[?？]?$|能不能|可不可以|^(?:is|are|was|were|do|does|did|has|have|can|could|should|will)\b",
        re.IGNORECASE,
    ),
}
"""Tried in this order."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question as understood. `scopes` are to be searched in order until one answers."""

    text: str
    language: Literal["zh", "en"]
    query: str
    """The words that carry content."""
    expansions: tuple[str, ...] = ()
    """Other words for them, of lower weight."""
    mentions: tuple[Mention, ...] = ()
    """Terms of the lexicon in the text."""
    idioms: tuple[Idiom, ...] = ()
    """Ways to ask about a report in English."""
    wants: Wants = "prose"
    companies: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    periods: tuple[str, ...] = ()
    scopes: tuple[Scope, ...] = (EVERYTHING,)
    missing_years: tuple[int, ...] = ()
    """Asked for, but the library holds no report that answers for them."""
    prior_years: tuple[int, ...] = ()
    """Asked for and held only as the comparative column of a later report."""
    unknown_company: str = ""
    candidates: tuple[str, ...] = ()
    """Companies that an ambiguous name may mean."""
    about_report: bool = False
    speaks_another_language: bool = False
    """None of the documents looked in first are in the question's language."""
    filters: Filters = field(default_factory=Filters)
    """Kind of document, collection and department named."""
    over_companies: bool = False
    """Asks about many companies at once: a ranking, a count, an average."""

    @property
    def scope(self) -> Scope:
        """Where to look first."""
        return self.scopes[0]


def understand(
    question: str,
    documents: Sequence[StoredDocument],
    context: Question | None = None,
    others: frozenset[tuple[str, str, str]] = frozenset(),
) -> Question:
    """Return what a question asks of these documents; `context` is the question before it, `others` more companies."""
    wording = default_wording()
    text = " ".join(question.split())
    names = _names(documents, others)
    found = names.find(text)
    masked = _blanked(text, [(mention.start, mention.end) for mention in found])
    named = named_periods(masked)
    mentions = tuple(default_lexicon().find(masked))
    unknown = "" if found else unknown_company(text, named.spans, mentions, wording)
    similar = names.similar(unknown) if unknown else ()
    shared = ambiguous(found)
    query = _query(masked, named, mentions, wording)
    asked = Question(
        text=text,
        language=_language(masked),
        query=query or text,
        expansions=_expansions(mentions, query),
        mentions=mentions,
        idioms=default_idioms().find(_CONDITION.sub(" ", masked)) if _language(masked) == "en" else (),
        wants=_wants(text),
        companies=tuple(dict.fromkeys(m.companies[0] for m in found if len(m.companies) == 1)),
        years=named.years,
        periods=named.periods,
        unknown_company="" if similar else unknown,
        candidates=shared.companies if shared else similar,
        filters=named_filters(masked, documents),
        over_companies=any(word in fold(masked) for word in wording.many_companies),
        about_report=bool(found or unknown) or _is_about_report(masked, mentions, named, wording),
    )
    if context is not None and not (found or unknown):
        asked = _continued(asked, context, bool(query))
        named = replace(named, periods=asked.periods)
    return _placed(asked, named, documents)


def _names(documents: Sequence[StoredDocument], others: frozenset[tuple[str, str, str]]) -> CompanyNames:
    """Return the names of the documents' companies and of those without one: name, short name, code."""
    own = {(d.source.company, d.source.short_name, d.source.code) for d in documents}
    return known_names(others if own <= others else others | own)  # a frozenset keeps its hash


def _language(text: str) -> Literal["zh", "en"]:
    return "zh" if _HAN.search(text) or not re.search("[A-Za-z]", text) else "en"


def _continued(asked: Question, context: Question, has_query: bool) -> Question:
    """Return a follow-up question with what it leaves out taken from the question before."""
    return replace(
        asked,
        companies=context.companies,
        years=asked.years or context.years,
        periods=asked.periods or context.periods,
        about_report=asked.about_report or bool(context.companies),
        query=asked.query if has_query else context.query,
        expansions=asked.expansions if has_query else context.expansions,
        mentions=asked.mentions if has_query else context.mentions,
        idioms=asked.idioms if has_query else context.idioms,
    )


def _placed(asked: Question, named: NamedPeriods, documents: Sequence[StoredDocument]) -> Question:
    """Return a question with the documents that may answer it."""
    value = asked.wants in {"number", "percent"} or any(
        m.group.kind in LINE_KINDS | {"metrics"} for m in asked.mentions
    )
    outlook = any(idiom.name == OUTLOOK for idiom in asked.idioms)
    form = named_form(asked.text)
    held = choose(documents, Wanted(asked.companies, asked.years, named, value, asked.about_report, outlook, form))
    scopes = held.scopes
    first = None if asked.companies else narrowed(documents, asked.filters)
    if first and scopes[0].is_everything:
        scopes = (first, *scopes)
    languages = {d.source.language for d in documents if scopes[0].allows(d.source)}
    return replace(
        asked,
        scopes=scopes,
        years=held.years,
        missing_years=held.missing_years,
        prior_years=held.prior_years,
        speaks_another_language=bool(languages) and asked.language not in languages,
        expansions=tuple(word for word in asked.expansions if _speaks(word, asked.language, languages)),
    )


def _speaks(word: str, language: str, held: set[str]) -> bool:
    """Say whether a word helps to search: one of the question's language, or of the documents where they have another.

    Abbreviations (COPD) are written in both.
    """
    if language not in held:
        return True
    return word.isupper() or bool(_HAN.search(word)) == (language == "zh")


def _is_about_report(text: str, mentions: Sequence[Mention], named: NamedPeriods, wording: Wording) -> bool:
    folded = fold(text)
    if any(re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", folded) for word in wording.report_words):
        return True
    return bool(named.spans) and any(mention.group.kind != "medical" for mention in mentions)


def _wants(text: str) -> Wants:
    for wants, pattern in _WANTS.items():
        if pattern.search(text):
            return wants
    return "prose"


def _blanked(text: str, spans: Sequence[tuple[int, int]]) -> str:
    for start, end in spans:
        text = text[:start] + " " * (end - start) + text[end:]
    return text


def _query(text: str, named: NamedPeriods, mentions: Sequence[Mention], wording: Wording) -> str:
    """Return the content words: no years, no filler, the lexicon's terms untouched."""
    text = _blanked(text, [*named.spans, *(match.span() for match in _CONDITION.finditer(text))])
    parts: list[str] = []
    at = 0
    for mention in mentions:
        parts += [_without_filler(text[at : mention.start], wording), text[mention.start : mention.end]]
        at = mention.end
    parts.append(_without_filler(text[at:], wording))
    return " ".join(" ".join(parts).split())


def _without_filler(text: str, wording: Wording) -> str:
    for word in wording.filler:
        text = text.replace(word, " ")
    text = re.sub(r"[，。？！；：、,.?!;:“”\"'‘’（）()《》【】]+(?!\d)", " ", text)
    text = re.sub(r"\bs\b", " ", text)
    words = [_trimmed(word, wording) for word in text.split()]
    return " ".join(word for word in words if word and word.lower() not in wording.filler_en)


def _trimmed(word: str, wording: Wording) -> str:
    """Return a Chinese word without particles at its ends."""
    while True:
        shorter = word
        for particle in wording.particles:
            shorter = shorter.removeprefix(particle).removesuffix(particle)
        if shorter == word or not _HAN.search(word):
            return word
        word = shorter


def _expansions(mentions: Sequence[Mention], query: str) -> tuple[str, ...]:
    """Return the headings of topics and the other words for terms, without those already asked for."""
    # An English line item is a common word said in many ways, which outweigh the rest of the question.
    told = [m for m in mentions if not (query.isascii() and m.group.kind in LINE_KINDS)]
    others = [word for mention in told for word in (*mention.group.headings, *mention.group.terms)]
    asked = set(query.split())
    return tuple(dict.fromkeys(word for word in others if word not in asked))
