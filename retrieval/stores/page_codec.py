"""Packs where a page's lines and characters stand into a few bytes a character. Knows nothing of databases."""

import struct
import zlib

import numpy as np
import numpy.typing as npt

from vouch.retrieval.types import Line

_HEADER = struct.Struct("<BII")  # format, lines, characters
_FORMAT = 1
_NO_CHARACTERS = 0xFFFFFFFF
_NO_BOX = -(2**31)
_NO_PLACE = (float("nan"),) * 4

CharX = npt.NDArray[np.uint16]


def pack_layout(lines: tuple[Line, ...], char_x: CharX | None) -> bytes:
    """Return the layout as bytes; boxes are kept to a hundredth of a point."""
    places = [(line.start, line.end, *(line.box or _NO_PLACE)) for line in lines]
    table = np.array(places, np.float64).reshape(-1, 6)
    table[:, 2:] *= 100
    table = np.nan_to_num(np.rint(table), nan=_NO_BOX).astype("<i4")
    parts = [table.tobytes()]
    if char_x is not None:
        # Differences repeat along a line, so they compress to a third of what the edges would; uint16 wraps back.
        left, right = char_x[:, 0].astype("<u2"), char_x[:, 1].astype("<u2")
        parts += [np.diff(left, prepend=np.uint16(0)).astype("<u2").tobytes(), (right - left).tobytes()]
    characters = _NO_CHARACTERS if char_x is None else len(char_x)
    return _HEADER.pack(_FORMAT, len(lines), characters) + zlib.compress(b"".join(parts), 1)


def unpack_layout(packed: bytes) -> tuple[tuple[Line, ...], CharX | None]:
    """Return what `pack_layout` was given; ValueError for bytes that it did not make."""
    try:
        layout_format, n_lines, n_characters = _HEADER.unpack_from(packed)
        body = zlib.decompress(packed[_HEADER.size :])
    except (struct.error, zlib.error) as error:
        raise ValueError(f"the layout of a page cannot be unpacked: {error}") from error
    if layout_format != _FORMAT:
        raise ValueError(f"the layout of a page has the unknown format {layout_format}")
    table = np.frombuffer(body, "<i4", n_lines * 6).reshape(-1, 6)
    lines = tuple(_line(row) for row in table.tolist())
    if n_characters == _NO_CHARACTERS:
        return lines, None
    offset = table.nbytes
    left = np.cumsum(np.frombuffer(body, "<u2", n_characters, offset), dtype=np.uint16)
    width = np.frombuffer(body, "<u2", n_characters, offset + left.nbytes)
    return lines, np.stack([left, left + width], axis=1)


def _line(row: list[int]) -> Line:
    start, end, x0, y0, x1, y1 = row
    return Line(start, end, None if x0 == _NO_BOX else (x0 / 100, y0 / 100, x1 / 100, y1 / 100))
