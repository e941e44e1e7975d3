"""Characters with their boxes to printed lines. Knows no PDF library."""

import re

import numpy as np
import numpy.typing as npt

from vouch.retrieval.types import Box, Line

Floats = npt.NDArray[np.float32]
Codes = npt.NDArray[np.uint32]

RETURN = 15
"""A character so many points left of the one before it begins a line."""

_LINE = re.compile(r"[^\n\u00ad]*[^\n\u00ad ]\u00ad?|\u00ad")


def word_ends(codes: Codes) -> npt.NDArray[np.intp]:
    """Return the characters whose boxes must be asked for: all visible ones but those inside words.

    Inside a run of Latin letters and figures, or of Chinese characters, the places between its ends are even enough.
    """
    script = np.zeros(len(codes), np.uint8)
    script[(codes > 0x20) & (codes < 0x7F)] = 1
    script[(codes >= 0x4E00) & (codes <= 0x9FFF)] = 2
    visible = codes > 0x20
    if len(codes) > 2:
        visible[1:-1] &= (script[1:-1] == 0) | (script[:-2] != script[1:-1]) | (script[2:] != script[1:-1])
    return np.flatnonzero(visible)


def fill_words(boxes: Floats, codes: Codes, known: npt.NDArray[np.intp]) -> None:
    """Give the inner characters of words (in place) the boxes between those of the word's ends."""
    inner = codes > 0x20
    inner[known] = False
    missing = np.flatnonzero(inner)
    if not len(missing):
        return
    after = np.searchsorted(known, missing)
    first, last = known[after - 1], known[after]
    share = ((missing - first) / (last - first)).astype(np.float32)[:, None]
    boxes[missing] = boxes[first] * (1 - share) + boxes[last] * share


def break_lines(codes: Codes, boxes: Floats) -> None:
    """Put a line end (in place) wherever the text goes back to the left: tall type makes pdfium miss it."""
    visible = np.flatnonzero(boxes[:, 2] > boxes[:, 0])
    if len(visible) < 2:
        return
    back = visible[1:][boxes[visible[1:], 0] < boxes[visible[:-1], 0] - RETURN]
    blank = back[codes[back - 1] == 0x20] - 1
    codes[blank] = 0x0A


def printed_lines(text: str, boxes: Floats) -> tuple[Line, ...]:
    """Return the printed lines; what was broken at a raised or lowered character is one line again."""
    spans = [match.span() for match in _LINE.finditer(text)]
    if not spans:
        return ()
    hulls = _hulls(spans, boxes)
    made = [Line(*span, box) for span, box in zip(spans, _boxes(hulls), strict=True)]
    goes_on = _continuing(hulls)
    if not goes_on:
        return tuple(made)
    lines: list[Line] = []
    for i, line in enumerate(made):
        if i in goes_on:
            last = lines.pop()
            lines.append(Line(last.start, line.end, _union(last, line)))
        else:
            lines.append(line)
    return tuple(lines)


def _hulls(spans: list[tuple[int, int]], boxes: Floats) -> npt.NDArray[np.float64]:
    """Return shape (spans, 4): the box around the visible characters of each span; infinite where there are none."""
    seen = (boxes[:, 2] > boxes[:, 0])[:, None]
    edges = np.array(spans).ravel()
    low = np.minimum.reduceat(_padded(np.where(seen, boxes[:, :2], np.inf)), edges)[::2]
    high = np.maximum.reduceat(_padded(np.where(seen, boxes[:, 2:], -np.inf)), edges)[::2]
    return np.hstack([low, high]).astype(np.float64)


def _boxes(hulls: npt.NDArray[np.float64]) -> list[Box | None]:
    return [(x0, y0, x1, y1) if x1 > x0 else None for x0, y0, x1, y1 in hulls.round(2).tolist()]


def _padded(values: Floats) -> Floats:
    """Return values with one more row, so that the end of the last span is a valid index."""
    return np.vstack([values, values[-1:]])


def _continuing(hulls: npt.NDArray[np.float64]) -> frozenset[int]:
    """Return the lines that go on to the right of the one before, at the same height."""
    before, after = hulls[:-1], hulls[1:]
    overlap = np.minimum(before[:, 3], after[:, 3]) - np.maximum(before[:, 1], after[:, 1])
    lower = np.minimum(before[:, 3] - before[:, 1], after[:, 3] - after[:, 1])
    with np.errstate(invalid="ignore"):  # a line without visible characters is nowhere
        gap = after[:, 0] - before[:, 2]
        goes_on = (overlap > 0.5 * lower) & (lower > 0) & (gap >= -2) & (gap < 3 * lower)
    return frozenset((np.flatnonzero(goes_on) + 1).tolist())


def _union(a: Line, b: Line) -> Box | None:
    if a.box is None or b.box is None:
        return a.box or b.box
    return min(a.box[0], b.box[0]), min(a.box[1], b.box[1]), max(a.box[2], b.box[2]), max(a.box[3], b.box[3])
