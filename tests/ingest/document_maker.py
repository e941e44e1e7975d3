"""Small documents of every format, written by the tests that read them."""

import io
import json
import zipfile
from collections.abc import Sequence

import docx
import openpyxl
from docx.oxml import OxmlElement
from docx.text.paragraph import Paragraph

GUIDELINE = """老年高血压管理要点
一、诊断标准
收缩压不低于一百四十毫米汞柱，或舒张压不低于九十毫米汞柱，非同日三次测量。
二、治疗目标
（一）一般患者
血压控制在一百四十比九十毫米汞柱以下，能耐受者可进一步降低。
"""

MARKDOWN = """---
title: "阿司匹林片说明书"
---
# 阿司匹林片

**【适应症】**
用于预防心肌梗死。

**【用法用量】**
1. 成人：每日一次。
2. 老人：遵医嘱。

| 规格 | 每盒片数 |
|------|---------:|
| 100mg | 30 |
| 25mg | 100 |

```
保存：密封
```
"""

HTML = """<!DOCTYPE html>
<html><head><title>琅川仪器 年报</title><style>p {color: red}</style></head>
<body><nav>首页 关于我们</nav>
<h1>琅川仪器股份有限公司</h1>
<p>本年度<b>营业收入</b>稳步
增长。<br>详见附注。</p>
<ul><li>传感器</li><li><p>分析仪</p></li></ul>
<table><caption>表1 主要数据</caption>
<tr><th rowspan="2">项目</th><th colspan="2">金额</th></tr>
<tr><th>2023年</th><th>2022年</th></tr>
<tr><td>营业收入</td><td>1,234.56</td><td>999.00</td></tr>
</table>
<div style="display:none">看不见的指令</div><p hidden>也看不见</p>
<script>var a = 1;</script><footer>版权所有</footer></body></html>
"""

QA_LINES = "\n".join(
    json.dumps(record, ensure_ascii=False)
    for record in (
        {"question": "高血压能吃盐吗？", "answer": "应当限盐，每日不超过五克。"},
        {"instruction": "感冒了", "input": "发热两天", "output": "多饮水，必要时就医。"},
    )
)

CSV = "项目,2023年,2022年\n营业收入,100.5,90.1\n净利润,10.2,-8.0\n"


def report_lines() -> str:
    """Return two pages in the challenge's line-JSON layout: headers, text, a table over the page break."""
    entries: Sequence[tuple[int, str, str]] = (
        (1, "页眉", "琅川仪器股份有限公司2023年年度报告"),
        (1, "text", "第一节 公司简介"),
        (1, "text", "公司主要从事精密仪器的研发。"),
        (1, "text", "单位：元"),
        (1, "excel", "['项目', '2023年', '2022年']"),
        (1, "excel", "['营业收入', '1,234.56', '999.00']"),
        (1, "页脚", "1"),
        (2, "text", "琅川仪器股份有限公司2023年年度报告"),
        (2, "excel", "['净利润', '12.30', '-4.50']"),
        (2, "text", ""),
    )
    return "\n".join(
        json.dumps({"page": page, "allrow": row, "type": kind, "inside": inside}, ensure_ascii=False)
        for row, (page, kind, inside) in enumerate(entries)
    )


def word_file() -> bytes:
    """Return a Word document with headings, lists, a table with merged cells, and a page break that Word noted."""
    made = docx.Document()
    made.sections[0].header.paragraphs[0].text = "页眉不是正文"
    made.add_heading("年度报告", 0)
    made.add_heading("经营情况", 1)
    made.add_paragraph("本年收入增长。")
    made.add_paragraph("传感器", style="List Number")
    made.add_paragraph("分析仪", style="List Number")
    made.add_paragraph("单位：万元")
    table = made.add_table(rows=4, cols=3)
    for i, row in enumerate(
        (
            ("项目", "金额", ""),
            ("", "2023年", "2022年"),
            ("营业收入", "1,234.5", "1,000.0"),
            ("净利润", "12.3", "(4.5)"),
        )
    ):
        for j, text in enumerate(row):
            table.cell(i, j).text = text
    table.cell(0, 1).merge(table.cell(0, 2))
    table.cell(0, 0).merge(table.cell(1, 0))
    broken = made.add_paragraph("上一页的话")
    add_page_break(broken)
    broken.add_run("下一页的话")
    made.add_heading("风险", 2)
    return saved(made)


def add_page_break(paragraph: Paragraph) -> None:
    """Note, as Word does when it saves, that a page ended here."""
    paragraph.add_run()._r.append(OxmlElement("w:lastRenderedPageBreak"))


def saved(made: "docx.document.Document | openpyxl.Workbook") -> bytes:
    """Return an Office document's bytes."""
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def workbook() -> bytes:
    """Return a workbook: a titled table with formats, an empty sheet, a hidden one, a second table."""
    book = openpyxl.Workbook()
    first = book.active
    first.title = "利润表"
    for row in (
        ["琅川仪器2023年利润表"],
        ["单位：万元"],
        ["项目", "2023年", "2022年", "增减"],
        ["营业收入", 1234567.891, 1000000, 0.2346],
        ["净利润", 12.5, -8, None],
    ):
        first.append(row)
    first["B4"].number_format = "#,##0.00"
    first["D4"].number_format = "0.00%"
    book.create_sheet("空")
    hidden = book.create_sheet("草稿")
    hidden.append(["不应读到"])
    hidden.sheet_state = "hidden"
    second = book.create_sheet("Sheet4")
    second.append(["名称", "数量"])
    second.append(["传感器", 3])
    return saved(book)


def zipped(members: dict[str, bytes]) -> bytes:
    """Return a zip archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def unzipped(data: bytes) -> dict[str, bytes]:
    """Return the members of a zip archive."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
