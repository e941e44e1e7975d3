"""Other words for what a query asks, as search tokens of lower weight. Knows no index.

The words stand in `retrieval/data`: medical.toml, synonyms_medical.toml, the departments of question_filters.toml and,
for Chinese, the lines of finance.toml.

Measured as nDCG@10 of BM25 on the medical sets, by what another word weighs (0 to 1):

    weight   0       0.2     0.4     0.6     0.8     1
    zh       0.2122  0.2124  0.2119  0.2127  0.2126  0.2106
    en       0.5993  0.6098  0.6164  0.6190  0.6233  0.6260

Patients' questions in Chinese are mostly answered in their own words; a word's whole weight for each of its tokens, or
longer forms of the asked word, lost up to 0.026 there.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib import resources

from vouch.retrieval.lexicon import Group, Lexicon, Mention, fold, read_groups
from vouch.retrieval.tokenize import tokens

SYNONYMS_FILE = "synonyms_medical.toml"
MOST = 4
"""Other words for one thing that are searched for."""

_HAN = re.compile(r"[\u3400-\u9fff]")


class Synonyms:
    """Lexicons that each know other words for some things."""

    def __init__(self, lexicons: Sequence[Lexicon], weight: float) -> None:
        """`weight`: what another word counts beside one that was asked, 0 to 1."""
        self._lexicons = tuple(lexicons)
        self._weight = weight

    def tokens_of(self, query: str) -> list[tuple[str, float]]:
        """Return (token, weight) of the other words, each word's weight shared by its tokens; no token of the query."""
        if not self._weight:
            return []
        asked = frozenset(tokens(query))
        han = bool(_HAN.search(query))
        found: dict[str, float] = {}
        for mention in self._mentions(query):
            others = [term for term in mention.group.terms if _is_other(term, query, mention, han)]
            for term in others[:MOST]:
                new = [token for token in dict.fromkeys(tokens(term)) if token not in asked]
                for token in new:
                    found[token] = max(found.get(token, 0.0), self._weight / len(new))
        return list(found.items())

    def _mentions(self, query: str) -> Iterator[Mention]:
        for lexicon in self._lexicons:
            yield from lexicon.find(query)


def _is_other(term: str, query: str, mention: Mention, han: bool) -> bool:
    """Say whether a term is another word in the query's language: neither the asked one nor a longer or shorter form.

    高血压病 for 高血压 finds nothing new and weighs what all texts about it share. Abbreviations are of every language.
    """
    if bool(_HAN.search(term)) != han and not term.isupper():
        return False
    word, asked = fold(term), fold(query[mention.start : mention.end])
    return word not in asked and asked not in word


@lru_cache(maxsize=2)
def shipped_synonyms(weight: float) -> Synonyms:
    """Return the synonyms that ship with the package, at a weight."""
    medical = _tables("medical.toml")
    finance = [group for group in _tables("finance.toml") if _HAN.search(group.name)]
    chinese = [_in_chinese(group) for group in finance]
    own = _tables(SYNONYMS_FILE)
    by_language = [[group for group in own if group.kind == language] for language in ("zh", "en")]
    departments = _tables("question_filters.toml", "departments")
    return Synonyms([Lexicon(groups) for groups in (medical, chinese, *by_language, departments)], weight)


def _in_chinese(group: Group) -> Group:
    """Return a line of the statements by its Chinese words: the English ones are common words said in many ways."""
    return Group(group.name, group.kind, tuple(term for term in group.terms if _HAN.search(term)))


def _tables(name: str, only: str = "") -> list[Group]:
    """Return the groups of a file, or of one of its tables."""
    text = resources.files("vouch.retrieval").joinpath("data", name).read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    return read_groups({only: tables[only]} if only else tables, name)
