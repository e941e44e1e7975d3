"""Worked examples for a prompt: those most like the question, as many as the room allows. Knows no model."""

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from vouch.generation.packing import CountTokens
from vouch.generation.relevance import similar
from vouch.retrieval.errors import SettingsError
from vouch.retrieval.tokenize import tokens

FILE_NAME = "examples.toml"

Likeness = Callable[[str, str], float]
"""How alike two questions are, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Example:
    """A question with its passages and the answer that is wanted."""

    domain: str
    language: str
    question: str
    passages: tuple[str, ...]
    answer: str

    def shown(self) -> str:
        """Return the example as it stands in a prompt."""
        passages = "\n".join(f"[{n}] {text}" for n, text in enumerate(self.passages, start=1))
        if self.language == "zh":
            return f"示例\n资料：\n{passages}\n问题：{self.question}\n回答：{self.answer}"
        return f"Example\nPassages:\n{passages}\nQuestion: {self.question}\nAnswer: {self.answer}"


def common_tokens(one: str, other: str) -> float:
    """Return the share of common search tokens of two questions."""
    return similar(tokens(one), tokens(other))


def chosen_examples(
    examples: Sequence[Example], question: str, most: int, room: int, count: CountTokens, like: Likeness = common_tokens
) -> list[Example]:
    """Return at most `most` examples that fit into `room` tokens, the one most like the question last, next to it."""
    ranked = sorted(examples, key=lambda example: -like(example.question, question))
    chosen: list[Example] = []
    for example in ranked:
        tokens_needed = count(example.shown())
        if len(chosen) < most and tokens_needed <= room:
            chosen.append(example)
            room -= tokens_needed
    return chosen[::-1]


def load_examples(domain: str, language: str, folder: Path | None = None) -> tuple[Example, ...]:
    """Return the examples of a domain and language: the user's own file instead of the package's where it exists."""
    own = folder / FILE_NAME if folder else None
    every = _from_file(own) if own and own.is_file() else _shipped()
    return tuple(example for example in every if (example.domain, example.language) == (domain, language))


@lru_cache(maxsize=1)
def _shipped() -> tuple[Example, ...]:
    return _parsed(tomllib.loads(files("vouch.generation.prompts").joinpath(FILE_NAME).read_text(encoding="utf-8")))


def _from_file(path: Path) -> tuple[Example, ...]:
    try:
        return _parsed(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise SettingsError(f"examples {path} cannot be used: {error!r}") from error


def _parsed(content: dict[str, Any]) -> tuple[Example, ...]:
    return tuple(
        Example(e["domain"], e["language"], e["question"], tuple(e["passages"]), e["answer"])
        for e in content["examples"]
    )
