"""Preferences as token ids, and in two splits: what is learned, and what is only measured."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vouch.finetune.preference.types import LeftOut, Pair, Preference
from vouch.finetune.training.sequences import Spoken
from vouch.generation.chat import Message
from vouch.generation.templates.joined import Joined
from vouch.retrieval.errors import ModelError, TrainingFailed


@dataclass(frozen=True, slots=True)
class PairData:
    """What a run reads."""

    train: tuple[Pair, ...]
    held_out: tuple[Pair, ...]
    left_out: tuple[LeftOut, ...]


def pair_of(one: Preference, language: Spoken) -> Pair:
    """Return a preference as token ids, in the templates of serving; ModelError for turns that the format lacks."""
    prompt = language.form.segments(one.messages, one.tools)
    joined = [
        Joined.of(prompt, language.form.reply(Message("assistant", answer), one.tools), language.vocabulary)
        for answer in (one.chosen, one.rejected)
    ]
    return Pair(joined[0].prompt, joined[0].reply, joined[1].reply, one.id, one.group)


def read_pairs(
    train: Sequence[Preference], held_out: Sequence[Preference], share: float, seed: int, fitting: "Fitting"
) -> PairData:
    """Return both splits; without a held-out one, a share of the groups drawn by hash. TrainingFailed for no pairs."""
    if not held_out and share:
        train, held_out = _parted(train, share, seed)
    shared = {one.group for one in train} & {one.group for one in held_out}
    if shared:
        raise TrainingFailed(
            f"data.held_out has groups that are trained on, such as {min(shared)[:60]!r}: what is measured must be "
            "other questions; give them a group of their own, or set data.held_out_share alone"
        )
    left_out: list[LeftOut] = []
    learned, measured = (tuple(fitting.pairs(part, left_out)) for part in (train, held_out))
    if not learned:
        why = f"{left_out[0].id}: {left_out[0].reason}" if left_out else "none was given"
        raise TrainingFailed(f"no preference is left to learn from ({why})")
    return PairData(learned, measured, tuple(left_out))


@dataclass(frozen=True, slots=True)
class Fitting:
    """How preferences become token ids, and how long they may be."""

    language: Spoken
    limit: int

    def pairs(self, preferences: Iterable[Preference], left_out: list[LeftOut]) -> Iterable[Pair]:
        """Yield what fits; add the rest to `left_out`."""
        for one in preferences:
            try:
                pair = pair_of(one, self.language)
            except ModelError as error:
                left_out.append(LeftOut(one.id, f"the model's format cannot say it ({error})"))
                continue
            if pair.length > self.limit:
                left_out.append(LeftOut(one.id, f"{pair.length} tokens, more than {self.limit}"))
            else:
                yield pair


def _parted(preferences: Sequence[Preference], share: float, seed: int) -> tuple[list[Preference], list[Preference]]:
    groups = {one.group for one in preferences}
    if len(groups) < 2:
        raise TrainingFailed(
            f"{len(preferences)} preferences about one question: nothing can be held out; gather more, or set "
            "data.held_out_share = 0 to train without measuring"
        )
    order = sorted(groups, key=lambda group: hashlib.sha256(f"{seed} {group}".encode()).digest())
    apart = set(order[: min(max(1, round(share * len(order))), len(order) - 1)])
    return (
        [one for one in preferences if one.group not in apart],
        [one for one in preferences if one.group in apart],
    )
