"""What the user wants of a set of examples, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from vouch.finetune.examples.types import Kind

MADE: tuple[Kind, ...] = ("fact", "computation", "refusal", "passage", "tools", "feedback")
"""Kinds that are made from a library."""
Group = Literal["document", "company"]


@dataclass(frozen=True, slots=True)
class Making:
    """What is to be made from a library."""

    kinds: tuple[Kind, ...] = MADE
    limit: int = 300
    """Of each kind, at most."""
    group: Group = "document"
    """What a split never parts: companies print last year's figures in this year's report as well."""
    seed: int = 0
    licence: str = ""


@dataclass(frozen=True, slots=True)
class Choices:
    """What becomes of examples, wherever they come from."""

    against: tuple[Path, ...] = ()
    """Evaluation sets that none of them may stand in."""
    held_out: float = 0.1
    shares: Mapping[Kind, float] = field(default_factory=dict)
    seed: int = 0
    strict: bool = False
    """Refuse a file with a bad example instead of leaving that out."""
