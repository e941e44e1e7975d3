"""The wording of examples made from a library: `wording.toml`, by language."""

import random
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from vouch.generation.phrases import Language


def said(language: Language, key: str, **parts: str) -> str:
    """Return a sentence with its parts filled in."""
    return str(_tables()[language][key]).format(**parts)


def asked(language: Language, key: str, chance: random.Random, **parts: str) -> str:
    """Return one of several ways to ask, its parts filled in."""
    ways: list[str] = _tables()[language][key]
    return chance.choice(ways).format(**parts)


@cache
def _tables() -> Mapping[str, Mapping[str, Any]]:
    text = resources.files("vouch.finetune").joinpath("examples", "wording.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
