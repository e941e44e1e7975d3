"""The VectorIndex in a folder, with FAISS: exact up to a size, above it short codes whose best are compared again."""

import contextlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vouch.retrieval.atomic_file import replace_durably, write_atomically
from vouch.retrieval.types import Vectors
from vouch.retrieval.vectors.faiss_scans import CodedScan, ExactScan, GpuScan, Mask, gpus, one_thread, unpacked
from vouch.retrieval.vectors.vector_rows import Mark, Rows, VectorRows, drop_files

_FORMAT = 2
_STATE = "state.json"
_COMPARED = 400
"""Rows with the best codes that are compared at least; four for each one asked for."""
_TRAINED_ON = 20_000
_TRAINED_AGAIN = 4
"""Codes are fitted anew when there are so many times more vectors than they were fitted to."""
_DEAD_SHARE = 0.3
"""Of rows that no longer count, when all are written anew."""
_READ_AGAIN = 3
"""Tries at reading an index that another process replaces meanwhile."""


class FaissIndex:
    """Inner products over chunk vectors.

    Vectors are appended to files. All beyond `exact_up_to` that came last have codes; the last ones and the vectors of
    a narrow scope are compared as they are. Adding a document costs what it holds: codes are written again (a
    sixteenth of the vectors) each time `exact_up_to` have come.
    """

    def __init__(self, folder: Path, dimension: int, *, exact_up_to: int = 20_000) -> None:
        """Open the index in `folder`, or an empty one."""
        self._folder = folder
        self._dimension = dimension
        self._exact_up_to = exact_up_to
        one_thread()
        self._rows: VectorRows
        self._trained_on: int
        self._codes: CodedScan | None
        self._gpu: GpuScan | None
        self._state: dict[str, Any]
        self._start_empty()
        self.reload()

    @property
    def position(self) -> str:
        return self._position

    def reload(self) -> None:
        """Take up what another process has committed; damaged files read as an empty index without a position."""
        for _ in range(_READ_AGAIN):
            try:
                state = json.loads((self._folder / _STATE).read_text("utf-8"))
                if state == self._state and not self._rows.changed:
                    return
                self._open(state)
                return
            except (OSError, ValueError, KeyError, TypeError, RuntimeError):  # RuntimeError: FAISS on a damaged file
                self._start_empty()

    def clear(self) -> None:
        (self._folder / _STATE).unlink(missing_ok=True)
        self._drop_codes()
        drop_files(self._folder)
        self._start_empty()

    def add(self, seqs: Sequence[int], vectors: Vectors) -> None:
        self.remove(seqs)
        first = len(self._rows)
        self._rows.append(seqs, vectors)
        self._tail.add(self._rows.packed(slice(first, None)))
        if len(self._tail) > self._exact_up_to:
            self._encode_tail()

    def remove(self, seqs: Sequence[int]) -> None:
        self._rows.kill(self._rows.rows_of(seqs))

    def commit(self, position: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._rows.dead > max(self._exact_up_to, _DEAD_SHARE * len(self._rows)):
            self._write_anew()
        mark = self._rows.commit()
        coded = len(self._codes) if self._codes else 0
        codes = f"codes-{mark.generation}-{coded}.faiss" if coded else ""
        if self._codes and not (self._folder / codes).is_file():
            fresh = self._folder / f"{codes}.new"
            self._codes.write(fresh)
            replace_durably(fresh, self._folder / codes)
        # Last: a crash before this leaves the old position, and bytes behind the old mark that the next run cuts off.
        self._state = {
            "format": _FORMAT,
            "dimension": self._dimension,
            "position": position,
            "mark": [mark.generation, mark.rows, mark.dead],
            "codes": codes,
            "trained_on": self._trained_on,
        }
        write_atomically(self._folder / _STATE, json.dumps(self._state).encode())
        self._position = position
        self._drop_codes(codes)
        self._rows.drop_other_files()

    def search(self, vector: Vectors, k: int, seqs: Sequence[int] | None = None) -> list[tuple[int, float]]:
        if k < 1 or self._rows.dead == len(self._rows):
            return []
        if seqs is None:
            rows = self._candidates(vector, k, self._rows.alive if self._rows.dead else None)
        else:
            rows = self._rows.rows_of(seqs)
            if len(rows) > self._exact_up_to:
                mask = np.zeros(len(self._rows), np.bool_)
                mask[rows] = True
                rows = self._candidates(vector, k, mask)
        scores = unpacked(self._rows.packed(rows)) @ np.asarray(vector[0], np.float32)
        numbers = self._rows.numbers(rows)
        best = np.lexsort((numbers, -scores))[:k]
        return list(zip(numbers[best].tolist(), scores[best].tolist(), strict=True))

    def _candidates(self, vector: Vectors, k: int, mask: Mask | None) -> Rows:
        coded = len(self._codes) if self._codes else 0
        recent = self._tail.best(vector, k, None if mask is None else mask[coded:])
        if not self._codes:
            return recent
        if mask is None and gpus():
            return np.concatenate([self._on_gpu().best(vector, k), recent + coded])
        near = self._codes.best(vector, max(_COMPARED, 4 * k), None if mask is None else mask[:coded])
        return np.concatenate([near, recent + coded])

    def _on_gpu(self) -> GpuScan:
        """Return the rows that have codes in the memory of a GPU, where comparing all of them is the fastest."""
        assert self._codes
        if self._gpu is None:
            self._gpu = GpuScan(self._dimension)
            self._gpu.add(self._rows.packed(slice(0, len(self._codes))))
        return self._gpu

    def _encode_tail(self) -> None:
        """Give codes to all rows."""
        if self._codes is None or len(self._rows) >= _TRAINED_AGAIN * self._trained_on:
            sample = np.linspace(0, len(self._rows) - 1, min(len(self._rows), _TRAINED_ON)).astype(np.int64)
            self._codes = CodedScan.trained(unpacked(self._rows.packed(sample)))
            self._trained_on = len(self._rows)
        self._codes.add(self._rows.packed(slice(len(self._codes), None)))
        self._tail, self._gpu = ExactScan(self._dimension), None

    def _write_anew(self) -> None:
        """Leave out the rows that no longer count."""
        self._rows = self._rows.without_dead(max(1, self._exact_up_to))
        self._codes, self._gpu, self._tail = None, None, ExactScan(self._dimension)
        self._tail.add(self._rows.packed(slice(0, None)))
        if len(self._rows) > self._exact_up_to:
            self._encode_tail()

    def _open(self, state: dict[str, Any]) -> None:
        if state["format"] != _FORMAT or state["dimension"] != self._dimension:
            raise ValueError(f"{self._folder} holds other vectors")
        rows = VectorRows(self._folder, self._dimension, Mark(*state["mark"]))
        codes = CodedScan.read(self._folder / state["codes"], self._dimension) if state["codes"] else None
        tail = ExactScan(self._dimension)
        tail.add(rows.packed(slice(len(codes) if codes else 0, None)))
        self._rows, self._codes, self._gpu, self._tail = rows, codes, None, tail
        self._trained_on, self._position, self._state = state["trained_on"], state["position"], state

    def _start_empty(self) -> None:
        self._rows = VectorRows(self._folder, self._dimension)
        self._tail = ExactScan(self._dimension)
        self._codes, self._gpu = None, None
        self._trained_on = 0
        self._state, self._position = {}, ""

    def _drop_codes(self, kept: str = "") -> None:
        for path in self._folder.glob("codes-*"):
            if path.name != kept:
                with contextlib.suppress(PermissionError):  # open elsewhere: it goes the next time
                    path.unlink(missing_ok=True)
