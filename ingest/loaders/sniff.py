"""What a file really is, by its content first and its name second."""

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

from vouch.ingest.loaders.decode import decode
from vouch.ingest.loaders.files import read_bytes
from vouch.ingest.loaders.formats import SHEET_SUFFIXES, SUFFIXES, Format
from vouch.ingest.loaders.qa_records import json_lines, parsed_json
from vouch.ingest.loaders.report_lines import FIELDS
from vouch.retrieval.errors import UnreadableDocument

HEAD = 256 * 1024
LINES_TRIED = 20
"""Lines that may be broken before one that says what a JSON lines file holds."""

_PDF_WITHIN = 1024
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PDF_AT_LINE_START = re.compile(rb"^\s*%PDF-\d", re.MULTILINE)
_HTML = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)[\s>]", re.IGNORECASE | re.DOTALL
)

_AS_PDF = "convert it to PDF; the extra 'ocr' reads pictures of text"
_UNPACK = "unpack it and ingest the files inside"
_FOREIGN: tuple[tuple[bytes, str, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "a PNG picture", _AS_PDF),
    (b"\xff\xd8\xff", "a JPEG picture", _AS_PDF),
    (b"GIF8", "a GIF picture", _AS_PDF),
    (b"II*\x00", "a TIFF picture", _AS_PDF),
    (b"MM\x00*", "a TIFF picture", _AS_PDF),
    (b"{\\rtf", "an RTF document", "save it as .docx"),
    (b"\x1f\x8b", "a gzip archive", _UNPACK),
    (b"BZh", "a bzip2 archive", _UNPACK),
    (b"\xfd7zXZ\x00", "an xz archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"\x7fELF", "a program", "name documents only"),
    (b"SQLite format 3\x00", "an SQLite database", "export its tables as .csv"),
    (b"PAR1", "a Parquet file", "export it as .csv or .jsonl"),
)
_OLE_STREAMS = (
    ("EncryptedPackage", "an Office document protected by a password", "save a copy without the password"),
    ("WordDocument", "an old Word document (.doc)", "save it as .docx"),
    ("Workbook", "an old Excel workbook (.xls)", "save it as .xlsx"),
    ("Book", "an old Excel workbook (.xls)", "save it as .xlsx"),
    ("PowerPoint Document", "an old PowerPoint presentation (.ppt)", "save it as PDF"),
)
_ZIP_PARTS: tuple[tuple[str, str, str], ...] = (
    ("xl/workbook.bin", "a binary Excel workbook (.xlsb)", "save it as .xlsx"),
    ("ppt/", "a PowerPoint presentation", "save it as PDF"),
    ("content.xml", "an OpenDocument file", "save it as .docx or .xlsx"),
    ("META-INF/container.xml", "an EPUB book", "convert it to PDF or HTML"),
)


def format_of(path: Path) -> Format:
    """Return a file's format; UnreadableDocument, saying what it is and what to do, for one that cannot be read."""
    head = read_bytes(path, HEAD)
    suffix = path.suffix.lower()
    if _is_pdf(head, suffix):
        return "pdf"
    if head.startswith(_OLE):
        raise _ole_error(read_bytes(path))
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_format(read_bytes(path))
    for magic, name, remedy in _FOREIGN:
        if head.startswith(magic):
            raise UnreadableDocument(f"it is {name}", remedy)
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        raise UnreadableDocument("it is a WebP picture", _AS_PDF)
    return _text_format(head, suffix)


def _is_pdf(head: bytes, suffix: str) -> bool:
    start = head[:_PDF_WITHIN]
    return b"%PDF-" in start if SUFFIXES.get(suffix) == "pdf" else bool(_PDF_AT_LINE_START.search(start))


def _ole_error(data: bytes) -> UnreadableDocument:
    for stream, name, remedy in _OLE_STREAMS:
        if stream.encode("utf-16-le") in data:
            return UnreadableDocument(f"it is {name}", remedy)
    return UnreadableDocument("it is an old Office file of an unknown kind", "save it as .docx, .xlsx or PDF")


def _zip_format(data: bytes) -> Format:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as problem:
        raise UnreadableDocument(
            f"it begins like a .docx or .xlsx but is cut off or damaged ({problem})",
            "copy or download it again",
        ) from problem
    if "word/document.xml" in names:
        return "docx"
    if "xl/workbook.xml" in names:
        return "xlsx"
    for part, name, remedy in _ZIP_PARTS:
        if any(found.startswith(part) for found in names):
            raise UnreadableDocument(f"it is {name}", remedy)
    raise UnreadableDocument("it is a zip archive", _UNPACK)


def _text_format(head: bytes, suffix: str) -> Format:
    """Return the format of what is no known binary file; UnreadableDocument for unknown binary data."""
    named = SUFFIXES.get(suffix)
    try:
        text, _ = decode(head)
    except UnreadableDocument as problem:
        what = f"it is no {suffix[1:].upper()} file" if named in ("pdf", "docx", "xlsx") else problem.problem
        raise UnreadableDocument(what, "copy or download it again, or " + problem.remedy) from problem
    if _HTML.match(text):
        return "html"
    lines = _json_lines_format(text)
    if lines:
        return lines
    if suffix in SHEET_SUFFIXES:
        return "csv"
    if named in ("pdf", "docx"):
        raise UnreadableDocument(
            f"it is no {suffix[1:].upper()} file but plain text", "copy or download it again, or rename it to .txt"
        )
    if named is None:
        raise UnreadableDocument(
            f"{suffix or 'a file without a suffix'} is no file type that is read",
            f"rename it to .txt if it is plain text; read are {' '.join(SUFFIXES)}",
        )
    return named


def _json_lines_format(text: str) -> Format | None:
    """Return what a text of JSON lines or of one JSON array of objects holds; None for any other text."""
    if re.match(r"\s*\[\s*\{\s*\"", text):
        return "records"
    if not re.match(r"\s*\{", text):
        return None
    for number, line in json_lines(text):
        value = parsed_json(line)
        if isinstance(value, Mapping):
            return "report_lines" if value.keys() >= FIELDS else "records"
        if number > LINES_TRIED:
            break
    return None
