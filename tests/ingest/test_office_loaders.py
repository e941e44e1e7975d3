"""Word and Excel: headings, numbering, merged cells, formats as shown, pages."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import docx
import openpyxl
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from tests.ingest import document_maker as maker
from tests.ingest.test_text_loaders import read, shown
from vouch.ingest.loaders.docx import DocxLoader
from vouch.ingest.loaders.docx_numbering import numeral
from vouch.ingest.loaders.sheet import XlsxLoader, cell_text
from vouch.ingest.types import Document


def test_a_word_document_keeps_its_order_headings_lists_and_merged_cells(tmp_path: Path) -> None:
    document = read(DocxLoader(), tmp_path / "a.docx", maker.word_file())
    assert document.title == "年度报告"
    assert shown(document) == [
        ("heading", 1, "年度报告"),
        ("heading", 1, "经营情况"),
        ("prose", 0, "本年收入增长。"),
        ("prose", 0, "1. 传感器"),
        ("prose", 0, "2. 分析仪"),
        ("prose", 0, "单位：万元"),
        ("table", 0, "项目\t金额\t金额\n项目\t2023年\t2022年\n营业收入\t1,234.5\t1,000.0\n净利润\t12.3\t(4.5)"),
        ("prose", 0, "上一页的话"),
        ("prose", 0, "下一页的话"),
        ("heading", 2, "风险"),
    ]
    assert [block.page for block in document.blocks] == [1] * 8 + [2] * 2


def test_a_table_below_its_unit_carries_unit_and_header_as_context(tmp_path: Path) -> None:
    document = read(DocxLoader(), tmp_path / "a.docx", maker.word_file())
    table = next(block for block in document.blocks if block.kind == "table")
    assert table.context == "单位：万元\n项目\t金额\t金额\n项目\t2023年\t2022年"


def word(tmp_path: Path, fill: Callable[["docx.document.Document"], None]) -> Document:
    made = docx.Document()
    fill(made)
    return read(DocxLoader(), tmp_path / "a.docx", maker.saved(made))


def test_a_word_table_over_a_page_break_goes_on_below_the_same_header(tmp_path: Path) -> None:
    def fill(made: "docx.document.Document") -> None:
        table = made.add_table(rows=3, cols=2)
        for i, row in enumerate((("项目", "金额"), ("收入", "1.5"), ("成本", "0.5"))):
            for j, text in enumerate(row):
                table.cell(i, j).text = text
        maker.add_page_break(table.cell(2, 0).paragraphs[0])

    document = word(tmp_path, fill)
    assert [(b.page, b.context) for b in document.blocks] == [(1, "项目\t金额"), (2, "项目\t金额")]
    assert [text for _, _, text in shown(document)] == ["项目\t金额\n收入\t1.5", "成本\t0.5"]


def test_headings_without_a_style_are_told_by_their_numbers(tmp_path: Path) -> None:
    def fill(made: "docx.document.Document") -> None:
        for text in ("第一节 概况", "一、主要业务", "公司从事研发。"):
            made.add_paragraph(text)

    assert shown(word(tmp_path, fill)) == [
        ("heading", 1, "第一节 概况"),
        ("heading", 2, "一、主要业务"),
        ("prose", 0, "公司从事研发。"),
    ]


def test_an_outline_level_makes_a_heading_of_any_paragraph(tmp_path: Path) -> None:
    def fill(made: "docx.document.Document") -> None:
        paragraph = made.add_paragraph("自定样式的标题")
        paragraph._p.get_or_add_pPr().append(parse_xml(f'<w:outlineLvl {nsdecls("w")} w:val="2"/>'))
        made.add_paragraph("正文")

    assert shown(word(tmp_path, fill)) == [("heading", 3, "自定样式的标题"), ("prose", 0, "正文")]


def test_deleted_and_hidden_words_are_not_read_but_inserted_ones_and_text_boxes_are(tmp_path: Path) -> None:
    run = "<w:r><w:t>{}</w:t></w:r>"
    box = f"<w:r><w:pict><w:txbxContent><w:p>{run.format('文本框')}</w:p></w:txbxContent></w:pict></w:r>"
    hidden = "<w:r><w:rPr><w:vanish/></w:rPr><w:t>隐藏</w:t></w:r>"

    def fill(made: "docx.document.Document") -> None:
        xml = (
            f"<w:p {nsdecls('w')}>{run.format('正文')}<w:del><w:r><w:delText>删除</w:delText></w:r></w:del>"
            f"<w:ins>{run.format('插入')}</w:ins>{hidden}{box}</w:p>"
        )
        made.element.body.insert(0, parse_xml(xml))

    assert [text for _, _, text in shown(word(tmp_path, fill))] == ["正文插入", "文本框"]


@pytest.mark.parametrize(
    ("number", "kind", "written"),
    [
        (3, "decimal", "3"),
        (10, "chineseCounting", "十"),
        (12, "chineseCountingThousand", "十二"),
        (20, "chineseCounting", "二十"),
        (21, "ideographDigital", "二十一"),
        (3, "lowerLetter", "c"),
        (28, "upperLetter", "BB"),
        (14, "lowerRoman", "xiv"),
        (1994, "upperRoman", "MCMXCIV"),
        (3, "decimalEnclosedCircle", "③"),
    ],
)
def test_list_numbers_are_written_as_word_writes_them(number: int, kind: str, written: str) -> None:
    assert numeral(number, kind) == written


def test_nested_lists_count_within_their_parent(tmp_path: Path) -> None:
    levels = "".join(
        f'<w:lvl w:ilvl="{i}"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="{shape}"/></w:lvl>'
        for i, shape in enumerate(("%1", "%1.%2"))
    )

    def fill(made: "docx.document.Document") -> None:
        numbering = made.part.numbering_part.element
        numbering.insert(0, parse_xml(f'<w:abstractNum {nsdecls("w")} w:abstractNumId="77">{levels}</w:abstractNum>'))
        numbering.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="77"><w:abstractNumId w:val="77"/></w:num>'))
        for level in (0, 1, 1, 0, 1):
            item = f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{level}"/><w:numId w:val="77"/></w:numPr>'
            made.add_paragraph("项")._p.get_or_add_pPr().append(parse_xml(item))

    assert [text for _, _, text in shown(word(tmp_path, fill))] == ["1 项", "1.1 项", "1.2 项", "2 项", "2.1 项"]


def test_a_workbook_has_a_page_for_each_visible_sheet_with_values_as_shown(tmp_path: Path) -> None:
    document = read(XlsxLoader(), tmp_path / "a.xlsx", maker.workbook())
    assert [page.number for page in document.pages] == [1, 4]
    assert document.pages[0].text.split("\n") == [
        "利润表",
        "琅川仪器2023年利润表",
        "单位：万元",
        "项目\t2023年\t2022年\t增减",
        "营业收入\t1,234,567.89\t1000000\t23.46%",
        "净利润\t12.5\t-8",
    ]
    assert document.pages[1].text == "名称\t数量\n传感器\t3"
    assert document.warnings == ("hidden sheet(s) left out: 草稿",)


def test_title_and_unit_above_a_sheets_header_are_part_of_its_context(tmp_path: Path) -> None:
    document = read(XlsxLoader(), tmp_path / "a.xlsx", maker.workbook())
    assert document.blocks[1].context == "琅川仪器2023年利润表\n单位：万元\n项目\t2023年\t2022年\t增减"


def test_blank_rows_part_the_tables_of_a_sheet(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["项目", "金额"], ["收入", 1], [], [None, "地区", "人数"], [None, "华东", 5]):
        book.active.append(row)
    document = read(XlsxLoader(), tmp_path / "a.xlsx", maker.saved(book))
    assert [text for _, _, text in shown(document)] == ["项目\t金额\n收入\t1", "地区\t人数\n华东\t5"]


def test_a_sheet_whose_part_is_missing_is_named_and_the_others_keep_their_numbers(tmp_path: Path) -> None:
    parts = maker.unzipped(maker.workbook())
    del parts["xl/worksheets/sheet1.xml"]
    document = read(XlsxLoader(), tmp_path / "a.xlsx", maker.zipped(parts))
    assert [page.number for page in document.pages] == [4]
    assert document.warnings == ("hidden sheet(s) left out: 草稿", "damaged sheet(s) left out: 利润表")


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (0.1 + 0.2, "General", "0.3"),
        (1234567, "#,##0", "1,234,567"),
        (-1234.5, "#,##0.00;(#,##0.00)", "-1,234.50"),
        (0.256, "0%", "26%"),
        (12.0, "General", "12"),
        (12.0, "0.00", "12.00"),
        (True, "General", "TRUE"),
        (datetime(2023, 12, 31), "yyyy-mm-dd", "2023-12-31"),
        (datetime(2023, 12, 31, 9, 5), "General", "2023-12-31 09:05"),
        (date(2024, 2, 29), "General", "2024-02-29"),
        (timedelta(hours=1), "General", "1:00:00"),
        ("  文字 ", "General", "文字"),
    ],
)
def test_a_cell_reads_as_its_format_shows_it(value: object, number_format: str, text: str) -> None:
    assert cell_text(value, number_format) == text


def test_a_sheet_of_questions_and_answers_is_a_qa_collection(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["编号", "问题", "答案"], [1, "几点开门？", "九点。"], [2, "没有答案的问题？", None]):
        book.active.append(row)
    document = read(XlsxLoader(), tmp_path / "a.xlsx", maker.saved(book))
    assert document.kind == "qa"
    assert [(b.kind, b.page, b.context) for b in document.blocks] == [("furniture", 2, ""), ("qa", 2, "几点开门？")]
    assert document.warnings == ("1 record(s) left out, no answered question: 3",)
