"""What FAISS does for the vector index: compare all of some vectors, or scan short codes of many. Knows no files.

Rows are numbered from 0 in each scan; a mask says which of them count. Measured on 100,000 passages made of real ones,
256 dimensions, ten nearest of real questions, one core: float16 compared 1.9 ms; codes of four bits for four
coordinates each, the best 400 compared again 0.24 ms and 0.995 of the nearest (0.6 s to make); inverted lists of
one-byte codes 0.44 ms with 128 of 1,024 lists and 0.950, with 256 0.84 ms and 0.964 (3.9 s to make). Vectors of texts
lie between clusters, so that lists lose what a scan of all codes finds.
"""

from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from vouch.retrieval.types import Vectors
from vouch.retrieval.vectors.vector_rows import Packed, Rows

Mask = npt.NDArray[np.bool_]
"""For each row whether it counts."""

_COORDINATES = 4
"""Coordinates that share a code of four bits."""
_BATCH = 10_000
_GPU_WIDEST = 2048  # the most neighbours that FAISS draws on a GPU


def one_thread() -> None:
    """One query at a time gains nothing from threads, and on a busy machine their barriers cost 30 ms at p95."""
    faiss.omp_set_num_threads(1)


def gpus() -> int:
    """Return how many GPUs this FAISS can use; the package faiss-cpu uses none."""
    return int(faiss.get_num_gpus())


def unpacked(packed: Packed) -> Vectors:
    """Return float16 rows as float32: five times as fast as numpy does it."""
    vectors: Vectors = _half_precision(packed.shape[1] // 2).decode(packed)
    return vectors


def _half_precision(dimension: int) -> Any:
    return faiss.ScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16)


class ExactScan:
    """Compares everything, as float16."""

    def __init__(self, dimension: int) -> None:
        self._index = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def add(self, packed: Packed) -> None:
        self._index.add_sa_codes(packed)

    def best(self, vector: Vectors, k: int, mask: Mask | None) -> Rows:
        """Return up to `k` rows, best first."""
        return _found(self._index, vector, min(k, len(self)), faiss.SearchParameters(sel=_selector(mask)))


class CodedScan:
    """Scans codes of four bits for four coordinates each: 1/16 of what float16 takes. Its best are to be compared."""

    def __init__(self, index: Any, dimension: int) -> None:
        self._index = index
        self._padding = -dimension % _COORDINATES

    @classmethod
    def trained(cls, sample: Vectors) -> "CodedScan":
        """Return an empty scan with codes that suit vectors like these."""
        dimension = sample.shape[1]
        padded = dimension + -dimension % _COORDINATES
        # One list that holds all: unlike FAISS's scan without lists, this one takes masks.
        factory = f"IVF1,PQ{padded // _COORDINATES}x4fs"
        index = faiss.index_factory(padded, factory, faiss.METRIC_INNER_PRODUCT)
        index.by_residual = False
        index.cp.min_points_per_centroid = index.pq.cp.min_points_per_centroid = 1  # tests train on few
        made = cls(index, dimension)
        index.train(made._padded(sample))
        return made

    @classmethod
    def read(cls, path: Path, dimension: int) -> "CodedScan":
        """Return what `write` wrote; RuntimeError where it cannot be read, ValueError where it is of other vectors."""
        index = faiss.read_index(str(path))
        if index.d != dimension + -dimension % _COORDINATES:
            raise ValueError(f"{path} is of vectors of {index.d} dimensions")
        return cls(index, dimension)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def write(self, path: Path) -> None:
        faiss.write_index(self._index, str(path))

    def add(self, packed: Packed) -> None:
        for first in range(0, len(packed), _BATCH):
            self._index.add(self._padded(unpacked(packed[first : first + _BATCH])))

    def best(self, vector: Vectors, k: int, mask: Mask | None) -> Rows:
        """Return up to `k` rows, the nearest by their codes."""
        parameters = faiss.SearchParametersIVF(sel=_selector(mask), nprobe=1)
        return _found(self._index, self._padded(vector), min(k, len(self)), parameters)

    def _padded(self, vectors: Vectors) -> Vectors:
        return np.pad(vectors, ((0, 0), (0, self._padding))) if self._padding else np.ascontiguousarray(vectors)


class GpuScan:
    """Compares everything on the first GPU, as float16; needs a FAISS built for GPUs (the package faiss-gpu-cu12)."""

    def __init__(self, dimension: int) -> None:
        self._resources = faiss.StandardGpuResources()
        settings = faiss.GpuIndexFlatConfig()
        settings.useFloat16 = True
        self._index = faiss.GpuIndexFlatIP(self._resources, dimension, settings)

    def add(self, packed: Packed) -> None:
        for first in range(0, len(packed), _BATCH):
            self._index.add(unpacked(packed[first : first + _BATCH]))

    def best(self, vector: Vectors, k: int) -> Rows:
        """Return up to `k` rows, best first."""
        return _found(self._index, vector, min(k, int(self._index.ntotal), _GPU_WIDEST), None)


def _selector(mask: Mask | None) -> Any:
    return None if mask is None else faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))


def _found(index: Any, vector: Vectors, k: int, parameters: Any) -> Rows:
    if not k:
        return np.zeros(0, np.int64)
    _, (rows,) = index.search(np.ascontiguousarray(vector, np.float32), k, params=parameters)
    kept: Rows = rows[rows >= 0]
    return kept
