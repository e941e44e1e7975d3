"""The file types that are read, by the endings of their names."""

from typing import Literal

Format = Literal["pdf", "docx", "xlsx", "html", "markdown", "text", "csv", "records", "report_lines"]

SUFFIXES: dict[str, Format] = {
    ".pdf": "pdf",
    ".docx": "docx",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "text",
    ".text": "text",
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "records",
    ".jsonl": "records",
    ".ndjson": "records",
}
SUPPORTED_SUFFIXES = frozenset(SUFFIXES)
SHEET_SUFFIXES = frozenset([".xls", ".xlsx", ".xlsm"])
"""Text under these names is an export of delimited values."""
OLD_OFFICE = frozenset([".doc", ".xls"])
"""Tried in folders too: many are .docx or .xlsx by another name, the others deserve an error that says what to do."""

NAMES: dict[Format, str] = {
    "pdf": "a PDF",
    "docx": "a Word document (.docx)",
    "xlsx": "an Excel workbook (.xlsx)",
    "html": "an HTML page",
    "csv": "a table of delimited values",
    "records": "JSON records",
}
