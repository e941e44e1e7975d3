"""Adapters in folders, described from what stands beside their weights; no weights are read."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from vouch.retrieval.errors import ModelError

SETTINGS = "adapter_config.json"
REPORT = "report.json"
_WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin")
_CHECKPOINTS = "checkpoints"
_NO_SCORE = frozenset({"seconds"})
"""What measuring took; stands among the metrics of a report."""
_BASE = "base_model.json"
"""What training writes beside an adapter: name and fingerprint of its base."""


@dataclass(frozen=True, slots=True)
class AdapterSummary:
    """One adapter, or a folder that should be one: then `problem` says what is wrong."""

    name: str
    folder: Path
    problem: str = ""
    base: str = ""
    method: str = ""
    rank: int = 0
    alpha: float = 0.0
    targets: tuple[str, ...] = ()
    trained: str = ""
    """When, as its run wrote it; empty where no report is there."""
    data: str = ""
    """What it was trained on."""
    scores: Mapping[str, float] = field(default_factory=dict)
    """On what it was not trained on, after training."""


def find_adapters(folders: Iterable[Path]) -> list[AdapterSummary]:
    """Return the adapters in folders and below them, checkpoints of runs apart; ModelError for what is no folder."""
    found: dict[Path, AdapterSummary] = {}
    for folder in folders:
        if not folder.is_dir():
            raise ModelError(f"{folder} is no folder: name one that holds adapters, or a run of vouch finetune train")
        for settings in sorted(folder.rglob(SETTINGS)):
            if _CHECKPOINTS not in settings.relative_to(folder).parts:
                found.setdefault(settings.parent.resolve(), described(settings.parent))
    return list(found.values())


def described(folder: Path) -> AdapterSummary:
    """Return what is known of the adapter in a folder."""
    known = AdapterSummary(_name(folder), folder)
    try:
        told = _json(folder / SETTINGS)
        if told.get("peft_type") != "LORA":
            return replace(known, problem=f"an adapter of type {told.get('peft_type', 'unknown')}, only LoRA is used")
        if not any((folder / file).is_file() and (folder / file).stat().st_size for file in _WEIGHTS):
            return replace(known, problem=f"neither {_WEIGHTS[0]} nor {_WEIGHTS[1]} holds anything")
        report = report_of(folder) or {}
        return replace(
            known,
            base=str(told.get("base_model_name_or_path") or ""),
            method=_method(told, report),
            rank=int(told["r"]),
            alpha=float(told["lora_alpha"]),
            targets=_targets(told.get("target_modules")),
            trained=str(report.get("finished", "")),
            data=_data(report),
            scores=_scores(report),
        )
    except KeyError as error:
        return replace(known, problem=f"{SETTINGS} lacks {error}")
    except (ModelError, TypeError, ValueError) as error:
        return replace(known, problem=str(error))


def report_of(folder: Path) -> Mapping[str, Any] | None:
    """Return the report of the run that made an adapter: beside it or one folder up; None where there is none."""
    for place in (folder, folder.parent):
        if (place / REPORT).is_file():
            return _json(place / REPORT)
    return None


def recorded_base(folder: Path) -> str:
    """Return the fingerprint of the weights that an adapter was trained on; empty where none is recorded."""
    if (folder / _BASE).is_file():
        return str(_json(folder / _BASE).get("fingerprint", ""))
    base = (report_of(folder) or {}).get("base")
    return str(base.get("fingerprint", "")) if isinstance(base, Mapping) else ""


def _name(folder: Path) -> str:
    """Return the name people know an adapter by: its run's, where it lies in one."""
    whole = folder.resolve()
    return whole.parent.name if whole.name == "adapter" and (whole.parent / REPORT).is_file() else whole.name


def _method(told: Mapping[str, Any], report: Mapping[str, Any]) -> str:
    kinds = [name for key, name in (("use_dora", "DoRA"), ("use_rslora", "rsLoRA")) if told.get(key)]
    trained = str(report.get("method", ""))
    return " ".join(filter(None, [trained, *kinds])) or "LoRA"


def _data(report: Mapping[str, Any]) -> str:
    files = _under(report, "settings", "data").get("train")
    return ", ".join(map(str, files)) if isinstance(files, list) else ""


def _scores(report: Mapping[str, Any]) -> Mapping[str, float]:
    """Return the metrics on held-out examples of the weights that were kept."""
    stops_early = _under(report, "settings", "run").get("patience")
    kept = _under(report, "held_out", "best" if stops_early else "after")
    return {name: float(value) for name, value in kept.items() if name not in _NO_SCORE}


def _under(report: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    found: Any = report
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _targets(named: object) -> tuple[str, ...]:
    if isinstance(named, str):
        return (named,)
    names = [str(name).rpartition(".")[2] for name in named] if isinstance(named, list) else []
    return tuple(sorted(set(names)))


def _json(file: Path) -> Mapping[str, Any]:
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"{file.name} is not there") from error
    except ValueError as error:
        raise ModelError(f"{file.name} is no JSON") from error
    if not isinstance(told, dict):
        raise ModelError(f"{file.name} holds no settings")
    return told
