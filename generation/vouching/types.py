"""What comes of checking a draft."""

from dataclasses import dataclass, field
from typing import Literal

from vouch.generation.types import Citation, Refusal, Step, Verification

Policy = Literal["mark", "regenerate", "refuse"]
"""What happens to an answer of which something is unsupported: it is marked; it is written anew once and then marked
(refused, if nothing in it is supported); it is refused."""


@dataclass(frozen=True, slots=True)
class Vouched:
    """An answer as it may be given, or why it may not."""

    text: str = ""
    citations: tuple[Citation, ...] = ()
    verification: Verification = field(default_factory=Verification)
    refusal: Refusal | None = None
    warnings: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
