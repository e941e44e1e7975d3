"""Which examples are kept and for what: the mixture of kinds, and the split that no group crosses. Seeded."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence

from vouch.finetune.examples.types import Example, Kind
from vouch.retrieval.errors import UsageError


def mixed(examples: Sequence[Example], shares: Mapping[Kind, float], seed: int) -> list[Example]:
    """Return as many examples as have these shares of kinds; kinds without one fill the rest as they come.

    Nothing is repeated: the kind that is scarcest for its share decides how many there are.
    """
    if not shares:
        return list(examples)
    if sum(shares.values()) > 1 + 1e-9:
        raise UsageError(f"the shares of kinds add up to {sum(shares.values()):g}: more than 1")
    of_kind: dict[Kind, list[Example]] = defaultdict(list)
    for example in examples:
        of_kind[example.kind].append(example)
    missing = [kind for kind, share in shares.items() if share > 0 and not of_kind[kind]]
    if missing:
        raise UsageError(f"a share of kind {missing[0]} is wanted and there is no such example")
    rest = 1 - sum(shares.values())
    others = sum(len(found) for kind, found in of_kind.items() if kind not in shares)
    limits = [len(of_kind[kind]) / share for kind, share in shares.items() if share > 0]
    if rest > 1e-9:
        limits.append(others / rest)
    total = min(limits)
    wanted = {kind: shares[kind] * total for kind in shares}
    wanted |= {kind: len(of_kind[kind]) / others * rest * total for kind in of_kind if kind not in shares and others}
    kept = {
        example.id
        for kind, found in of_kind.items()
        for example in sorted(found, key=lambda one: _order(seed, one.id))[: round(wanted[kind])]
    }
    return [example for example in examples if example.id in kept]


def split(examples: Sequence[Example], held_out: float, seed: int) -> tuple[list[Example], list[Example]]:
    """Return the examples to train on and those held out, about this share of them; a group is never parted."""
    sizes: dict[str, int] = defaultdict(int)
    for example in examples:
        sizes[example.group] += 1
    wanted, chosen, size = held_out * len(examples), set[str](), 0
    for group in sorted(sizes, key=lambda name: _order(seed, name)):
        # A group is taken if that brings the size nearer to what is wanted.
        if abs(size + sizes[group] - wanted) < abs(size - wanted):
            chosen.add(group)
            size += sizes[group]
    train = [example for example in examples if example.group not in chosen]
    return train, [example for example in examples if example.group in chosen]


def shuffled(examples: Sequence[Example], seed: int) -> list[Example]:
    """Return the examples in an order that only their content and the seed decide."""
    return sorted(examples, key=lambda example: _order(seed, example.id))


def _order(seed: int, name: str) -> str:
    return hashlib.sha256(f"{seed}:{name}".encode()).hexdigest()
