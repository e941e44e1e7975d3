"""What every loader promises about pages and blocks, whatever the format."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from tests.ingest import document_maker as maker
from tests.ingest.pdf_maker import Text, make_pdf
from vouch.ingest.loaders.registry import loader_for
from vouch.ingest.types import Document


def a_pdf() -> bytes:
    return make_pdf(
        [[Text(72, 100, "第一节 重要提示"), Text(72, 140, "公司保证内容真实。")], [Text(72, 100, "第二页")]]
    )


FILES: dict[str, Callable[[], bytes]] = {
    "a.pdf": a_pdf,
    "a.docx": maker.word_file,
    "a.xlsx": maker.workbook,
    "a.html": maker.HTML.encode,
    "a.md": maker.MARKDOWN.encode,
    "a.txt": maker.GUIDELINE.encode,
    "pages.txt": "第一页\n  缩进的行\f\f\n第三页\f".encode,
    "gb.txt": lambda: maker.GUIDELINE.replace("\n", "\r\n").encode("gb18030"),
    "a.csv": lambda: maker.CSV.encode("utf-8-sig"),
    "a.jsonl": maker.QA_LINES.encode,
    "corpus.jsonl": lambda: '{"_id": "1", "title": "题", "text": "一段。\\n\\n二段。"}\n'.encode() * 3,
    "report.txt": lambda: maker.report_lines().encode(),
}


@pytest.fixture(params=sorted(FILES))
def document(request: pytest.FixtureRequest, tmp_path: Path) -> Document:
    """A file of each format, read by the loader that the registry chooses."""
    path = tmp_path / request.param
    path.write_bytes(FILES[request.param]())
    return loader_for(path).load(path)


def test_page_numbers_are_one_based_and_ascend(document: Document) -> None:
    numbers = [page.number for page in document.pages]
    assert numbers
    assert numbers[0] >= 1
    assert all(a < b for a, b in pairwise(numbers))


def test_blocks_are_in_reading_order_inside_their_pages_and_do_not_overlap(document: Document) -> None:
    length = {page.number: len(page.text) for page in document.pages}
    assert document.blocks
    assert all(0 <= block.start < block.end <= length[block.page] for block in document.blocks)
    assert all((a.page, a.end) <= (b.page, b.start) for a, b in pairwise(document.blocks) if a.page == b.page)
    assert all(a.page <= b.page for a, b in pairwise(document.blocks))


def test_every_visible_character_stands_in_exactly_one_block(document: Document) -> None:
    for page in document.pages:
        times = [0] * len(page.text)
        for block in document.blocks:
            if block.page == page.number:
                times[block.start : block.end] = [n + 1 for n in times[block.start : block.end]]
        assert [c for c, n in zip(page.text, times, strict=True) if not c.isspace() and n != 1] == []


def test_lines_cover_the_visible_text_and_hold_no_line_break(document: Document) -> None:
    for page in document.pages:
        covered = "".join(page.text[line.start : line.end] for line in page.lines)
        assert "\n" not in covered
        assert "".join(covered.split()) == "".join(page.text.split())
        assert all(a.end <= b.start for a, b in pairwise(page.lines))


def test_only_headings_have_a_level(document: Document) -> None:
    assert all((block.level > 0) == (block.kind == "heading") for block in document.blocks)


def test_text_can_be_stored_as_utf_8_and_holds_no_control_characters(document: Document) -> None:
    for page in document.pages:
        page.text.encode("utf-8")
        assert [c for c in page.text if c < " " and c not in "\n\t"] == []


def test_a_well_formed_file_under_its_own_name_raises_no_warning_about_its_name(document: Document) -> None:
    assert [warning for warning in document.warnings if "its name" in warning] == []
