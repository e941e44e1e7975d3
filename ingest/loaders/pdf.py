"""PDF pages through pdfium: text, where each character stands, and how each line is set."""

import ctypes
import re
from itertools import repeat
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from vouch.ingest.headings import MAX_STYLED
from vouch.ingest.printed_lines import Floats, break_lines, fill_words, printed_lines, word_ends
from vouch.ingest.structure import LineStyle, infer_blocks
from vouch.ingest.types import Document, PageReader
from vouch.retrieval.errors import UnreadableDocument
from vouch.retrieval.types import Line, Page

MAX_PAGES = 20_000
SCAN_PICTURE_SHARE = 0.5
"""A page with hardly any text and a picture over this share of it is a scan."""
SCAN_CHARACTERS = 20

_HYPHEN_AT_BREAK = 0xFFFE

_BOLD = re.compile(rb"bold|black|heavy|hei(?!ti-light)|demi", re.IGNORECASE)

# pdfium is called once for each character: plain integers for arguments cost a third of ctypes' typed pointers.
_box_of_char = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)(
    ctypes.cast(pdfium_c.FPDFText_GetLooseCharBox, ctypes.c_void_p).value or 0
)


class PdfLoader:
    """Reads PDF files; pages without a text layer go to `ocr` where there is one, else they are reported."""

    def __init__(self, ocr: PageReader | None = None, *, ocr_always: bool = False) -> None:
        self.ocr, self.ocr_always = ocr, ocr_always

    def load(self, path: Path) -> Document:
        """Read a file; UnreadableDocument for a password, damage or no pages."""
        pdf = _open(path)
        try:
            count = len(pdf)
            if count == 0:
                raise UnreadableDocument("the PDF has no pages", "export it again from its source")
            if count > MAX_PAGES:
                raise UnreadableDocument(f"the PDF has {count} pages, more than {MAX_PAGES}", "split it")
            read = [self._page(pdf, index) for index in range(count)]
            title = pdf.get_metadata_value("Title") or ""
        finally:
            pdf.close()
        pages = tuple(page for page, _ in read)
        blocks = infer_blocks(pages, styles=[style for _, style in read])
        return Document(pages, blocks, title=title, warnings=_scan_warnings(pages))

    def _page(self, pdf: pdfium.PdfDocument, index: int) -> tuple[Page, tuple[LineStyle, ...]]:
        try:
            handle = pdf[index]
        except pdfium.PdfiumError as error:
            raise UnreadableDocument(
                "the page cannot be read", "repair the PDF or export it again", index + 1
            ) from error
        try:
            page, styles = _text_page(handle, index + 1)
            if self.ocr and (self.ocr_always or page.origin == "image"):
                return self.ocr.read(handle, page), ()
            return page, styles
        finally:
            handle.close()


def _open(path: Path) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        if error.err_code == pdfium_c.FPDF_ERR_PASSWORD:
            raise UnreadableDocument("the PDF needs a password", "save a copy without one and ingest that") from error
        if error.err_code == pdfium_c.FPDF_ERR_SECURITY:
            raise UnreadableDocument("the PDF uses an unknown encryption", "save a copy without it") from error
        raise UnreadableDocument(
            "the PDF is damaged or cut off", "download or export it again; `qpdf --check FILE` says what is broken"
        ) from error


def _text_page(handle: pdfium.PdfPage, number: int) -> tuple[Page, tuple[LineStyle, ...]]:
    width, height = handle.get_size()
    textpage = handle.get_textpage()
    try:
        codes = _codes(textpage)
        boxes = _char_boxes(textpage, codes, handle)
        break_lines(codes, boxes)
        text = codes.tobytes().decode("utf-32-le", errors="replace")
        lines = printed_lines(text, boxes)
        styles = _styles(textpage, text, lines, boxes)
    finally:
        textpage.close()
    edges = np.clip(np.rint(boxes[:, (0, 2)] * 10), 0, 65535).astype(np.uint16)
    origin = "image" if len(text.split()) < SCAN_CHARACTERS and _is_scan(handle, text) else "text"
    page = Page(number, text, lines, edges, float(width), float(height), origin)  # type: ignore[arg-type]
    return page, styles


def _codes(textpage: pdfium.PdfTextPage) -> npt.NDArray[np.uint32]:
    """Return one code point for each of pdfium's characters, so that text and boxes have the same length."""
    count = pdfium_c.FPDFText_CountChars(textpage.raw)
    if count <= 0:
        return np.zeros(0, np.uint32)
    buffer = (ctypes.c_ushort * (count + 1))()
    written = pdfium_c.FPDFText_GetText(textpage.raw, 0, count, buffer)
    if written == count + 1:
        codes = np.frombuffer(buffer, np.uint16, count).astype(np.uint32)
    else:  # characters without a Unicode value are left out by GetText
        codes = np.array([pdfium_c.FPDFText_GetUnicode(textpage.raw, i) for i in range(count)], np.uint32)
    codes[codes == _HYPHEN_AT_BREAK] = 0xAD
    codes[(codes == 0x0D) | (codes == 0)] = 0x20
    codes[(codes >= 0xD800) & (codes < 0xE000)] = 0xFFFD
    return codes


def _char_boxes(textpage: pdfium.PdfTextPage, codes: npt.NDArray[np.uint32], handle: pdfium.PdfPage) -> Floats:
    """Return shape (characters, 4): x0, y0, x1, y1 in points from the top left of the page as it is shown."""
    raw = np.zeros((len(codes), 4), np.float32)  # FS_RECTF: left, top, right, bottom, y upwards
    address = ctypes.cast(textpage.raw, ctypes.c_void_p).value
    asked = word_ends(codes)
    places = (raw.ctypes.data + 16 * asked).tolist()
    for _ in map(_box_of_char, repeat(address), asked.tolist(), places):
        pass
    fill_words(raw, codes, asked)
    left, bottom, right, top = handle.get_cropbox()
    x0, y1, x1, y0 = raw[:, 0] - left, raw[:, 1] - bottom, raw[:, 2] - left, raw[:, 3] - bottom
    across, up = right - left, top - bottom
    match handle.get_rotation():
        case 90:
            shown = (y0, x0, y1, x1)
        case 180:
            shown = (across - x1, y0, across - x0, y1)
        case 270:
            shown = (up - y1, across - x1, up - y0, across - x0)
        case _:
            shown = (x0, up - y1, x1, up - y0)
    return np.stack(shown, axis=1)


def _styles(textpage: pdfium.PdfTextPage, text: str, lines: tuple[Line, ...], boxes: Floats) -> tuple[LineStyle, ...]:
    """Return size and weight of each line, taken from its first character (font weights in PDFs are often wrong)."""
    name = ctypes.create_string_buffer(80)
    flags = ctypes.c_int()
    heights = boxes[:, 3] - boxes[:, 1]
    found = []
    for line in lines:
        bold = False
        # Longer lines and those that end in a figure are no headings, whatever their weight.
        if line.end - line.start <= MAX_STYLED and not text[line.end - 1].isdigit():
            pdfium_c.FPDFText_GetFontInfo(textpage.raw, line.start, name, len(name), ctypes.byref(flags))
            bold = bool(_BOLD.search(name.value))
        found.append(LineStyle(round(float(heights[line.start]), 1), bold))
    return tuple(found)


def _is_scan(handle: pdfium.PdfPage, text: str) -> bool:
    """Say whether a page with hardly any text is mostly a picture."""
    if len("".join(text.split())) >= SCAN_CHARACTERS:
        return False
    width, height = handle.get_size()
    for item in handle.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        left, bottom, right, top = item.get_bounds()
        if (right - left) * (top - bottom) > SCAN_PICTURE_SHARE * width * height:
            return True
    return False


def _scan_warnings(pages: tuple[Page, ...]) -> tuple[str, ...]:
    scans = [page.number for page in pages if page.origin == "image"]
    if not scans:
        return ()
    named = ", ".join(map(str, scans[:8])) + (" …" if len(scans) > 8 else "")
    return (f"{len(scans)} scanned page(s) without text were not read ({named}): pip install 'vouch-qa[ocr]'",)
