"""Vectors and their numbers as rows of files that only grow. Knows no index and nothing of what is near to what."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vouch.retrieval.types import Vectors

Rows = npt.NDArray[np.int64]
Packed = npt.NDArray[np.uint8]
"""Shape (rows, 2 * dimension): float16, little-endian, as the store keeps them."""

_VECTORS, _NUMBERS, _DEAD = "vectors", "numbers", "dead"


@dataclass(frozen=True, slots=True)
class Mark:
    """What of the files is committed; whatever stands behind it is the rest of a run that was cut short."""

    generation: int = 0
    rows: int = 0
    dead: int = 0


class VectorRows:
    """Rows that are added at the end and never change: a change costs what it holds, not what the index holds."""

    def __init__(self, folder: Path, dimension: int, mark: Mark = Mark()) -> None:
        """Open the rows up to `mark`; ValueError where files are shorter, OSError where there are none."""
        self._folder = folder
        self._width = 2 * dimension
        self._mark = mark
        self._rows, self._dead = mark.rows, mark.dead
        self._writing = False
        if mark.rows:
            self._map()
            dead = np.fromfile(self._path(_DEAD), "<i8", mark.dead) if mark.dead else np.zeros(0, np.int64)
            if len(dead) != mark.dead:
                raise ValueError(f"{self._path(_DEAD)} is cut short")
        else:
            self._packed, self._numbers = np.zeros((0, self._width), np.uint8), np.zeros(0, np.int64)
            dead = np.zeros(0, np.int64)
        self.alive = np.ones(mark.rows, np.bool_)
        self.alive[dead] = False
        self._ascending = bool((self._numbers[1:] > self._numbers[:-1]).all())

    def __len__(self) -> int:
        return self._rows

    @property
    def dead(self) -> int:
        """Return how many rows no longer count."""
        return self._dead

    @property
    def changed(self) -> bool:
        """Say whether anything was added or removed since the last commit."""
        return (self._rows, self._dead) != (self._mark.rows, self._mark.dead)

    @property
    def mark(self) -> Mark:
        return self._mark

    def packed(self, rows: Rows | slice) -> Packed:
        """Return vectors as they stand in the file."""
        return np.ascontiguousarray(self._packed[rows])

    def numbers(self, rows: Rows) -> Rows:
        """Return the sequence numbers of rows."""
        return np.asarray(self._numbers[rows])

    def rows_of(self, seqs: Sequence[int]) -> Rows:
        """Return the rows, in use, of those sequence numbers that have one."""
        wanted = np.asarray(seqs, np.int64)
        if not len(wanted) or not self._rows or (self._ascending and wanted.min() > self._numbers[-1]):
            return np.zeros(0, np.int64)
        used = None if self._ascending else np.flatnonzero(self.alive)
        numbers = self._numbers if used is None else self._numbers[used]
        order = None if used is None else np.argsort(numbers)
        places = np.searchsorted(numbers, wanted, sorter=order)
        places = places[places < len(numbers)] if order is None else order[places[places < len(numbers)]]
        rows = places if used is None else used[places]
        rows = rows[np.isin(self._numbers[rows], wanted)]
        return np.unique(rows[self.alive[rows]])

    def append(self, seqs: Sequence[int], vectors: Vectors) -> None:
        """Add vectors; they are found at once and durable after `commit`."""
        self._begin_writing()
        numbers = np.asarray(seqs, "<i8")
        if self._rows and len(numbers):
            self._ascending = self._ascending and bool(numbers[0] > self._numbers[-1])
        self._ascending = self._ascending and bool((numbers[1:] > numbers[:-1]).all())
        _extend(self._path(_NUMBERS), numbers)
        _extend(self._path(_VECTORS), np.asarray(vectors, "<f2"))
        self._rows += len(numbers)
        self.alive = np.concatenate([self.alive, np.ones(len(numbers), np.bool_)])
        self._map()

    def kill(self, rows: Rows) -> None:
        """Let rows count no longer."""
        if len(rows):
            self._begin_writing()
            _extend(self._path(_DEAD), rows.astype("<i8"))
            self._dead += len(rows)
            self.alive[rows] = False

    def commit(self) -> Mark:
        """Return the mark of the present rows once their bytes are on the disk."""
        if self._writing:
            for name in (_VECTORS, _NUMBERS, _DEAD):
                with self._path(name).open("rb") as file:
                    os.fsync(file.fileno())
        self._mark = Mark(self._mark.generation, self._rows, self._dead)
        return self._mark

    def without_dead(self, batch: int) -> "VectorRows":
        """Return the rows in use in files of their own, not yet committed."""
        fresh = VectorRows(self._folder, self._width // 2, Mark(self._mark.generation + 1))
        used = np.flatnonzero(self.alive)
        for first in range(0, len(used), batch):
            rows = used[first : first + batch]
            vectors = self.packed(rows).view("<f2")
            fresh.append(self.numbers(rows).tolist(), vectors.astype(np.float32))
        return fresh

    def drop_other_files(self) -> None:
        """Remove what earlier generations and clearings have left."""
        kept = {self._path(name) for name in (_VECTORS, _NUMBERS, _DEAD)}
        for path in files_of_rows(self._folder):
            if path not in kept:
                _unlink(path)

    def _begin_writing(self) -> None:
        """Cut off what a run before left behind the mark. Readers have only mapped what stands before it."""
        if self._writing:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        for name, size in (
            (_VECTORS, self._rows * self._width),
            (_NUMBERS, self._rows * 8),
            (_DEAD, self._dead * 8),
        ):
            path = self._path(name)
            if not size:
                path.unlink(missing_ok=True)  # not cut to nothing: a reader may have mapped the file of this name
                path.touch()
            else:
                os.truncate(path, size)
        self._writing = True

    def _map(self) -> None:
        shape = (self._rows, self._width)
        self._packed = np.memmap(self._path(_VECTORS), np.uint8, "r", shape=shape)
        self._numbers = np.memmap(self._path(_NUMBERS), "<i8", "r", shape=(self._rows,))

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}-{self._mark.generation}.rows"


def files_of_rows(folder: Path) -> Iterator[Path]:
    """Yield the files of all generations."""
    yield from folder.glob("*.rows")


def drop_files(folder: Path) -> None:
    """Remove all rows; who has them open goes on reading."""
    for path in files_of_rows(folder):
        _unlink(path)


def _extend(path: Path, values: npt.NDArray[np.generic]) -> None:
    with path.open("ab") as file:
        file.write(np.ascontiguousarray(values).tobytes())


def _unlink(path: Path) -> None:
    # Where a file that is open cannot be removed, it goes the next time.
    with contextlib.suppress(PermissionError):
        path.unlink(missing_ok=True)
