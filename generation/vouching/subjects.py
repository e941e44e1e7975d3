"""Whether evidence speaks of what a claim does: the same items, and a movement where the claim tells of one.

Items are the fields of statements and the terms of medicine that the dictionaries know, in whatever language each side
names them. What no dictionary knows is left to the words themselves (word_support).
"""

import re
from collections.abc import Sequence

from vouch.generation.drafts import Evidence
from vouch.generation.vouching.evidence_lines import EvidenceLine, LineReader
from vouch.generation.vouching.figures import years
from vouch.generation.vouching.letters import letters
from vouch.generation.vouching.signs import signs
from vouch.generation.vouching.types import ProblemKind
from vouch.generation.vouching.word_support import is_han
from vouch.retrieval.lexicon import default_lexicon

Near = tuple[Evidence, EvidenceLine]
_MEDICAL = "medical"
_LATIN = re.compile(r"[A-Za-z][A-Za-z&.-]{2,}")
_OWNER = re.compile(
    r"(?!该|本|此|其|上述|这|那|所有|全部|部分|主要|公司|企业|报告|患者|病人|我|您|你|他|她|它|一般|常见|以上|以下|目前|当前|\d)"
    r"([\u3400-\u9fff]{2,6})的"
)
"""Whose something is, at the beginning of a claim: it is what the claim is about."""
_ORGANISATION = re.compile(r"([^\W\d_的为是由与和及、，]{4})(?:(?:股份|集团)?有限(?:责任)?公司|会计师事务所)")
"""The end of a name, without the kind of company: evidence may use the short name."""
_LOSS = re.compile(r"亏|损失|负|\bloss|deficit", re.IGNORECASE)


def subject_problem(
    reader: LineReader, text: str, evidence: Sequence[Evidence], near: Sequence[Near]
) -> ProblemKind | None:
    """Return what is wrong with the items that a claim names or how it says they moved; `near`: likest lines."""
    if not _holds_items(reader, text, evidence):
        return "unsupported"
    rises, falls = bool(signs().rises.search(text)), bool(signs().falls.search(text))
    if rises == falls:
        return None
    change = _change(reader, text, near)
    if change:
        return "opposite" if (change > 0) != rises else None
    return None if _tells_of_movement(near) else "unsupported"


def shows_movement(reader: LineReader, text: str, near: Sequence[Near]) -> bool:
    """Say whether a claim tells of a rise or a fall and nothing else, and two years of a row show it."""
    rises, falls = bool(signs().rises.search(text)), bool(signs().falls.search(text))
    change = _change(reader, text, near) if rises != falls else None
    return change is not None and (change > 0) == rises


def is_anchored(reader: LineReader, text: str, evidence: Sequence[Evidence]) -> bool:
    """Say whether anything of a claim in another language than its evidence could be found there.

    A field, a term, a year or a name: what says none of these says nothing that could be checked.
    """
    printed = surroundings(evidence)
    if is_han(text) == is_han(printed):
        return True
    plain = letters(printed)
    latin = [letters(word) for word in _LATIN.findall(text)]
    if is_han(text) and any(word not in plain for word in latin):
        return False  # names stay as they are in a Chinese text
    terms = any(mention.group.kind == _MEDICAL for mention in default_lexicon().find(text))
    return bool(reader.mentions(text) or terms or years(text) or any(len(w) > 3 and w in plain for w in latin))


def surroundings(evidence: Sequence[Evidence]) -> str:
    """Return the evidence with all that says what it is about: headings, captions, title, company."""
    parts: list[str] = []
    for piece in evidence:
        quote, source = piece.quote, piece.quote.source
        parts += [quote.text, piece.context, *quote.section, source.title, source.company, source.short_name]
    return "\n".join(parts)


def _holds_items(reader: LineReader, text: str, evidence: Sequence[Evidence]) -> bool:
    """Say whether evidence holds the fields, terms and organisations that a claim names, and whose something is."""
    printed = surroundings(evidence)
    plain = letters(printed)
    named = {text[m.start : m.end]: m.field.name for m in reader.mentions(text)}
    held = reader.fields_of(printed) if named else frozenset()
    if any(field not in held and letters(word) not in plain for word, field in named.items()):
        return False
    terms = {m.group.name: text[m.start : m.end] for m in default_lexicon().find(text) if m.group.kind == _MEDICAL}
    missing = {name for name, word in terms.items() if letters(word) not in plain}
    if missing and missing - {mention.group.name for mention in default_lexicon().find(printed)}:
        return False
    if not is_han(printed):
        return True
    owner = _OWNER.match(text)
    return all(letters(name) in plain for name in [*_ORGANISATION.findall(text), *(owner.groups() if owner else ())])


def _tells_of_movement(near: Sequence[Near]) -> bool:
    """Say whether a line, or for a row its table, tells of a movement or holds values of several times."""
    for piece, line in near:
        is_row = not line.clauses and len(line.figures) > 0
        said = surroundings([piece]) if is_row else piece.quote.page.text[line.start : line.end]
        if any(sign.search(said) for sign in (signs().rises, signs().falls, signs().moved)):
            return True
        if (is_row and len(line.figures) > 1) or len(years(said)) > 1:
            return True
    return False


def _change(reader: LineReader, text: str, near: Sequence[Near]) -> int | None:
    """Return which way the row of a claim's field went in a year; None where none shows, or it runs below zero."""
    named = reader.fields_of(text)
    for _, line in near:
        if not named & line.fields or _LOSS.search(text):
            continue
        values = {year: f.value for year, f in zip(line.years, line.figures, strict=False) if year and f.unit != "%"}
        said = max(years(text) or values, default=0)
        now, before = values.get(said), values.get(said - 1)
        if now is not None and before is not None and min(now, before) >= 0 and now != before:
            return 1 if now > before else -1
    return None
