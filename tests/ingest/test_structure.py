"""Headings, paragraphs, tables and furniture inferred from how the lines stand."""

from pathlib import Path

import pytest

from tests.ingest.pdf_maker import Text, lines, write_pdf
from vouch.ingest.headings import numbered_level
from vouch.ingest.loaders.pdf import PdfLoader
from vouch.ingest.types import Document


def read(tmp_path: Path, *pages: list[Text]) -> Document:
    return PdfLoader().load(write_pdf(tmp_path / "a.pdf", pages))


def blocks(document: Document, kind: str) -> list[str]:
    texts = {page.number: page.text for page in document.pages}
    return [texts[b.page][b.start : b.end] for b in document.blocks if b.kind == kind]


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("第十节 财务报告", 1),
        ("第一章 总则", 1),
        ("二、报告期内主要经营情况", 2),
        ("（一）主营业务分析", 3),
        ("4. 研发投入", 4),
        ("（1）研发投入情况表", 5),
        ("Item 7. Management's Discussion", 2),
        ("一、公司董事会保证年度报告内容真实、准确、完整。", 0),
        ("10.90 元/股回购预留授予部分", 0),
        ("1,234.56", 0),
        ("2019 年 12 月 31 日", 0),
        ("十、其他 □适用 √不适用", 0),
    ],
)
def test_numbering_gives_the_depth_of_a_heading(line: str, level: int) -> None:
    assert numbered_level(line) == level


def test_running_headers_and_page_numbers_are_furniture(tmp_path: Path) -> None:
    pages = [
        [
            *lines("某某股份有限公司 2023 年年度报告", y=40),
            *lines(f"第{n}页的正文说明了当年的经营情况。", y=100),
            *lines(str(n), y=800, x=290),
        ]
        for n in range(1, 6)
    ]
    document = read(tmp_path, *pages)
    assert len(blocks(document, "furniture")) == 10
    assert blocks(document, "prose") == [f"第{n}页的正文说明了当年的经营情况。" for n in range(1, 6)]


def test_a_line_that_stands_on_one_page_only_is_content(tmp_path: Path) -> None:
    document = read(tmp_path, *[lines(f"{word}情况说明如下。", y=100) for word in ("销售", "采购", "研发", "财务")])
    assert blocks(document, "furniture") == []


def test_lines_of_a_paragraph_are_one_block(tmp_path: Path) -> None:
    full = "报告期内公司实现营业收入稳步增长主要是由于新产品投放市场以及海外渠道的持续拓展"
    document = read(tmp_path, lines(full, full, "带来的贡献。", "第二段另起一行。"))
    assert [text.count("\n") for text in blocks(document, "prose")] == [2, 0]


def test_rows_with_their_caption_and_unit_are_one_table(tmp_path: Path) -> None:
    rows = [
        Text(80, 100, "二、财务报表"),
        Text(240, 120, "合并资产负债表"),
        Text(430, 140, "单位：元"),
        Text(80, 160, "项目"), Text(260, 160, "2023 年"), Text(400, 160, "2022 年"),
        Text(80, 180, "货币资金"), Text(260, 180, "1,000.00"), Text(400, 180, "900.00"),
        Text(80, 200, "资产总计"), Text(260, 200, "5,000.00"), Text(400, 200, "4,000.00"),
    ]  # fmt: skip
    document = read(
        tmp_path, [*rows, *lines("公司负责人对上述财务报表的真实性和完整性承担相应的个别及连带法律责任。", y=240)]
    )
    (table,) = blocks(document, "table")
    assert table.startswith("合并资产负债表")
    assert "单位：元" in table
    assert table.endswith("4,000.00")
    assert blocks(document, "heading") == ["二、财务报表"]


def test_a_contents_page_is_neither_prose_nor_table(tmp_path: Path) -> None:
    document = read(tmp_path, lines("目录", "第一节 释义" + "." * 40 + "4", "第二节 公司简介" + "." * 40 + "6"))
    assert len(blocks(document, "toc")) == 1
    assert blocks(document, "table") == []


def test_every_character_is_in_exactly_one_block(tmp_path: Path) -> None:
    document = read(
        tmp_path, lines("一、概述", "正文第一段。", "收入 1,000.00 900.00", "成本 500.00 400.00", "第 1 页")
    )
    text = document.pages[0].text
    covered = "".join(text[b.start : b.end] for b in document.blocks)
    assert "".join(covered.split()) == "".join(text.split())
