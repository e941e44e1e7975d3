"""From examples, wherever they come from, to the files that a training reads: checked, parted and described."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vouch.finetune.examples.archives import ArchiveOptions, LeftOut, read_archive
from vouch.finetune.examples.choices import Choices
from vouch.finetune.examples.duplicates import without_duplicates
from vouch.finetune.examples.files import write_examples
from vouch.finetune.examples.leaks import evaluation_items, left_out, without_leaks
from vouch.finetune.examples.selection import mixed, shuffled, split
from vouch.finetune.examples.statistics import Length, lengths_by_kind, statistics
from vouch.finetune.examples.types import Example
from vouch.retrieval.atomic_file import write_atomically
from vouch.retrieval.errors import UsageError

TRAIN, HELD_OUT, STATISTICS, LEFT_OUT = "train.jsonl", "held_out.jsonl", "statistics.json", "left_out.jsonl"


@dataclass(slots=True)
class Gathered:
    """Examples as they came, and what was left out on the way."""

    examples: list[Example] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    not_made: Counter[str] = field(default_factory=Counter)
    """Why questions over a library made no example, and how many."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The examples of a training, and everything that is told about them."""

    train: list[Example]
    held_out: list[Example]
    left_out: list[LeftOut]
    report: Mapping[str, Any]


def gather(paths: Iterable[Path], options: ArchiveOptions, strict: bool) -> Gathered:
    """Return the examples of archives; UsageError for a file of no use, and for the first bad example if `strict`."""
    gathered = Gathered()
    for path in paths:
        examples, bad = read_archive(path, options)
        if bad and strict:
            raise UsageError(f"{bad[0].place}: {bad[0].reason} ({len(bad)} bad examples; without --strict left out)")
        gathered.examples += examples
        gathered.left_out += bad
    return gathered


def choose(gathered: Gathered, choices: Choices, length: Length, unit: str) -> Chosen:
    """Return what of the examples is trained on and measured; UsageError where nothing is left."""
    items = evaluation_items(choices.against)
    unique, duplicates = without_duplicates(gathered.examples)
    clean, leaks = without_leaks(unique, items)
    kept = shuffled(mixed(clean, choices.shares, choices.seed), choices.seed)
    if not kept:
        raise UsageError(
            f"no example is left of {len(gathered.examples)}: {len(duplicates)} are duplicates, "
            f"{len(leaks)} stand in an evaluation set"
        )
    train, held_out = split(kept, choices.held_out, choices.seed)
    report = {
        "gathered": len(gathered.examples),
        "bad": len(gathered.left_out),
        "duplicates": len(duplicates),
        "leaks": {"removed": len(leaks), "ways": dict(Counter(leak.way for leak in leaks)), "against": len(items)},
        "left_by_mixture": len(clean) - len(kept),
        "not_made": dict(gathered.not_made.most_common()),
        "seed": choices.seed,
        "unit_of_length": unit,
        "train": statistics(train, length),
        "held_out": statistics(held_out, length),
    }
    told = [*gathered.left_out, *duplicates, *map(left_out, leaks)]
    return Chosen(train, held_out, told, report)


def write(chosen: Chosen, out: Path) -> None:
    """Write examples, statistics and the list of what was left out into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    write_examples(out / TRAIN, chosen.train)
    write_examples(out / HELD_OUT, chosen.held_out)
    write_atomically(out / STATISTICS, _json(chosen.report).encode())
    lines = [json.dumps({"place": one.place, "reason": one.reason}, ensure_ascii=False) for one in chosen.left_out]
    write_atomically(out / LEFT_OUT, "".join(f"{line}\n" for line in lines).encode())


def plotted(chosen: Chosen, length: Length) -> dict[str, list[int]]:
    """Return the lengths of all examples by kind."""
    return lengths_by_kind([*chosen.train, *chosen.held_out], length)


def report_text(report: Mapping[str, Any]) -> str:
    """Return the figures for people."""
    unit = report["unit_of_length"]
    lines = [
        f"{report['gathered']:,} examples gathered, {report['bad']} bad, {report['duplicates']} duplicates, "
        f"{report['leaks']['removed']} in an evaluation set, {report['left_by_mixture']} beyond the mixture"
    ]
    for name in ("train", "held_out"):
        part = report[name]
        lines.append(f"{name}: {part['examples']:,} examples of {part['groups']:,} groups")
        if part["examples"]:
            lines += [f"  kinds      {_listed(part['kinds'])}", f"  languages  {_listed(part['languages'])}"]
            spread = part["length"]
            lines.append(
                f"  {unit:<10} median {spread['median']:,}, 95 % up to {spread['p95']:,}, longest {spread['max']:,}, "
                f"{spread['total']:,} in all"
            )
    return "\n".join(lines)


def not_made_lines(report: Mapping[str, Any], at_most: int = 8) -> Sequence[str]:
    """Return the reasons for which questions made no example, the most frequent first."""
    return [f"{count:,} × {reason}" for reason, count in list(report["not_made"].items())[:at_most]]


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def _json(report: Mapping[str, Any]) -> str:
    return json.dumps(report, ensure_ascii=False, indent=2) + "\n"
