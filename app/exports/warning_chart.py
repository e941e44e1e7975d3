"""Early-warning signals as a PNG picture: each value on its own scale, with the zones in which it is raised."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes

from vouch.app.chart_signals import ChartSignal
from vouch.app.exports.picture import picture

COLOURS = {"alarm": "#c62828", "watch": "#ef9a00", "ok": "#2e7d32"}
COLUMNS = 3
MARGIN = 0.25


def draw_signals(title: str, signals: Sequence[ChartSignal], path: Path) -> None:
    """Write the picture; UsageError where no installed font has Chinese characters."""
    rows = -(-len(signals) // COLUMNS)
    with picture(path, (4 * COLUMNS, 1.1 * rows + 0.8), title) as figure:
        grid = figure.subplots(rows, COLUMNS, squeeze=False)
        for axes, signal in zip(grid.flat, signals, strict=False):
            _draw(axes, signal)
        for axes in list(grid.flat)[len(signals) :]:
            axes.set_axis_off()


def _draw(axes: Axes, signal: ChartSignal) -> None:
    points = [signal.value, *(zone.limit for zone in signal.zones)]
    room = (max(points) - min(points)) * MARGIN or abs(signal.value) * MARGIN or 1.0
    left, right = min(points) - room, max(points) + room
    for zone in signal.zones:
        start, end = (left, zone.limit) if zone.below else (zone.limit, right)
        axes.axvspan(start, end, color=COLOURS[zone.level], alpha=0.25, linewidth=0)
    axes.plot([signal.value], [0], marker="o", markersize=9, color=COLOURS[signal.level])
    axes.set_xlim(left, right)
    axes.set_ylim(-1, 1)
    axes.set_yticks([])
    limits = sorted({zone.limit for zone in signal.zones})
    axes.set_xticks(limits, [f"{limit:g}" for limit in limits], fontsize=8)
    axes.set_title(f"{signal.name}  {signal.text}", fontsize=9, loc="left", color=COLOURS[signal.level])
