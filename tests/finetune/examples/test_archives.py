"""Every layout of archives gives the same conversations; what is wrong with a file is said with its line."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.finetune.examples.makers import weather_dialogue
from vouch.finetune.examples.archives import ArchiveOptions, read_archive
from vouch.finetune.examples.pipeline import gather
from vouch.generation.chat import Message
from vouch.retrieval.errors import UsageError

ASKED, ANSWERED = Message("user", "什么是高血压？"), Message("assistant", "血压偏高的病。")
BEFORE = (Message("user", "你好"), Message("assistant", "您好"))
TOOLS = [{"name": "get_weather", "description": "查询天气", "parameters": {"type": "object", "properties": {}}}]
PLAIN = ArchiveOptions()
CALL = {"name": "get_weather", "arguments": {"city": "北京"}}


def written(folder: Path, *rows: Any, name: str = "archive.jsonl") -> Path:
    path = folder / name
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return path


def only(path: Path, options: ArchiveOptions = PLAIN) -> tuple[Message, ...]:
    (example,), left_out = read_archive(path, options)
    assert left_out == []
    return example.messages


@pytest.mark.parametrize(
    "row",
    [
        {"instruction": "什么是高血压？", "input": "", "output": "血压偏高的病。"},
        {"prompt": "什么是高血压？", "response": "血压偏高的病。", "history": []},
        {"question": "什么是高血压？", "answer": "血压偏高的病。"},
        {"conversations": [{"from": "human", "value": "什么是高血压？"}, {"from": "gpt", "value": "血压偏高的病。"}]},
        {
            "conversations": [
                {"role": "user", "content": "什么是高血压？"},
                {"role": "assistant", "content": "血压偏高的病。"},
            ]
        },
        {
            "messages": [
                {"role": "user", "content": "什么是高血压？"},
                {"role": "assistant", "content": "血压偏高的病。"},
            ]
        },
        {
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "什么是高血压？"}]},
                {"role": "assistant", "content": "血压偏高的病。"},
            ]
        },
    ],
)
def test_each_layout_is_told_by_its_keys(tmp_path: Path, row: dict[str, Any]) -> None:
    assert only(written(tmp_path, row)) == (ASKED, ANSWERED)


def test_instruction_and_input_are_one_question(tmp_path: Path) -> None:
    asked, _ = only(written(tmp_path, {"instruction": "翻译", "input": "你好", "output": "hello"}))
    assert asked.content == "翻译\n你好"


@pytest.mark.parametrize("keys", [("instruction", "output"), ("prompt", "response")])
def test_earlier_rounds_come_first(tmp_path: Path, keys: tuple[str, str]) -> None:
    row = {keys[0]: "什么是高血压？", keys[1]: "血压偏高的病。", "history": [["你好", "您好"]]}
    assert only(written(tmp_path, row)) == (*BEFORE, ASKED, ANSWERED)


@pytest.mark.parametrize(
    "row",
    [
        {
            "tools": TOOLS,
            "conversations": [
                {"role": "system", "content": "你是助手"},
                {"role": "user", "content": "北京天气如何？"},
                {"role": "assistant", "content": "查一下"},
                {"role": "tool", "name": "get_weather", "parameters": {"city": "北京"}, "observation": "晴，5度"},
                {"role": "assistant", "content": "北京晴，5度。"},
            ],
        },
        {
            "tools": json.dumps(TOOLS),
            "system": "你是助手",
            "conversations": [
                {"from": "human", "value": "北京天气如何？"},
                {"from": "function_call", "value": json.dumps(CALL)},
                {"from": "observation", "value": "晴，5度"},
                {"from": "gpt", "value": "北京晴，5度。"},
            ],
        },
    ],
    ids=["chatglm3", "sharegpt"],
)
def test_a_dialogue_with_tools_keeps_call_and_result(tmp_path: Path, row: dict[str, Any]) -> None:
    (example,), _ = read_archive(written(tmp_path, row))
    system, user, call, result, answer = example.messages
    wanted = weather_dialogue()
    assert (system, user, answer) == (wanted[0], wanted[1], wanted[4])
    assert (call.tool_calls[0].name, dict(call.tool_calls[0].arguments)) == ("get_weather", {"city": "北京"})
    assert (result.content, result.name, result.tool_call_id) == ("晴，5度", "get_weather", call.tool_calls[0].id)
    assert [tool.name for tool in example.tools] == ["get_weather"]
    assert example.kind == "tools"


def test_a_table_is_read_by_the_columns_named(tmp_path: Path) -> None:
    path = tmp_path / "faq.csv"
    path.write_text("\ufeff标题,回复,科室\n什么是高血压？,血压偏高的病。,内科\n", encoding="utf-8")
    assert only(path, ArchiveOptions({"question": "标题", "answer": "回复"})) == (ASKED, ANSWERED)
    with pytest.raises(UsageError, match="has no column '答案': its columns are 标题, 回复, 科室"):
        read_archive(path, ArchiveOptions({"question": "标题", "answer": "答案"}))


def test_one_list_is_read_entry_by_entry(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    rows = [{"question": "甲？", "answer": "乙"}, {"question": "丙？", "answer": ""}, 5]
    path.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
    examples, left_out = read_archive(path)
    assert [example.answer for example in examples] == ["乙"]
    assert [entry.place.rpartition(", ")[2] for entry in left_out] == ["line 6", "line 10"]


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        ({"instruction": "问", "output": " "}, "no answer"),
        ({"instruction": "", "output": "答"}, "no question"),
        ({"conversations": [{"from": "gpt", "value": "答"}, {"from": "human", "value": "问"}]}, "wrong order of roles"),
        ({"conversations": [{"from": "human", "value": "问"}]}, "no answer: the last turn must be the assistant's"),
        ({"messages": [{"role": "user", "content": "问"}] * 2}, "turn 2: wrong order of roles, user after user"),
        ({"conversations": [{"from": "alien", "value": "问"}]}, "turn 1: 'alien' is nobody known"),
        ({"text": "只有文字"}, "no known layout: it has the keys text"),
        ("只有文字", "a line must be a JSON object, not str"),
        ({"instruction": 5, "output": "答"}, "instruction must be a text, not int"),
    ],
)
def test_a_bad_example_is_left_out_and_listed_with_its_line(tmp_path: Path, bad: Any, problem: str) -> None:
    good = {"instruction": "什么是高血压？", "output": "血压偏高的病。"}
    path = written(tmp_path, good, bad, good)
    examples, left_out = read_archive(path)
    assert len(examples) == 2
    assert left_out[0].place == f"{path}, line 2"
    assert problem in left_out[0].reason
    with pytest.raises(UsageError, match=r"line 2: .*1 bad examples"):
        gather([path], ArchiveOptions(), strict=True)


def test_a_broken_line_does_not_end_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, {"question": "甲？", "answer": "乙"})
    path.write_text('{"question": "丙？", "answ\n' + path.read_text(encoding="utf-8"), encoding="utf-8")
    examples, left_out = read_archive(path)
    assert len(examples) == 1
    assert (left_out[0].place, left_out[0].reason[:7]) == (f"{path}, line 1", "no JSON")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty: it holds no example"),
        ('{"question": "甲"}'.encode("gb18030"), "line 1: not UTF-8"),
        (b'[{"question": "a", "answer": "b"},\n {"question": ]', "line 2: no JSON"),
        (b'{"title": "x"}', "holds no example that can be used; the first problem"),
    ],
)
def test_a_file_of_no_use_is_an_error_that_names_it(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "archive.json"
    path.write_bytes(content)
    with pytest.raises(UsageError) as refused:
        read_archive(path)
    assert str(path) in str(refused.value)
    assert problem in str(refused.value)


def test_an_archive_says_where_an_example_is_from(tmp_path: Path) -> None:
    row = {"question": "甲？", "answer": "乙", "source": "门诊", "license": "MIT", "document": "指南.pdf"}
    (named,), _ = read_archive(written(tmp_path, row), ArchiveOptions(licence="CC0", system="你是医生"))
    assert (named.source, named.licence, named.group) == ("archive.jsonl: 门诊", "MIT", "指南.pdf")
    assert named.messages[0] == Message("system", "你是医生")


def test_the_same_turns_have_the_same_id_wherever_they_stand(tmp_path: Path) -> None:
    rows = [
        {"question": "甲？", "answer": "乙"},
        {"prompt": "甲？", "response": "乙"},
        {"question": "甲？", "answer": "丙"},
    ]
    (one, other, third), _ = read_archive(written(tmp_path, *rows))
    assert one.id == other.id != third.id
