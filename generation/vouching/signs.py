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
    pairs = tuple((_any([left]), _any([right])) for left, right in content["opposites"])
    lists = {name: _any(content[name]) for name in ("unknown", "instructions", "turns", "earlier", "negations")}
    return Signs(opposites=pairs, idle=frozenset(content["idle"]), objections=content["objections"], **lists)


def _any(patterns: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE | re.MULTILINE)
