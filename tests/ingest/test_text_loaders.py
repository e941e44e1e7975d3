"""Plain text, Markdown and HTML: what is a page, a heading, a paragraph, a table."""

import os
import re
from pathlib import Path

import pytest

from tests.ingest import document_maker as maker
from vouch.ingest.loaders.html import HtmlLoader
from vouch.ingest.loaders.markdown import MarkdownLoader
from vouch.ingest.loaders.printed_pages import printed_pages
from vouch.ingest.loaders.text import TextLoader
from vouch.ingest.types import Block, Document, Loader

SENTENCE = "患者入院后应当在二十四小时内完成全部必要的检查并记录结果以备会诊时查阅"


def read(loader: Loader, path: Path, content: str | bytes) -> Document:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return loader.load(path)


def text_of(document: Document, block: Block) -> str:
    page = next(page for page in document.pages if page.number == block.page)
    return page.text[block.start : block.end]


def shown(document: Document) -> list[tuple[str, int, str]]:
    return [(block.kind, block.level, text_of(document, block)) for block in document.blocks]


def test_plain_text_without_page_marks_is_page_one_and_its_numbered_lines_are_headings(tmp_path: Path) -> None:
    document = read(TextLoader(), tmp_path / "a.txt", maker.GUIDELINE)
    assert [page.number for page in document.pages] == [1]
    assert [text for kind, _, text in shown(document) if kind == "heading"] == [
        "一、诊断标准",
        "二、治疗目标",
        "（一）一般患者",
    ]


def test_wrapped_lines_of_chinese_and_english_join_into_paragraphs(tmp_path: Path) -> None:
    lines = [
        "血压测量应当在安静环境中进行，受检者至少休息五分钟后开始，并",
        "记录坐位读数。诊室外测量（ambulatory blood pressure monitoring，",
        "ABPM）能发现白大衣高血压与隐蔽性高血压，推荐有条件的机构常规",
        "开展。",
        "家庭自测血压的频率由医师根据病情决定，通常每日早晚各一次，连",
        "续七日。",
    ]
    document = read(TextLoader(), tmp_path / "a.txt", "\n".join(lines))
    assert [text for _, _, text in shown(document)] == ["\n".join(lines[:4]), "\n".join(lines[4:])]


def test_lines_that_are_whole_paragraphs_do_not_join(tmp_path: Path) -> None:
    paragraphs = [f"{SENTENCE}{'并随访' * n}" for n in (1, 30, 9, 28, 3, 31)]
    document = read(TextLoader(), tmp_path / "a.txt", "\n".join(paragraphs))
    assert [text for _, _, text in shown(document)] == paragraphs


def test_form_feeds_part_pages_and_a_blank_page_keeps_its_number(tmp_path: Path) -> None:
    document = read(TextLoader(), tmp_path / "a.txt", "甲\f \f丙\f")
    assert [(page.number, page.text) for page in document.pages] == [(1, "甲"), (3, "丙")]


def body(number: int) -> list[str]:
    return [f"{SENTENCE}，见第{number}条。"] * 8


def test_page_numbers_on_lines_of_their_own_below_each_page_part_it(tmp_path: Path) -> None:
    lines = ["目录", *(line for number in range(1, 11) for line in [*body(number), str(number)])]
    document = read(TextLoader(), tmp_path / "a.txt", "\n".join(lines))
    assert [page.number for page in document.pages] == list(range(1, 11))
    assert all(f"见第{page.number}条" in page.text for page in document.pages)
    assert all(page.text.endswith(f"\n{page.number}") for page in document.pages)
    assert "page numbers are those printed in the text, 1 to 10" in document.warnings


def test_the_pages_of_a_lost_number_are_one_page_by_the_first(tmp_path: Path) -> None:
    lines = [line for number in range(1, 21) for line in [*body(number), "" if number == 7 else str(number)]]
    pages = dict(printed_pages(lines))
    assert sorted(pages) == [n for n in range(1, 21) if n != 8]
    assert "见第8条" in "".join(pages[7])


def test_a_number_right_below_the_one_before_stands_above_its_page(tmp_path: Path) -> None:
    lines = [line for number in range(1, 21) for line in [*body(number), "" if number == 7 else str(number)]]
    at = lines.index("6") + 1
    lines.insert(at, "7")
    pages = dict(printed_pages(lines))
    assert "见第7条" in "".join(pages[7])
    assert "见第9条" in "".join(pages[9])


@pytest.mark.parametrize(
    "lines",
    [
        [line for number in range(1, 40) for line in (str(number), "短行")],  # a numbered list
        [line for number in range(1, 6) for line in [*body(number), str(number)]],  # too few
        [line for number in range(1, 11) for line in [str(number), *body(number)]],  # above the page: not told apart
        [line for number in range(1, 80, 7) for line in [*body(number), str(number)]],  # too many missing
    ],
)
def test_lone_numbers_that_are_no_page_numbers_part_nothing(lines: list[str]) -> None:
    assert printed_pages(lines) == []


def test_markdown_loses_its_marks_and_keeps_its_structure(tmp_path: Path) -> None:
    document = read(MarkdownLoader(), tmp_path / "a.md", maker.MARKDOWN)
    assert document.title == "阿司匹林片说明书"
    assert shown(document) == [
        ("heading", 1, "阿司匹林片"),
        ("heading", 2, "【适应症】"),
        ("prose", 0, "用于预防心肌梗死。"),
        ("heading", 2, "【用法用量】"),
        ("prose", 0, "1. 成人：每日一次。"),
        ("prose", 0, "2. 老人：遵医嘱。"),
        ("table", 0, "规格\t每盒片数\n100mg\t30\n25mg\t100"),
        ("prose", 0, "保存：密封"),
    ]
    assert next(block.context for block in document.blocks if block.kind == "table") == "规格\t每盒片数"


def test_the_title_of_markdown_without_front_matter_is_its_first_top_heading(tmp_path: Path) -> None:
    assert read(MarkdownLoader(), tmp_path / "a.md", "引言\n\n# 指南 `2020` 版\n\n正文").title == "指南 2020 版"


def test_wrapped_markdown_lines_are_one_paragraph_and_short_ones_stay_apart(tmp_path: Path) -> None:
    wrapped = "The committee recommends that adults with stage one hypertension be\ntreated first without drugs."
    document = read(MarkdownLoader(), tmp_path / "a.md", f"{wrapped}\n\n通用名称：阿司匹林\n英文名称：Aspirin")
    assert [text for _, _, text in shown(document)] == [wrapped, "通用名称：阿司匹林", "英文名称：Aspirin"]


def test_a_bold_sentence_is_no_heading(tmp_path: Path) -> None:
    document = read(MarkdownLoader(), tmp_path / "a.md", "**孕妇禁用。**\n\n**部分**加粗\n\n- **列表项**")
    assert {kind for kind, _, _ in shown(document)} == {"prose"}


def test_a_paragraph_above_a_line_of_dashes_is_no_heading(tmp_path: Path) -> None:
    document = read(MarkdownLoader(), tmp_path / "a.md", f"短标题\n---\n{SENTENCE * 8}\n---\n正文")
    assert [kind for kind, _, _ in shown(document)] == ["heading", "prose", "prose"]


def test_an_html_table_inside_markdown_is_a_table(tmp_path: Path) -> None:
    table = "<table><tr><th>项目</th><th>2023年</th></tr><tr><td>营业收入</td><td>1.5</td></tr></table>"
    document = read(MarkdownLoader(), tmp_path / "a.md", f"# 表\n\n{table}\n")
    assert shown(document)[-1] == ("table", 0, "项目\t2023年\n营业收入\t1.5")


def test_html_shows_what_a_reader_sees(tmp_path: Path) -> None:
    document = read(HtmlLoader(), tmp_path / "a.html", maker.HTML)
    assert document.title == "琅川仪器 年报"
    assert shown(document) == [
        ("heading", 1, "琅川仪器股份有限公司"),
        ("prose", 0, "本年度营业收入稳步增长。"),
        ("prose", 0, "详见附注。"),
        ("prose", 0, "- 传感器"),
        ("prose", 0, "- 分析仪"),
        ("table", 0, "表1 主要数据\n项目\t金额\t金额\n项目\t2023年\t2022年\n营业收入\t1,234.56\t999.00"),
    ]
    assert document.blocks[-1].context == "表1 主要数据\n项目\t金额\t金额\n项目\t2023年\t2022年"


def test_html_in_gb2312_is_read_as_it_declares(tmp_path: Path) -> None:
    page = (
        '<html><head><meta http-equiv="Content-Type" content="text/html; charset=gb2312"></head><p>喆元科技</p></html>'
    )
    assert shown(read(HtmlLoader(), tmp_path / "a.html", page.encode("gbk"))) == [("prose", 0, "喆元科技")]


def test_amounts_split_over_html_cells_are_put_together(tmp_path: Path) -> None:
    row = "<tr><td>Net loss</td><td>$</td><td>(1,234</td><td>)</td><td></td><td>$</td><td>56</td><td></td></tr>"
    head = "<tr><th></th><th colspan=3>2023</th><th></th><th colspan=3>2022</th></tr>"
    document = read(HtmlLoader(), tmp_path / "a.html", f"<html><table>{head}{row}{row}</table></html>")
    assert shown(document)[0][2].split("\n") == ["\t2023\t2022", "Net loss\t$(1,234)\t$56", "Net loss\t$(1,234)\t$56"]


def test_a_cell_spanning_rows_stands_in_each_of_them(tmp_path: Path) -> None:
    rows = "<tr><td rowspan=2>华东</td><td>上海</td><td>1</td></tr><tr><td>杭州</td><td>2</td></tr>"
    document = read(HtmlLoader(), tmp_path / "a.html", f"<html><table>{rows}</table></html>")
    assert shown(document) == [("table", 0, "华东\t上海\t1\n华东\t杭州\t2")]


def test_a_span_of_a_million_columns_does_not_fill_the_memory(tmp_path: Path) -> None:
    rows = "<tr><td colspan=99999999 rowspan=99999999>x</td></tr><tr><td>1</td><td>2</td></tr>" * 3
    assert len(read(HtmlLoader(), tmp_path / "a.html", f"<html><table>{rows}</table></html>").pages[0].text) < 10_000


def test_a_table_for_layout_is_read_as_the_content_it_arranges(tmp_path: Path) -> None:
    inner = "<table><tr><td>甲</td><td>1</td></tr><tr><td>乙</td><td>2</td></tr></table>"
    page = f"<html><table><tr><td><h2>标题</h2><p>正文</p>{inner}</td></tr></table></html>"
    assert shown(read(HtmlLoader(), tmp_path / "a.html", page)) == [
        ("heading", 2, "标题"),
        ("prose", 0, "正文"),
        ("table", 0, "甲\t1\n乙\t2"),
    ]


def test_html_reads_no_other_file_and_expands_no_entity(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("机密内容")
    page = (
        f'<!DOCTYPE html [<!ENTITY x SYSTEM "file://{secret}"><!ENTITY y "展开">]>'
        f'<html><p>正文 &x; &y;</p><iframe src="file://{secret}"></iframe></html>'
    )
    text = read(HtmlLoader(), tmp_path / "a.html", page).pages[0].text
    assert "正文" in text
    assert "机密" not in text


def test_html_that_is_nested_too_deep_says_what_is_missing(tmp_path: Path) -> None:
    document = read(HtmlLoader(), tmp_path / "a.html", "<html><p>开头</p>" + "<div>" * 400 + "深处")
    assert document.pages[0].text == "开头"
    assert "256 deep" in document.warnings[0]


def test_the_printed_pages_of_a_real_guideline_agree_with_its_table_of_contents(repository: Path) -> None:
    shared = Path(os.environ.get("VOUCH_SHARED", repository.parent / "shared"))
    files = sorted((shared / "data/medical/docs").glob("精神障碍*.txt"))
    if not files:
        pytest.skip("needs the guidelines of the shared data")
    lines = files[0].read_text(encoding="utf-8").split("\n")
    entry = re.compile(r"(.*?)\s*\.{5,}\s*(\d+)\s*$")
    entries = [("".join(m[1].split()), int(m[2])) for line in lines[:222] if (m := entry.match(line))]
    pages = {
        number: "".join("".join(line for line in page if not entry.match(line)).split())
        for number, page in printed_pages(lines)
    }
    assert len(entries) == 107
    assert sum(title in pages.get(number, "") for title, number in entries) >= 101
