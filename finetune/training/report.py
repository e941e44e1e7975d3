"""The report of a run, as JSON: what was trained on what, how it went, how fast, in how much memory."""

import dataclasses
import json
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from accelerate import PartialState

from vouch.finetune.training.base_model import Trainable
from vouch.finetune.training.memory import peak_bytes
from vouch.finetune.training.recipe import TrainingRecipe
from vouch.finetune.training.run_folder import RunFolder
from vouch.finetune.training.smoke import Smoke
from vouch.finetune.training.trainer import optimiser_name
from vouch.retrieval.atomic_file import write_atomically

_LIBRARIES = ("torch", "transformers", "peft", "accelerate", "bitsandbytes")


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a run."""

    folder: RunFolder
    finished: bool
    """False: it was interrupted, and can be continued."""
    leads: bool
    """Whether this process writes and speaks; of several that train together only one does."""
    steps: int
    told: Mapping[str, Any]
    """The contents of report.json."""
    warnings: Sequence[str]
    """What is wrong with what was trained."""

    @property
    def line(self) -> str:
        """What came out, in one line."""
        told = self.told
        parts = [f"{self.steps} steps", f"loss {told['loss']['first']:.3f} to {told['loss']['last']:.3f}"]
        if told["held_out"].get("before"):
            before, after = (told["held_out"][when]["perplexity"] for when in ("before", "after"))
            parts.append(f"held-out perplexity {before:.4g} to {after:.4g}")
        parts.append(f"{told['speed']['tokens_per_second']:,.0f} tokens/s")
        parts.append(f"{told['peak_memory_bytes'] / 2**30:.1f} GiB at most")
        return ", ".join(parts)


def run_report(
    recipe: TrainingRecipe, folder: RunFolder, trainable: Trainable, identity: Mapping[str, Any], smoke: Smoke | None
) -> Report:
    """Return the report of a run and write it; `smoke` is missing where the run was interrupted."""
    lines = folder.recorded()
    steps = [line for line in lines if "loss" in line]
    warnings = smoke.warnings if smoke else []
    told = {
        "finished": datetime.now(UTC).isoformat(timespec="seconds") if smoke else "",
        "method": recipe.method,
        "base": {"name": recipe.model.resolve().name, "fingerprint": identity["base.fingerprint"]},
        "settings": _plain(dataclasses.asdict(recipe)),
        "weights": {
            "base": trainable.weights,
            "learned": trainable.learned,
            "bytes_per_weight": round(trainable.bytes_per_weight, 4),
        },
        "computing": str(trainable.computing).removeprefix("torch."),
        "optimiser": _optimiser(recipe, trainable.device),
        "device": trainable.device,
        "devices": PartialState().num_processes,
        "steps": steps[-1]["step"] if steps else 0,
        "epochs": steps[-1]["epoch"] if steps else 0.0,
        "loss": {"first": steps[0]["loss"], "last": steps[-1]["loss"]} if steps else {},
        "held_out": _held_out([line for line in lines if "held_out" in line]),
        "speed": _speed(steps),
        "peak_memory_bytes": peak_bytes(trainable.device),
        "smoke": dataclasses.asdict(smoke) if smoke else None,
        "warnings": warnings,
        "libraries": {name: version(name) for name in _LIBRARIES},
    }
    leads = PartialState().is_main_process
    if leads:
        write_atomically(folder.report, json.dumps(told, ensure_ascii=False, indent=2).encode())
    return Report(folder, smoke is not None, leads, int(told["steps"]), told, warnings)


def _held_out(lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the metrics before training, at the end, and at the step with the least loss."""
    if not lines:
        return {}
    best = min(lines, key=lambda line: float(line["held_out"]["loss"]))
    return {
        "before": lines[0]["held_out"] if lines[0]["step"] == 0 else None,
        "after": lines[-1]["held_out"],
        "best_step": best["step"],
        "best": best["held_out"],
    }


def _speed(steps: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    if not steps:
        return {}
    tokens, seconds = (math.fsum(step[name] for step in steps) for name in ("tokens", "seconds"))
    return {
        "tokens": tokens,
        "seconds": round(seconds, 3),
        "tokens_per_second": round(tokens / seconds, 1),
        "median_step_seconds": round(statistics.median(step["seconds"] for step in steps), 4),
    }


def _optimiser(recipe: TrainingRecipe, device: str) -> str:
    if optimiser_name(recipe, device).startswith("paged"):
        return "AdamW, paged"
    return "AdamW (pages need a GPU)" if recipe.optimiser.paged else "AdamW"


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as JSON has them; of the model's folder its name."""
    plain = json.loads(json.dumps(settings, default=lambda value: value.name))
    assert isinstance(plain, dict)
    return plain
