"""Writes the sample PDF and DOCX files beside this script: `python app/samples/generate.py [--font FILE]`.

For maintainers; needs `pip install -e .[samples]` and a Chinese font (README.md says which). The same sources and the
same font give the same bytes.
"""

import argparse
from pathlib import Path

from vouch.app.samples.figures import Figures, read_figures
from vouch.app.samples.layout import Contents, Face, Writer, chinese_face, english_face
from vouch.app.samples.markup import Report, read_statements

HERE = Path(__file__).parent
SOURCES = HERE / "sources"
FONT = Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")

CHINESE_REPORTS = {
    "annual_2023_zh.txt": ("琅屿仪器_2023年年度报告.pdf", "琅屿星槎精密仪器股份有限公司 2023 年年度报告"),
    "annual_2022_zh.txt": ("琅屿仪器_2022年年度报告.pdf", "琅屿星槎精密仪器股份有限公司 2022 年年度报告"),
    "third_quarter_2023_zh.txt": (
        "琅屿仪器_2023年第三季度报告.pdf",
        "琅屿星槎精密仪器股份有限公司 2023 年第三季度报告",
    ),
}


def chinese_figures() -> Figures:
    """Return the figures of the Chinese company."""
    return read_figures(SOURCES / "figures_zh.toml", SOURCES / "totals_zh.txt")


def write_report(report: Report, path: Path, header: str, face: Face) -> None:
    """Write a report: once to learn where its headings stand, once more with the contents page filled in."""
    known = Contents()
    for _ in range(2):
        writer = Writer(face, known)
        report.write(writer)
        known = writer.save(path, header, header)


def main() -> None:
    """Write every generated sample."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--font", type=Path, default=FONT)
    font = parser.parse_args().font
    statements = read_statements(SOURCES / "statements_zh.txt")
    for source, (name, header) in CHINESE_REPORTS.items():
        if not (SOURCES / source).exists():
            continue
        report = Report(chinese_figures(), statements, (SOURCES / source).read_text("utf-8"))
        write_report(report, HERE / name, header, chinese_face(font))


if __name__ == "__main__":
    main()
