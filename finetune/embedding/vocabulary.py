"""Which tokens get a vector: those that occur in enough texts. Knows no vectors."""

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from operator import add

from vouch.finetune.embedding.recipe import VocabularyRule
from vouch.retrieval.lexicon import default_lexicon
from vouch.retrieval.token_bag import CHARACTER, PIECE, pieces
from vouch.retrieval.tokenize import words

_HAN_RUN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Tokens, the most frequent one first, and in how many of the texts each occurs."""

    tokens: tuple[str, ...]
    texts_with: tuple[int, ...]
    texts: int


def choose_vocabulary(texts: Collection[str], rule: VocabularyRule) -> Vocabulary:
    """Return the tokens that occur in enough of the texts, and those of the domain lexicon wherever they occur."""
    counted, segmented = Counter[str](), set[str]()
    for text in texts:
        counted.update(different_tokens(text))
        segmented.update(words(text))
    of_lexicon = {token for group in default_lexicon().groups for term in group.terms for token in words(term)}
    enough = {
        token: found
        for token, found in counted.items()
        if found >= (1 if token in of_lexicon else _needed(token, token in segmented, rule))
    }
    best_first = sorted(enough, key=lambda token: (-enough[token], token))
    return Vocabulary(tuple(best_first), tuple(enough[token] for token in best_first), len(texts))


def different_tokens(text: str) -> set[str]:
    """Return every token of a text that may have a vector."""
    found = set(words(text))
    found.update(PIECE + piece for token in tuple(found) for piece in pieces(token))
    for run in _HAN_RUN.findall(text):
        found.update(map(add, run, run[1:]))
        found.update(CHARACTER + character for character in run)
    return found


def _needed(token: str, segmented: bool, rule: VocabularyRule) -> int:
    if token[0] == PIECE:
        return rule.pieces
    if token[0] == CHARACTER:
        return rule.characters
    if _HAN_RUN.match(token):
        return rule.words if segmented else rule.bigrams
    return rule.words if token.isalpha() else rule.others
