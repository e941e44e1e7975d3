"""What comes of checking a draft."""

from dataclasses import dataclass, field
from typing import Literal

from vouch.generation.quotes import Quote
from vouch.generation.types import Citation, Refusal, Step, Verification
from vouch.generation.vouching.claims import Claim

Policy = Literal["mark", "regenerate", "refuse"]
"""What happens to an answer of which something is unsupported: it is marked; it is written anew once and then marked
(refused, if nothing in it is supported); it is refused."""
ProblemKind = Literal[
    "number", "year", "quote", "page", "uncited", "invented", "unsupported", "opposite", "doubted", "leak", "language"
]
COUNTED_AS_NUMBERS: frozenset[ProblemKind] = frozenset(("number", "year"))


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a claim cannot be vouched for."""

    kind: ProblemKind
    text: str
    """The piece in question: a number, a quotation, the start of the sentence."""


@dataclass(frozen=True, slots=True)
class CheckedClaim:
    """A claim, the spans that it stands on and what is wrong with it."""

    claim: Claim
    quotes: tuple[Quote, ...] = ()
    problems: tuple[Problem, ...] = ()
    numbers: int = 0
    """How many were checked."""
    cited: int = 0
    """Marks that name a piece of evidence."""
    frame: bool = False
    """Says nothing that needs evidence: a heading, an announcement, that something is not known."""

    @property
    def supported(self) -> bool:
        """Say whether it says something and all of it is vouched for."""
        return not self.frame and not self.problems and bool(self.quotes)


@dataclass(frozen=True, slots=True)
class Vouched:
    """An answer as it may be given, or why it may not."""

    text: str = ""
    citations: tuple[Citation, ...] = ()
    verification: Verification = field(default_factory=Verification)
    refusal: Refusal | None = None
    warnings: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
