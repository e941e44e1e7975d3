"""Scanned pages read with rapidocr: words on the right lines at the right place, and nothing downloaded."""

import re
import socket
from pathlib import Path

import pypdfium2 as pdfium
import pytest

from vouch.retrieval.errors import UsageError

pytest.importorskip("rapidocr", reason="reading scanned pages needs the extra `ocr`")
pytestmark = pytest.mark.slow

SAMPLES = Path(__file__).resolve().parents[2] / "app" / "samples"
REPORT = SAMPLES / "琅屿仪器_2023年年度报告.pdf"
BALANCE_SHEET = 18


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*arguments: object) -> None:
        raise AssertionError("reading a page asked for the network")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)


def scan_of(path: Path, number: int, folder: Path) -> Path:
    """Write a PDF that holds one page of another as a picture, at 150 dots an inch."""
    with pdfium.PdfDocument(path) as source:
        width, height = source[number - 1].get_size()
        bitmap = source[number - 1].render(scale=150 / 72)
        scan = pdfium.PdfDocument.new()
        page = scan.new_page(width, height)
        picture = pdfium.PdfImage.new(scan)
        picture.set_bitmap(bitmap)
        picture.set_matrix(pdfium.PdfMatrix().scale(width, height))
        page.insert_obj(picture)
        page.gen_content()
        scan.save(folder / "scan.pdf")
        scan.close()
    return folder / "scan.pdf"


def test_a_scanned_balance_sheet_is_read_row_by_row(tmp_path: Path) -> None:
    from vouch.ingest.loaders.ocr import RapidOcrReader
    from vouch.ingest.loaders.pdf import PdfLoader

    original = PdfLoader().load(REPORT).pages[BALANCE_SHEET - 1]
    document = PdfLoader(RapidOcrReader()).load(scan_of(REPORT, BALANCE_SHEET, tmp_path))
    page = document.pages[0]
    assert page.origin == "ocr"
    assert document.warnings == ()
    assert (page.width, page.height) == (original.width, original.height)
    rows = [line for line in original.text.splitlines() if re.search(r"\d\.\d\d", line)]
    read = {"".join(line.split()) for line in page.text.splitlines()}
    assert len(rows) >= 15
    assert {"".join(row.split()) for row in rows} <= read

    at, was = page.text.index("货币资金"), original.text.index("货币资金")
    ((x0, y0, x1, y1),), ((a0, b0, a1, b1),) = page.boxes(at, at + 4), original.boxes(was, was + 4)
    assert abs(x0 - a0) < 4
    assert abs(x1 - a1) < 4
    assert abs((y0 + y1) - (b0 + b1)) / 2 < 4


def test_a_blank_scan_is_a_page_without_text(tmp_path: Path) -> None:
    from vouch.ingest.loaders.ocr import RapidOcrReader
    from vouch.retrieval.types import Page

    blank = pdfium.PdfDocument.new()
    page = RapidOcrReader().read(blank.new_page(300, 300), Page(1, "", width=300, height=300))
    assert (page.text, page.origin) == ("", "ocr")


def test_an_installation_without_models_is_refused_not_mended_by_a_download(tmp_path: Path) -> None:
    from vouch.ingest.loaders.ocr import bundled_models

    with pytest.raises(UsageError, match=r"own models are not in .*Det, Rec.*downloads none.*pip install"):
        bundled_models(tmp_path)
