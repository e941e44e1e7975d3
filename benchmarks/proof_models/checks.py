"""Checks of a trained adapter: resumed after a kill, merged, exported."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from proof_models.steps import Place, Task, losses, vouch, write_recipe
from vouch.eval.bare_model import turns
from vouch.eval.datasets import load_items, sample
from vouch.generation.chat import ChatRequest, Sampling, collected
from vouch.generation.models.gguf import GgufChat
from vouch.generation.models.llama_server import LlamaOptions
from vouch.generation.models.loading import LoadedModel, LoadOptions, load_model
from vouch.generation.models.transformers_chat import TransformersChat

ASKED, WRITTEN = 20, 48
"""Held-out questions that merged and exported models are asked, and tokens of a reply."""
EXACT = LoadOptions(device="cpu", precision="float32", threads=1)


def resumed(place: Place, task: Task) -> dict[str, Any]:
    """Return how the losses of a run that was killed differ from those of one that was not."""
    runs = [place.work / f"resume-{place.shape}-{name}" for name in ("whole", "killed")]
    recipe = place.work / f"resume-{place.shape}.toml"
    said = write_recipe(place, task, 7).read_text(encoding="utf-8")
    said = said.replace("checkpoint_every = 40", f"checkpoint_every = 10\nmax_steps = {place.scale.resume_steps}")
    recipe.write_text(said.replace("evaluate_every = 80", "evaluate_every = 20"), encoding="utf-8")
    for run in runs:
        shutil.rmtree(run, ignore_errors=True)
    arguments = ("finetune", "train", recipe, "--data", place.work / task, "--out")
    vouch(*arguments, runs[0])
    killed_at = _killed([*map(str, arguments), str(runs[1])], runs[1], place.scale.resume_steps // 2)
    vouch(*arguments, runs[1], "--resume")
    whole, again = (_values(run) for run in runs)
    return {
        "steps": place.scale.resume_steps,
        "killed after step": killed_at,
        "lines": len(whole),
        "same lines": whole.keys() == again.keys(),
        "largest difference": max(abs(whole[key] - again[key]) for key in whole),
    }


def merged(place: Place, task: Task, seed: int) -> dict[str, Any]:
    """Return how far merged logits are from those of the adapter, and how often the exported file says the same."""
    adapter, out = place.run(task, seed) / "adapter", place.work / f"merged-{place.shape}-{task}-{seed}"
    shutil.rmtree(out, ignore_errors=True)
    vouch("finetune", "merge", adapter, "--base", place.base, "--out", out, "--dtype", "float32")
    file = out.with_suffix(".gguf")
    file.unlink(missing_ok=True)
    vouch("finetune", "export", out, "--to", "gguf", "--type", "f32", "--out", file)
    items = sample(load_items(place.questions(task)), ASKED, 0)
    requests = [ChatRequest(turns(item), item.tools, sampling=Sampling(max_tokens=WRITTEN)) for item in items]
    with_adapter, alone = load_model(place.base, EXACT, {"a": adapter}), load_model(out, EXACT)
    asked, exported = TransformersChat(alone), GgufChat(file, LlamaOptions(2048, 1, False, ()), {})
    prompts = [asked.prompt_ids(request) for request in requests]
    base = [_logits(with_adapter, "", prompt) for prompt in prompts]
    wanted = [_logits(with_adapter, "a", prompt) for prompt in prompts]
    found = [_logits(alone, "", prompt) for prompt in prompts]
    alike = [
        _parting(alone, prompt, collected(exported.stream(request)).text)
        for prompt, request in zip(prompts, requests, strict=True)
    ]
    return {
        "prompts": len(items),
        "prompt tokens read alike": sum(exported.prompt_ids(r) == p for r, p in zip(requests, prompts, strict=True)),
        "largest change of a logit by the adapter": _furthest(base, wanted),
        "largest difference of a merged logit": _furthest(wanted, found),
        "exported says the same": sum(gap is None for gap in alike),
        "where not, the two likeliest tokens were apart by": [gap for gap in alike if gap is not None],
        "tokens a reply": WRITTEN,
    }


def _logits(loaded: LoadedModel, adapter: str, prompt: Sequence[int]) -> torch.Tensor:
    loaded.use_adapter(adapter)
    with torch.inference_mode():
        logits: torch.Tensor = loaded.model(input_ids=torch.tensor([prompt])).logits[0]
    return logits


def _furthest(some: Sequence[torch.Tensor], others: Sequence[torch.Tensor]) -> float:
    return max(float((a - b).abs().max()) for a, b in zip(some, others, strict=True))


def _parting(loaded: LoadedModel, prompt: Sequence[int], said: str) -> float | None:
    """Return how far apart the two likeliest tokens are where greedy decoding leaves a text; None where it does not."""
    ids, stops = list(prompt), {loaded.language.vocabulary.id_of(name) for name in loaded.language.form.stops}
    for _ in range(WRITTEN):
        logits = _logits(loaded, "", ids)[-1]
        two = logits.topk(2)
        ids.append(int(two.indices[0]))
        text = loaded.language.vocabulary.text_of([id_ for id_ in ids[len(prompt) :] if id_ not in stops]).strip()
        if not said.strip().startswith(text.rstrip("\ufffd")):
            return round(float(two.values[0] - two.values[1]), 6)
        if ids[-1] in stops:
            break
    return None


def _killed(arguments: Sequence[str], run: Path, after: int) -> int:
    """Begin a training, kill it between two checkpoints and return the last step that it had written down."""
    program = Path(sys.executable).with_name("vouch")
    process = subprocess.Popen([program, *arguments], env={**os.environ, "OMP_NUM_THREADS": "1"})
    while process.poll() is None:
        time.sleep(0.2)
        if (run / "losses.jsonl").is_file() and losses(run) and losses(run)[-1]["step"] >= after:
            process.send_signal(signal.SIGKILL)
    process.wait()
    return int(losses(run)[-1]["step"])


def _values(run: Path) -> dict[tuple[int, str], float]:
    """Return every loss of a run, of steps and of the held-out split."""
    found: dict[tuple[int, str], float] = {}
    for line in losses(run):
        if "held_out" in line:
            found[line["step"], "held out"] = line["held_out"]["loss"]
        else:
            found[line["step"], "loss"] = line["loss"]
    return found


def told(found: dict[str, Any]) -> None:
    """Print what was found, as JSON."""
    print(json.dumps(found, ensure_ascii=False))
