"""The reference PDF reader: the same text and the same refusals as pdfium's, without positions."""

import logging
import re
from pathlib import Path

import pytest

from tests.ingest.pdf_maker import lines, write_pdf
from vouch.ingest.types import Document
from vouch.retrieval.errors import UnreadableDocument
from vouch.retrieval.types import Page

pypdf = pytest.importorskip("pypdf", reason="the reference reader needs the extra `pypdf`")

SAMPLES = Path(__file__).resolve().parents[2] / "app" / "samples"


def load(path: Path) -> Document:
    from vouch.ingest.loaders.pdf_pypdf import PypdfLoader

    return PypdfLoader().load(path)


def printed(page: Page) -> list[str]:
    return [page.text[line.start : line.end] for line in page.lines]


def locked(path: Path, password: str) -> Path:
    writer = pypdf.PdfWriter(clone_from=write_pdf(path.with_name("plain.pdf"), [lines("Net sales rose by a tenth")]))
    writer.encrypt(user_password=password, owner_password="owner", algorithm="AES-256")
    writer.write(path)
    return path


def test_text_is_read_line_by_line_without_positions(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", [lines("营业收入 1,234.56 元", "Net sales rose"), lines("第二页")])
    first, second = load(path).pages
    assert printed(first) == ["营业收入 1,234.56 元", "Net sales rose"]
    assert printed(second) == ["第二页"]
    assert (first.number, second.number) == (1, 2)
    assert (first.width, first.height) == (595, 842)
    assert first.boxes(0, 4) == ()


def printed_by_a_browser(path: Path, sentences: list[str]) -> Path:
    """Write a PDF whose words and blanks are text objects of their own on a page turned upside down and back."""
    writer = pypdf.PdfWriter(clone_from=write_pdf(path, [lines("x")]))
    shown = ["1 0 0 -1 0 842 cm"]
    for number, sentence in enumerate(sentences):
        shown.append(f"q .75 0 0 .75 72 {72 + 13.2 * number} cm")
        x = 0.0
        for piece in re.findall(r"\S+|\s", sentence):
            codes = piece.encode("utf-16-be").hex()
            shown.append(f"BT /F1 13.3 Tf 1 0 0 -1 0 .44 Tm {x} -12 Td <{codes}> Tj ET")
            x += 6.65 * len(piece)
        shown.append("Q")
    writer.pages[0]["/Contents"].get_object().set_data("\n".join(shown).encode())
    writer.write(path)
    return path


def test_words_that_are_text_objects_of_their_own_make_whole_lines(tmp_path: Path) -> None:
    sentences = ["Call 999 if you are having an asthma attack.", "Sit up straight, and try to stay calm."]
    path = printed_by_a_browser(tmp_path / "browser.pdf", sentences)
    assert "999" in pypdf.PdfReader(path).pages[0].extract_text().split("\n")  # what pypdf makes of it
    assert printed(load(path).pages[0]) == sentences


def test_the_cells_of_a_row_are_one_line() -> None:
    page = load(SAMPLES / "琅屿仪器_2023年第三季度报告.pdf").pages[1]
    assert "货币资金 483,129,498.35 505,338,027.24" in printed(page)


def test_an_empty_password_opens_an_encrypted_pdf(tmp_path: Path) -> None:
    assert printed(load(locked(tmp_path / "locked.pdf", "")).pages[0]) == ["Net sales rose by a tenth"]


def test_a_real_password_is_refused_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match=r"needs a password.*save a copy without one"):
        load(locked(tmp_path / "locked.pdf", "secret"))


@pytest.mark.parametrize("size", [0, 5, 60, 700])
def test_a_file_cut_off_is_refused_with_a_remedy(tmp_path: Path, size: int) -> None:
    whole = write_pdf(tmp_path / "a.pdf", [lines("一行文字")]).read_bytes()
    cut = tmp_path / "cut.pdf"
    cut.write_bytes(whole[:size])
    with pytest.raises(UnreadableDocument, match=r"damaged or cut off.*download or export"):
        load(cut)


def test_a_file_that_is_no_pdf_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"not a PDF at all\n" * 50)
    with pytest.raises(UnreadableDocument, match="damaged"):
        load(path)


def test_a_pdf_without_pages_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match="no pages"):
        load(write_pdf(tmp_path / "none.pdf", []))


def test_what_pypdf_mends_is_not_told_to_the_user(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    whole = write_pdf(tmp_path / "a.pdf", [lines("Net sales rose")]).read_bytes()
    shifted = tmp_path / "shifted.pdf"
    shifted.write_bytes(b"junk before the header\n" + whole)
    before = logging.getLogger("pypdf").level
    with caplog.at_level(logging.DEBUG):
        assert printed(load(shifted).pages[0]) == ["Net sales rose"]
    assert caplog.records == []
    assert logging.getLogger("pypdf").level == before


def test_pages_without_text_are_reported(tmp_path: Path) -> None:
    document = load(write_pdf(tmp_path / "a.pdf", [[], lines("Text")]))
    assert "1 page(s) have no text for pypdf (1)" in document.warnings[0]
