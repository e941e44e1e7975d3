"""Which companies of a library a question names. Knows only the names that the library's own documents carry.

A short name inside a longer name that is not the same company's is no mention of it.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from vouch.retrieval.lexicon import fold
from vouch.retrieval.wording import Wording, default_wording

_HAN = re.compile(r"[\u3400-\u9fff]")
_BRACKETS = re.compile(r"[()（）\[\]【】]")
_BRACKETED = re.compile(r"[(（][^()（）]*[)）]")
_MARKS = re.compile(r"^(?:\*?st|xd|xr|dr|n|c)(?=[\u3400-\u9fff])|-[uwdv]+$")
_NUMBER_CODE = re.compile(
    r"(?<![\d.])(?:(?:SH|SZ|BJ|HK)\.?)?(\d{4,6})(?:\.(?:SH|SS|SZ|BJ|HK))?(?!\d|\.\d)", re.IGNORECASE
)
_TICKER = re.compile(r"(?<![A-Za-z0-9])([A-Z][A-Z0-9.]{2,5})(?![A-Za-z0-9])")
_STEM_TAIL = re.compile(r"(?:[(（]集团[)）]|集团|控股|企业)$")


class Named(Protocol):
    """Anything that carries the names of a company: a document's source, the owner of facts."""

    @property
    def company(self) -> str: ...

    @property
    def short_name(self) -> str: ...

    @property
    def code(self) -> str: ...


@dataclass(frozen=True, slots=True)
class CompanyMention:
    """Where a question names companies of the library; more than one for a name that several share."""

    start: int
    end: int
    companies: tuple[str, ...]


class CompanyNames:
    """Every name under which the companies of some documents may be asked for."""

    def __init__(self, sources: Iterable[Named], wording: Wording | None = None) -> None:
        self._wording = wording or default_wording()
        self._codes: dict[str, set[str]] = defaultdict(set)
        self._names: dict[str, set[str]] = defaultdict(set)
        self._own: dict[str, set[str]] = defaultdict(set)
        seen = {(s.company, s.short_name, s.code): s for s in sources if s.company}
        for source in seen.values():
            self._add(source)
        self._by_head: dict[str, list[str]] = defaultdict(list)
        for name in sorted(self._names, key=len, reverse=True):
            self._by_head[name[:2]].append(name)

    @property
    def companies(self) -> tuple[str, ...]:
        """Full names, sorted."""
        return tuple(sorted(self._own))

    def find(self, text: str) -> list[CompanyMention]:
        """Return the companies a text names, in text order."""
        folded = fold(text)
        taken: list[CompanyMention] = []
        for start, end, companies in self._candidates(folded, text):
            if not any(start < other.end and other.start < end for other in taken):
                taken.append(CompanyMention(start, end, tuple(sorted(companies))))
        return sorted(taken, key=lambda mention: mention.start)

    def similar(self, name: str) -> tuple[str, ...]:
        """Return companies with a name that the given one is a part of: what may have been meant."""
        part = fold(name)
        return tuple(sorted({c for c, names in self._own.items() if any(part in own for own in names)}))

    def _add(self, source: Named) -> None:
        names = set(_chinese_names(source.company, self._wording) if _HAN.search(source.company) else ())
        if not _HAN.search(source.company):
            names |= _english_names(source.company, self._wording)
        if source.short_name:
            short = fold(source.short_name).replace(" ", "")
            names |= {short, _MARKS.sub("", short)} if _HAN.search(short) else {fold(source.short_name)}
        for name in names:
            if len(name) >= 2:
                self._names[name].add(source.company)
                self._own[source.company].add(name)
        if source.code:
            self._codes[source.code.upper()].add(source.company)

    def _candidates(self, folded: str, text: str) -> list[tuple[int, int, set[str]]]:
        """Return all mentions, the longest names first, so that they win over names inside them."""
        found: list[tuple[int, int, set[str]]] = []
        for start in range(len(folded) - 1):
            for name in self._by_head.get(folded[start : start + 2], ()):
                if folded.startswith(name, start):
                    companies = self._accepted(folded, text, (start, start + len(name)))
                    found += [companies] if companies else []
        for pattern in (_NUMBER_CODE, _TICKER):
            for match in pattern.finditer(text):
                owners = self._codes.get(match[1].upper())
                found += [(match.start(), match.end(), set(owners))] if owners else []
        return sorted(found, key=lambda item: item[0] - item[1])

    def _accepted(self, folded: str, text: str, span: tuple[int, int]) -> tuple[int, int, set[str]] | None:
        """Return the mention at a place where a name stands, widened to all of the name that is written there."""
        start, end = span
        owners = set(self._names[folded[start:end]])
        if not _HAN.search(folded[start:end]):
            return (start, end, owners) if _stands_alone(text, start, end) else None
        same: set[str] = set()
        widest = span
        for owner in owners:
            left, right = _widened(folded, span, max(self._own[owner], key=len))
            if not self._is_part_of_another(folded, left, right):
                same.add(owner)
                widest = (min(widest[0], left), max(widest[1], right))
        return (*widest, same) if same else None

    def _is_part_of_another(self, folded: str, start: int, end: int) -> bool:
        """Say whether the name goes on to the left with a place or to the right with a legal form."""
        if any(folded[:start].endswith(place) for place in self._wording.places):
            return True
        return bool(rest_of_legal_name(folded[end:], self._wording))


def rest_of_legal_name(text: str, wording: Wording) -> str:
    """Return what stands before a legal form at the start of a text, with the form; '' where no name goes on."""
    forms = "|".join(wording.legal_forms)
    match = re.match(rf"([\u3400-\u9fffa-z()（）]{{1,16}}?)(?:{forms})", text)
    if not match or re.search(r"[的和与及对在是]|持有|收购|投资|设立|出售|控股子|参股|转让|旗下|下属", match[1]):
        return ""
    return match[0]


def _widened(folded: str, span: tuple[int, int], full_name: str) -> tuple[int, int]:
    """Return the span grown to the left and right as long as it stays a part of the company's full name."""
    start, end = span
    while start > 0 and folded[start - 1 : end] in full_name:
        start -= 1
    while end < len(folded) and folded[start : end + 1] in full_name:
        end += 1
    return start, end


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Say whether a name in Latin letters is a word of its own, with a capital where it is one word."""
    before, after = text[start - 1 : start], text[end : end + 1]
    if (before.isascii() and before.isalnum()) or (after.isascii() and after.isalnum()):
        return False
    return " " in text[start:end] or "&" in text[start:end] or any(c.isupper() for c in text[start:end])


def _chinese_names(company: str, wording: Wording) -> set[str]:
    """Return a full name and what people leave out of it: brackets, the legal form, 集团."""
    full = fold(company).replace(" ", "")
    names = {full, _BRACKETS.sub("", full), _BRACKETED.sub("", full)}
    for name in tuple(names):
        for form in wording.legal_forms:
            stem = name.removesuffix(form)
            if stem != name:
                names |= {stem, _STEM_TAIL.sub("", stem), _BRACKETS.sub("", stem)}
                break
    return {name for name in names if len(name) >= 4}


def _english_names(company: str, wording: Wording) -> set[str]:
    """Return a name with and without its legal form, and what its initials make: J&J, JnJ, AmEx."""
    full = re.sub(r"\s+", " ", fold(company)).strip()
    stem = full
    while True:
        shorter = re.sub(
            rf"[\s,]+(?:{'|'.join(map(re.escape, wording.legal_forms_en))})\.?$|[\s,.&]+$|^the\s+", "", stem
        )
        if shorter == stem or len(shorter) < 2:
            break
        stem = shorter
    names = {full, full.rstrip("."), stem, stem.replace(",", ""), stem.replace("&", "and")}
    *leading, last = stem.split()
    if last in wording.branch_words_en and len(leading) >= 2:
        names.add(" ".join(leading))
    words = re.findall(r"[a-z]+|&", stem)
    plain = [word for word in words if word not in {"&", "and"}]
    if "&" in words and len(plain) == 2:
        names |= {f"{plain[0][0]}{joint}{plain[1][0]}" for joint in ("&", "n", " & ")}
    if len(plain) == 2 and "&" not in words:
        names.add(plain[0][:2] + plain[1][:2])
    if len(plain) >= 3:
        names.add("".join(word[0] for word in plain))
    return {name for name in names if len(name) >= 3}


@lru_cache(maxsize=4)
def known_names(companies: frozenset[tuple[str, str, str]]) -> CompanyNames:
    """Return the names of companies given by name, short name and code; made once for the same companies."""
    return CompanyNames(_Company(*company) for company in sorted(companies))


@dataclass(frozen=True, slots=True)
class _Company:
    company: str
    short_name: str
    code: str


def ambiguous(mentions: Sequence[CompanyMention]) -> CompanyMention | None:
    """Return the first mention that several companies share, unless another mention settles which is meant."""
    settled = {mention.companies[0] for mention in mentions if len(mention.companies) == 1}
    for mention in mentions:
        if len(mention.companies) > 1 and not settled.intersection(mention.companies):
            return mention
    return None
