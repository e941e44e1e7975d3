"""How like a reference a text is: exact match and F1 as in SQuAD, by characters for Chinese; ROUGE-L; containment."""

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_ASCII_PUNCTUATION = str.maketrans("", "", string.punctuation)
_POINT = re.compile(r"(?<=\d)\.(?=\d)")
_KEPT_POINT = "\ue000"
_KEPT = frozenset({_KEPT_POINT, "%"})
_WORDS = re.compile(r"[a-z0-9]+")
_PIECES = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]|[a-z0-9]+")


def is_chinese(text: str) -> bool:
    """Say whether a text has Chinese characters."""
    return bool(_HAN.search(text))


def normalised(text: str) -> str:
    """Return a text as two of them are compared: half width, lower case, without white space and punctuation.

    What makes another number of one stays: the decimal point, the percent sign.
    """
    folded = _POINT.sub(_KEPT_POINT, unicodedata.normalize("NFKC", text).casefold())
    kept = "".join(c for c in folded if c in _KEPT or unicodedata.category(c)[0] not in "PZCS")
    return kept.replace(_KEPT_POINT, ".")


def squad_normalised(text: str) -> str:
    """Return an English text as the official SQuAD script compares it."""
    lowered = text.lower().translate(_ASCII_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", lowered).split())


def tokens(text: str, language: str) -> list[str]:
    """Return what F1 counts: SQuAD's words, or for Chinese every character that is no punctuation."""
    return list(normalised(text)) if language == "zh" else squad_normalised(text).split()


def exact_match(answer: str, references: Sequence[str], language: str) -> float:
    """Return 1 where an answer is one of the references, case, punctuation and articles apart."""
    found = tokens(answer, language)
    return float(any(found == tokens(reference, language) for reference in references))


def best_f1(answer: str, references: Sequence[str], language: str) -> float:
    """Return the best F1 of shared tokens over the references."""
    return _best(f1, tokens(answer, language), (tokens(reference, language) for reference in references))


def f1(found: Sequence[str], wanted: Sequence[str]) -> float:
    """Return the harmonic mean of token precision and recall; 1 for two empty lists, as in SQuAD 2.0."""
    if not found or not wanted:
        return float(list(found) == list(wanted))
    shared = (Counter(found) & Counter(wanted)).total()
    return 2 * shared / (len(found) + len(wanted))


def recall(found: Sequence[str], wanted: Sequence[str]) -> float:
    """Return the share of the wanted tokens that were found."""
    return (Counter(found) & Counter(wanted)).total() / len(wanted) if wanted else 1.0


def best_rouge_l(answer: str, references: Sequence[str]) -> float:
    """Return the best ROUGE-L F1 over the references."""
    return _best(rouge_l, rouge_tokens(answer), map(rouge_tokens, references))


def rouge_tokens(text: str) -> list[str]:
    """Return Chinese characters and runs of Latin letters and digits; for English the tokens of rouge-score."""
    return _PIECES.findall(unicodedata.normalize("NFKC", text).lower())


def rouge_l(found: Sequence[str], wanted: Sequence[str]) -> float:
    """Return ROUGE-L F1: twice the longest common subsequence over the sum of the lengths."""
    return 2 * common_subsequence(found, wanted) / (len(found) + len(wanted)) if found and wanted else 0.0


def common_subsequence(a: Sequence[str], b: Sequence[str]) -> int:
    """Return the length of the longest common subsequence; each row of the usual table is the bits of one integer."""
    places: dict[str, int] = {}
    for i, token in enumerate(a):
        places[token] = places.get(token, 0) | 1 << i
    everything = (1 << len(a)) - 1
    row = everything
    for token in b:
        matches = row & places.get(token, 0)
        row = ((row + matches) | (row - matches)) & everything
    return len(a) - row.bit_count()


def bigrams(text: str) -> Counter[str]:
    """Return the pairs of neighbouring pieces (characters, Latin words) without digits: what words a text uses."""
    pieces = [piece for piece in rouge_tokens(text) if not piece.isdigit()]
    return Counter(a + " " + b for a, b in pairwise(pieces))


def words(text: str) -> list[str]:
    """Return the Latin words and numbers of a text."""
    return _WORDS.findall(unicodedata.normalize("NFKC", text).lower())


def _best(
    measure: Callable[[Sequence[str], Sequence[str]], float], found: Sequence[str], references: Iterable[Sequence[str]]
) -> float:
    return max((measure(found, reference) for reference in references), default=0.0)
