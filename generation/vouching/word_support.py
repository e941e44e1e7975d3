"""Whether the words of a claim are those of its evidence: enough of them there, none of them turned round."""

import re
from collections.abc import Sequence

from vouch.generation.drafts import Evidence
from vouch.generation.vouching.signs import signs
from vouch.generation.vouching.types import ProblemKind
from vouch.generation.vouching.units import unit_book
from vouch.retrieval.lexicon import fold
from vouch.retrieval.tokenize import tokens, words

SUPPORT = 0.5
"""Share of a claim's words that its evidence must hold."""
SUPPORT_BESIDE_NUMBERS = 0.34
"""The same share for a claim whose numbers its evidence holds."""
ALIKE = 0.5
"""Share of a claim's words in a clause from which the two speak of the same."""

_HAN = re.compile(r"[\u3400-\u9fff]")
_NUMERIC = re.compile(r"[\d.,%]+")


def is_han(text: str) -> bool:
    """Say whether a text is Chinese."""
    return bool(_HAN.search(text))


def telling_words(text: str) -> list[str]:
    """Return the words of a text that say something: no numbers, units and single characters."""
    units, idle = unit_book().units, signs().idle
    return [
        w
        for w in words(text)
        if not _NUMERIC.fullmatch(w) and len(w) > 1 and w not in units and w not in idle and not _scaled(w)
    ]


def word_problem(
    text: str, question: str, evidence: Sequence[Evidence], line: str, numbers: bool
) -> ProblemKind | None:
    """Return what is wrong with the words of a claim; `line` is the line of evidence most like it.

    `numbers`: it states some, all of them found. Words of the question count only where there are no others. Texts of
    two languages share no words, so nothing is said of them.
    """
    printed = " ".join(" ".join((p.quote.text, p.context, *p.quote.section)) for p in evidence)
    if is_han(text) != is_han(printed):
        return None
    asked = set(telling_words(question))
    said = [word for word in telling_words(text) if word not in asked] or telling_words(text)
    names = " ".join(
        " ".join((p.quote.source.title, p.quote.source.company, p.quote.source.short_name)) for p in evidence
    )
    least = SUPPORT_BESIDE_NUMBERS if numbers else SUPPORT
    if _share(said, f"{printed} {names}") < least and not (numbers and len(said) < 2):
        return "unsupported"
    return "opposite" if _turned_round(text, line) else None


def _share(said: Sequence[str], printed: str) -> float:
    if not said:
        return 1.0
    held, plain = frozenset(tokens(printed)), fold(printed)
    return sum(word in held or (is_han(word) and word in plain) for word in said) / len(said)


def _turned_round(text: str, line: str) -> bool:
    """Say whether a clause of a text is the opposite of the clause of a line that is most like it."""
    printed = _clauses(line)
    for clause in _clauses(text):
        said = telling_words(clause)
        shares = [(_share(said, other), other) for other in printed] if len(said) > 1 else []
        best = max((share for share, _ in shares), default=0.0)
        alike = [other for share, other in shares if share == best]
        if best >= ALIKE and alike and all(signs().are_opposite(clause, other) for other in alike):
            return True
    return False


def _clauses(text: str) -> list[str]:
    return [clause for clause in re.split(r"[，,；;。：:](?!\d)", text) if clause.strip()]


def _scaled(word: str) -> bool:
    return any(word == scale + unit for scale in ("万", "亿", "千", "百万") for unit in ("元", "人", "股", "美元"))
