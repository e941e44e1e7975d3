"""What training costs: our step against a plain peft + bitsandbytes loop, memory of each method, a 6B model on a GPU.

    python benchmarks/finetune.py steps [--steps 30] [--threads 1] [--precision float32]
    python benchmarks/finetune.py memory [--steps 4]
    python benchmarks/finetune.py six-billion [--steps 12] [--length 2048] [--folder DIR]

`steps` and `memory` make a Llama of random weights (no model is needed). `steps` alternates: one step of ours, one of
the plain loop (`PlainLoop`, below, as its authors' examples have it), on the same batches; once with rows of which a
quarter is learned, as with passages in the prompt, once with rows learned as a whole. `memory` gives each method a
process of its own. `six-billion` needs a GPU: it writes ChatGLM3-6B's shape at random into DIR (12.5 GB) and trains
it in NF4 and in bf16. Every line of the output is one JSON object.
"""

import argparse
import ctypes
import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

METHODS = ("qlora", "int8-lora", "lora", "full")
UNTIMED = 3
"""First steps, in which kernels are chosen and memory is taken."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["steps", "memory", "six-billion", "method"])
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", choices=["auto", "float32", "bfloat16"], default="auto")
    parser.add_argument("--length", type=int, default=0)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--method", choices=METHODS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    with quiet():
        {"steps": steps, "memory": memory, "six-billion": six_billion, "method": one_method}[arguments.what](arguments)


@contextmanager
def quiet() -> Iterator[None]:
    from transformers.utils import logging

    from vouch.finetune.training.noise import quiet_libraries

    logging.disable_progress_bar()
    with quiet_libraries():
        yield


def told(**entries: Any) -> None:
    print(json.dumps(entries, ensure_ascii=False), flush=True)


# Step time


def steps(arguments: argparse.Namespace) -> None:
    """Print what a step takes in our trainer and in the plain loop."""
    from finetune_shapes import VOCABULARY, random_rows, recipe_of, write_llama

    length, count = arguments.length or 256, arguments.steps or 30
    with tempfile.TemporaryDirectory(prefix="vouch-finetune-") as folder:
        base = write_llama(Path(folder) / "base", "small")
        for learned in (length // 4, length - 1):
            rows = random_rows(4 * (count + UNTIMED + 1), length, learned, VOCABULARY)
            recipe = recipe_of(base, "qlora", arguments, count + UNTIMED + 1)
            ours, plain = alternated(recipe, rows, Path(folder) / f"run-{learned}")
            told(
                what="step",
                tokens=4 * length,
                learned=4 * learned,
                precision=arguments.precision,
                ours_ms=round(1000 * statistics.median(wall for wall, _ in ours), 1),
                plain_ms=round(1000 * statistics.median(wall for wall, _ in plain), 1),
                excess=excess([wall for wall, _ in ours], [wall for wall, _ in plain]),
                excess_processor=excess([cpu for _, cpu in ours], [cpu for _, cpu in plain]),
                steps=len(ours),
            )


def excess(ours: Sequence[float], plain: Sequence[float]) -> float:
    """Return the median over neighbouring steps of how much longer ours takes, as a share."""
    return round(statistics.median(one / other for one, other in zip(ours, plain, strict=True)) - 1, 4)


Times = list[tuple[float, float]]
"""Seconds of the clock, and of the processor."""


def alternated(recipe: Any, rows: Sequence[Any], out: Path) -> tuple[Times, Times]:
    """Return what steps of ours and of the plain loop take, one after the other; ours with all that is beside a step:
    reading rows, guards, losses to a file and to TensorBoard."""
    from finetune_shapes import our_trainer
    from transformers import TrainerCallback

    plain = PlainLoop(recipe, rows)
    ours: Times = []
    theirs: Times = []

    class Alternates(TrainerCallback):
        """Runs a plain step before each of ours; what lies between two of them is our step."""

        before: tuple[float, float] | None = None

        def on_step_begin(self, _args: Any, state: Any, _control: Any, **_kwargs: Any) -> None:
            begun = clocks()
            if self.before is not None:
                ours.append((begun[0] - self.before[0], begun[1] - self.before[1]))
            plain.step(state.global_step)
            self.before = clocks()
            theirs.append((self.before[0] - begun[0], self.before[1] - begun[1]))

    trainer = our_trainer(recipe, rows, out)
    trainer.add_callback(Alternates())
    trainer.train()
    return ours[UNTIMED:], theirs[UNTIMED:-1]


class PlainLoop:
    """QLoRA as the examples of peft and bitsandbytes write it."""

    def __init__(self, recipe: Any, rows: Sequence[Any]) -> None:
        import torch
        from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
        from transformers import AutoModelForCausalLM, BitsAndBytesConfig

        from vouch.finetune.training.collate import Collator
        from vouch.finetune.training.precision import computing_precision

        computing = computing_precision(recipe.run.precision, "cpu")
        config = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=computing,
        )
        model = AutoModelForCausalLM.from_pretrained(recipe.model, quantization_config=config, dtype=computing)
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
        adapter = recipe.adapter
        self.model = get_peft_model(
            model,
            LoraConfig(
                r=adapter.rank,
                lora_alpha=adapter.alpha,
                lora_dropout=adapter.dropout,
                target_modules="all-linear",
                task_type="CAUSAL_LM",
            ),
        )
        self.model.train()
        self.parameters = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        self.optimiser = torch.optim.AdamW(self.parameters, lr=recipe.optimiser.learning_rate, fused=True)
        self.computing = computing
        self.rows, self.batch, self.collate = rows, recipe.run.batch, Collator(0)

    def step(self, number: int) -> float:
        """Update the weights with a batch and return its loss."""
        import torch

        batch = self.collate(self.rows[number * self.batch : (number + 1) * self.batch])
        with torch.autocast("cpu", self.computing, enabled=self.computing is torch.bfloat16):
            loss = self.model(**batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad()
        return float(loss.item())


def clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


# Memory


def memory(arguments: argparse.Namespace) -> None:
    """Print what each method takes, in a process of its own."""
    from finetune_shapes import write_llama

    with tempfile.TemporaryDirectory(prefix="vouch-finetune-") as folder:
        base = write_llama(Path(folder) / "base", "wide")
        for method in METHODS:
            command = [sys.executable, __file__, "method", "--method", method, "--folder", str(base)]
            command += ["--steps", str(arguments.steps or 4), "--threads", str(arguments.threads)]
            command += ["--precision", arguments.precision, "--length", str(arguments.length or 128)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                sys.exit(done.stderr[-2000:])
            print(done.stdout.splitlines()[-1], flush=True)


def one_method(arguments: argparse.Namespace) -> None:
    """Print what one method takes in this process: at most while its model is loaded, and while it trains."""
    from finetune_shapes import VOCABULARY, our_trainer, random_rows, recipe_of

    from vouch.finetune.training.base_model import trainable_model

    recipe = recipe_of(arguments.folder, arguments.method, arguments, arguments.steps)
    rows = random_rows(4 * arguments.steps, arguments.length, arguments.length // 4, VOCABULARY)
    warm_up(arguments)
    before = resident()
    forget_peak()
    trainable = trainable_model(recipe)
    loading = peak() - before
    unmap(trainable.model)
    loaded = resident() - before
    forget_peak()
    with tempfile.TemporaryDirectory(prefix="vouch-finetune-") as out:
        our_trainer(recipe, rows, Path(out), trainable).train()
    told(
        what="memory",
        method=arguments.method,
        weights=trainable.weights,
        learned=trainable.learned,
        bytes_per_weight=round(trainable.bytes_per_weight, 4),
        precision=str(trainable.computing).removeprefix("torch."),
        loading_mib=round(loading / 2**20, 1),
        loaded_mib=round(loaded / 2**20, 1),
        training_mib=round((peak() - before) / 2**20, 1),
    )


def unmap(model: Any) -> None:
    """Put weights that are looked at in the mapped file, all of which then counts, into memory of their own."""
    import torch

    for parameter in model.parameters():
        if type(parameter) is torch.nn.Parameter:
            parameter.data = parameter.data.clone()


def warm_up(arguments: argparse.Namespace) -> None:
    """Train a tiny model by the same method: the code of libraries is in memory then, and does not count."""
    from finetune_shapes import VOCABULARY, our_trainer, random_rows, recipe_of, write_llama

    with tempfile.TemporaryDirectory(prefix="vouch-finetune-") as folder:
        recipe = recipe_of(write_llama(Path(folder) / "base", "tiny"), arguments.method, arguments, 1)
        our_trainer(recipe, random_rows(4, 16, 8, VOCABULARY), Path(folder) / "run").train()


def resident() -> int:
    """Return what this process has in memory, in bytes, without what it has freed."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return status("VmRSS")


def peak() -> int:
    """Return the most it had since the last `forget_peak`."""
    return status("VmHWM")


def status(name: str) -> int:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")  # man 5 proc


# Six billion weights


def six_billion(arguments: argparse.Namespace) -> None:
    """Print what a step of ChatGLM3-6B's shape takes on the GPU, in NF4 and in bf16."""
    import torch
    from finetune_shapes import write_six_billion

    if not torch.cuda.is_available():
        sys.exit("six-billion needs a GPU; `vouch finetune train RECIPE --data DIR --dry-run` estimates without one")
    arguments.precision = "bfloat16"
    with tempfile.TemporaryDirectory(prefix="vouch-finetune-") as made:
        folder = arguments.folder or Path(made)
        base = folder if (folder / "config.json").exists() else write_six_billion(folder)
        for method in ("qlora", "lora"):
            six_billion_by(method, base, arguments, Path(made) / method)
            torch.cuda.empty_cache()


def six_billion_by(method: str, base: Path, arguments: argparse.Namespace, out: Path) -> None:
    import torch
    from finetune_flops import operations_of_a_step, utilisation
    from finetune_shapes import our_trainer, random_rows, recipe_of

    from vouch.finetune.training.base_model import trainable_model

    count, length = (arguments.steps or 12) + UNTIMED, arguments.length or 2048
    recipe = recipe_of(base, method, arguments, count, batch=1, recomputed=True)
    rows = random_rows(count, length, length // 4, 64_000)
    torch.cuda.reset_peak_memory_stats()
    trainable = trainable_model(recipe)
    watch = Seconds()
    our_trainer(recipe, rows, out, trainable, watch).train()
    median = statistics.median(watch.seconds[UNTIMED:])
    flops = operations_of_a_step(recipe, rows)
    told(
        what="six-billion",
        method=method,
        gpu=torch.cuda.get_device_name(),
        weights=trainable.weights,
        bytes_per_weight=round(trainable.bytes_per_weight, 4),
        length=length,
        peak_gib=round(torch.cuda.max_memory_allocated() / 2**30, 2),
        step_s=round(median, 4),
        tokens_per_second=round(length / median, 1),
        teraflops=round(flops / median / 1e12, 1),
        utilisation=utilisation(flops, median, torch.cuda.get_device_name()),
    )


class Seconds:
    """A Watch that keeps what steps take."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def step(self, step: Any) -> None:
        self.seconds.append(step.seconds)

    def evaluated(self, evaluation: Any) -> None:
        """Nothing is evaluated."""


if __name__ == "__main__":
    main()
