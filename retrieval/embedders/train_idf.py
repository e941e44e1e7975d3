"""Counts how many texts hold each hashed feature: the table of rarities that HashingEmbedder reads.

python -m vouch.retrieval.embedders.train_idf OUT.npy PAIRS.jsonl [PAIRS.jsonl …]
Each file is one language: records with a `query` and a `positive` text. Keeps counts of buckets, no text.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vouch.retrieval.embedders.hashing import RAREST, RARITY_SCALE, buckets, feature_hashes, features

_SHAPE = (2, 1 << 17)

Rarities = npt.NDArray[np.uint8]


def main(arguments: Sequence[str]) -> None:
    """Write the table for the files named; the number of texts of each goes to standard error."""
    out, *files = map(Path, arguments)
    shares = [_shares(file) for file in files]
    np.save(out, rarities(np.maximum.reduce(shares)))


def rarities(shares: npt.NDArray[np.float64]) -> Rarities:
    """Return -ln of each share in steps of 1 / RARITY_SCALE; never seen counts as rare as can be."""
    rare = np.minimum(-np.log(np.maximum(shares, np.exp(-RAREST))), RAREST)
    return np.round(rare * RARITY_SCALE).astype(np.uint8)


def _shares(file: Path) -> npt.NDArray[np.float64]:
    """Return the share of a file's texts in which each bucket occurs."""
    counts = np.zeros(_SHAPE, np.int64)
    n = 0
    for text in _texts(file):
        n += 1
        for row, places in zip(counts, buckets(feature_hashes(chain(*features(text))), _SHAPE), strict=True):
            row[np.unique(places)] += 1
    sys.stderr.write(f"{file.name}: {n} texts\n")
    return counts / max(n, 1)


def _texts(file: Path) -> Iterator[str]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            yield from (record["query"], record["positive"])


if __name__ == "__main__":
    main(sys.argv[1:])
