"""A recipe and a folder of data to an embedder, and to the reranker over its tokens, step by step."""

import random
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vouch.finetune.embedding.artefact import Written, write_embedder
from vouch.finetune.embedding.bags import bags_of
from vouch.finetune.embedding.first_vectors import first_vectors, mixed_directions, random_directions
from vouch.finetune.embedding.pairs import Pair, gather
from vouch.finetune.embedding.recipe import Recipe, RerankerRule, load_recipe
from vouch.finetune.embedding.rerank_examples import Example, PassageEmbedder, examples
from vouch.finetune.embedding.rerank_network import train_network, write_network
from vouch.finetune.embedding.train import limit_threads, train
from vouch.finetune.embedding.vocabulary import Vocabulary, choose_vocabulary
from vouch.retrieval.token_bag import Bag
from vouch.retrieval.types import Vectors

Say = Callable[[str], None]
Opened = Callable[[Path], PassageEmbedder]


@dataclass(frozen=True, slots=True)
class Task:
    """What to train from, and where it goes."""

    recipe: Path
    data: Path
    """Folder that the recipe's paths start from."""
    out: Path
    """Made if there is no such folder."""
    threads: int = 2


def train_embedder(task: Task, say: Say) -> Written:
    """Train as the recipe says and write the embedder's files."""
    recipe = load_recipe(task.recipe)
    limit_threads(task.threads)
    return embedder_of(_gathered(recipe, task.data, say), recipe, task.out, say)


def train_reranker(task: Task, opened: Opened, say: Say) -> Path:
    """Train the light reranker and return its file, beside the embedder made for its training.

    `opened` gives the embedder whose files are in a folder.
    """
    recipe, out = load_recipe(task.recipe), task.out
    limit_threads(task.threads)
    pairs = _gathered(recipe, task.data, say)
    kept = [pair for pair in pairs if _is_held_out(pair, recipe.reranker)]
    embedder_of([pair for pair in pairs if not _is_held_out(pair, recipe.reranker)], recipe, out, say)
    found: list[Example] = []
    for group in recipe.reranker.groups:
        corpus = list(dict.fromkeys(pair.positive for pair in pairs if pair.group == group))
        found += examples(_asked(kept, group, recipe), corpus, opened(out))
        say(f"{len(found)} questions with candidates after {group}")
    write_network(out / "light.npz", train_network(found, recipe.reranker, recipe.seed))
    return out / "light.npz"


def embedder_of(pairs: Sequence[Pair], recipe: Recipe, out: Path, say: Say) -> Written:
    """Train an embedder on these pairs and write its files."""
    started = time.monotonic()
    texts = list(dict.fromkeys(text for pair in pairs for text in (pair.query, pair.positive)))
    vocabulary = choose_vocabulary(texts, recipe.vocabulary)
    say(f"{len(vocabulary.tokens)} tokens of {vocabulary.texts} texts")
    table = _start(vocabulary, recipe, out)
    bags = bags_of(texts, Bag(vocabulary.tokens, recipe.vocabulary.shared))
    for progress in train(table, bags, _numbered(pairs, texts), recipe.training, recipe.seed):
        minutes = (time.monotonic() - started) / 60
        say(f"epoch {progress.epoch} of {progress.epochs}: loss {progress.loss:.3f} ({minutes:.1f} min)")
        table = progress.table
    return write_embedder(out, vocabulary.tokens, table)


def _gathered(recipe: Recipe, data: Path, say: Say) -> tuple[Pair, ...]:
    gathered = gather(recipe, data)
    say(f"{len(gathered.pairs)} pairs; {gathered.left_out} left out because they are measured with")
    return gathered.pairs


def _is_held_out(pair: Pair, rule: RerankerRule) -> bool:
    return pair.group in rule.groups and zlib.crc32(pair.query.encode()) % rule.one_in == 0


def _asked(kept: Sequence[Pair], group: str, recipe: Recipe) -> dict[str, set[str]]:
    """Return the queries of a group with all that answers each, as many as the recipe wants, drawn by its seed."""
    answers: defaultdict[str, set[str]] = defaultdict(set)
    for pair in kept:
        if pair.group == group and len(pair.query) < recipe.reranker.longest:
            answers[pair.query].add(pair.positive)
    queries = sorted(answers)
    random.Random(recipe.seed).shuffle(queries)  # noqa: S311 - a sample, no secret
    return {query: answers[query] for query in queries[: recipe.reranker.most]}


def _start(vocabulary: Vocabulary, recipe: Recipe, out: Path) -> Vectors:
    directions = random_directions(len(vocabulary.tokens) + recipe.vocabulary.shared, recipe.dimension, recipe.seed)
    if recipe.teacher.model == "multilingual-e5-small":
        from vouch.finetune.embedding.e5_teacher import E5Teacher

        directions = mixed_directions(directions, vocabulary.tokens, E5Teacher(out), recipe.teacher.dimensions)
    return first_vectors(vocabulary, directions)


def _numbered(pairs: Sequence[Pair], texts: list[str]) -> dict[str, npt.NDArray[np.int64]]:
    """Return for each group the numbers of the texts of its pairs."""
    number = {text: place for place, text in enumerate(texts)}
    found: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for pair in pairs:
        found[pair.group].append((number[pair.query], number[pair.positive]))
    return {group: np.array(rows, np.int64) for group, rows in found.items()}
