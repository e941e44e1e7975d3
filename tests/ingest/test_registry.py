"""Files are read as what they are, and found where they stand."""

import os
from pathlib import Path

import pytest

from tests.ingest import document_maker as maker
from tests.ingest.pdf_maker import Text, make_pdf
from vouch.ingest.loaders.registry import SUPPORTED_SUFFIXES, MisnamedLoader, discover, loader_for
from vouch.ingest.types import Document

PDF = make_pdf([[Text(72, 100, "正文")]])


def put(path: Path, content: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "loader"),
    [
        ("a.pdf", PDF, "PdfLoader"),
        ("a.PDF", b"junk before it" + PDF, "PdfLoader"),
        ("a.docx", maker.word_file(), "DocxLoader"),
        ("a.xlsx", maker.workbook(), "XlsxLoader"),
        ("a.html", maker.HTML, "HtmlLoader"),
        ("a.htm", "<p>没有声明的片段</p>", "HtmlLoader"),
        ("a.md", "# 标题", "MarkdownLoader"),
        ("a.txt", "正文", "TextLoader"),
        ("a.txt", "{注} 以大括号开头的正文", "TextLoader"),
        ("a.txt", "[1] 参考文献", "TextLoader"),
        ("a.txt", "如何识别文件：PDF 以 %PDF-1.7 开头", "TextLoader"),
        ("a.csv", maker.CSV, "CsvLoader"),
        ("a.tsv", "甲\t1\n", "CsvLoader"),
        ("a.jsonl", maker.QA_LINES, "RecordsLoader"),
        ("a.json", f"[{maker.QA_LINES.splitlines()[0]}]", "RecordsLoader"),
        ("a.txt", maker.report_lines(), "ReportLinesLoader"),
        ("a.jsonl", "断掉的一行\n{" + "\n" + maker.QA_LINES, "RecordsLoader"),
    ],
)
def test_a_file_under_its_own_name_has_its_loader(tmp_path: Path, name: str, content: bytes | str, loader: str) -> None:
    assert type(loader_for(put(tmp_path / name, content))).__name__ == loader


@pytest.mark.parametrize(
    ("name", "content", "really"),
    [
        ("年报.txt", PDF, "a PDF"),
        ("年报", PDF, "a PDF"),
        ("年报.docx", PDF, "a PDF"),
        ("a.doc", maker.word_file(), "a Word document (.docx)"),
        ("a.pdf", maker.word_file(), "a Word document (.docx)"),
        ("a.xls", maker.workbook(), "an Excel workbook (.xlsx)"),
        ("a.xls", maker.HTML, "an HTML page"),
        ("a.xls", "项目\t金额\n收入\t1\n", "a table of delimited values"),
        ("a.pdf", maker.HTML, "an HTML page"),
        ("a.txt", maker.QA_LINES, "JSON records"),
    ],
)
def test_a_file_under_a_wrong_name_is_read_as_what_it_is_with_a_warning(
    tmp_path: Path, name: str, content: bytes | str, really: str
) -> None:
    path = put(tmp_path / name, content)
    document = loader_for(path).load(path)
    assert document.pages
    assert f"but it is {really}: read as that" in document.warnings[0]


def test_another_reader_of_pdf_can_be_chosen(tmp_path: Path) -> None:
    class Other:
        def load(self, path: Path) -> Document:
            return Document((), (), title="another")

    other = Other()
    assert loader_for(put(tmp_path / "a.pdf", PDF), pdf=other) is other
    misnamed = loader_for(put(tmp_path / "a.txt", PDF), pdf=other)
    assert isinstance(misnamed, MisnamedLoader)
    assert misnamed.load(tmp_path / "a.txt").title == "another"


def test_folders_are_searched_in_order_without_hidden_and_lock_files(tmp_path: Path) -> None:
    for name in ("b/2.pdf", "b/1.md", "a.txt", ".hidden.txt", ".git/x.txt", "~$a.docx", "b/old.doc"):
        put(tmp_path / name, "x")
    assert [str(path.relative_to(tmp_path)) for path in discover([tmp_path])] == [
        "a.txt",
        "b/1.md",
        "b/2.pdf",
        "b/old.doc",
    ]


def test_other_file_types_are_passed_over_in_folders_and_patterns_but_not_by_name(tmp_path: Path) -> None:
    picture, text = put(tmp_path / "p.png", "x"), put(tmp_path / "a.txt", "x")
    skipped: list[Path] = []
    assert discover([tmp_path], lambda path, reason: skipped.append(path)) == [text]
    assert discover([str(tmp_path / "*")], lambda path, reason: skipped.append(path)) == [text]
    assert skipped == [picture, picture]
    assert discover([picture]) == [picture]


def test_skipped_files_are_logged_where_nobody_asks(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    put(tmp_path / "p.png", "x")
    discover([tmp_path])
    assert "p.png: .png is no file type that is read" in caplog.text


def test_a_file_named_twice_or_linked_is_listed_once(tmp_path: Path) -> None:
    text = put(tmp_path / "a.txt", "x")
    (tmp_path / "b.txt").symlink_to(text)
    assert discover([text, str(text), tmp_path, tmp_path / "*.txt"]) == [text]


def test_a_link_to_the_folder_above_does_not_go_round_in_circles(tmp_path: Path) -> None:
    put(tmp_path / "in/a.txt", "x")
    (tmp_path / "in/loop").symlink_to(tmp_path, target_is_directory=True)
    assert discover([tmp_path / "in"]) == [tmp_path / "in/a.txt"]


def test_a_linked_folder_is_searched(tmp_path: Path) -> None:
    put(tmp_path / "elsewhere/a.txt", "x")
    (tmp_path / "in").mkdir()
    (tmp_path / "in/link").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert discover([tmp_path / "in"]) == [tmp_path / "in/link/a.txt"]


def test_patterns_find_files_below_and_a_name_with_brackets_is_itself_first(tmp_path: Path) -> None:
    files = [put(tmp_path / name, "x") for name in ("a/1.txt", "b/2.txt")]
    odd = put(tmp_path / "年报[2022].txt", "x")
    assert discover([str(tmp_path / "**/[12].txt")]) == files
    assert discover([str(odd)]) == [odd]


@pytest.mark.parametrize("name", ["fehlt.pdf", "*.pdf", "leer"])
def test_what_leads_to_nothing_stays_to_be_reported(tmp_path: Path, name: str) -> None:
    (tmp_path / "leer").mkdir()
    assert discover([tmp_path / name]) == [tmp_path / name]


def test_special_files_in_a_folder_are_not_listed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    skipped: list[str] = []
    assert discover([tmp_path], lambda path, reason: skipped.append(reason)) == [tmp_path]
    assert skipped == ["it is no regular file"]


def test_every_promised_suffix_is_lower_case_and_begins_with_a_dot() -> None:
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in SUPPORTED_SUFFIXES)
