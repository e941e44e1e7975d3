"""Pages read from their pictures with rapidocr, whose wheel carries its models: nothing is downloaded."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import rapidocr

from vouch.ingest.picture_lines import Piece, page_of_pieces
from vouch.retrieval.errors import UnreadableDocument, UsageError
from vouch.retrieval.types import Page

RESOLUTION = 200 / 72
"""Pixels a point: small print of 8 points is 22 pixels high, which the recogniser is made for."""
LONGEST_SIDE = 4000
"""In pixels; a larger page is rendered coarser, so that a poster does not take the memory of a book."""
MODELS = {"Det": "*_det*.onnx", "Rec": "*_rec*.onnx"}
DETECTOR_SIDE = 1600
"""The detector sees the page this long. On eight pages it found the same lines as at full size in half the time; at
1280 two table rows were lost."""


class RapidOcrReader:
    """Reads Chinese and English print; the models are loaded with the first page."""

    def __init__(self, threads: int = 1) -> None:
        self.threads = threads
        self._models = bundled_models(Path(rapidocr.__file__).parent / "models")

    def read(self, handle: Any, page: Page) -> Page:
        """Return the page with what its picture shows, origin `ocr`; `handle` is pdfium's page."""
        scale = min(RESOLUTION, LONGEST_SIDE / max(page.width, page.height, 1.0))
        try:
            picture = handle.render(scale=scale).to_numpy()
        except ValueError as error:  # pdfium refuses a page without area
            raise UnreadableDocument("the page has no area to read", "repair the PDF", page.number) from error
        found = self._engine(picture)
        pieces = _pieces(found.boxes, found.txts, scale) if found.txts else []
        return replace(page_of_pieces(page.number, pieces), width=page.width, height=page.height, origin="ocr")

    @cached_property
    def _engine(self) -> Any:
        paths = {f"{step}.model_path": str(path) for step, path in self._models.items()}
        limits = {
            "EngineConfig.onnxruntime.intra_op_num_threads": self.threads,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            "Global.max_side_len": LONGEST_SIDE,
            "Global.use_cls": False,  # it turns upright lines upside down more often than it finds a turned one
            "Det.limit_type": "max",
            "Det.limit_side_len": DETECTOR_SIDE,
            "Rec.rec_batch_num": 1,  # a batch pads all its lines to the longest: slower and larger on a processor
            "Global.log_level": "error",
        }
        return rapidocr.RapidOCR(params=paths | limits)


def bundled_models(folder: Path) -> dict[str, Path]:
    """Return the one model of each step in rapidocr's own folder; without them it would download some."""
    found = {step: sorted(folder.glob(pattern)) for step, pattern in MODELS.items()}
    missing = [step for step, paths in found.items() if len(paths) != 1]
    if missing:
        raise UsageError(
            f"rapidocr's own models are not in {folder} ({', '.join(missing)}), and Vouch downloads none: "
            "pip install --force-reinstall 'vouch-qa[ocr]'"
        )
    return {step: paths[0] for step, paths in found.items()}


def _pieces(boxes: Any, texts: Sequence[str], scale: float) -> list[Piece]:
    """Return the pieces in points; rapidocr gives the four corners of each in pixels."""
    corners = [(*(box.min(axis=0) / scale), *(box.max(axis=0) / scale)) for box in boxes]
    return [
        Piece(text.strip(), (float(x0), float(y0), float(x1), float(y1)))
        for text, (x0, y0, x1, y1) in zip(texts, corners, strict=True)
        if text.strip()
    ]
