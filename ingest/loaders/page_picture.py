"""Pages of PDF files as PNG pictures with marked boxes, for showing citations: shades of grey, marked places yellow.

Pictures have a palette of 128 greys, each also tinted: a page of text takes some 100 kB, without an image library.
"""

import struct
import threading
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pypdfium2 as pdfium

from vouch.retrieval.errors import UnreadableDocument
from vouch.retrieval.types import Box

MAX_PIXELS = 20_000_000
"""A page may claim to be as large as a house."""
_PDFIUM = threading.Lock()
"""pdfium is not made for two threads at once."""
_FRAME = 200
"""Palette entry of the line around a marked place: red."""


def page_picture(path: Path, page: int, boxes: Sequence[Box] = (), scale: float = 1.5) -> bytes:
    """Return page `page` (from 1) as PNG, `scale` pixels to a point, with `boxes` (points from the top left) marked."""
    with _PDFIUM:
        grey, scale = _rendered(path, page, scale)
    return _png(_marked(grey, boxes, scale))


def _rendered(path: Path, page: int, scale: float) -> tuple[npt.NDArray[np.uint8], float]:
    """Return a page in greys, and the scale in which it fits."""
    try:
        pdf = pdfium.PdfDocument(path)
    except (pdfium.PdfiumError, FileNotFoundError) as error:
        raise UnreadableDocument(f"{path.name} cannot be opened to be shown", "restore the file", page) from error
    try:
        if not 1 <= page <= len(pdf):
            raise UnreadableDocument(f"{path.name} has {len(pdf)} pages", "ingest the file again", page)
        handle = pdf[page - 1]
        width, height = handle.get_size()
        scale = min(scale, (MAX_PIXELS / max(width * height, 1)) ** 0.5)
        bitmap = handle.render(scale=scale, grayscale=True)
        grey = np.array(bitmap.to_numpy(), dtype=np.uint8).reshape(bitmap.height, bitmap.width)
        handle.close()
    finally:
        pdf.close()
    return grey, scale


def _marked(grey: npt.NDArray[np.uint8], boxes: Sequence[Box], scale: float) -> npt.NDArray[np.uint8]:
    """Return palette numbers: 0 to 127 grey, 128 to 255 the same greys tinted, one of them the frame's red."""
    numbers = (grey >> 1).astype(np.uint8)
    tall, wide = numbers.shape
    for box in boxes:
        x0, y0, x1, y1 = (round(edge * scale) for edge in box)
        left, right = max(x0 - 3, 0), min(x1 + 3, wide - 1)
        top, bottom = max(y0 - 3, 0), min(y1 + 3, tall - 1)
        if left >= right or top >= bottom:
            continue
        inside = numbers[top : bottom + 1, left : right + 1]
        inside[inside < 128] += 128
        inside[inside == _FRAME] += 1
        for edge in (inside[0], inside[-1], inside[:, 0], inside[:, -1]):
            edge[...] = _FRAME
    return numbers


def _png(numbers: npt.NDArray[np.uint8]) -> bytes:
    tall, wide = numbers.shape
    rows = np.zeros((tall, wide + 1), np.uint8)  # each row starts with its filter: none
    rows[:, 1:] = numbers
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", wide, tall, 8, 3, 0, 0, 0)),
        (b"PLTE", _palette().tobytes()),
        (b"IDAT", zlib.compress(rows.tobytes(), 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in parts
    )


def _palette() -> npt.NDArray[np.uint8]:
    greys = np.repeat(np.arange(0, 256, 2, dtype=np.uint8)[:, None], 3, axis=1)
    greys[-1] = 255  # paper is white
    tinted = (greys * np.array([1.0, 0.94, 0.55])).astype(np.uint8)
    palette = np.concatenate([greys, tinted])
    palette[_FRAME] = (208, 52, 44)
    return palette
