"""JSON lines, JSON arrays, CSV and the challenge's report text."""

import json
from pathlib import Path

import pytest

from tests.ingest import document_maker as maker
from tests.ingest.test_text_loaders import read, shown, text_of
from vouch.ingest.loaders.csv_rows import CsvLoader, delimiter_of
from vouch.ingest.loaders.qa_records import RecordsLoader
from vouch.ingest.loaders.records import Turn, record_of
from vouch.ingest.loaders.report_lines import ReportLinesLoader
from vouch.ingest.loaders.tables import header_rows, is_caption


@pytest.mark.parametrize(
    "fields",
    [
        {"question": "问？", "answer": "答。"},
        {"Question": "问？", "Answer": " 答。 "},
        {"instruction": "问？", "input": "", "output": "答。"},
        {"prompt": "问？", "response": "答。"},
        {"query": "问？", "positive": ["答。"]},
        {"问题": "问？", "答案": "答。"},
        {"question": "问？", "answers": [{"text": "答。", "answer_start": 3}]},
        {"conversations": [{"from": "human", "value": "问？"}, {"from": "gpt", "value": "答。"}]},
        {
            "messages": [
                {"role": "system", "content": "你是助手"},
                {"role": "user", "content": "问？"},
                {"role": "assistant", "content": "答。"},
            ]
        },
    ],
)
def test_a_pair_is_found_under_the_field_names_in_use(fields: dict[str, object]) -> None:
    record = record_of(fields)
    assert record is not None
    assert record.turns == (Turn("问？", "答。"),)


@pytest.mark.parametrize(
    ("fields", "question"),
    [
        ({"instruction": "翻译", "input": "你好", "output": "hello"}, "翻译\n你好"),
        ({"title": "头痛", "ask": "头痛三天怎么办", "answer": "就医"}, "头痛\n头痛三天怎么办"),
        ({"question": "选哪个？", "options": {"A": "甲", "B": "乙"}, "answer": "B"}, "选哪个？\nA. 甲\nB. 乙"),
    ],
)
def test_a_question_is_completed_from_its_other_fields(fields: dict[str, object], question: str) -> None:
    record = record_of(fields)
    assert record is not None
    assert record.turns[0].question == question


def test_earlier_turns_of_a_conversation_come_first() -> None:
    record = record_of({"instruction": "要忌口吗？", "output": "清淡为宜。", "history": [["骨折多久好？", "约三月。"]]})
    assert record is not None
    assert record.turns == (Turn("骨折多久好？", "约三月。"), Turn("要忌口吗？", "清淡为宜。"))


@pytest.mark.parametrize(
    "fields", [{}, {"question": "只有问题"}, {"answer": "只有答案"}, {"question": "", "answer": "x"}, {"id": 3}]
)
def test_a_record_that_answers_nothing_and_says_nothing_is_none(fields: dict[str, object]) -> None:
    assert record_of(fields) is None


def test_the_page_of_a_pair_is_its_line_and_holds_question_and_answer(tmp_path: Path) -> None:
    document = read(RecordsLoader(), tmp_path / "a.jsonl", "\n" + maker.QA_LINES)
    assert document.kind == "qa"
    assert [(page.number, page.text) for page in document.pages] == [
        (2, "高血压能吃盐吗？\n应当限盐，每日不超过五克。"),
        (3, "感冒了\n发热两天\n多饮水，必要时就医。"),
    ]
    answers = [block for block in document.blocks if block.kind == "qa"]
    assert [(text_of(document, b), b.context) for b in answers] == [
        ("应当限盐，每日不超过五克。", "高血压能吃盐吗？"),
        ("多饮水，必要时就医。", "感冒了\n发热两天"),
    ]


def test_a_follow_up_question_is_found_with_the_questions_before_it(tmp_path: Path) -> None:
    line = json.dumps({"question": "要忌口吗？", "answer": "清淡。", "history": [["骨折多久好？", "三月。"]]})
    document = read(RecordsLoader(), tmp_path / "a.jsonl", line)
    assert document.blocks[-1].context == "骨折多久好？\n要忌口吗？"


@pytest.mark.parametrize("wrap", ["{}", '{{"version": 1, "data": {}}}'])
def test_a_json_array_is_read_with_its_places_as_pages(tmp_path: Path, wrap: str) -> None:
    array = json.dumps([json.loads(line) for line in maker.QA_LINES.split("\n")], indent=1)
    document = read(RecordsLoader(), tmp_path / "a.json", wrap.format(array))
    assert [page.number for page in document.pages] == [1, 2]


def test_broken_lines_are_left_out_and_named(tmp_path: Path) -> None:
    lines = maker.QA_LINES + '\n{"question": "断\n[1, 2]\n{"question": "没有答案"}\n' + "[" * 100_000
    document = read(RecordsLoader(), tmp_path / "a.jsonl", lines)
    assert len(document.pages) == 2
    assert document.warnings == (
        "3 record(s) left out, no valid JSON: 3, 4, 6",
        "1 record(s) left out, neither an answered question nor a text: 5",
    )


def test_a_retrieval_corpus_is_read_as_texts_under_their_titles(tmp_path: Path) -> None:
    line = json.dumps({"_id": "d1", "title": "哮喘", "text": "反复喘息。\n夜间加重。"})
    document = read(RecordsLoader(), tmp_path / "a.jsonl", line)
    assert document.kind == "text"
    assert shown(document) == [("heading", 1, "哮喘"), ("prose", 0, "反复喘息。"), ("prose", 0, "夜间加重。")]


def test_a_title_is_no_heading_where_an_untitled_record_would_fall_under_it(tmp_path: Path) -> None:
    lines = '{"title": "哮喘", "text": "甲"}\n{"title": "", "text": "乙"}'
    assert {kind for kind, _, _ in shown(read(RecordsLoader(), tmp_path / "a.jsonl", lines))} == {"prose"}


def test_a_lone_surrogate_in_json_does_not_reach_the_page(tmp_path: Path) -> None:
    document = read(RecordsLoader(), tmp_path / "a.jsonl", r'{"question": "q\ud800", "answer": "a\u0000b"}')
    assert document.pages[0].text == "q\ufffd\nab"


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_of_a_table_is_found(delimiter: str) -> None:
    assert delimiter_of(delimiter.join("abc") + "\n" + delimiter.join("123") + "\n") == delimiter


def test_a_csv_file_is_one_table_below_its_header(tmp_path: Path) -> None:
    document = read(CsvLoader(), tmp_path / "a.csv", maker.CSV.encode("gb18030"))
    assert shown(document) == [("table", 0, "项目\t2023年\t2022年\n营业收入\t100.5\t90.1\n净利润\t10.2\t-8.0")]
    assert document.blocks[0].context == "项目\t2023年\t2022年"


def test_a_quoted_line_break_stays_inside_its_csv_cell(tmp_path: Path) -> None:
    document = read(CsvLoader(), tmp_path / "a.csv", '名称,说明\n甲,"第一行\n第二行"\n乙,"a\nb"\n')
    assert document.pages[0].text == "名称\t说明\n甲\t第一行第二行\n乙\ta b"


def test_a_csv_file_of_questions_and_answers_is_a_qa_collection(tmp_path: Path) -> None:
    document = read(CsvLoader(), tmp_path / "a.csv", "question,answer\n几点开门？,九点。\n在哪？,三楼。\n")
    assert document.kind == "qa"
    assert [page.number for page in document.pages] == [2, 3]


def test_report_lines_keep_their_pages_furniture_and_tables(tmp_path: Path) -> None:
    document = read(ReportLinesLoader(), tmp_path / "a.txt", maker.report_lines())
    assert document.kind == "report"
    assert [(b.page, kind, text) for b, (kind, _, text) in zip(document.blocks, shown(document), strict=True)] == [
        (1, "furniture", "琅川仪器股份有限公司2023年年度报告"),
        (1, "heading", "第一节 公司简介"),
        (1, "prose", "公司主要从事精密仪器的研发。"),
        (1, "prose", "单位：元"),
        (1, "table", "项目\t2023年\t2022年\n营业收入\t1,234.56\t999.00"),
        (1, "furniture", "1"),
        (2, "furniture", "琅川仪器股份有限公司2023年年度报告"),
        (2, "table", "净利润\t12.30\t-4.50"),
    ]
    assert document.blocks[4].context == "单位：元\n项目\t2023年\t2022年"


@pytest.mark.parametrize(
    "row", ["__import__('os').getcwd()", "[1 + 1", "{'a': 1}", "[" * 5000, "['a' for _ in 'b']", r"'\d'"]
)
def test_a_table_row_that_is_no_list_is_never_run_but_kept_as_it_stands(tmp_path: Path, row: str) -> None:
    line = json.dumps({"page": 1, "allrow": 0, "type": "excel", "inside": row})
    assert read(ReportLinesLoader(), tmp_path / "a.txt", line).pages[0].text == row


def test_lines_that_are_none_of_a_report_are_named(tmp_path: Path) -> None:
    bad = [
        '{"page": 0, "type": "text", "inside": "x"}',
        '{"page": true, "type": "text", "inside": "x"}',
        "x",
        '{"page": 1}',
    ]
    document = read(ReportLinesLoader(), tmp_path / "a.txt", "\n".join([*bad, maker.report_lines()]))
    assert document.warnings == ("4 record(s) left out, no line of a report: 1, 2, 3, 4",)


@pytest.mark.parametrize(
    ("rows", "count"),
    [
        ([["项目", "2023年"], ["收入", "1.0"]], 1),
        ([["项目", "2023", "2022"], ["", "本期", "上期"], ["收入", "1.0", "2"]], 2),
        ([["收入", "1.0"], ["成本", "(2.0)"]], 0),
        ([["姓名", "职务", "任期"], ["甲", "董事", "三年"]], 1),
        ([["股票简称", "琅川仪器"], ["注册地", "某市"]], 0),
    ],
)
def test_header_rows_are_those_before_the_first_amount(rows: list[list[str]], count: int) -> None:
    assert header_rows(rows) == count


def test_a_caption_names_a_table_or_its_unit() -> None:
    assert all(
        map(is_caption, ["表1 主要指标", "单位：万元", "金额单位: 元 币种: 人民币", "Table 2 Doses", "(in millions)"])
    )
    assert not any(map(is_caption, ["表明公司稳健。", "本公司注册资本为一亿元", "The table shows"]))
