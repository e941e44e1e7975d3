"""How a chat model answers, as values."""

from dataclasses import dataclass, field
from pathlib import Path

from vouch.generation.chat import Sampling
from vouch.generation.reasoning.bounds import Bounds
from vouch.generation.reasoning.parts import Decompose


@dataclass(frozen=True, slots=True)
class ChatOptions:
    """Everything about a chat generator but its model and its tools."""

    sampling: Sampling = field(default_factory=Sampling)
    bounds: Bounds = field(default_factory=Bounds)
    passages: int = 8
    """Read for an answer, at most."""
    context: int = 0
    """Characters up to which a passage brings along its section on the page; 0: none."""
    cot: bool = False
    decompose: Decompose = "never"
    check: bool = False
    examples: int = 2
    prompts: Path | None = None
    """A folder whose files replace those of the package."""
    adapter: str = ""
