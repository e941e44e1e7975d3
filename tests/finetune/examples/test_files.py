"""Examples written are the examples read, and a file that holds none says where."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.finetune.examples.makers import WEATHER, qa, weather_dialogue
from vouch.finetune.examples.files import read_examples, write_examples
from vouch.finetune.examples.types import Example
from vouch.retrieval.errors import UsageError

GOOD = {
    "id": "1",
    "kind": "qa",
    "group": "1",
    "messages": [{"role": "user", "content": "问"}, {"role": "assistant", "content": "答"}],
}


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    plain = replace(qa("什么是高血压？\u2028第二行", "血压偏高\n的病。"), source="archive.jsonl", licence="MIT")
    called = Example("b", weather_dialogue(), "tools", "doc", (WEATHER,))
    assert write_examples(tmp_path / "deep" / "train.jsonl", [plain, called]) == 2
    assert read_examples(tmp_path / "deep" / "train.jsonl") == [plain, called]


def test_a_line_is_in_the_form_of_openai(tmp_path: Path) -> None:
    write_examples(tmp_path / "train.jsonl", [Example("b", weather_dialogue(), "tools", "doc", (WEATHER,))])
    row = json.loads((tmp_path / "train.jsonl").read_text(encoding="utf-8"))
    assert row["messages"][2]["tool_calls"] == [
        {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "北京"}'}}
    ]
    assert row["tools"][0]["type"] == "function"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"kind": "poem"}, "'poem' is no kind of example"),
        ({"group": ""}, "group must be a text"),
        ({"messages": []}, "messages must be a list"),
        ({"messages": GOOD["messages"][:1]}, "no answer: the last turn must be the assistant's"),
        ({"messages": GOOD["messages"][::-1]}, "turn 1: wrong order of roles, assistant at the start"),
        ({"messages": [GOOD["messages"][0], {"role": "assistant", "content": " "}]}, "turn 2 (assistant) is empty"),
        ({"messages": [{"role": "bot", "content": "x"}]}, "turn 1: 'bot' is no role"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, change: dict[str, object], problem: str) -> None:
    path = tmp_path / "train.jsonl"
    path.write_text("\n".join(map(json.dumps, (GOOD, GOOD | change))), encoding="utf-8")
    with pytest.raises(UsageError, match="line 2") as refused:
        read_examples(path)
    assert problem in str(refused.value)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b"\n  \n", "is empty"),
        (json.dumps(GOOD).encode() + '\n{"id": "é'.encode("latin-1"), "line 2: not UTF-8"),
        (json.dumps(GOOD).encode() + b'\n{"id": ', "line 2: no JSON"),
        (b"[1, 2]", "line 1: a line must be a JSON object, not list"),
    ],
)
def test_a_file_that_is_no_examples_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "train.jsonl"
    path.write_bytes(content)
    with pytest.raises(UsageError) as refused:
        read_examples(path)
    assert problem in str(refused.value)
    assert str(path) in str(refused.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_examples(tmp_path / "none.jsonl")
