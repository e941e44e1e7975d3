"""Example files as what a run trains on and what it only measures; what cannot be used is listed, never cut."""

import hashlib
from collections.abc import Sequence as Several
from dataclasses import dataclass, field
from pathlib import Path

from vouch.finetune.examples.files import read_examples
from vouch.finetune.examples.types import Example
from vouch.finetune.training.packing import packed
from vouch.finetune.training.recipe import DataRecipe
from vouch.finetune.training.sequences import Spoken, learned_turns, sequence_of
from vouch.finetune.training.types import Sequence
from vouch.generation.chat import Sampling
from vouch.generation.models.reply import ReplyInProgress
from vouch.generation.templates.tool_texts import thawed
from vouch.retrieval.errors import ModelError, TrainingFailed, UsageError

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A turn that is not learned."""

    example: str
    turn: int
    """From 1 on, in the example's messages."""
    tokens: int
    reason: str


@dataclass(frozen=True, slots=True)
class Split:
    """Sequences that are learned, or only measured."""

    sequences: tuple[Sequence, ...]
    left_out: tuple[LeftOut, ...]
    examples: int
    """As many as were read."""

    @property
    def tokens(self) -> int:
        """Of prompts and replies."""
        return sum(sequence.length for sequence in self.sequences)


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What a run reads."""

    train: Split
    held_out: Split

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """Of both splits."""
        return self.train.left_out + self.held_out.left_out

    def rows(self, packing: bool, capacity: int) -> list[tuple[Sequence, ...]]:
        """Return the rows that are trained on: a sequence each or, packed, as many as `capacity` tokens take."""
        learned = self.train.sequences
        if not packing:
            return [(sequence,) for sequence in learned]
        return [tuple(learned[place] for place in row) for row in packed([one.length for one in learned], capacity)]


def read_data(folder: Path, recipe: DataRecipe, language: Spoken, limit: int, seed: int) -> TrainingData:
    """Return the data of a recipe whose paths start from a folder, as sequences of at most `limit` tokens.

    TrainingFailed where nothing is left to learn, or the splits share a group; UsageError for a file that is none.
    """
    if not recipe.train:
        raise UsageError("the recipe names no examples: set data.train to files of `vouch finetune examples`")
    train = [example for name in recipe.train for example in read_examples(folder / name)]
    held_out = [example for name in recipe.held_out for example in read_examples(folder / name)]
    if recipe.held_out:
        _check_apart(train, held_out)
    elif recipe.held_out_share:
        train, held_out = _parted(train, recipe.held_out_share, seed)
    data = TrainingData(_split(train, language, recipe, limit), _split(held_out, language, recipe, limit))
    if not data.train.sequences:
        raise TrainingFailed(f"no example is left to learn from: {listed(data.train.left_out)}")
    if held_out and not data.held_out.sequences:
        raise TrainingFailed(f"no held-out example is left to measure: {listed(data.held_out.left_out)}")
    return data


def listed(left_out: Several[LeftOut]) -> str:
    """Return in one line which turns are not learned, and why; the first few by name."""
    shown = "; ".join(f"{one.example}, turn {one.turn}: {one.reason}" for one in left_out[:_SHOWN])
    more = f"; and {len(left_out) - _SHOWN} more" if len(left_out) > _SHOWN else ""
    return f"{len(left_out)} left out ({shown}{more})"


def _split(examples: Several[Example], language: Spoken, recipe: DataRecipe, limit: int) -> Split:
    found = _Found(language, limit)
    for example in examples:
        for place in learned_turns(example, recipe.turns):
            found.add(example, place)
    return Split(tuple(found.sequences), tuple(found.left_out), len(examples))


@dataclass(slots=True)
class _Found:
    """Collects what can be learned and what cannot."""

    language: Spoken
    limit: int
    sequences: list[Sequence] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def add(self, example: Example, place: int) -> None:
        try:
            made = sequence_of(example, place, self.language)
        except ModelError as error:
            self.left_out.append(LeftOut(example.id, place + 1, 0, f"the model's format cannot say it ({error})"))
            return
        reason = ""
        if made.length > self.limit:
            reason = f"{made.length} tokens, more than {self.limit}"
        elif not _read_back(made, example, place, self.language):
            reason = "serving would not read these tool calls back from what the model writes"
        if reason:
            self.left_out.append(LeftOut(example.id, place + 1, made.length, reason))
        else:
            self.sequences.append(made)


def _read_back(made: Sequence, example: Example, place: int, language: Spoken) -> bool:
    """Say whether serving reads the turn's calls, names and arguments, from its tokens."""
    wanted = example.messages[place].tool_calls
    if not wanted:
        return True
    reply = ReplyInProgress(language.vocabulary, language.form.reader(example.tools), Sampling())
    for token in made.reply[:-1]:
        reply.add(token)
    _, found = reply.end()
    return [(call.name, call.arguments) for call in found] == [(call.name, thawed(call.arguments)) for call in wanted]


def _check_apart(train: Several[Example], held_out: Several[Example]) -> None:
    shared = sorted({example.group for example in train} & {example.group for example in held_out})
    if shared:
        more = f" and {len(shared) - _SHOWN} more" if len(shared) > _SHOWN else ""
        raise TrainingFailed(
            f"data.held_out has groups that are trained on: {', '.join(shared[:_SHOWN])}{more}. What is measured must "
            "come from other documents: split with `vouch finetune examples`, or set data.held_out_share alone"
        )


def _parted(examples: Several[Example], share: float, seed: int) -> tuple[list[Example], list[Example]]:
    """Return the examples in two, by group, drawn by hash: a group more in the files hardly changes the draw."""
    groups = {example.group for example in examples}
    if len(groups) < 2:
        raise TrainingFailed(
            "the examples are all of one group, of which nothing can be held out: set data.held_out to another file, "
            "or data.held_out_share = 0 to train without measuring"
        )
    order = sorted(groups, key=lambda group: hashlib.sha256(f"{seed} {group}".encode()).digest())
    apart = set(order[: min(max(1, round(share * len(order))), len(order) - 1)])
    return (
        [example for example in examples if example.group not in apart],
        [example for example in examples if example.group in apart],
    )
