"""What goes into a model card, gathered from a run, its examples and its base."""

import re
from collections import Counter
from importlib.metadata import version
from pathlib import Path

from vouch.finetune.adapters.listing import report_of
from vouch.finetune.adapters.model_card import CardData, CardFacts
from vouch.finetune.examples.files import read_examples
from vouch.retrieval.errors import UsageError

NAME = "README.md"
_LICENCE = re.compile(r"^(?:license_name|license):\s*(?P<said>.+?)\s*$", re.M)
_UNKNOWN = "other"
"""What the head of a card says where the licence has a name of its own."""
_RESULTS = ("adapter", "model")


def card_facts(run: Path, data: Path | None, base: Path | None) -> CardFacts:
    """Return what is known of a run's result; UsageError for a folder that is no finished run.

    `data`: what the recipe's paths start from, to count examples; `base`: for its licence.
    """
    report = report_of(run) if run.is_dir() else None
    if report is None or not report.get("finished"):
        raise UsageError(f"{run} is no finished run of vouch finetune train: it has no report.json of one")
    return CardFacts(
        name=run.resolve().name,
        report=report,
        data=_counted(data, report["settings"]["data"]["train"]) if data else None,
        base_licence=base_licence(base) if base else "",
        command="vouch finetune train recipe.toml --data DIR --out DIR",
        version=version("vouch-qa"),
    )


def result_folder(run: Path) -> Path:
    """Return where a run's adapter or model lies, and its card belongs."""
    return next((run / name for name in _RESULTS if (run / name).is_dir()), run)


def base_licence(folder: Path) -> str:
    """Return the licence that a model's folder states: in the head of its card, else the name of its licence file."""
    card = folder / NAME
    head = card.read_text(encoding="utf-8", errors="replace").split("---")[1:2] if card.is_file() else []
    said = [match["said"].strip("'\"") for match in _LICENCE.finditer("".join(head))]
    named = [name for name in said if name != _UNKNOWN]
    if named:
        return named[0]
    files = sorted(file.name for file in folder.iterdir() if "licen" in file.name.lower() and file.is_file())
    return f"see {files[0]} of the base" if files else ""


def _counted(data: Path, files: list[str]) -> CardData:
    examples = [example for name in files for example in read_examples(data / name)]
    return CardData(
        len(examples),
        dict(Counter(example.kind for example in examples).most_common()),
        dict(Counter(example.source or "not stated" for example in examples).most_common()),
        dict(Counter(example.licence or "not stated" for example in examples).most_common()),
    )
