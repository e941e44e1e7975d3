"""How replies and documents give themselves away: the patterns of reply_signs.toml."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Signs:
    """Compiled patterns, one for each list of the file."""

    unknown: re.Pattern[str]
    instructions: re.Pattern[str]
    turns: re.Pattern[str]
    earlier: re.Pattern[str]
    negations: re.Pattern[str]
    opposites: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]
    """Directions among them."""
    rises: re.Pattern[str]
    falls: re.Pattern[str]
    moved: re.Pattern[str]
    """Says that something moved, but not which way."""
    idle: frozenset[str]
    """Words as `vouch.retrieval.tokenize.words` gives them: English ones are stems."""
    objections: Mapping[str, Mapping[str, str]]
    """Language -> kind of problem -> sentence."""

    def are_opposite(self, one: str, other: str) -> bool:
        """Say whether two texts take opposite sides of something."""
        for left, right in self.opposites:
            sides = [(bool(left.search(text)), bool(right.search(text))) for text in (one, other)]
            if sides in ([(True, False), (False, True)], [(False, True), (True, False)]):
                return True
        return bool(self.negations.search(one)) != bool(self.negations.search(other))


@lru_cache(maxsize=1)
def signs() -> Signs:
    """Return the signs of the package."""
    path = files("vouch.generation").joinpath("data", "reply_signs.toml")
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    said = (*content["directions"], *content["opposites"])
    pairs = tuple((_any([left]), _any([right])) for left, right in said)
    names = ("unknown", "instructions", "turns", "earlier", "negations", "moved")
    lists = {name: _any(content[name]) for name in names}
    (rises, falls), *_ = pairs
    return Signs(
        opposites=pairs,
        rises=rises,
        falls=falls,
        idle=frozenset(content["idle"]),
        objections=content["objections"],
        **lists,
    )


def _any(patterns: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE | re.MULTILINE)
