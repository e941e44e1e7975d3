"""Writes the sample PDF and DOCX files beside this script: `python app/samples/generate.py [--font FILE]`.

For maintainers; needs `pip install -e .[samples]` and a Chinese font (README.md says which). The same sources and the
same font give the same bytes.
"""

import argparse
from pathlib import Path

from vouch.app.samples.figures import read_figures
from vouch.app.samples.guideline import write_docx
from vouch.app.samples.layout import Contents, Face, Writer, chinese_face, english_face
from vouch.app.samples.markup import Report, read_statements

HERE = Path(__file__).parent
SOURCES = HERE / "sources"
FONT = Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")

CHINESE_REPORTS = {
    "annual_2023_zh.tmpl": ("琅屿仪器_2023年年度报告.pdf", "琅屿星槎精密仪器股份有限公司 2023 年年度报告"),
    "annual_2022_zh.tmpl": ("琅屿仪器_2022年年度报告.pdf", "琅屿星槎精密仪器股份有限公司 2022 年年度报告"),
    "third_quarter_2023_zh.tmpl": (
        "琅屿仪器_2023年第三季度报告.pdf",
        "琅屿星槎精密仪器股份有限公司 2023 年第三季度报告",
    ),
}


def write_report(report: Report, path: Path, header: str, face: Face) -> None:
    """Write a report: once to learn where its headings stand, once more with the contents page filled in."""
    known = Contents()
    for _ in range(2):
        writer = Writer(face, known)
        report.write(writer)
        known = writer.save(path, header, header)


def write_chinese_reports(folder: Path, font: Path) -> None:
    """Write the reports of the Chinese company."""
    face = chinese_face(font)
    figures = read_figures(SOURCES / "figures_zh.toml", SOURCES / "totals_zh.lst")
    statements = read_statements(SOURCES / "statements_zh.lst")
    for source, (name, header) in CHINESE_REPORTS.items():
        report = Report(figures, statements, (SOURCES / source).read_text("utf-8"))
        write_report(report, folder / name, header, face)


def write_english_report(folder: Path) -> None:
    """Write the report of the American company."""
    figures = read_figures(SOURCES / "figures_en.toml", SOURCES / "totals_en.lst")
    statements = read_statements(SOURCES / "statements_en.lst")
    report = Report(figures, statements, (SOURCES / "annual_2023_en.tmpl").read_text("utf-8"))
    header = "Quillmere Harbor Instruments, Inc. - 2023 Annual Report on Form 10-K"
    write_report(report, folder / "Quillmere_Harbor_2023_10-K.pdf", header, english_face())


def write_samples(folder: Path, font: Path) -> None:
    """Write every generated sample into a folder."""
    write_chinese_reports(folder, font)
    write_english_report(folder)
    write_docx((SOURCES / "hypertension_zh.tmpl").read_text("utf-8"), folder / "成人高血压基层管理指南.docx")


def main() -> None:
    """Write the samples beside this script."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--font", type=Path, default=FONT)
    write_samples(HERE, parser.parse_args().font)


if __name__ == "__main__":
    main()
