"""A whole reply checked claim by claim, and the text that is given of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from vouch.generation.drafts import Task, Written
from vouch.generation.phrases import Language
from vouch.generation.quotes import Quote, numbered
from vouch.generation.types import Citation, Verification
from vouch.generation.vouching.claim_check import ClaimCheck
from vouch.generation.vouching.claims import Claim, claims
from vouch.generation.vouching.cleaning import Cleaned, cleaned
from vouch.generation.vouching.evidence_lines import LineReader
from vouch.generation.vouching.letters import letters
from vouch.generation.vouching.signs import signs
from vouch.generation.vouching.types import COUNTED_AS_NUMBERS, CheckedClaim, Problem

MARKS = {"zh": "〔未核实〕", "en": "[unverified]"}
"""Stands after everything that is said without support."""
MOST_CLAIMS = 150
"""Sentences of a reply that are checked and given; no answer has so many."""
_LEAST_LEAKED = {"zh": 12, "en": 40}
"""Letters in a row of the instructions that count as repeating them."""
_HAN = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Review:
    """What was found in a reply."""

    reply: Cleaned
    checked: tuple[CheckedClaim, ...]
    invented: tuple[int, ...]
    """Numbers of evidence that does not exist, cited all the same."""
    language: Language

    @property
    def supported(self) -> tuple[CheckedClaim, ...]:
        return tuple(claim for claim in self.checked if claim.supported)

    @property
    def flawed(self) -> tuple[CheckedClaim, ...]:
        return tuple(claim for claim in self.checked if claim.problems)

    @property
    def says_unknown(self) -> bool:
        """Say whether all that is said is that the answer is not known."""
        return not self.supported and any(signs().unknown.search(c.claim.text) for c in self.checked if not c.problems)

    @property
    def objections(self) -> tuple[str, ...]:
        """What to tell a model that is to write again; empty where there is nothing to object to."""
        words = signs().objections[self.language]
        problems = [problem for claim in self.checked for problem in claim.problems]
        found = [words[problem.kind].format(problem.text) for problem in problems]
        found += [words["invented"].format(n) for n in self.invented]
        found += [words["repetition"]] if self.reply.repeats else []
        found += [words["empty"]] if not (self.supported or self.flawed) else []
        return tuple(dict.fromkeys(found))

    @property
    def verification(self) -> Verification:
        """How much was checked and found wanting."""
        problems = [problem for claim in self.checked for problem in claim.problems]
        numbers = sum(problem.kind in COUNTED_AS_NUMBERS for problem in problems)
        missing = sum(problem.kind in ("uncited", "page") for problem in problems) + len(self.invented)
        return Verification(
            numbers_checked=sum(claim.numbers for claim in self.checked),
            numbers_unsupported=numbers,
            citations_checked=sum(claim.cited for claim in self.checked) + len(self.invented),
            citations_missing=missing,
            statements_marked=len(self.flawed),
        )

    def said(self) -> tuple[str, tuple[Citation, ...]]:
        """Return the reply with its citations numbered anew and everything unsupported marked."""
        parts: list[str] = []
        citations = numbered(quote for claim in self.checked for quote in _stood_on(claim))
        at = 0
        for checked in self.checked:
            claim = checked.claim
            parts.append(self.reply.text[at : claim.start])
            at = claim.end
            if any(problem.kind == "leak" for problem in checked.problems):
                continue
            marks = "".join(dict.fromkeys(f"[{citations[quote.span].n}]" for quote in _stood_on(checked)))
            flag = MARKS[self.language] if checked.problems else ""
            parts.append(" ".join(part for part in (claim.text, marks, flag) if part))
        text = "".join([*parts, self.reply.text[at:]])
        return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", text)).strip(), tuple(citations.values())


def reviewed(task: Task, written: Written, reader: LineReader) -> Review:
    """Return what comes of checking a reply against its evidence."""
    reply = cleaned(written.text, written.complete)
    stated = claims(reply.text)
    if len(stated) > MOST_CLAIMS:
        reply = Cleaned(reply.text[: stated[MOST_CLAIMS].start].rstrip(), reply.repeats, True)
    check = ClaimCheck(task, written, reader)
    language = task.question.language
    found: list[CheckedClaim] = []
    before = ""
    for claim in stated[:MOST_CLAIMS]:
        checked = check.check(claim, before)
        extra = [*_leaks(claim, written.instructions, language), *_language(reply.text, claim, language)]
        if extra:
            checked = CheckedClaim(claim, (), (*checked.problems, *extra), checked.numbers, checked.cited)
        found.append(checked)
        before = claim.text
    invented = [n for claim in found for n in claim.claim.marks if not 1 <= n <= len(written.evidence)]
    return Review(reply, tuple(found), tuple(dict.fromkeys(invented)), language)


def _stood_on(checked: CheckedClaim) -> Sequence[Quote]:
    """Return the spans shown with a claim; what is marked as unsupported points to no page as if it stood there."""
    return () if checked.problems else checked.quotes


def _leaks(claim: Claim, instructions: str, language: Language) -> list[Problem]:
    least, said, told = _LEAST_LEAKED[language], letters(claim.text), letters(instructions)
    if len(said) < least or not told:
        return []
    leaked = any(said[i : i + least] in told for i in range(0, len(said) - least + 1, max(1, least // 4)))
    return [Problem("leak", claim.text[:40])] if leaked else []


def _language(reply: str, claim: Claim, language: Language) -> list[Problem]:
    """Return the objection to a reply in another language than the question's, quotations from documents allowed."""
    letters = [character for character in reply if character.isalpha()]
    if len(letters) < 12:
        return []
    share = sum(bool(_HAN.match(character)) for character in letters) / len(letters)
    wrong = share < 0.1 if language == "zh" else share > 0.6
    return [Problem("language", claim.text[:40])] if wrong else []
