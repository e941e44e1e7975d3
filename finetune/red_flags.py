"""Training of the classifier of red flags: lines of examples in, one file of weights out. numpy only."""

import random
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from vouch.generation.red_flag_classifier import (
    BUCKETS,
    ORDINARY,
    SIGN_WEIGHT,
    Features,
    Floats,
    Reader,
    Weights,
    embedder_version,
    shares,
)
from vouch.generation.red_flag_tables import AlertKind
from vouch.retrieval.errors import SettingsError

KINDS = (ORDINARY, *get_args(AlertKind))
_CHOICE = re.compile(r"\{([^{}]*)\}")
_WORD = re.compile(r"<(\w+)>")
_LARGEST = 127
_DECAYS = (0.9, 0.999)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train; `examples` are files beside the recipe."""

    seed: int
    members: int
    """Classifiers, each of its own texts and start, whose scores are averaged: alone, each doubts other questions."""
    examples: tuple[Path, ...]
    most_texts_of_a_line: int
    copies: int
    """Times that a sentence counts which stands for itself alone."""
    joined: float
    """Texts with another before or after it, for each text."""
    slips: float
    """Share of texts with a character lost, doubled or swapped."""
    epochs: int
    batch: int
    rate: float
    hidden: int
    dropped: float
    """Share of features left out each time."""
    shrink: float


@dataclass(frozen=True, slots=True)
class Text:
    """An example and its kind, as its place in KINDS."""

    text: str
    kind: int


def read_recipe(path: Path) -> Recipe:
    """Return the recipe of a TOML file."""
    table: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    try:
        return Recipe(**{**table, "examples": tuple(path.parent / name for name in table["examples"])})
    except (TypeError, KeyError) as error:
        raise SettingsError(f"{path}: {error}: a recipe has the keys of finetune/recipes/red_flags.toml") from error


def texts_of(path: Path, recipe: Recipe, chance: random.Random) -> list[Text]:
    """Return texts of a file of examples: of each line as many as it has choices, up to the recipe's limit."""
    table = tomllib.loads(path.read_text("utf-8"))
    unknown = table["examples"].keys() - set(KINDS)
    if unknown:
        raise SettingsError(f"{path}: {', '.join(sorted(unknown))}: no kind of alert")
    found = [
        Text(text, KINDS.index(kind))
        for kind, lines in table["examples"].items()
        for line in lines.strip().splitlines()
        for text in sorted({said(line, table["words"], chance) for _ in range(_times(line, recipe))})
    ]
    for kind, lines in table.get("sentences", {}).items():
        found += [Text(line, KINDS.index(kind)) for line in lines.strip().splitlines()] * recipe.copies
    plain = {kind: [text.text for text in found if text.kind == kind] for kind in range(len(KINDS))}
    return [*found, *_joined(found, plain[0], recipe, chance), *_slipped(found, recipe, chance)]


def said(line: str, words: Mapping[str, Sequence[str]], chance: random.Random) -> str:
    """Return one of the texts that a line stands for."""
    while _CHOICE.search(line):
        line = _CHOICE.sub(lambda match: chance.choice(match[1].split("|")), line)
    while _WORD.search(line):
        line = _WORD.sub(lambda match: chance.choice(words[match[1]]), line)
    return line.strip()


def train(recipe: Recipe, say: Callable[[str], None]) -> Weights:
    """Return weights learned from the recipe's examples: the average of its members (bagging, Breiman 1996)."""
    reader = Reader()
    return _together([_member(recipe, recipe.seed + number, reader, say) for number in range(recipe.members)])


def _member(recipe: Recipe, seed: int, reader: Reader, say: Callable[[str], None]) -> Weights:
    chance = random.Random(seed)  # noqa: S311 - chooses words, guards nothing
    texts = [text for path in recipe.examples for text in texts_of(path, recipe, chance)]
    chance.shuffle(texts)
    seen = [reader.features(text.text) for text in texts]
    say(f"{len(texts)} texts")
    trainer = _Trainer(recipe, seed, len(seen[0].meaning))
    kinds = np.array([text.kind for text in texts])
    for epoch in range(recipe.epochs):
        order = list(range(len(seen)))
        chance.shuffle(order)
        trainer.rate = recipe.rate * (1 - epoch / recipe.epochs)
        losses = [trainer.step([seen[i] for i in part], kinds[list(part)]) for part in _batches(order, recipe.batch)]
        say(f"epoch {epoch + 1}: {np.mean(losses):.4f}")
    return trainer.weights()


def _together(members: Sequence[Weights]) -> Weights:
    """Return one classifier whose scores are the mean of several: their hidden layers stand side by side."""
    return Weights(
        KINDS,
        surface=np.mean([member.surface for member in members], axis=0),
        hidden=np.concatenate([member.hidden for member in members], axis=1),
        hidden_bias=np.concatenate([member.hidden_bias for member in members]),
        out=np.concatenate([member.out for member in members]) * np.float32(1 / len(members)),
        bias=np.mean([member.bias for member in members], axis=0),
    )


def write(weights: Weights, path: Path) -> None:
    """Write the weights; the largest table as whole numbers of one byte."""
    step = np.float32(np.abs(weights.surface).max() / _LARGEST)
    np.savez_compressed(
        path,
        embedder=np.array(embedder_version()),
        kinds=np.array(weights.kinds),
        surface=np.round(weights.surface / step).astype(np.int8),
        surface_step=step,
        hidden=weights.hidden.astype(np.float16),
        hidden_bias=weights.hidden_bias,
        out=weights.out,
        bias=weights.bias,
    )


class _Trainer:
    """Softmax regression over runs, and one hidden layer over the meaning; Adam, one batch after another."""

    def __init__(self, recipe: Recipe, seed: int, dimension: int) -> None:
        self.rate = recipe.rate
        self._recipe = recipe
        self._chance = np.random.default_rng(seed)
        started = self._chance.normal(size=(dimension, recipe.hidden)).astype(np.float32) * np.float32(
            2 / dimension**0.5
        )
        self._told = {
            "surface": np.zeros((BUCKETS, len(KINDS)), np.float32),
            "hidden": started,
            "hidden_bias": np.zeros(recipe.hidden, np.float32),
            "out": self._chance.normal(size=(recipe.hidden, len(KINDS))).astype(np.float32) * np.float32(0.1),
            "bias": np.zeros(len(KINDS), np.float32),
        }
        self._mean = {name: np.zeros_like(table) for name, table in self._told.items()}
        self._square = {name: np.zeros_like(table) for name, table in self._told.items()}
        self._steps = 0

    def step(self, batch: Sequence[Features], kinds: npt.NDArray[np.intp]) -> float:
        """Learn from a batch; return its loss."""
        kept = [self._thinned(features) for features in batch]
        told = shares(self.weights(), kept)
        right = told[np.arange(len(kinds)), kinds]
        slope = told.copy()
        slope[np.arange(len(kinds)), kinds] -= 1
        slope /= len(kinds)
        self._descend(self._slopes(kept, slope))
        return float(-np.log(np.maximum(right, 1e-9)).mean())

    def weights(self) -> Weights:
        """Return what is known so far."""
        return Weights(KINDS, **self._told)

    def _thinned(self, features: Features) -> Features:
        rows = features.rows[self._chance.random(len(features.rows)) >= self._recipe.dropped]
        signs = features.signs[self._chance.random(len(features.signs)) >= self._recipe.dropped]
        meaning = features.meaning + self._chance.normal(size=len(features.meaning)) * 0.02
        return Features(rows, signs, meaning.astype(np.float32))

    def _slopes(self, batch: Sequence[Features], slope: Floats) -> dict[str, Floats]:
        meanings = np.stack([features.meaning for features in batch])
        before = meanings @ self._told["hidden"] + self._told["hidden_bias"]
        inner = np.maximum(before, 0)
        inward = (slope @ self._told["out"].T) * (before > 0)
        surface = np.zeros_like(self._told["surface"])
        sizes = np.array([len(features.rows) for features in batch])
        scaled = slope / np.sqrt(np.maximum(sizes, 1)).astype(np.float32)[:, None]
        np.add.at(surface, np.concatenate([features.rows for features in batch]), np.repeat(scaled, sizes, axis=0))
        told = np.array([len(features.signs) for features in batch])
        np.add.at(
            surface,
            np.concatenate([features.signs for features in batch]),
            np.repeat(SIGN_WEIGHT * slope, told, axis=0),
        )
        return {
            "surface": surface,
            "hidden": meanings.T @ inward,
            "hidden_bias": inward.sum(axis=0),
            "out": inner.T @ slope,
            "bias": slope.sum(axis=0),
        }

    def _descend(self, slopes: Mapping[str, Floats]) -> None:
        self._steps += 1
        for name, slope in slopes.items():
            mean, square, table = self._mean[name], self._square[name], self._told[name]
            mean += (1 - _DECAYS[0]) * (slope - mean)
            square += (1 - _DECAYS[1]) * (slope**2 - square)
            ahead = mean / (1 - _DECAYS[0] ** self._steps)
            spread = np.sqrt(square / (1 - _DECAYS[1] ** self._steps)) + 1e-8
            table -= self.rate * (ahead / spread + self._recipe.shrink * table)


def _times(line: str, recipe: Recipe) -> int:
    choices = sum(match[1].count("|") for match in _CHOICE.finditer(line))
    return min(recipe.most_texts_of_a_line, 1 + choices + 3 * len(_WORD.findall(line)))


def _joined(found: Sequence[Text], plain: Sequence[str], recipe: Recipe, chance: random.Random) -> list[Text]:
    """Return texts with an ordinary one before or after: the sign may stand anywhere."""
    joined = []
    for text in chance.sample(found, int(len(found) * recipe.joined)):
        pair = [text.text, chance.choice(plain)]
        chance.shuffle(pair)
        joined.append(Text(chance.choice(["。", "，", ". ", " ", "\n"]).join(pair), text.kind))
    return joined


def _slipped(found: Sequence[Text], recipe: Recipe, chance: random.Random) -> list[Text]:
    """Return texts with a character lost, doubled or swapped with the next."""
    slipped = []
    for text in chance.sample(found, int(len(found) * recipe.slips)):
        at, said_so = chance.randrange(len(text.text)), text.text
        a, b = said_so[at : at + 1], said_so[at + 1 : at + 2]
        changed = chance.choice(["", a + a, b + a]) if b else a
        slipped.append(
            Text(said_so[:at] + changed + said_so[at + 1 + (len(changed) == 2 and changed != a + a) :], text.kind)
        )
    return slipped


def _batches(order: Sequence[int], size: int) -> list[Sequence[int]]:
    return [order[start : start + size] for start in range(0, len(order), size)]
