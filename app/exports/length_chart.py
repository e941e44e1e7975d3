"""How long training examples are, as a PNG picture: one histogram for each kind."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from vouch.app.exports.picture import picture

BINS = 40
ROW = 1.4
"""Inches of height for one kind."""


def draw_lengths(lengths: Mapping[str, Sequence[int]], unit: str, path: Path) -> None:
    """Write the picture; `lengths`: by kind, `unit`: what they are counted in."""
    longest = max((max(of_kind) for of_kind in lengths.values() if of_kind), default=1)
    edges = np.linspace(0, longest, BINS + 1)
    with picture(path, (8, ROW * len(lengths) + 0.8), f"Length of examples in {unit}") as figure:
        grid = figure.subplots(len(lengths), 1, sharex=True, squeeze=False)
        for axes, (kind, of_kind) in zip(grid.flat, lengths.items(), strict=True):
            axes.hist(of_kind, bins=edges, color="#4472a8")
            axes.set_ylabel(kind, fontsize=9)
            axes.axvline(float(np.percentile(of_kind, 95)), color="#c62828", linewidth=1)
            axes.tick_params(labelsize=8)
        grid.flat[-1].set_xlabel(f"{unit}; the red line: 95 % are not longer", fontsize=9)
