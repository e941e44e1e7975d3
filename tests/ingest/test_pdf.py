"""Reading PDFs: text, positions, and what is said of broken files."""

from pathlib import Path

import pypdfium2 as pdfium
import pytest

from tests.ingest.pdf_maker import Text, lines, write_pdf
from vouch.ingest.loaders.pdf import PdfLoader
from vouch.retrieval.errors import UnreadableDocument


def test_chinese_and_latin_text_is_read_line_by_line(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", [lines("营业收入 1,234.56 元", "Net sales rose")])
    page = PdfLoader().load(path).pages[0]
    assert [page.text[line.start : line.end] for line in page.lines] == ["营业收入 1,234.56 元", "Net sales rose"]
    assert page.origin == "text"
    assert page.number == 1


def test_the_box_of_a_span_is_where_the_span_was_printed(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", [[Text(100, 200, "资产总计负债", 10)]])
    page = PdfLoader().load(path).pages[0]
    start = page.text.index("总计")
    ((x0, y0, x1, y1),) = page.boxes(start, start + 2)
    assert x0 == pytest.approx(120, abs=1)  # two characters of 10 points to the right of 100
    assert x1 == pytest.approx(140, abs=1)
    assert y0 < 200 - 5 < y1  # the middle of the line, seen from the top


def test_a_rotated_page_gives_boxes_as_it_is_shown(tmp_path: Path) -> None:
    upright = write_pdf(tmp_path / "a.pdf", [[Text(100, 200, "资产总计", 10)]])
    pdf = pdfium.PdfDocument(upright)
    pdf[0].set_rotation(90)
    pdf.save(tmp_path / "turned.pdf")
    page = PdfLoader().load(tmp_path / "turned.pdf").pages[0]
    x0, y0, x1, y1 = page.boxes(0, 4)[0]
    # a quarter turn clockwise takes (100, 200) from the top left to (842 - 200, 100)
    assert x0 == pytest.approx(842 - 200, abs=4)
    assert y0 == pytest.approx(100, abs=1)
    assert y1 == pytest.approx(140, abs=1)
    assert x1 - x0 == pytest.approx(10, abs=4)


def test_a_raised_reference_does_not_break_a_line(tmp_path: Path) -> None:
    page = [Text(80, 100, "维持正常呼吸", 11), Text(147, 96, "12", 6), Text(156, 100, "。建议评估病情", 11)]
    path = write_pdf(tmp_path / "a.pdf", [page])
    read = PdfLoader().load(path).pages[0]
    assert len(read.lines) == 1


def test_a_file_cut_in_half_is_refused_with_a_remedy(tmp_path: Path) -> None:
    whole = write_pdf(tmp_path / "a.pdf", [lines("一行文字")]).read_bytes()
    cut = tmp_path / "cut.pdf"
    cut.write_bytes(whole[:60])
    with pytest.raises(UnreadableDocument, match=r"damaged or cut off.*download or export"):
        PdfLoader().load(cut)


def test_a_pdf_without_pages_is_refused(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "none.pdf", [])
    with pytest.raises(UnreadableDocument, match=r"no pages|damaged"):
        PdfLoader().load(path)


@pytest.mark.parametrize(("password", "opens"), [("", True), ("secret", False)])
def test_only_an_empty_password_opens_an_encrypted_pdf(tmp_path: Path, password: str, opens: bool) -> None:
    pypdf = pytest.importorskip("pypdf")
    plain = write_pdf(tmp_path / "plain.pdf", [lines("加密的文字内容在这里")])
    writer = pypdf.PdfWriter(clone_from=plain)
    writer.encrypt(user_password=password, owner_password="owner", algorithm="AES-256")
    writer.write(tmp_path / "locked.pdf")
    if opens:
        assert "加密的文字" in PdfLoader().load(tmp_path / "locked.pdf").pages[0].text
    else:
        with pytest.raises(UnreadableDocument, match="needs a password"):
            PdfLoader().load(tmp_path / "locked.pdf")


def test_a_scanned_page_is_reported_not_skipped(tmp_path: Path) -> None:
    source = pdfium.PdfDocument(write_pdf(tmp_path / "a.pdf", [lines("会变成图片的文字")]))
    scan = pdfium.PdfDocument.new()
    page = scan.new_page(595, 842)
    picture = pdfium.PdfImage.new(scan)
    picture.set_bitmap(source[0].render(scale=1))
    picture.set_matrix(pdfium.PdfMatrix().scale(595, 842))
    page.insert_obj(picture)
    page.gen_content()
    scan.save(tmp_path / "scan.pdf")
    document = PdfLoader().load(tmp_path / "scan.pdf")
    assert document.pages[0].origin == "image"
    assert "1 scanned page(s) without text were not read (1)" in document.warnings[0]
    assert "vouch-qa[ocr]" in document.warnings[0]
