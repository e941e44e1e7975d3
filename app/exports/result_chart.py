"""An answer's values as a PNG picture: lines over the years, or bars with their values written on them."""

from math import nan
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from vouch.app.chart_results import Panel, ResultChart, Series
from vouch.app.exports.picture import picture

WIDTH, LINES_HEIGHT = 9.0, 4.2
BAR_HEIGHT, ABOVE_AND_BELOW = 0.34, 1.3
_BEHIND_TEXT = {"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.8}
"""A line through a number could hide its minus."""
ROOM = 0.18
"""Beside the longest bar, for its value."""


def draw_results(chart: ResultChart, path: Path) -> None:
    """Write the picture; UsageError where no installed font has Chinese characters."""
    heights = [_height(chart, panel) for panel in chart.panels]
    with picture(path, (WIDTH, sum(heights) + 0.5), chart.title) as figure:
        grid = figure.subplots(len(heights), 1, squeeze=False, height_ratios=heights)
        for axes, panel in zip(grid.flat, chart.panels, strict=True):
            (_draw_lines if chart.kind == "lines" else _draw_bars)(axes, panel)
            axes.set_title(panel.title, fontsize=11, loc="left")
            axes.spines[["top", "right"]].set_visible(False)
            if len(panel.series) > 1:
                axes.legend(fontsize=9, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _height(chart: ResultChart, panel: Panel) -> float:
    if chart.kind == "lines":
        return LINES_HEIGHT
    return BAR_HEIGHT * len(panel.marks) * max(1.0, 0.7 * len(panel.series)) + ABOVE_AND_BELOW


def _draw_lines(axes: Axes, panel: Panel) -> None:
    for series in panel.series:
        # A year without a value breaks the line.
        heights = [nan if value is None else value for value in series.values]
        (line,) = axes.plot(range(len(heights)), heights, marker="o", label=series.name)
        for at, value in enumerate(series.values):
            if value is not None:
                axes.annotate(
                    _written(value),
                    (at, value),
                    xytext=(0, -15 if _is_low(series, at) else 7),
                    textcoords="offset points",
                    ha="center",
                    fontsize=8,
                    color=line.get_color(),
                    bbox=_BEHIND_TEXT,
                )
    axes.set_xticks(range(len(panel.marks)), panel.marks)
    axes.set_xlim(-0.4, len(panel.marks) - 0.6)
    axes.margins(y=0.15)
    axes.set_ylabel(panel.unit)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _at: _written(value)))
    axes.grid(axis="y", alpha=0.3)
    _mark_zero(axes, panel, upright=False)


def _is_low(series: Series, at: int) -> bool:
    """Say whether the line rises from a point on the whole, so that its number stands clear below it."""
    value, beside = series.values[at], (*series.values[max(0, at - 1) : at], *series.values[at + 1 : at + 2])
    known = [other for other in beside if other is not None]
    return value is not None and bool(known) and value < sum(known) / len(known)


def _draw_bars(axes: Axes, panel: Panel) -> None:
    thick = 0.8 / len(panel.series)
    for number, series in enumerate(panel.series):
        bars = [(at, value) for at, value in enumerate(series.values) if value is not None]
        places = [at - 0.4 + thick * (number + 0.5) for at, _ in bars]
        drawn = axes.barh(places, [value for _, value in bars], height=thick * 0.92, label=series.name)
        axes.bar_label(drawn, [_written(value) for _, value in bars], padding=3, fontsize=8)
    axes.set_yticks(range(len(panel.marks)), panel.marks)
    axes.set_ylim(len(panel.marks) - 0.5, -0.5)
    axes.margins(x=ROOM)
    axes.set_xlabel(panel.unit)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _at: _written(value)))
    axes.grid(axis="x", alpha=0.3)
    axes.set_axisbelow(True)
    _mark_zero(axes, panel, upright=True)


def _mark_zero(axes: Axes, panel: Panel, upright: bool) -> None:
    """Draw the zero line where values lie below it."""
    if any(value is not None and value < 0 for series in panel.series for value in series.values):
        (axes.axvline if upright else axes.axhline)(0, color="black", linewidth=0.8)


def _written(value: float) -> str:
    """Return a number as it is read in a chart: 6.07, 1,234, 0.0123."""
    if value and abs(value) < 0.1:
        return f"{value:.3g}"
    return f"{value:,.2f}".rstrip("0").rstrip(".")
