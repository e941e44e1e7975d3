"""Proof that fine-tuning works, from the repository and a folder of data alone, on one core for each shape.

    python benchmarks/finetune_proof.py texts --data DIR --work DIR
    python benchmarks/finetune_proof.py base --work DIR --shape llama        (and --shape chatglm3)
    python benchmarks/finetune_proof.py examples --work DIR --library LIBRARY
    python benchmarks/finetune_proof.py proof --work DIR --shape llama --task medical --seeds 0 1
    python benchmarks/finetune_proof.py resume --work DIR --shape llama --task medical
    python benchmarks/finetune_proof.py merge --work DIR --shape llama --task medical
    python benchmarks/finetune_proof.py report --work DIR

LIBRARY holds the annual reports of DIR/finance/cn/reports. Reports of two of its five companies, 400 questions to
doctors and 150 everyday instructions are read by no model: they are only asked, of the base and of the base with the
adapter. Chosen before any result was seen: F1 of characters decides for patients' questions, the share of right
numbers for those about facts (each against its base, paired); every other metric is told as well.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from proof_models import checks
from proof_models.base import FirstTraining, learn, rows_of, state_of, write_pieces, write_untrained
from proof_models.steps import SMALL, WHOLE, Place, ask, compare, make_finance, make_medical, train
from proof_models.texts import Chat, general_chats, medical_split, reading_chats, shuffled, texts, without

HELD_OUT_ROWS = 40


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", choices=sorted(STAGES))
    parser.add_argument("--data", type=Path, help="Folder with finance/, medical/ and pairs/.")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--library", type=Path)
    parser.add_argument("--shape", choices=["llama", "chatglm3"], default="llama")
    parser.add_argument("--task", choices=["medical", "finance"], default="medical")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--small", action="store_true", help="Smaller models, fewer questions: a few minutes in all.")
    arguments = parser.parse_args()
    arguments.scale = SMALL if arguments.small else WHOLE
    arguments.work = arguments.work.absolute()
    arguments.work.mkdir(parents=True, exist_ok=True)
    STAGES[arguments.stage](arguments)


def write_texts(arguments: argparse.Namespace) -> None:
    """Write what the base reads, what is asked in the end, and the vocabulary."""
    data, work = arguments.data, arguments.work
    medical = medical_split(data)
    general, general_held_out = general_chats(data)
    kept = list(dict.fromkeys(without(list(texts(data)), [row["output"] for row in medical.held_out])))
    chats = [*general, *shuffled(reading_chats(data), 0)[: arguments.scale.chats]]
    _write(work / "texts.jsonl", [{"text": text} for text in kept])
    _write(work / "chats.jsonl", [asdict(chat) for chat in chats])
    _write(work / "medical_train.jsonl", medical.train)
    _write(work / "medical_held_out.jsonl", medical.held_out)
    _write(work / "general_held_out.jsonl", [{"instruction": c.question, "output": c.answer} for c in general_held_out])
    said = [*(f"{chat.question}\n{chat.answer}" for chat in chats), *(row["output"] for row in medical.train)]
    write_pieces(work / "tokenizer.model", [*kept, *said], arguments.scale.size)
    print(json.dumps({"texts": len(kept), "characters": sum(map(len, kept)), "chats": len(chats)}))


def make_base(arguments: argparse.Namespace) -> None:
    """Make and first train one of the base models; goes on where it was stopped."""
    work, scale = arguments.work, arguments.scale
    folder = work / f"base-{arguments.shape}"
    if not state_of(folder).is_file():
        write_untrained(folder, arguments.shape, (work / "tokenizer.model").read_bytes(), scale.size, seed=0)
    kept = [row["text"] for row in _read(work / "texts.jsonl")]
    entries = [*kept, *(Chat(**row) for row in _read(work / "chats.jsonl"))]
    rows = rows_of(folder, entries, scale.size, seed=0)
    print(json.dumps({"rows": len(rows), "tokens": int(np.prod(rows.shape))}), flush=True)
    plan, parted = FirstTraining(steps=scale.base_steps), (rows[:-HELD_OUT_ROWS], rows[-HELD_OUT_ROWS:])
    found = learn(folder, parted, scale.size, plan, lambda line: print(line, flush=True))
    (work / f"base-{arguments.shape}.json").write_text(json.dumps(found), encoding="utf-8")
    print(json.dumps(found))


def make_examples(arguments: argparse.Namespace) -> None:
    """Make the examples of both tasks."""
    place = Place(arguments.work, arguments.shape, arguments.scale)
    make_medical(place)
    if arguments.library:
        make_finance(place, arguments.library.absolute())


def prove(arguments: argparse.Namespace) -> None:
    """Ask the base, train, ask again, for each seed."""
    place = Place(arguments.work, arguments.shape, arguments.scale)
    for questions in (arguments.task, "general"):
        if not (place.answers("base", questions) / "metrics.json").is_file():
            ask(place, "base", "base", questions)
    for seed in arguments.seeds:
        run = place.run(arguments.task, seed)
        seconds = 0.0 if (run / "report.json").is_file() else train(place, arguments.task, seed)
        told: dict[str, Any] = {"shape": place.shape, "task": arguments.task, "seed": seed, "train_seconds": seconds}
        told["report"] = json.loads((run / "report.json").read_text(encoding="utf-8"))
        for questions in (arguments.task, "general"):
            ask(place, f"base+{run / 'adapter'}", run.name, questions)
            told[questions] = compare(place.answers("base", questions), place.answers(run.name, questions))
        (arguments.work / f"proof-{run.name}.json").write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")


def resume(arguments: argparse.Namespace) -> None:
    """Train, kill, go on, and compare the losses with those of a run that was left alone."""
    checks.told(checks.resumed(Place(arguments.work, arguments.shape, arguments.scale), arguments.task))


def merge(arguments: argparse.Namespace) -> None:
    """Merge and export the adapters of all seeds, and compare what comes of it."""
    for seed in arguments.seeds:
        found = checks.merged(Place(arguments.work, arguments.shape, arguments.scale), arguments.task, seed)
        checks.told({"shape": arguments.shape, "task": arguments.task, "seed": seed, **found})


def report(arguments: argparse.Namespace) -> None:
    """Print what was found, a table for each run."""
    for file in sorted(arguments.work.glob("base-*.json")):
        print(file.read_text(encoding="utf-8"))
    for file in sorted(arguments.work.glob("proof-*.json")):
        told = json.loads(file.read_text(encoding="utf-8"))
        speed, held_out = told["report"]["speed"], told["report"]["held_out"]
        print(f"\n{told['shape']} {told['task']} seed {told['seed']}: {told['report']['steps']} steps, {speed}")
        print(f"  loss {told['report']['loss']}")
        print(f"  held out before {held_out.get('before')}, after {held_out.get('after')}")
        for questions in (told["task"], "general"):
            found = told[questions]
            print(
                f"  {questions}: {found['items']} items, {found['better_count']} better, {found['worse_count']} worse"
            )
            for name, entry in found["metrics"].items():
                low, high = entry["interval"]
                change = f"{entry['a']:.4f} -> {entry['b']:.4f}  {entry['difference']:+.4f} [{low:+.4f}, {high:+.4f}]"
                print(f"    {name:<20}{change} p {entry['p']:.4f}")


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def _read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


STAGES: dict[str, Callable[[argparse.Namespace], None]] = {
    "texts": write_texts,
    "base": make_base,
    "examples": make_examples,
    "proof": prove,
    "resume": resume,
    "merge": merge,
    "report": report,
}

if __name__ == "__main__":
    main()
