"""Least values of metrics: read from `METRIC=VALUE`, found in a summary, and what lies below them."""

import difflib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vouch.retrieval.errors import UsageError

SHORT = ("modes.",)
"""What may be left out at the beginning of a metric's name: `lexical.ndcg@10`."""


@dataclass(frozen=True, slots=True)
class Floor:
    """A metric must not be less than this."""

    metric: str
    least: float


@dataclass(frozen=True, slots=True)
class Breach:
    """A metric that is under its floor."""

    floor: Floor
    value: float

    def __str__(self) -> str:
        return f"{self.floor.metric} is {self.value:.6g}, under the floor of {self.floor.least:g}"


def parse_floor(text: str) -> Floor:
    """Return the floor that `METRIC=VALUE` stands for; UsageError for anything else."""
    name, equals, number = text.rpartition("=")
    try:
        least = float(number)
    except ValueError:
        least = math.nan
    if not equals or not name.strip() or not math.isfinite(least):
        raise UsageError(f"--fail-under {text!r} is not METRIC=VALUE, such as accuracy=0.8")
    return Floor(name.strip(), least)


def metric_values(metrics: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    """Yield (name, value) of every number of a summary; dots part the names of what it stands in."""
    for name, value in metrics.items():
        if isinstance(value, Mapping):
            yield from metric_values(value, f"{prefix}{name}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield prefix + name, float(value)


def metric_value(metrics: Mapping[str, Any], metric: str) -> float:
    """Return the value of a metric; UsageError, naming the nearest one, where the summary has none of that name."""
    values = dict(metric_values(metrics))
    for start in SHORT:
        values |= {name.removeprefix(start): value for name, value in values.items() if name.startswith(start)}
    if metric not in values:
        raise _unknown(metric, list(values))
    return values[metric]


def breaches(metrics: Mapping[str, Any], floors: Sequence[Floor]) -> list[Breach]:
    """Return which floors are not reached; UsageError for a metric that the summary does not have."""
    measured = [Breach(floor, metric_value(metrics, floor.metric)) for floor in floors]
    return [breach for breach in measured if breach.value < breach.floor.least]


def _unknown(metric: str, known: list[str]) -> UsageError:
    near = difflib.get_close_matches(metric, known, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]}?" if near else "there are " + ", ".join(sorted(known, key=len)[:12])
    return UsageError(f"no metric is called {metric!r} here: {hint}")
