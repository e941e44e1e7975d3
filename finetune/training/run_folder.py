"""The folder of one run: what is in it, which checkpoint is whole, what a run may be continued with."""

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vouch.retrieval.atomic_file import write_atomically
from vouch.retrieval.errors import UsageError

_CHECKPOINT = re.compile(r"checkpoint-(\d+)\Z")
_SEAL = "whole.json"
"""Written last into a checkpoint: the size of each file in it."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Names of what a run writes."""

    path: Path

    @property
    def recipe(self) -> Path:
        """The recipe, as it was given."""
        return self.path / "recipe.toml"

    @property
    def identity(self) -> Path:
        """What decides how the run goes: a run is continued with the same only."""
        return self.path / "run.json"

    @property
    def checkpoints(self) -> Path:
        """Folder of the checkpoints, for --resume."""
        return self.path / "checkpoints"

    def best(self, step: int) -> Path:
        """The weights of the step with the least held-out loss so far, where the run may end early."""
        return self.checkpoints / f"best-{step}"

    def kept_best(self) -> list[Path]:
        """Return all such folders."""
        return sorted(self.checkpoints.glob("best-*"))

    @property
    def adapter(self) -> Path:
        """What was trained, by a method that leaves the base as it is."""
        return self.path / "adapter"

    @property
    def model(self) -> Path:
        """What was trained, by full fine-tuning."""
        return self.path / "model"

    @property
    def losses(self) -> Path:
        """One line a step, and one an evaluation."""
        return self.path / "losses.jsonl"

    @property
    def tensorboard(self) -> Path:
        return self.path / "tensorboard"

    @property
    def plot(self) -> Path:
        return self.path / "loss.png"

    @property
    def report(self) -> Path:
        return self.path / "report.json"

    def begin(self, recipe_text: str, identity: Mapping[str, Any]) -> None:
        """Begin a run; UsageError where the folder holds one already."""
        if self.identity.exists():
            raise UsageError(f"{self.path} holds a run: continue it with --resume, or name another folder")
        self.checkpoints.mkdir(parents=True, exist_ok=True)
        write_atomically(self.recipe, recipe_text.encode())
        write_atomically(self.identity, json.dumps(identity, ensure_ascii=False, indent=2).encode())

    def take_up(self, identity: Mapping[str, Any]) -> None:
        """Take up a run, its torn checkpoints deleted; UsageError where it would be another run."""
        if not self.identity.exists():
            raise UsageError(f"{self.path} holds no run to continue: leave --resume out")
        before = json.loads(self.identity.read_text(encoding="utf-8"))
        changed = [
            f"{key} ({_shown(before, key)}, now {_shown(identity, key)})" for key in _differences(before, identity)
        ]
        if changed:
            raise UsageError(
                f"{self.path} cannot be continued, its losses would not be those of one run: changed are "
                f"{'; '.join(changed)}. Go back to what it was, or begin in another folder"
            )
        self.remove_torn()

    def last_checkpoint(self) -> Path | None:
        """Return the last whole checkpoint; None where there is none."""
        return max(filter(is_whole, self._numbered()), key=_number, default=None)

    def forget_after(self, step: int) -> None:
        """Drop lines of losses that a continued run will write again; from the beginning (0), all of them."""
        if not self.losses.exists():
            return
        kept = [line for line in _lines(self.losses) if 0 < step >= line["step"]]
        write_atomically(self.losses, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in kept).encode())

    def recorded(self) -> list[dict[str, Any]]:
        """Return the lines of losses so far."""
        return list(_lines(self.losses)) if self.losses.exists() else []

    def remove_torn(self) -> None:
        """Delete checkpoints that were not finished."""
        for folder in self.torn():
            shutil.rmtree(folder)

    def torn(self) -> list[Path]:
        """Return the checkpoints that were not finished."""
        return [folder for folder in self._numbered() if not is_whole(folder)]

    def last_step(self) -> int:
        """Return the step of the last whole checkpoint; 0 where there is none."""
        last = self.last_checkpoint()
        return _number(last) if last else 0

    def _numbered(self) -> list[Path]:
        if not self.checkpoints.is_dir():
            return []
        return [folder for folder in self.checkpoints.iterdir() if _CHECKPOINT.fullmatch(folder.name)]


def seal(checkpoint: Path) -> None:
    """Mark a checkpoint as whole, once all of it is on the disk."""
    sizes: dict[str, int] = {}
    for file in sorted(path for path in checkpoint.rglob("*") if path.is_file() and path.name != _SEAL):
        with file.open("rb") as opened:
            os.fsync(opened.fileno())
        sizes[str(file.relative_to(checkpoint))] = file.stat().st_size
    write_atomically(checkpoint / _SEAL, json.dumps(sizes).encode())


def is_whole(checkpoint: Path) -> bool:
    """Say whether a checkpoint was finished and has all of its files in their size."""
    try:
        sizes = json.loads((checkpoint / _SEAL).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return False
    return all(
        (checkpoint / name).is_file() and (checkpoint / name).stat().st_size == size for name, size in sizes.items()
    )


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines of a file; a last one that was cut off is left out."""
    for line in file.read_text(encoding="utf-8").splitlines(keepends=True):
        if line.endswith("\n"):
            yield json.loads(line)


def _number(folder: Path) -> int:
    return int(folder.name.rpartition("-")[2])


def _differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    plain_now = json.loads(json.dumps(now))
    return [key for key in {**before, **plain_now} if before.get(key) != plain_now.get(key)]


def _shown(identity: Mapping[str, Any], key: str) -> str:
    return str(identity.get(key, "not there"))
