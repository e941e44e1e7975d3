"""Questions as the tables of red flags expect them: half width, simplified, spelt as in the dictionary."""

import re
import unicodedata

from vouch.generation.red_flag_tables import Flags

_BETWEEN_HAN = re.compile(r"(?<=[\u3400-\u9fff])[\s*·•_~|/\\-]+(?=[\u3400-\u9fff])")
_HAN_RUN = re.compile(r"[\u3400-\u9fff]+")
_WORD = re.compile(r"[a-z]+")
_LEAST = 5
"""Letters from which a word with one wrong is still that word."""


def plain_chinese(question: str, flags: Flags) -> str:
    """Return a question in half width, lower case and simplified characters, without blanks and usual misspellings."""
    text = _folded(question).translate(dict(flags.simplified))
    text = re.sub(r"(?<=[\u3400-\u9fff])\s+|\s+(?=[\u3400-\u9fff])", "", _BETWEEN_HAN.sub("", text))
    for wrong, right in flags.spellings.items():
        text = text.replace(wrong, right)
    return _without_asides(text, flags)


def plain_english(question: str, flags: Flags) -> str:
    """Return a question in lower case without apostrophes, its words of the vocabulary spelt as there."""
    text = re.sub(r"['’‘`´]", "", _folded(question))
    text = re.sub(r"[ \t]+", " ", _HAN_RUN.sub(" ", text))
    for wrong, right in flags.spellings.items():
        text = re.sub(rf"(?<![a-z]){re.escape(wrong)}(?![a-z])", right, text)
    text = _WORD.sub(lambda match: _spelt(match[0], flags), text)
    return _without_asides(text, flags)


def _without_asides(text: str, flags: Flags) -> str:
    """Return a text without words of politeness and without symptoms that it denies."""
    return flags.frames["denied"].compiled.sub("", flags.frames["polite"].compiled.sub("", text))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


def _spelt(word: str, flags: Flags) -> str:
    """Return the word of the vocabulary that a word is one slip away from; else the word itself."""
    if len(word) < _LEAST or word in flags.vocabulary or word in flags.not_typos:
        return word
    return next((known for known in _near(word[0], len(word), flags) if one_slip(word, known)), word)


def _near(first: str, length: int, flags: Flags) -> list[str]:
    return sorted(
        known
        for known in flags.vocabulary
        if known[0] == first and len(known) >= _LEAST and abs(len(known) - length) <= 1
    )


def one_slip(a: str, b: str) -> bool:
    """Say whether two different words differ by one letter wrong, missing, added or by two neighbours swapped."""
    if abs(len(a) - len(b)) > 1 or a == b:
        return False
    start = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    rest_a, rest_b = a[start:], b[start:]
    if len(a) == len(b):
        return rest_a[1:] == rest_b[1:] or (rest_a[:2] == rest_b[:2][::-1] and rest_a[2:] == rest_b[2:])
    longer, shorter = (rest_a, rest_b) if len(a) > len(b) else (rest_b, rest_a)
    return longer[1:] == shorter
