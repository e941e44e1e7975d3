"""Files that cannot be read: each is refused with what is wrong and what to do, and nothing else is raised."""

import json
import os
import socket
import zipfile
from contextlib import suppress
from pathlib import Path, PosixPath

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ingest import document_maker as maker
from tests.ingest.pdf_maker import Text, make_pdf
from tests.ingest.test_registry import put
from vouch.ingest.loaders.files import read_bytes
from vouch.ingest.loaders.registry import SUPPORTED_SUFFIXES, loader_for
from vouch.retrieval.errors import UnreadableDocument

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
BOMB = maker.zipped({"word/document.xml": bytes(30 * 2**20)})


def ole(stream: str) -> bytes:
    return OLE + stream.encode("utf-16-le") + bytes(64)


def refusal(path: Path) -> UnreadableDocument:
    """Return why a file is refused."""
    with pytest.raises(UnreadableDocument) as caught:
        loader_for(path).load(path)
    assert caught.value.problem
    assert caught.value.remedy
    return caught.value


def without(data: bytes, name: str) -> bytes:
    return maker.zipped({member: content for member, content in maker.unzipped(data).items() if member != name})


def changed(data: bytes, name: str, content: bytes) -> bytes:
    return maker.zipped({**maker.unzipped(data), name: content})


@pytest.mark.parametrize(
    ("name", "content", "problem", "remedy"),
    [
        ("a.txt", b"", "the file is empty", "again"),
        ("a.pdf", b"", "the file is empty", "again"),
        ("a.txt", b" \n\t\n", "nothing but blanks", "again"),
        ("a.md", b"\n<!-- nichts -->\n", "no text", "again"),
        ("a.txt", b"abc\x00\x01\x02", "zero bytes", "UTF-8"),
        ("a.txt", bytes(range(1, 9)) * 9, "binary data", "convert"),
        ("a.pdf", b"\x89PNG\r\n\x1a\n" + bytes(20), "a PNG picture", "PDF"),
        ("a.txt", b"\xff\xd8\xff\xe0" + bytes(20), "a JPEG picture", "ocr"),
        ("a.txt", b"RIFF\x10\x00\x00\x00WEBPVP8 ", "a WebP picture", "PDF"),
        ("a.doc", rb"{\rtf1\ansi text}", "an RTF document", ".docx"),
        ("a.txt", b"\x1f\x8b\x08" + bytes(20), "gzip", "unpack"),
        ("a.doc", ole("WordDocument"), "old Word document (.doc)", "save it as .docx"),
        ("a.docx", ole("WordDocument"), "old Word document (.doc)", "save it as .docx"),
        ("a.xls", ole("Workbook"), "old Excel workbook (.xls)", "save it as .xlsx"),
        ("a.docx", ole("EncryptedPackage"), "protected by a password", "without the password"),
        ("a.xlsx", ole("EncryptedPackage"), "protected by a password", "without the password"),
        ("a.ppt", ole("PowerPoint Document"), "PowerPoint", "PDF"),
        ("a.doc", OLE, "old Office file", ".docx"),
        ("a.docx", maker.zipped({"ppt/presentation.xml": b""}), "PowerPoint", "PDF"),
        ("a.docx", maker.zipped({"content.xml": b""}), "OpenDocument", ".docx"),
        ("a.xlsx", maker.zipped({"xl/workbook.bin": b""}), ".xlsb", ".xlsx"),
        ("a.zip", maker.zipped({"a.txt": b"x"}), "zip archive", "unpack"),
        ("a.docx", maker.word_file()[:3000], "cut off or damaged", "again"),
        ("a.docx", b"PK\x03\x04" + bytes(50), "cut off or damaged", "again"),
        ("a.docx", "纯文本".encode(), "no DOCX file but plain text", "rename it to .txt"),
        ("a.pdf", "纯文本".encode(), "no PDF file but plain text", "rename it to .txt"),
        ("a.pdf", bytes(range(256)), "no PDF file", "again"),
        ("a.xyz", b"plain text", ".xyz is no file type that is read", "rename it to .txt"),
        ("README", b"plain text", "a file without a suffix", "rename it to .txt"),
        ("a.docx", BOMB, "zip bomb", "split it"),
        ("a.docx", changed(maker.word_file(), "word/document.xml", b"<w:document"), "damaged", "save it again"),
        ("a.docx", changed(maker.word_file(), "word/document.xml", b"<a/>"), "damaged", "save it again"),
        ("a.docx", without(maker.word_file(), "[Content_Types].xml"), "damaged", "save it again"),
        ("a.docx", without(maker.word_file(), "_rels/.rels"), "damaged", "save it again"),
        ("a.xlsx", without(maker.workbook(), "[Content_Types].xml"), "damaged", "save it again"),
        ("a.xlsx", changed(maker.workbook(), "xl/worksheets/sheet1.xml", b"<worksheet><sheetData>"), "damaged", "save"),
        ("a.html", b"<html><script>draw()</script><nav>x</nav></html>", "shows no text", "browser"),
        ("a.html", b"<!-- -->", "shows no text", "browser"),
        ("a.jsonl", b"{broken\n{also\n", "no valid JSON (line 1)", "one JSON object on each line"),
        ("a.json", b"[]", "no records", "object"),
        ("a.json", b"[1, 2]", "no record holds", "question and answer"),
        ("a.jsonl", b'{"foo": 1, "bar": "x"}\n', "fields of the first: foo, bar", "question and answer"),
        ("a.json", b"[" * 200_000, "no valid JSON", "object"),
        ("a.csv", b",,,\n,,,\n", "no values", "export"),
        ("a.csv", b'name,text\na,"' + b"x" * 200_000, "line 2 cannot be read", "quotes"),
    ],
)
def test_a_bad_file_is_refused_with_problem_and_remedy(
    tmp_path: Path, name: str, content: bytes, problem: str, remedy: str
) -> None:
    refused = refusal(put(tmp_path / name, content))
    assert problem in refused.problem
    assert remedy in refused.remedy


def test_a_report_without_a_single_good_line_is_refused(tmp_path: Path) -> None:
    lines = json.dumps({"page": 0, "type": "text", "inside": "x"}) + "\n"
    assert "no line of it is a line of a report" in refusal(put(tmp_path / "a.txt", lines)).problem


@pytest.mark.parametrize("name", ["missing.pdf", "missing/a.txt", "bad\0name.txt", "x" * 300 + ".txt"])
def test_a_path_to_nothing_is_refused(tmp_path: Path, name: str) -> None:
    refusal(tmp_path / name)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert "a folder" in refusal(tmp_path).problem


def test_a_link_that_leads_to_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").symlink_to(tmp_path / "a.txt")
    refusal(tmp_path / "a.txt")


def test_a_named_pipe_is_refused_without_being_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.txt")  # opening it would wait for ever
    assert "a named pipe" in refusal(tmp_path / "a.txt").problem


def test_a_device_and_a_socket_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "a device" in refusal(Path("/dev/zero")).problem
    monkeypatch.chdir(tmp_path)  # a socket's whole path must be short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("a.txt")
        assert "a socket" in refusal(tmp_path / "a.txt").problem


class LockedPath(PosixPath):
    """A file that its owner may not read; tests run as root, whom no mode keeps out."""

    def open(self, *arguments: object, **options: object) -> None:  # type: ignore[override]
        raise PermissionError(13, "Permission denied")


def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    refused = refusal(LockedPath(put(tmp_path / "a.txt", "x")))
    assert "no permission" in refused.problem
    assert "chmod" in refused.remedy


def test_a_read_error_of_the_disk_is_refused(tmp_path: Path) -> None:
    class FailingPath(PosixPath):
        def open(self, *arguments: object, **options: object) -> None:  # type: ignore[override]
            raise OSError(5, "Input/output error")

    assert "Input/output error" in refusal(FailingPath(put(tmp_path / "a.txt", "x"))).problem


def test_a_file_beyond_the_limit_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "a.txt").open("wb") as file:
        file.truncate(600 * 2**20)  # a hole: takes no room on the disk
    assert "600 MB" in refusal(tmp_path / "a.txt").problem


def test_a_zip_member_that_claims_a_password_is_refused(tmp_path: Path) -> None:
    data = bytearray(maker.word_file())
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1  # bit 0 of the flags in the central directory: encrypted
    assert "protected by a password" in refusal(put(tmp_path / "a.docx", bytes(data))).problem


def test_a_part_whose_bytes_do_not_match_its_checksum_is_refused(tmp_path: Path) -> None:
    data = bytearray(maker.word_file())
    with zipfile.ZipFile(put(tmp_path / "a.docx", bytes(data))) as archive:
        start = archive.getinfo("word/document.xml").header_offset
    data[start + 60] ^= 0xFF
    assert "word/document.xml is damaged" in refusal(put(tmp_path / "a.docx", bytes(data))).problem


def test_more_members_than_any_document_has_are_refused(tmp_path: Path) -> None:
    members = {f"word/{number}.xml": b"" for number in range(10_001)}
    assert (
        "10002 parts" in refusal(put(tmp_path / "a.docx", maker.zipped({"word/document.xml": b"", **members}))).problem
    )


def test_entities_that_multiply_do_not_fill_the_memory(tmp_path: Path) -> None:
    lol = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "哈">{lol}]>'
    body = '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>'
    xml = f"{bomb}{body}&l9;</w:t></w:r></w:p></w:body></w:document>"
    refusal(put(tmp_path / "a.docx", changed(maker.word_file(), "word/document.xml", xml.encode())))
    rows = "<worksheet><sheetData><row r='1'><c r='A1' t='str'><v>&l9;</v></c></row></sheetData></worksheet>"
    refusal(put(tmp_path / "a.xlsx", changed(maker.workbook(), "xl/worksheets/sheet1.xml", (bomb + rows).encode())))


def test_a_sheet_with_a_million_wide_rows_is_refused_with_its_page(tmp_path: Path) -> None:
    rows = "".join(f'<row r="{n}"><c r="XFD{n}"><v>1</v></c></row>' for n in range(1, 1200))
    sheet = f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>'
    refused = refusal(put(tmp_path / "a.xlsx", changed(maker.workbook(), "xl/worksheets/sheet1.xml", sheet.encode())))
    assert "cells" in refused.problem
    assert refused.page == 1


def test_a_file_that_vanishes_between_listing_and_reading_is_refused(tmp_path: Path) -> None:
    path = put(tmp_path / "a.txt", "x")
    loader = loader_for(path)
    path.unlink()
    with pytest.raises(UnreadableDocument, match="no such file"):
        loader.load(path)


def test_reading_only_the_head_reads_no_more(tmp_path: Path) -> None:
    assert read_bytes(put(tmp_path / "a.txt", "abcdef"), 3) == b"abc"


def read_or_refuse(path: Path) -> None:
    with suppress(UnreadableDocument):
        loader_for(path).load(path)


STARTS = [
    b"",
    b"%PDF-1.7\n",
    b"PK\x03\x04",
    OLE,
    b"{",
    b'[{"',
    b"<html>",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"---\n",
    b"| a |\n|--",
]
SUFFIXES = st.sampled_from(sorted(SUPPORTED_SUFFIXES))
FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FUZZ
@given(start=st.sampled_from(STARTS), data=st.binary(max_size=400), suffix=SUFFIXES)
def test_random_bytes_under_any_name_are_read_or_refused(
    tmp_path: Path, start: bytes, data: bytes, suffix: str
) -> None:
    read_or_refuse(put(tmp_path / f"a{suffix}", start + data))


@FUZZ
@given(text=st.text(max_size=300), suffix=st.sampled_from([".txt", ".md", ".html", ".csv", ".jsonl"]))
def test_random_text_under_any_name_is_read_or_refused(tmp_path: Path, text: str, suffix: str) -> None:
    read_or_refuse(put(tmp_path / f"a{suffix}", text.encode("utf-8", "replace")))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
NAMES = ["question", "answer", "answers", "history", "messages", "options", "title", "text", "page", "type", "inside"]


@FUZZ
@given(records=st.lists(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5), min_size=1, max_size=3))
def test_records_of_any_shape_are_read_or_refused(tmp_path: Path, records: list[dict[str, object]]) -> None:
    read_or_refuse(put(tmp_path / "a.jsonl", "\n".join(map(json.dumps, records))))


PARTS = {
    ".docx": (maker.word_file(), ["word/document.xml", "word/styles.xml", "word/numbering.xml", "[Content_Types].xml"]),
    ".xlsx": (
        maker.workbook(),
        ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml"],
    ),
}


@FUZZ
@given(data=st.data(), suffix=st.sampled_from(sorted(PARTS)))
def test_an_office_file_with_a_mangled_part_is_read_or_refused(
    tmp_path: Path, data: st.DataObject, suffix: str
) -> None:
    whole, names = PARTS[suffix]
    name = data.draw(st.sampled_from(names))
    content = bytearray(maker.unzipped(whole)[name])
    at = data.draw(st.integers(0, len(content) - 1))
    length = data.draw(st.integers(0, 60))
    content[at : at + length] = data.draw(st.binary(max_size=20) | st.sampled_from([b"9" * 12, b'""', b"-1", b"x"]))
    read_or_refuse(put(tmp_path / f"a{suffix}", changed(whole, name, bytes(content))))


@FUZZ
@given(data=st.data())
def test_a_pdf_with_mangled_bytes_is_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(make_pdf([[Text(72, 100, "正文第一行")], [Text(72, 100, "第二页")]]))
    at = data.draw(st.integers(0, len(content) - 1))
    content[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=12))
    read_or_refuse(put(tmp_path / "a.pdf", bytes(content)))
