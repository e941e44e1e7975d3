"""One claim against the evidence: its numbers, years, quotations and words."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from vouch.generation.drafts import Evidence, Task, Written
from vouch.generation.quotes import Quote, Span
from vouch.generation.tools.types import Computation
from vouch.generation.vouching.agreement import Around, agrees
from vouch.generation.vouching.claims import Claim
from vouch.generation.vouching.evidence_lines import EvidenceLine, LineReader, clause_words, content_words, gives_orders
from vouch.generation.vouching.figures import Figure, figures, folded, years
from vouch.generation.vouching.letters import Lettered, letters
from vouch.generation.vouching.shown_sums import shown_results
from vouch.generation.vouching.signs import signs
from vouch.generation.vouching.subjects import is_anchored, shows_movement, subject_problem
from vouch.generation.vouching.types import CheckedClaim, Problem
from vouch.generation.vouching.units import unit_book
from vouch.generation.vouching.word_support import is_han, telling_words, word_problem

SHORT = 3
"""A claim of fewer content words is read with what stands before it and with the question."""
QUOTED_LINES = 3
"""Lines of one piece of evidence that are quoted for a claim."""
_SHOWN = 60
_TRIED = 4
"""Pieces of evidence that a claim without marks is held against."""
_COPIED = 8
"""Letters from which a repetition is no accident."""
_CONSTANTS = frozenset(map(Decimal, (2, 4, 12, 100, 365)))
"""Numbers of formulas, which no document states."""

_QUOTATION = re.compile(r"[“「『]([^“”「」『』\n]{6,})[”」』]|\"([^\"\n]{12,})\"")
_PAGE = re.compile(r"第\s*(\d{1,5})\s*页|\bp(?:age|\.)\s*(\d{1,5})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Found:
    """A line that stands for a claim, and how well."""

    evidence: Evidence
    line: EvidenceLine
    figures: int
    overlap: float

    @property
    def text(self) -> str:
        """As printed."""
        return self.evidence.quote.page.text[self.line.start : self.line.end]


class ClaimCheck:
    """Checks the claims of one reply."""

    def __init__(self, task: Task, written: Written, reader: LineReader) -> None:
        self._question = task.question
        self._written = written
        self._reader = reader
        self._printed: dict[Span, Lettered] = {}
        asked = f"{task.question.text} {' '.join(map(str, task.question.years))}"
        self._asked_years = years(asked)
        self._asked_words = content_words(task.question.text)
        self._asked_figures = [f for f in figures(task.question.text) if f.unit not in {"%", *unit_book().money}]

    def check(self, claim: Claim, before: str) -> CheckedClaim:
        """Return a claim with what supports it; `before` is the heading or claim that it follows."""
        evidence = self._written.evidence
        cited = tuple(dict.fromkeys(n for n in claim.marks if 1 <= n <= len(evidence)))
        if self._is_frame(claim):
            return CheckedClaim(claim, frame=True, cited=len(cited))
        if cited:
            return self._against(claim, [evidence[n - 1] for n in cited], before)
        return self._attached(claim, before)

    def _attached(self, claim: Claim, before: str) -> CheckedClaim:
        """Return a claim without marks with the first passage that supports all of it; marked where none does."""
        for evidence in self._likeliest(claim):
            found = self._against(claim, [evidence], before)
            if found.supported:
                return found
        bare = self._against(claim, [], before)
        problem = Problem("uncited", claim.text[:_SHOWN])
        return CheckedClaim(claim, (), (problem, *bare.problems), bare.numbers)

    def _likeliest(self, claim: Claim) -> list[Evidence]:
        """Return the pieces of evidence that share most words with a claim."""
        wanted = [letters(word) for word in {*telling_words(claim.text), *re.findall(r"\d[\d,.]*\d", claim.text)}]
        shared = [
            (sum(word in self._lettered(piece.quote).letters for word in wanted), piece)
            for piece in self._written.evidence
        ]
        return [piece for share, piece in sorted(shared, key=lambda pair: -pair[0])[:_TRIED] if share]

    def _against(self, claim: Claim, evidence: Sequence[Evidence], before: str) -> CheckedClaim:
        stated = self._checkable(claim)
        if (copied := self._copied(claim, evidence)) is not None:
            return CheckedClaim(claim, (copied,), self._doubts(claim), len(stated), len(evidence))
        words = content_words(claim.text)
        if len(words) < SHORT:
            words |= content_words(before) | self._asked_words
        lines = [(piece, line) for piece in evidence for line in self._reader.lines(piece)]
        supporting: dict[int, list[tuple[Evidence, EvidenceLine]]] = {}
        computes = bool(
            shown_results(claim.text, figures(claim.text))
        )  # its operands are of other lines than its result
        for i, figure in enumerate(stated):
            supporting[i] = [
                pair for pair in lines if self._supports(figure, claim, frozenset() if computes else words, pair[1])
            ]
        problems = [
            Problem("number", f.text) for i, f in enumerate(stated) if not supporting[i] and not self._computed(f)
        ]
        problems += self._years(claim, evidence)
        problems += self._quotations(claim, evidence)
        problems += _pages(claim, evidence)
        best = self._best_lines(claim, words, lines, supporting)
        if evidence and not problems and not computes:
            line = best[0].text if best else ""
            said = self._reader.without_fields(claim.text, best[0].line.fields if best and stated else frozenset())
            near = [(found.evidence, found.line) for found in best]
            wrong = subject_problem(self._reader, claim.text, evidence, near)
            if wrong is None and not shows_movement(self._reader, claim.text, near):
                wrong = word_problem(said, self._question.text, evidence, line, bool(stated))
            if wrong is None and not (stated or is_anchored(self._reader, claim.text, evidence)):
                wrong = "unsupported"
            problems += [Problem(wrong, claim.text[:_SHOWN])] if wrong else []
        problems += self._doubts(claim)
        quotes = tuple(_quote(found) for found in best)
        numbers = len(stated) + sum(problem.kind == "year" for problem in problems)
        return CheckedClaim(claim, quotes, tuple(problems), numbers, len(evidence))

    def _copied(self, claim: Claim, evidence: Sequence[Evidence]) -> Quote | None:
        """Return the span that a claim repeats word for word from the start of a clause on; None where none is.

        Nothing is left out before it: 不推荐 may not lose its 不.
        """
        said = letters(claim.text)
        for quote in (piece.quote for piece in evidence if len(said) >= _COPIED):
            found = self._lettered(quote).find(said)
            if found is None:
                continue
            text, start, end = quote.page.text, quote.start + found[0], quote.start + found[1]
            before = text[quote.start : start].rstrip(" \u3000")[-1:]
            if not before.isalnum() and not gives_orders(quote, start, end):
                return Quote(quote.source, quote.page, start, end, quote.section, quote.score)
        return None

    def _lettered(self, quote: Quote) -> Lettered:
        if quote.span not in self._printed:
            self._printed[quote.span] = Lettered.of(quote.page.text[quote.start : quote.end])
        return self._printed[quote.span]

    def _doubts(self, claim: Claim) -> tuple[Problem, ...]:
        return (Problem("doubted", claim.text[:_SHOWN]),) if claim.text in self._written.doubted else ()

    def _is_frame(self, claim: Claim) -> bool:
        """Say whether a claim needs no evidence: an announcement, what is not known, words of the question alone."""
        if signs().unknown.search(claim.text) and not self._checkable(claim):
            return True
        if self._checkable(claim) or _QUOTATION.search(claim.text):
            return False
        words = content_words(claim.text)
        if claim.marks:
            return not words  # yes, no: what it agrees to is said by the question
        return claim.heading or len(words - self._asked_words) < 2

    def _checkable(self, claim: Claim) -> list[Figure]:
        found = figures(claim.text)
        shown = shown_results(claim.text, found)
        operands = bool(shown)
        return [
            figure
            for figure in found
            if figure.start not in shown
            and not (operands and figure.value in _CONSTANTS)
            and not any(figure.value == asked.value and figure.unit == asked.unit for asked in self._asked_figures)
        ]

    def _supports(self, figure: Figure, claim: Claim, words: frozenset[str], line: EvidenceLine) -> bool:
        if not self._is_about(claim, words, line):
            return False
        for i, printed in enumerate(line.figures):
            year = line.years[i] if i < len(line.years) else None
            if agrees(figure, printed, line.place) and self._of_year(claim, year):
                return not line.clauses or _is_nearest(clause_words(claim.text, figure), i, line)
        return False

    def _is_about(self, claim: Claim, words: frozenset[str], line: EvidenceLine) -> bool:
        """Say whether a line speaks of what the claim does: the same field where both name one, a common word else."""
        if not words:
            return True
        if line.fields:
            named = self._reader.fields_of(claim.text) or self._reader.fields_of(self._question.text)
            if named:
                return bool(named & line.fields)
        if is_han(claim.text) != is_han(" ".join(line.own) or claim.text):
            return True  # in another language there are no common words
        return bool(words & line.words) or not line.words

    def _of_year(self, claim: Claim, year: int | None) -> bool:
        if year is None or signs().earlier.search(claim.text):
            return True
        named = years(claim.text) or (self._asked_years if len(self._asked_years) == 1 else frozenset())
        return not named or year in named

    def _computed(self, figure: Figure) -> bool:
        return any(_is_value_of(figure, computation) for computation in self._written.computations)

    def _years(self, claim: Claim, evidence: Sequence[Evidence]) -> Iterable[Problem]:
        known = set(self._asked_years)
        for piece in evidence:
            quote = piece.quote
            known |= years(" ".join((quote.text, piece.context, *quote.section, quote.source.title, quote.source.name)))
            known |= {quote.source.year, quote.source.year - 1} if quote.source.year else set()
        return [Problem("year", str(year)) for year in sorted(years(claim.text) - known)] if evidence else []

    def _quotations(self, claim: Claim, evidence: Sequence[Evidence]) -> Iterable[Problem]:
        printed = [letters(piece.quote.page.text) for piece in evidence]
        for match in _QUOTATION.finditer(claim.text):
            said = match[1] or match[2]
            if not any(letters(said) in text for text in printed) and letters(said) not in letters(self._question.text):
                yield Problem("quote", said[:_SHOWN])

    def _best_lines(
        self,
        claim: Claim,
        words: frozenset[str],
        lines: Sequence[tuple[Evidence, EvidenceLine]],
        supporting: Mapping[int, list[tuple[Evidence, EvidenceLine]]],
    ) -> list[_Found]:
        """Return the lines to quote: those with the numbers, else of each piece of evidence the one most alike."""
        wanted = words - self._asked_words or words
        named = self._reader.fields_of(claim.text)
        found = []
        for piece, line in lines:
            count = sum(any(line is other for _, other in pairs) for pairs in supporting.values())
            overlap = (len(wanted & line.own) / len(wanted) if wanted else 0.0) + bool(named & line.fields)
            found.append(_Found(piece, line, count, overlap))
        found.sort(key=lambda f: (-f.figures, -f.overlap, f.line.end - f.line.start))
        chosen: list[_Found] = []
        for figure in supporting.values():
            one = next((f for f in found if any(f.line is line for _, line in figure)), None)
            if one and one not in chosen:
                chosen.append(one)
        for likeliest in found:
            unseen = all(f.evidence is not likeliest.evidence for f in chosen)
            if unseen and (likeliest.overlap > 0 or not chosen):
                chosen.append(likeliest)
        return chosen[:QUOTED_LINES]


def _is_nearest(said: frozenset[str], index: int, line: EvidenceLine) -> bool:
    """Say whether no other figure of its kind in a sentence stands among more of the words said."""
    mine, unit = len(said & line.clauses[index]), line.figures[index].unit
    others = [i for i, figure in enumerate(line.figures) if figure.unit == unit and i != index]
    return all(len(said & line.clauses[i]) <= mine for i in others)


def _is_value_of(figure: Figure, computation: Computation) -> bool:
    base, worth = unit_book().units.get(computation.unit.lower(), (computation.unit, Decimal(1)))
    for value in (computation.value, *computation.operands.values(), *computation.constants):
        amount = value * worth
        step = Decimal(1).scaleb(min(0, int(amount.normalize().as_tuple().exponent)))
        if agrees(figure, Figure(amount, base, step, "", 0, 0), Around()):
            return True
    return False


def _pages(claim: Claim, evidence: Sequence[Evidence]) -> Iterable[Problem]:
    """Yield the pages that a claim names and none of its evidence stands on or names."""
    named = [match[1] or match[2] for match in _PAGE.finditer(folded(claim.text))]
    right = {str(piece.quote.page.number) for piece in evidence}
    printed = {match[1] or match[2] for piece in evidence for match in _PAGE.finditer(folded(piece.quote.text))}
    return [Problem("page", page) for page in named if page not in right | printed]


def _quote(found: _Found) -> Quote:
    quote, line = found.evidence.quote, found.line
    start, end = max(line.start, 0), min(line.end, len(quote.page.text))
    return Quote(quote.source, quote.page, start, end, quote.section, quote.score)
