"""A trained second look for red flags, beside the rules: how much a question resembles examples of each kind.

Runs of characters and words are looked up by their hash, and the shipped embedder's vectors of its tokens tell what is
meant when the words are new. numpy only. Trained by `vouch finetune red-flags`; what it learned from and how good it
is: data/red_flag_classifier.md.
"""

import json
import re
import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vouch.generation.red_flag_signs import shown
from vouch.generation.red_flag_tables import AlertKind, load_flags
from vouch.retrieval.token_bag import ABOUT_FILE, MOST_TIMES, TIMES_WEIGHTS, TOKENS_FILE, VECTORS_FILE, Bag, unit

ORDINARY = "ordinary"
BUCKETS = 1 << 16
"""Rows that runs of characters and words share by their hash."""
SIGN_WEIGHT = np.float32(0.3)
LONG = 40
"""Characters (letters count a third) from which neighbouring sentences are looked at by themselves too."""
MOST_WINDOWS = 24

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.intp]

_HAN = re.compile(r"[\u3400-\u9fff]")
_HAN_RUN = re.compile(r"[\u3400-\u9fff]+")
_WORD = re.compile(r"[a-z0-9]+")
_SENTENCE = re.compile(r"[^。！？!?；;\n.]+[。！？!?；;\n.]*")
_APOSTROPHE = re.compile(r"['’‘`´]")
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Features:
    """A text as the classifier sees it."""

    rows: Rows
    """Of its runs of characters and words, each once."""
    signs: Rows
    """Of the groups and frames of the tables that it shows."""
    meaning: Floats
    """Direction of the sum of its tokens' vectors."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What was learned; each row of a table has a number for each kind."""

    kinds: tuple[str, ...]
    """`ordinary`, then the kinds of alerts."""
    surface: Floats
    """BUCKETS rows."""
    hidden: Floats
    hidden_bias: Floats
    out: Floats
    bias: Floats


class Reader:
    """Turns texts into features."""

    def __init__(self) -> None:
        folder = resources.files("vouch.retrieval").joinpath("data", "embedder")
        with resources.as_file(folder) as path:
            self._table: npt.NDArray[np.int8] = np.asarray(np.load(path / VECTORS_FILE, mmap_mode="r"))
            listed = (path / TOKENS_FILE).read_text("utf-8").splitlines()
        self._bag = Bag(listed, len(self._table) - len(listed))
        chinese = load_flags("zh")
        self._simplified = dict(chinese.simplified)
        self._spellings = dict(chinese.spellings)

    def features(self, text: str) -> Features:
        """Return the features of one text."""
        plain = self._plain(text)
        rows, times = np.unique(self._bag.rows(plain), return_counts=True)
        weights = TIMES_WEIGHTS[np.minimum(times, MOST_TIMES) - 1]
        total: Floats = np.einsum("i,ij->j", weights, self._table[rows].astype(np.float32))
        signs = sorted(zlib.crc32(f"@{name}".encode()) % BUCKETS for name in shown(text))
        return Features(_hashed(plain), np.array(signs, np.intp), unit(total[None, :])[0])

    def _plain(self, text: str) -> str:
        text = _APOSTROPHE.sub("", unicodedata.normalize("NFKC", text).lower()).translate(self._simplified)
        for wrong, right in self._spellings.items():
            text = text.replace(wrong, right)
        return text


@dataclass(frozen=True, slots=True)
class Look:
    """What a question seems to call for."""

    kind: AlertKind
    """The likeliest kind of alert, if it is one."""
    sure: float
    """How likely it calls for any: 0 to 1."""


class Classifier:
    """Says of which kind a question is, if of any."""

    def __init__(self, weights: Weights, reader: Reader) -> None:
        self._weights, self._reader = weights, reader

    def look(self, question: str) -> Look:
        """Return what the part of a question that is least ordinary calls for."""
        told = np.stack([self.shares(part) for part in parts(question)])
        least = told[int(told[:, 0].argmin())]
        kind = int(least[1:].argmax()) + 1
        return Look(self._weights.kinds[kind], float(1 - least[0]))  # type: ignore[arg-type]

    def shares(self, text: str) -> Floats:
        """Return the share of each kind, together 1; of a text with no features all is ordinary."""
        told: Floats = shares(self._weights, [self._reader.features(text)])[0]
        return told


def shares(weights: Weights, batch: Sequence[Features]) -> Floats:
    """Return a row for each text, a column for each kind."""
    meanings = np.stack([features.meaning for features in batch])
    inner = np.maximum(meanings @ weights.hidden + weights.hidden_bias, 0)
    sums = np.stack([surface_sum(weights.surface, features) for features in batch])
    scores = sums + inner @ weights.out + weights.bias
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    told: Floats = powers / powers.sum(axis=1, keepdims=True)
    return told


def surface_sum(surface: Floats, features: Features) -> Floats:
    """Return the sum of rows, of runs over the root of their number: long texts are not surer than short ones."""
    runs = surface[features.rows].sum(axis=0) / np.float32(max(1, len(features.rows)) ** 0.5)
    total: Floats = runs + SIGN_WEIGHT * surface[features.signs].sum(axis=0)
    return total


def parts(question: str) -> list[str]:
    """Return the question and, of a long one, each pair of neighbouring sentences."""
    weight = len(question) if _HAN.search(question) else len(question) // 3
    sentences = _SENTENCE.findall(question)
    if weight <= LONG or len(sentences) < 3:
        return [question]
    pairs = [a + b for a, b in pairwise(sentences)]
    return [question, *pairs[:: max(1, len(pairs) // MOST_WINDOWS)]]


@cache
def shipped() -> Classifier:
    """Return the classifier that ships, read once."""
    data = resources.files("vouch.generation").joinpath("data", "red_flag_classifier.npz")
    with resources.as_file(data) as path:
        return Classifier(load(path), Reader())


def load(path: Path) -> Weights:
    """Return the weights of a file that training wrote."""
    with np.load(path, allow_pickle=False) as kept:
        surface = kept["surface"].astype(np.float32) * kept["surface_step"]
        rest = (kept[name].astype(np.float32) for name in ("hidden", "hidden_bias", "out", "bias"))
        return Weights(tuple(map(str, kept["kinds"])), surface, *rest)


def embedder_version() -> str:
    """Return the version of the embedder that ships; the classifier has to be trained again after it."""
    about = resources.files("vouch.retrieval").joinpath("data", "embedder", ABOUT_FILE)
    return str(json.loads(about.read_text("utf-8"))["version"])


def _hashed(plain: str) -> Rows:
    found = {zlib.crc32(run.encode()) % BUCKETS for run in _runs(_NUMBER.sub("0", plain))}
    return np.fromiter(sorted(found), np.intp, len(found))


def _runs(plain: str) -> Iterator[str]:
    """Yield runs of one to four Chinese characters; words, pairs and triples of words and their parts of four."""
    for run in _HAN_RUN.findall(plain):
        framed = f"^{run}$"
        for length in (1, 2, 3, 4):
            yield from (framed[i : i + length] for i in range(len(framed) - length + 1))
    words = _WORD.findall(plain)
    yield from words
    yield from (f"{a} {b}" for a, b in pairwise(words))
    yield from (f"{a} {b} {c}" for a, b, c in zip(words, words[1:], words[2:], strict=False))
    for word in words:
        if len(word) > 3:
            framed = f"<{word}>"
            yield from (framed[i : i + 4] for i in range(len(framed) - 3))
