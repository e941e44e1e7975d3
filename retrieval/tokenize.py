"""Cuts text into search tokens, the same way for passages and for questions. Knows nothing of any index.

Measured as nDCG@10 of BM25 on the medical sets: Chinese words alone 0.189, character bigrams alone 0.186, both 0.208,
without guessed words and without bigrams across particles 0.212; English stems 0.564, with pairs of stems 0.600.
benchmarks/search_tokenizers.py compares them, also with single characters (0.180), jieba (0.134 with its guesses, 0.154
cut for search, both keeping particles and marks) and English words as they stand (0.553). Over k1 0.6 to 2 and b 0.2 to
0.9 Chinese reaches 0.201 to 0.215 and English 0.579 to 0.617, both best at 0.6 and 0.75; tantivy's 1.2 and 0.75 give
0.212 and 0.600. Counting a repeated token less when indexing (at most 2 or 3 times, its root, its logarithm) loses.
Numbers, codes and mixed identifiers such as 603339, HbA1c or COVID-19 stay whole.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from operator import add

import Stemmer

TOKENIZER_NAME = "words+bigrams/1"
"""Changes whenever the tokens of any text change: derived indexes made under another name are rebuilt."""

_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_PARTICLES = "的了吗呢吧"
_HAN_RUN = re.compile(f"[{_HAN}]+")
_BIGRAM_RUN = re.compile(f"(?:(?![{_PARTICLES}])[{_HAN}]){{2,}}")
# Letters and digits of other scripts; joined by . , - ' only where letters or digits go on, % closes a number.
_OTHER_RUN = re.compile(f"[^\\W_{_HAN}]+(?:[-.,'’][^\\W_{_HAN}]+)*%?")
_NUMBER = re.compile(r"\d+(?:\.\d+)?%?")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?%?")
_JOINT = re.compile(r"[-'’%]+|(?<!\d)\.|\.(?!\d)")

# Particles and pronouns that stand in most passages; single characters count only where they form a word.
_CHINESE_STOP = frozenset("的了和与及或是在有也都而就着之其被把对于为以等该此吗呢吧啊我你您他她它") | frozenset(
    "我们 你们 您好 你好 他们 什么 怎么 怎样 这个 那个 这些 那些 哪些 请问 以及 如何 多少".split()  # noqa: SIM905 - one word a line
)
_ENGLISH_STOP = frozenset(
    "a an and are as at be been but by can did do does for from had has have how i if in into is it its of on or s "  # noqa: SIM905 - so are these
    "so such t than that the their them then there these they this to was we were what when where which who will "
    "with would you your".split()
)

_STEMMER = Stemmer.Stemmer("english")
_CACHE_LIMIT = 200_000
_cache: dict[str, tuple[str, ...]] = {}


def tokens(text: str) -> list[str]:
    """Return the search tokens of a text; their order means nothing."""
    normal = _normal(text)
    others = _other_words(normal)
    found = _chinese_words(normal) + others
    for run in _BIGRAM_RUN.findall(normal):
        found += map(add, run, run[1:])
    if len(others) > 1:
        # Neighbouring words as a pair, as two characters are in Chinese; pairs of figures would only swell the index.
        found += [f"{one}_{other}" for one, other in pairwise(others) if one[0] > "9" and other[0] > "9"]
    return found


def words(text: str) -> list[str]:
    """Return the search tokens without bigrams and pairs: each part of the text is told once."""
    normal = _normal(text)
    return _chinese_words(normal) + _other_words(normal)


def _normal(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _chinese_words(normal: str) -> list[str]:
    runs = _HAN_RUN.findall(normal)
    if not runs:
        return []
    # One call for all runs: each call into the segmenter costs as much as a hundred characters. Without its guesses at
    # unknown words, for which the bigrams stand (measured: 0.2125 against 0.2081).
    return [word for word in _segmenter()("\n".join(runs), False) if word not in _CHINESE_STOP and word != "\n"]


@lru_cache(maxsize=1)
def _segmenter() -> Callable[[str, bool], list[str]]:
    """Return the word segmenter; it reads its dictionary when imported (0.1 s), which answers from facts do without."""
    import rjieba

    cut: Callable[[str, bool], list[str]] = rjieba.cut
    return cut


def _other_words(normal: str) -> list[str]:
    found: list[str] = []
    for run in _OTHER_RUN.findall(normal):
        known = _cache.get(run)
        found += _remembered(run) if known is None else known
    return found


def _remembered(run: str) -> tuple[str, ...]:
    if len(_cache) >= _CACHE_LIMIT:
        _cache.clear()
    made = _cache[run] = tuple(_tokens_of_run(run))
    return made


def _tokens_of_run(run: str) -> list[str]:
    """Return the tokens of a run without Chinese: a number, a code, or words joined by marks."""
    if _THOUSANDS.fullmatch(run):
        return [run.replace(",", "")]
    if "," in run:
        return [token for piece in run.split(",") for token in _tokens_of_run(piece)]
    if _NUMBER.fullmatch(run):
        return [run]
    parts = [part for part in _JOINT.split(run) if part]
    found = [_stem(part) for part in parts if part not in _ENGLISH_STOP]
    if len(parts) > 1 and any(character.isdigit() for character in run):
        found.append(run.rstrip("%"))
    return found


def _stem(word: str) -> str:
    return str(_STEMMER.stemWord(word)) if word.isalpha() else word
