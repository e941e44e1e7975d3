"""What people see: answers with their sources, tables that line up, progress."""

import pytest

from vouch.app import ingest_report
from vouch.app.answer_text import answer_text
from vouch.app.document_table import aligned, width
from vouch.app.ingest_report import pace, progress, summary_text
from vouch.generation.types import Answer, Citation, Refusal
from vouch.ingest.bulk import FileError, FileResult, IngestSummary

CITATION = Citation(1, "id", "报告.pdf", 57, ("第十节 财务报告", "二、财务报表"), "营业收入 12.34", (), 0.9)


def test_a_chinese_answer_ends_with_its_sources_in_chinese() -> None:
    answer = Answer("营业收入是多少？", "营业收入为 12.34 亿元。 [1]", "extractive", citations=(CITATION,))
    assert answer_text(answer) == (
        "营业收入为 12.34 亿元。 [1]\n\n"
        "来源：\n"
        "[1] 报告.pdf · 第 57 页 · 第十节 财务报告 › 二、财务报表\n"
        "    “营业收入 12.34”"
    )


def test_an_english_answer_ends_with_its_sources_in_english() -> None:
    citation = Citation(1, "id", "report.pdf", 5, (), "Revenue rose.", (), 0.9)
    answer = Answer("What of revenue?", "Revenue rose. [1]", "extractive", citations=(citation,))
    assert answer_text(answer) == 'Revenue rose. [1]\n\nSources:\n[1] report.pdf · p. 5\n    "Revenue rose."'
    assert answer_text(answer, quotes=False) == "Revenue rose. [1]\n\nSources:\n[1] report.pdf · p. 5"


def test_a_source_read_by_ocr_says_so() -> None:
    citation = Citation(1, "id", "scan.pdf", 5, (), "Revenue rose.", (), 0.9, ocr=True)
    answer = Answer("What of revenue?", "Revenue rose. [1]", "extractive", citations=(citation,))
    assert "scan.pdf · p. 5 (scanned page, read by OCR: check the original)" in answer_text(answer)


def test_a_long_quote_is_shortened() -> None:
    rows = "\n".join(f"row {number} " + "x" * 400 for number in range(20))
    answer = Answer("Q?", "A. [1]", "extractive", citations=(Citation(1, "id", "a.pdf", 5, (), rows, (), 0.9),))
    lines = answer_text(answer).splitlines()
    assert lines[-1].strip() == '…"'
    assert len(lines) == 4 + 7
    assert max(map(len, lines)) <= 230


def test_ticks_of_symbol_fonts_and_control_characters_are_not_shown_raw() -> None:
    citation = Citation(1, "id", "a.pdf", 5, (), "\uf052适用 \uf0a3不适用\n\uf0b7 甲\x1b[31m乙\ue123", (), 0.9)
    shown = answer_text(Answer("适用吗？", "\uf052适用 [1]", "extractive", citations=(citation,)))
    assert shown.startswith("√适用 [1]")
    assert "“√适用 □不适用\n    • 甲[31m乙”" in shown
    assert citation.text.startswith("\uf052")


def test_a_file_name_with_a_line_break_stays_on_its_line() -> None:
    failed = FileResult("/in/a\nb\x1b[2J.txt", "failed", error=FileError("UnreadableDocument", "it is empty"))
    assert summary_text(IngestSummary((failed,), 1.0)).endswith("  /in/a\\nb[2J.txt: it is empty")


def test_a_refusal_has_no_sources() -> None:
    refusal = Refusal("not_in_library", "Not held.", "Ask of 2022?")
    assert answer_text(Answer("Q?", "Not held. Ask of 2022?", "refused", refusal)) == "Not held. Ask of 2022?"


def test_columns_line_up_with_wide_characters() -> None:
    lines = aligned([("name", "year"), ("江河重工", "2022"), ("x" * 80, "2023")]).splitlines()
    assert {width(line[: line.index("20")]) for line in lines[1:]} == {width(lines[0][: lines[0].index("year")])}
    assert "…" in lines[2]


def test_progress_without_a_terminal_is_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest_report, "SECONDS_BETWEEN_LINES", 0.0)
    with progress(2, quiet=False, terminal=False) as advance:
        advance(FileResult("a.pdf", "ingested", pages=3))
        advance(FileResult("b.pdf", "failed", error=FileError("UnreadableDocument", "empty")))
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("1/2 files · 3 pages · ")
    assert second.startswith("2/2 files · 3 pages · ")
    assert second.endswith("1 failed")


def test_progress_on_a_terminal_is_a_bar(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(1, quiet=False, terminal=True) as advance:
        advance(FileResult("a.pdf", "ingested", pages=3))
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "1/1 files · 3 pages" in shown.err


def test_quiet_progress_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(1, quiet=True, terminal=True) as advance:
        advance(FileResult("a.pdf", "ingested", pages=3))
    assert capsys.readouterr() == ("", "")


def test_the_summary_counts_and_names_failures() -> None:
    results = (
        FileResult("a.pdf", "ingested", pages=30, chunks=1),
        FileResult("b.pdf", "unchanged", pages=5, chunks=9, warnings=("2 pages are pictures",)),
        FileResult("c.pdf", "failed", error=FileError("UnreadableDocument", "damaged (page 3); export it again", 3)),
    )
    assert summary_text(IngestSummary(results, 2.0)).splitlines() == [
        "3 files: 1 ingested, 0 replaced, 1 unchanged, 1 failed",
        "30 pages, 1 passage, 0 facts in 2.0 s, 15 pages/s",
        "to be checked:",
        "  b.pdf: 2 pages are pictures",
        "failed:",
        "  c.pdf: damaged (page 3); export it again",
    ]


def test_slow_reading_keeps_a_decimal() -> None:
    assert (pace(3, 10.0), pace(3000, 10.0)) == ("0.3 pages/s", "300 pages/s")
