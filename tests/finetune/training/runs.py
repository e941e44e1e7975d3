"""Tiny models, examples and recipes for whole runs of `vouch finetune train`."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file

from tests.generation.models.tiny_models import CHATML, CHATML_TOKENS, write_chatglm3, write_llama
from vouch.finetune.examples.files import write_examples
from vouch.finetune.examples.types import Example
from vouch.generation.chat import Message

WIDER = {"hidden_size": 128, "ffn_hidden_size": 256, "kv_channels": 32}
SMALL_STEPS = {
    "adapter": {"rank": 8, "dropout": 0.1},
    "data": {"train": ["examples.jsonl"], "held_out_share": 0.2},
    "optimiser": {"learning_rate": 2e-3, "warm_up": 0.1},
    "run": {
        "max_steps": 8,
        "batch": 2,
        "accumulate": 2,
        "checkpoint_every": 3,
        "evaluate_every": 4,
        "precision": "float32",
        "threads": 1,
    },
}


def workshop(folder: Path, examples: Sequence[Example] | None = None) -> Path:
    """Make a folder with two base models and examples; return it."""
    write_chatglm3(folder / "chatglm3", **WIDER)
    write_llama(folder / "llama", CHATML_TOKENS, CHATML, end="<|im_end|>")
    _speak_up(folder / "llama" / "model.safetensors")
    write_examples(folder / "examples.jsonl", examples if examples is not None else questions(30))
    return folder


def _speak_up(weights: Path) -> None:
    """Make an output layer larger, which an adapter leaves as it is: fresh ones are so small that all tokens stay
    about as likely, whatever is learned below."""
    tensors = load_file(weights)
    tensors["lm_head.weight"] *= 20
    save_file(tensors, weights, metadata={"format": "pt"})


def questions(count: int) -> list[Example]:
    """Return short questions with an answer each, every one of a group of its own."""
    return [
        Example(
            id=f"q{number}",
            messages=(
                Message("user", f"公司{number}年营业收入是多少？"),
                Message("assistant", f"{number}年营业收入为{number * 7}元。" + "同比增长。" * (number % 3)),
            ),
            kind="qa",
            group=f"g{number}",
        )
        for number in range(count)
    ]


def write_recipe(folder: Path, name: str, model: str, method: str, **tables: Mapping[str, Any]) -> Path:
    """Write a recipe; `tables`: what is other than in SMALL_STEPS."""
    file = folder / f"{name}.toml"
    lines = [f'model = "{model}"', f'method = "{method}"']
    for table, settings in SMALL_STEPS.items():
        lines.append(f"[{table}]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in {**settings, **tables.get(table, {})}.items()]
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def arguments(recipe: Path, out: Path, *more: str) -> list[str]:
    """Return the command line of a run."""
    return ["finetune", "train", str(recipe), "--data", str(recipe.parent), "--out", str(out), *more]


def begun(recipe: Path, out: Path, *more: str) -> subprocess.Popen[str]:
    """Begin a run in a process of its own."""
    command = [sys.executable, "-c", "from vouch.app.cli import main; main()", *arguments(recipe, out, *more)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)


def lines(out: Path) -> list[dict[str, Any]]:
    """Return what a run recorded."""
    return [json.loads(line) for line in (out / "losses.jsonl").read_text(encoding="utf-8").splitlines()]


def curve(out: Path) -> list[tuple[int, str, float]]:
    """Return all that two equal runs have in common: losses, gradients and what was measured, without times."""
    found: list[tuple[int, str, float]] = []
    for line in lines(out):
        told = line.get("held_out") or {name: line[name] for name in ("loss", "gradient_norm", "learning_rate")}
        found += [(line["step"], name, value) for name, value in told.items() if name != "seconds"]
    return found


def report(out: Path) -> dict[str, Any]:
    """Return a run's report."""
    told: dict[str, Any] = json.loads((out / "report.json").read_text(encoding="utf-8"))
    return told
