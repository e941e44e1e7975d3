"""The sample documents and questions that ship with the package."""

import shutil
import tomllib
from importlib import resources
from pathlib import Path

SUFFIXES = frozenset({".pdf", ".docx", ".html", ".md", ".txt", ".csv", ".xlsx", ".jsonl"})
QUESTIONS = "questions.toml"


def write_samples(folder: Path) -> list[Path]:
    """Return the sample documents, copied into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for sample in sorted(resources.files("vouch.app.samples").iterdir(), key=lambda entry: entry.name):
        if Path(sample.name).suffix in SUFFIXES and sample.name.lower() != "readme.md":
            written.append(folder / sample.name)
            with sample.open("rb") as read, written[-1].open("wb") as write:
                shutil.copyfileobj(read, write)
    return written


def sample_questions() -> list[str]:
    """Return the questions to ask of the samples, in order."""
    text = resources.files("vouch.app.samples").joinpath(QUESTIONS).read_text(encoding="utf-8")
    return [entry["text"] for entry in tomllib.loads(text)["question"]]
