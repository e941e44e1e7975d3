"""How long it takes to pack passages into a prompt and to render it, and to check an answer against them.

    python benchmarks/prompts.py --library LIBRARY --questions FILE.jsonl [--passages 32] [--count 100]

FILE.jsonl has a `question` on each line. Tokens are counted as one for four characters, so that what is measured is
our own part; a model's tokenizer adds its own time once for each passage, as counts are remembered.
"""

import argparse
import json
import statistics
from pathlib import Path
from time import perf_counter

from vouch.app.settings import load_settings
from vouch.app.wiring_store import open_library
from vouch.generation.chat_generator.options import ChatOptions
from vouch.generation.chat_generator.prompting import Prompter
from vouch.generation.drafts import Task, Written
from vouch.generation.models.scripted import ScriptedModel
from vouch.generation.retrieve import retrieve
from vouch.generation.vouching.voucher import reviewed_text
from vouch.retrieval.question import understand


def measured(library: str, questions: list[str], passages: int) -> dict[str, list[float]]:
    """Return milliseconds of packing and rendering, first and repeated, and of vouching for a copied answer."""
    times: dict[str, list[float]] = {"prompt, first": [], "prompt, again": [], "vouch": []}
    model = ScriptedModel([], context_window=128_000)
    with open_library(load_settings({"library": library})) as shelf:
        prompter = Prompter(model, ChatOptions(passages=passages))
        for question in questions:
            asked = understand(question, shelf.documents())
            task = Task(shelf, asked, asked.scope, retrieve(shelf, asked, asked.scope)[:passages])
            for name in ("prompt, first", "prompt, again"):
                started = perf_counter()
                prepared = prompter.prompt(task)
                times[name].append(1000 * (perf_counter() - started))
            evidence = tuple(piece.evidence(shelf) for piece in prepared.pieces)
            copied = "\n".join(f"{piece.quote.text[:80]}[{n}]" for n, piece in enumerate(evidence[:5], start=1))
            started = perf_counter()
            reviewed_text(task, Written(copied, evidence))
            times["vouch"].append(1000 * (perf_counter() - started))
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", required=True)
    parser.add_argument("--questions", required=True, type=Path)
    parser.add_argument("--passages", type=int, default=32)
    parser.add_argument("--count", type=int, default=100)
    asked = parser.parse_args()
    with asked.questions.open(encoding="utf-8") as file:
        questions = [json.loads(line)["question"] for line in file][: asked.count]
    for name, found in measured(asked.library, questions, asked.passages).items():
        found.sort()
        p95 = found[int(0.95 * (len(found) - 1))]
        print(f"{name:14} p50 {statistics.median(found):.2f} ms, p95 {p95:.2f} ms over {len(found)} questions")


if __name__ == "__main__":
    main()
