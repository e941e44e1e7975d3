"""Small plots as SVG text: stacked bars, bars with intervals, histograms. Knows no metric; every label is escaped.

Colours come from the report's style sheet through class names, so that plots follow a dark or light page.
"""

import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 720
ROW = 24
BAR = 16
LEFT_MOST = 260
CHARACTER = 7.2
"""Width of a Latin letter at the size used, in pixels; a Chinese one takes 1.8 times that."""


@dataclass(frozen=True, slots=True)
class StackedRow:
    """One bar of counts that add up."""

    label: str
    parts: tuple[tuple[str, int], ...]
    """(class name, count), from left to right."""

    @property
    def total(self) -> int:
        return sum(count for _, count in self.parts)


@dataclass(frozen=True, slots=True)
class ValueRow:
    """One bar of a value from 0 to 1 with its interval, if one is known."""

    label: str
    value: float
    interval: tuple[float, float] | None = None


def stacked_bars(title: str, rows: Sequence[StackedRow]) -> str:
    """Return bars of equal length that show shares; counts stand in the parts that have room for them."""
    left = _margin(row.label for row in rows)
    room = WIDTH - left - 60
    drawn: list[str] = []
    for number, row in enumerate(rows):
        y = number * ROW + 4
        drawn.append(_text(left - 8, y + 12, row.label, "end"))
        x = float(left)
        for name, count in row.parts:
            wide = room * count / row.total if row.total else 0.0
            drawn.append(_rect(x, y, wide, f"part {name}", f"{row.label}: {count} {name} of {row.total}"))
            if wide > CHARACTER * len(str(count)) + 6:
                drawn.append(_text(x + wide / 2, y + 12, str(count), "middle", "inside"))
            x += wide
        drawn.append(_text(left + room + 8, y + 12, str(row.total), "start", "faint"))
    return _svg(title, len(rows) * ROW + 8, drawn)


def value_bars(title: str, rows: Sequence[ValueRow]) -> str:
    """Return bars on a scale from 0 to 1 with whiskers for the intervals."""
    left = _margin(row.label for row in rows)
    room = WIDTH - left - 70
    drawn: list[str] = []
    for number, row in enumerate(rows):
        y = number * ROW + 4
        shown = min(max(row.value, 0.0), 1.0)
        drawn += [
            _text(left - 8, y + 12, row.label, "end"),
            _rect(left, y, room, "ground", ""),
            _rect(left, y, room * shown, "value", f"{row.label}: {row.value:.4f}"),
            _text(left + room + 8, y + 12, f"{row.value:.3f}", "start"),
        ]
        if row.interval:
            low, high = (left + room * min(max(end, 0.0), 1.0) for end in row.interval)
            middle = y + BAR / 2
            ends = f"M{low:.1f} {middle - 4}v8M{high:.1f} {middle - 4}v8"
            drawn.append(f'<path class="whisker" d="{ends}M{low:.1f} {middle}H{high:.1f}"/>')
    return _svg(title, len(rows) * ROW + 8, drawn)


def histogram(title: str, values: Sequence[float], marks: Sequence[tuple[str, float]], unit: str) -> str:
    """Return how often values occur, on a logarithmic scale where the largest is over a hundred times the smallest."""
    positive = [value for value in values if value > 0]
    if not positive:
        return ""
    scale = _Scale(min(positive), max(positive))
    bins = min(36, max(6, math.isqrt(len(positive)) * 2))
    counts = [0] * bins
    for value in positive:
        counts[min(int(scale.share(value) * bins), bins - 1)] += 1
    tall, wide, base = 110.0, (WIDTH - 40) / bins, 140.0
    drawn = []
    for number, count in enumerate(counts):
        height = tall * count / max(counts)
        drawn.append(
            f'<rect class="value" x="{20 + number * wide:.1f}" y="{base - height:.1f}" '
            f'width="{wide - 1:.1f}" height="{height:.1f}"><title>{count}</title></rect>'
        )
    for number, (name, value) in enumerate(marks):
        x = 20 + scale.share(value) * (WIDTH - 40)
        right = x > WIDTH - 130
        drawn.append(f'<path class="whisker" d="M{x:.1f} {base - tall - 4}V{base}"/>')
        label = f"{name} {value:.3g} {unit}"
        drawn.append(_text(x - 4 if right else x + 4, 14.0 + 13 * number, label, "end" if right else "start"))
    drawn.append(_text(20, base + 16, f"{scale.low:.3g} {unit}", "start", "faint"))
    drawn.append(_text(WIDTH - 20, base + 16, f"{scale.high:.3g} {unit}", "end", "faint"))
    return _svg(title, 164, drawn)


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where between the smallest and the largest value another one stands."""

    low: float
    high: float

    def share(self, value: float) -> float:
        """Return 0 for the smallest and 1 for the largest value."""
        if self.low == self.high:
            return 0.0
        if self.high > 100 * self.low:
            return math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        return (max(value, self.low) - self.low) / (self.high - self.low)


def _margin(labels: Iterable[str]) -> int:
    """Return room for the longest label."""
    return min(LEFT_MOST, round(max((_width(label) for label in labels), default=0)) + 16)


def _width(label: str) -> float:
    return sum(CHARACTER * (1.8 if unicodedata.east_asian_width(letter) in "WF" else 1) for letter in label)


def _cut(label: str) -> str:
    """Return a label that fits into the widest margin."""
    while _width(label) > LEFT_MOST - 16:
        label = label[:-2] + "…"
    return label


def _text(x: float, y: float, text: str, anchor: str, name: str = "") -> str:
    kind = f' class="{name}"' if name else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{kind}>{escape(_cut(text))}</text>'


def _rect(x: float, y: float, width: float, name: str, tip: str) -> str:
    inside = f"<title>{escape(tip)}</title>" if tip else ""
    return f'<rect class="{name}" x="{x:.1f}" y="{y}" width="{width:.1f}" height="{BAR}">{inside}</rect>'


def _svg(title: str, height: int, drawn: Sequence[str]) -> str:
    return (
        f'<svg role="img" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'aria-label="{escape(title)}">{"".join(drawn)}</svg>'
    )
