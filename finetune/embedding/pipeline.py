"""A recipe and a folder of data to an embedder, step by step."""

import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vouch.finetune.embedding.artefact import Written, write_embedder
from vouch.finetune.embedding.bags import bags_of
from vouch.finetune.embedding.first_vectors import first_vectors, mixed_directions, random_directions
from vouch.finetune.embedding.pairs import Pair, gather
from vouch.finetune.embedding.recipe import Recipe, load_recipe
from vouch.finetune.embedding.train import limit_threads, train
from vouch.finetune.embedding.vocabulary import Vocabulary, choose_vocabulary
from vouch.retrieval.token_bag import Bag
from vouch.retrieval.types import Vectors

Say = Callable[[str], None]


def train_embedder(recipe_file: Path, data: Path, out: Path, threads: int, say: Say) -> Written:
    """Train as the recipe says and write the embedder's files to `out`, made if there is no such folder."""
    started = time.monotonic()
    recipe = load_recipe(recipe_file)
    limit_threads(threads)
    gathered = gather(recipe, data)
    say(f"{len(gathered.pairs)} pairs; {gathered.left_out} left out because they are measured with")
    texts = list(dict.fromkeys(text for pair in gathered.pairs for text in (pair.query, pair.positive)))
    vocabulary = choose_vocabulary(texts, recipe.vocabulary)
    say(f"{len(vocabulary.tokens)} tokens of {vocabulary.texts} texts")
    start = _start(vocabulary, recipe, out)
    bags = bags_of(texts, Bag(vocabulary.tokens, recipe.vocabulary.shared))
    table = start
    for progress in train(start, bags, _numbered(gathered.pairs, texts), recipe.training, recipe.seed):
        minutes = (time.monotonic() - started) / 60
        say(f"epoch {progress.epoch} of {progress.epochs}: loss {progress.loss:.3f} ({minutes:.1f} min)")
        table = progress.table
    return write_embedder(out, vocabulary.tokens, table)


def _start(vocabulary: Vocabulary, recipe: Recipe, out: Path) -> Vectors:
    directions = random_directions(len(vocabulary.tokens) + recipe.vocabulary.shared, recipe.dimension, recipe.seed)
    if recipe.teacher.model == "multilingual-e5-small":
        from vouch.finetune.embedding.e5_teacher import E5Teacher

        directions = mixed_directions(directions, vocabulary.tokens, E5Teacher(out), recipe.teacher.dimensions)
    return first_vectors(vocabulary, directions)


def _numbered(pairs: tuple[Pair, ...], texts: list[str]) -> dict[str, npt.NDArray[np.int64]]:
    """Return for each group the numbers of the texts of its pairs."""
    number = {text: place for place, text in enumerate(texts)}
    found: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for pair in pairs:
        found[pair.group].append((number[pair.query], number[pair.positive]))
    return {group: np.array(rows, np.int64) for group, rows in found.items()}
