"""Adapters as a table and as JSON."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vouch.app.document_table import aligned

if TYPE_CHECKING:
    from vouch.finetune.adapters.listing import AdapterSummary

_HEADER = ("name", "base", "method", "rank", "layers", "trained", "data", "scores")
_WIDEST = 80
"""Columns of one cell: the reason why an adapter is broken fits."""


def adapter_table(found: "Sequence[AdapterSummary]") -> str:
    """Return a line for each adapter, what is wrong with it instead of its data where it is broken."""
    return aligned([_HEADER, *(_row(entry) for entry in found)], _WIDEST)


def _row(entry: "AdapterSummary") -> tuple[str, ...]:
    if entry.problem:
        return (entry.name, f"BROKEN: {entry.problem}", "", "", "", "", "", "")
    return (
        entry.name,
        entry.base,
        entry.method,
        f"{entry.rank} (alpha {entry.alpha:g})",
        ", ".join(entry.targets),
        entry.trained,
        entry.data,
        ", ".join(f"{name} {value:.4g}" for name, value in entry.scores.items()),
    )


def adapter_json(entry: "AdapterSummary") -> Mapping[str, Any]:
    """Return an adapter as the JSON of `vouch finetune adapters`; `problem` is null where it can be used."""
    return {
        "name": entry.name,
        "folder": str(entry.folder),
        "problem": entry.problem or None,
        "base": entry.base,
        "method": entry.method,
        "rank": entry.rank,
        "alpha": entry.alpha,
        "targets": list(entry.targets),
        "trained": entry.trained or None,
        "data": entry.data or None,
        "scores": dict(entry.scores),
    }
