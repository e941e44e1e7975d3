"""The steps of the proof after the first training, each a command line of `vouch` as a user would write it."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from proof_models.base import Size

Task = Literal["medical", "finance"]
PROMPTS = Path(__file__).parent / "prompts"
"""Shorter than those of the package: models of some millions of weights read no page of rules."""
TRAINED_ON = ("四方科技", "金花股份", "百诚医药")
ASKED_ABOUT = ("迈普医学", "百普赛斯")
RECIPE = """
model = "{model}"
method = "{method}"
[adapter]
rank = {rank}
alpha = {alpha}
dropout = 0.05
[data]
train = ["train.jsonl"]
held_out = ["held_out.jsonl"]
max_length = {length}
packing = true
[optimiser]
learning_rate = 1e-3
warm_up = 0.05
[run]
epochs = {epochs}
batch = 2
accumulate = 1
checkpoint_every = 40
evaluate_every = 80
threads = 1
seed = {seed}
"""


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is made, learned and asked."""

    size: Size
    base_steps: int
    chats: int
    """Reading exercises among what the base learns."""
    examples: Mapping[str, int]
    """That are learned from, by task."""
    asked: Mapping[str, int]
    """Held-out questions, by kind, drawn by seed 0."""
    max_tokens: int
    """Of a reply."""
    rank: int = 32
    resume_steps: int = 60


WHOLE = Scale(
    size=Size(),
    base_steps=1500,
    chats=1500,
    examples={"medical": 1600, "finance": 400},
    asked={"medical": 200, "finance": 150, "general": 100},
    max_tokens=128,
)
SMALL = Scale(
    size=Size(hidden=128, layers=3, inner=320, heads=4, row=256),
    base_steps=600,
    chats=500,
    examples={"medical": 700, "finance": 60},
    asked={"medical": 100, "finance": 30, "general": 30},
    max_tokens=64,
    resume_steps=30,
)
"""For a test: the whole proof in some minutes."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where everything of one base lies."""

    work: Path
    shape: str
    scale: Scale = WHOLE

    @property
    def base(self) -> Path:
        return self.work / f"base-{self.shape}"

    def run(self, task: Task, seed: int) -> Path:
        return self.work / f"run-{self.shape}-{task}-{seed}"

    def answers(self, name: str, questions: str) -> Path:
        return self.work / f"answers-{self.shape}-{name}-{questions}"

    def questions(self, kind: str) -> Path:
        names = {"medical": "medical_held_out.jsonl", "general": "general_held_out.jsonl"}
        return self.work / names[kind] if kind in names else self.work / "finance-asked" / "train.jsonl"


def vouch(*arguments: str | Path, **settings: str | int | Path) -> float:
    """Run one command line with settings given by name (MODEL__PATH=…); returns the seconds it took."""
    environment = {**os.environ, **{f"VOUCH_{name}": str(value) for name, value in settings.items()}}
    environment |= {"OMP_NUM_THREADS": "1"}
    begun = time.time()
    program = Path(sys.executable).with_name("vouch")
    print("vouch", *arguments, flush=True)
    subprocess.run([program, *map(str, arguments)], env=environment, check=True)
    return time.time() - begun


def make_medical(place: Place) -> None:
    """Write examples of the archive, without what is asked in the end."""
    work = place.work
    rows = (work / "medical_train.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (work / "medical_part.jsonl").write_text("".join(rows[: place.scale.examples["medical"]]), encoding="utf-8")
    against = work / "medical_held_out.jsonl"
    vouch(
        *("finetune", "examples", work / "medical_part.jsonl", "--against", against, "--held-out", "0.05"),
        *("--model", place.base, "--out", work / "medical"),
    )


def make_finance(place: Place, library: Path) -> None:
    """Write examples made from the facts of some companies' reports, and questions about those of others."""
    settings: dict[str, str | int | Path] = {"GENERATION__EXAMPLES": 0, "GENERATION__CONTEXT": 0}
    settings["GENERATION__PROMPTS"] = PROMPTS
    for out, companies, share in (("finance", TRAINED_ON, "0.05"), ("finance-asked", ASKED_ABOUT, "0")):
        limit = place.scale.examples["finance"] if out == "finance" else 2 * place.scale.asked["finance"]
        words: list[str | Path] = ["finetune", "examples", "--library", library, "--kind", "fact", "-k", "1"]
        words += ["--no-tools", "--held-out", share, "--limit", str(limit)]
        words += [word for company in companies for word in ("--company", company)]
        vouch(*words, "--model", place.base, "--out", place.work / out, **settings)


def write_recipe(place: Place, task: Task, seed: int, method: str = "qlora") -> Path:
    """Write the recipe of a run."""
    file = place.work / f"{place.run(task, seed).name}.toml"
    epochs, length = ("2", "1024") if task == "medical" else ("2", "1536")
    rank = place.scale.rank
    given = {"model": place.base.name, "method": method, "length": length, "epochs": epochs, "seed": seed}
    said = RECIPE.format(**given, rank=rank, alpha=2 * rank)
    file.write_text(said, encoding="utf-8")
    return file


def train(place: Place, task: Task, seed: int, *more: str) -> float:
    """Train an adapter."""
    recipe = write_recipe(place, task, seed)
    return vouch("finetune", "train", recipe, "--data", place.work / task, "--out", place.run(task, seed), *more)


def ask(place: Place, generator: str, name: str, questions: str) -> dict[str, Any]:
    """Ask the base, or the base with an adapter, and return the summary."""
    out = place.answers(name, questions)
    shutil.rmtree(out, ignore_errors=True)
    vouch(
        *("eval", "answers", place.questions(questions), "--generator", generator, "--out", out),
        *("--sample", str(place.scale.asked[questions])),
        **_model(place),
    )
    found: dict[str, Any] = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    return found


def compare(before: Path, after: Path) -> dict[str, Any]:
    """Return what got better and worse, metric by metric."""
    program = Path(sys.executable).with_name("vouch")
    command = [str(word) for word in (program, "eval", "compare", before, after, "--json")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return {name: found[name] for name in ("items", "better_count", "worse_count", "metrics")}


def losses(run: Path) -> Sequence[dict[str, Any]]:
    """Return the lines of losses.jsonl."""
    return [json.loads(line) for line in (run / "losses.jsonl").read_text(encoding="utf-8").splitlines()]


def _model(place: Place) -> dict[str, str | int | Path]:
    return {
        "MODEL__RUNTIME": "transformers",
        "MODEL__PATH": place.base,
        "MODEL__PRECISION": "float32",
        "MODEL__MAX_TOKENS": place.scale.max_tokens,
        "MODEL__BATCH": 32,
        "MODEL__THREADS": 1,
    }
