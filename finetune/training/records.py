"""Losses as a file: one line a step, and one an evaluation, readable at any moment."""

import dataclasses
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vouch.finetune.training.watching import Evaluation, Step


class LossFile:
    """A Watch that writes lines; numbers in full, so that two runs can be compared bit by bit."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def step(self, step: Step) -> None:
        """Write the line of a step."""
        line = dataclasses.asdict(step)
        del line["steps"]
        self._write(line)

    def evaluated(self, evaluation: Evaluation) -> None:
        """Write the line of an evaluation."""
        self._write({"step": evaluation.step, "held_out": dict(evaluation.metrics)})

    def _write(self, line: Mapping[str, Any]) -> None:
        with self._path.open("ab") as file:
            # In one piece: a run that is killed leaves whole lines, or one that ends without a line break.
            os.write(file.fileno(), (json.dumps(line, ensure_ascii=False) + "\n").encode())
