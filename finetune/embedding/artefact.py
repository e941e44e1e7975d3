"""A trained table as the files that the static embedder reads."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vouch.retrieval.token_bag import ABOUT_FILE, TOKENS_FILE, VECTORS_FILE
from vouch.retrieval.types import Vectors

_LARGEST = 127
_CLIPS = (2.5, 3, 3.5, 4, 5, 6, 8, 12)
"""Standard deviations tried as the largest number that can be told."""


@dataclass(frozen=True, slots=True)
class Written:
    """What was written."""

    version: str
    tokens: int
    dimension: int
    bytes: int


def quantised(table: Vectors) -> npt.NDArray[np.int8]:
    """Return whole numbers in proportion to the table, one step for all: the clip with the least squared error.

    One step, not one for each row: rows are added up as they are, and a token that weighs little needs little care.
    """
    tried = [_rounded(table, clip * float(table.std())) for clip in _CLIPS]
    best = min(tried, key=lambda pair: float(np.square(pair[0] * pair[1] - table).mean()))
    return best[0]


def write_embedder(folder: Path, tokens: Sequence[str], table: Vectors) -> Written:
    """Write the files of an embedder; the same table gives the same files and the same version."""
    folder.mkdir(parents=True, exist_ok=True)
    vectors = quantised(table)
    listed = "".join(f"{token}\n" for token in tokens).encode()
    version = hashlib.blake2b(listed + vectors.tobytes(), digest_size=4).hexdigest()
    (folder / TOKENS_FILE).write_bytes(listed)
    np.save(folder / VECTORS_FILE, vectors)
    (folder / ABOUT_FILE).write_text(json.dumps({"version": version}) + "\n", "utf-8")
    size = sum((folder / name).stat().st_size for name in (TOKENS_FILE, VECTORS_FILE, ABOUT_FILE))
    return Written(version, len(tokens), vectors.shape[1], size)


def _rounded(table: Vectors, largest: float) -> tuple[npt.NDArray[np.int8], float]:
    step = largest / _LARGEST
    return np.clip(np.round(table / step), -_LARGEST, _LARGEST).astype(np.int8), step
