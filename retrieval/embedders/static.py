"""The embedder that ships: one trained vector for each word, character and piece of a word, added up. numpy only.

All arithmetic before the last step is on whole numbers that float32 holds exactly, so that a text has the same vector
on every machine and beside whatever other texts it is embedded. Trained by `vouch finetune embed`; what it learned
from, how good and how fast it is: data/embedder/MODEL_CARD.md.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vouch.retrieval.errors import SettingsError
from vouch.retrieval.token_bag import (
    ABOUT_FILE,
    MOST_TIMES,
    TIMES_WEIGHTS,
    TOKENS_FILE,
    VECTORS_FILE,
    Bag,
    Rows,
    WeighedTokens,
    unit,
)
from vouch.retrieval.tokenize import TOKENIZER_NAME
from vouch.retrieval.types import Vectors

SHIPPED = Path(__file__).parent.parent / "data" / "embedder"


def version_in(folder: Path) -> str:
    """Return the version of the table in a folder, without reading the table."""
    version: str = json.loads((folder / ABOUT_FILE).read_text("utf-8"))["version"]
    return version


class StaticEmbedder:
    """Bags of trained vectors. The leading dimensions alone do, a little less well."""

    def __init__(self, folder: Path = SHIPPED, dimension: int = 0) -> None:
        """`dimension` keeps so many leading dimensions; 0 all."""
        # Read from the file as needed; as a plain array, since memmap's own class is slow to pick rows from.
        table: npt.NDArray[np.int8] = np.asarray(np.load(folder / VECTORS_FILE, mmap_mode="r", allow_pickle=False))
        listed = (folder / TOKENS_FILE).read_text("utf-8").splitlines()
        self._bag = Bag(listed, len(table) - len(listed))
        self._version = version_in(folder)
        if dimension > table.shape[1]:
            raise SettingsError(
                f"embedding.dimension is {dimension}, the built-in embedder has {table.shape[1]}: "
                "choose fewer, or 0 for all"
            )
        self._dimension = dimension or table.shape[1]
        self._table = table[:, : self._dimension]

    @property
    def name(self) -> str:
        return f"static-{self._version}/{self._dimension}/{TOKENIZER_NAME}"

    @property
    def dimension(self) -> int:
        return self._dimension

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        sums = np.zeros((len(texts), self._dimension), np.float32)
        for place, text in enumerate(texts):
            sums[place] = self._weighed(*self._counted(text))
        return unit(sums)

    def embed_query(self, text: str) -> Vectors:
        return self.embed_passages([text])

    def weighed_tokens(self, text: str) -> WeighedTokens:
        """Return the different tokens of a text."""
        rows, weights = self._counted(text)
        return WeighedTokens(rows, weights, float(np.linalg.norm(self._weighed(rows, weights))))

    def token_vectors(self, rows: Rows) -> Vectors:
        """Return the vectors of tokens, each as long as the token is worth."""
        return self._table[rows].astype(np.float32)

    def _counted(self, text: str) -> tuple[Rows, npt.NDArray[np.float32]]:
        """Return the rows of the different tokens of a text, rising, and what each weighs."""
        rows, times = np.unique(self._bag.rows(text), return_counts=True)
        return rows, TIMES_WEIGHTS[np.minimum(times, MOST_TIMES) - 1]

    def _weighed(self, rows: Rows, weights: npt.NDArray[np.float32]) -> Vectors:
        """Return the weighted sum of the vectors of a text's tokens.

        One text at a time: as one matrix product for many it is not faster, and with several threads on busy cores ten
        times as slow.
        """
        # Whole numbers below 2^24: no order of summing changes them.
        total: Vectors = np.einsum("i,ij->j", weights, self.token_vectors(rows))
        return total
