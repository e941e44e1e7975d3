"""The losses of a run as a picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

_SMOOTHED = 20
"""Steps that the thick line averages."""


def write_loss_plot(lines: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write training and held-out loss over the steps as a PNG; `lines` as in losses.jsonl."""
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    steps = [line["step"] for line in lines if "loss" in line]
    losses = [line["loss"] for line in lines if "loss" in line]
    measured = [(line["step"], line["held_out"]["loss"]) for line in lines if "held_out" in line]
    axes.plot(steps, losses, color="tab:blue", alpha=0.3, linewidth=1)
    axes.plot(steps, _smoothed(losses), color="tab:blue", linewidth=2, label="training")
    if measured:
        axes.plot(*zip(*measured, strict=True), color="tab:orange", marker="o", markersize=4, label="held out")
    axes.set_xlabel("step")
    axes.set_ylabel("loss (nats a learned token)")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, format="png", dpi=120)


def _smoothed(values: Sequence[float]) -> list[float]:
    """Return the mean of each value and those shortly before it."""
    parts = [values[max(0, end - _SMOOTHED) : end] for end in range(1, len(values) + 1)]
    return [sum(part) / len(part) for part in parts]
