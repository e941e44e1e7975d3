"""What models write as calls is read where it can be, complained about where not, and never carried out by reading."""

import json
from typing import Any

import pytest

from vouch.generation.chat import ToolCall
from vouch.generation.tool_calls import LONGEST, MOST, chatglm3_call, written_calls

NAMES = ("lookup", "compute")


def called(text: str) -> list[tuple[str, Any]]:
    return [(call.name, call.arguments) for call in written_calls(text, NAMES).calls]


@pytest.mark.parametrize(
    "content",
    [
        " ```python\ntool_call(company='茅台', year=2023)\n```",
        '```python\ntool_call(company="茅台", year=2023)',
        "tool_call(company='茅台', year=2023)",
        "```python\ntool_call(\n    company='茅台',\n    year=2023,\n)\n```",
        ' ```json\n{"company": "茅台", "year": 2023}\n```',
        "lookup(company='茅台', year=2023)",
    ],
)
def test_chatglm3_calls_are_read(content: str) -> None:
    assert chatglm3_call("lookup", content) == ToolCall("call_1", "lookup", {"company": "茅台", "year": 2023})


def test_literals_of_every_kind_are_read() -> None:
    call = chatglm3_call("f", "tool_call(a=-3.5, b=[1, '2'], c={'d': None}, e=True, f=false, g=null)")
    assert call.arguments == {"a": -3.5, "b": [1, "2"], "c": {"d": None}, "e": True, "f": False, "g": None}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("tool_call(a=__import__('os').system('true'))", "no literal value"),
        ("tool_call(a=open('/etc/passwd'))", "no literal value"),
        ("tool_call(a=[x for x in (1,)])", "no literal value"),
        ("tool_call(a=2**99999999)", "no literal value"),
        ("tool_call(a=f'{1}')", "no literal value"),
        ("tool_call(1)", "each argument needs its name"),
        ("tool_call(**{'a': 1})", "each argument needs its name"),
        ("1 + 1", "this is no call"),
        ("import os", "no call in Python"),
        ("", "no call in Python"),
        ("tool_call(a=" + "[" * 5000 + "]" * 5000 + ")", "nested more than"),
        ("tool_call(a=" + "-" * 15000 + "1)", "no call in Python"),
        ("tool_call(a=" + "1+" * 9000 + "1)", "no call in Python"),
        ("tool_call(a='" + "x" * LONGEST + "')", "longer than"),
        ("tool_call(a=" + "9" * 10000 + ")", "no call in Python"),
    ],
)
def test_chatglm3_calls_that_cannot_be_read_say_why(content: str, said: str) -> None:
    call = chatglm3_call("lookup", content)
    assert (call.name, call.arguments) == ("lookup", {})
    assert said in call.problem


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "lookup", "parameters": {"year": 2023}}',
        '{"name": "lookup", "arguments": {"year": 2023}}',
        '{"name": "lookup", "arguments": "{\\"year\\": 2023}"}',
        '{"type": "function", "function": {"name": "lookup", "arguments": {"year": 2023}}}',
        '{"type": "function", "function": "lookup", "parameters": {"year": 2023}}',
        '[{"name": "lookup", "parameters": {"year": 2023}}]',
        '```json\n{"name": "lookup", "parameters": {"year": 2023}}\n```',
        '<tool_call>\n{"name": "lookup", "arguments": {"year": 2023}}\n</tool_call>',
        '<tool_call>{"name": "lookup", "arguments": {"year": 2023}}',
        "[lookup(year=2023)]",
        "```python\nlookup(year=2023)\n```",
    ],
)
def test_written_calls_are_read(text: str) -> None:
    assert called(text) == [("lookup", {"year": 2023})]


def test_several_calls_and_the_words_around_them_are_told_apart() -> None:
    text = '我先查。<tool_call>{"name": "lookup", "arguments": {}}</tool_call>\n<tool_call>[compute(a=1)]</tool_call>好'
    calls = written_calls(text, NAMES)
    assert [(call.id, call.name) for call in calls.calls] == [("call_1", "lookup"), ("call_2", "compute")]
    assert calls.text == "我先查。\n好"
    both = '{"name": "lookup", "parameters": {}}; {"name": "compute", "parameters": {"a": 1}}'
    assert called(both) == [("lookup", {}), ("compute", {"a": 1})]


@pytest.mark.parametrize(
    "text",
    [
        "营业收入为1,234元。[1]",
        "[1] 营业收入为1,234元。",
        '{"answer": 3}',
        '{"name": "贵州茅台"',
        '```json\n{"营业收入": 3}\n```',
        "[]",
        "{",
        "print(lookup)",
        '[{"a": 1}]',
    ],
)
def test_an_answer_is_no_call(text: str) -> None:
    calls = written_calls(text, NAMES)
    assert (calls.calls, calls.text) == ((), text)


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ('{"name": "lookup", "parameters": {"year": ', "lookup", "this is no JSON"),
        ('<tool_call>{"name": "lookup" "arguments": {}}</tool_call>', "lookup", "this is no JSON"),
        ("<tool_call>lookup</tool_call>", "", "calls no tool on offer"),
        ('<tool_call>{"arguments": {}}</tool_call>', "", "names no tool"),
        ('<tool_call>{"name": "lookup", "arguments": [1]}</tool_call>', "lookup", "no JSON object"),
        ('<tool_call>{"name": "lookup", "arguments": "{"}</tool_call>', "lookup", "arguments are no JSON"),
        ("<tool_call>" + "[" * 100_000, "", "longer than"),
        ("<tool_call>it's " + "[" * 5000 + "'", "", "cannot be read"),
        ("<tool_call>" + "[" * 1000, "", "nested more than"),
        ('<tool_call>["lookup"]</tool_call>', "", "calls no tool on offer"),
    ],
)
def test_written_calls_that_cannot_be_read_say_why(text: str, name: str, said: str) -> None:
    (call,) = written_calls(text, NAMES).calls
    assert (call.name, call.arguments) == (name, {})
    assert said in call.problem
    assert [said.problem for said in written_calls(text, NAMES).calls if said.problem] == [call.problem]


def test_more_calls_than_anybody_needs_are_dropped() -> None:
    text = "<tool_call>{}</tool_call>".replace("{}", json.dumps({"name": "lookup"})) * 500
    assert len(called(text)) == MOST


def test_two_megabytes_are_read_in_no_time() -> None:
    for text in ("<tool_call>" * 180_000, "{" * 2_000_000, "```python\n" * 200_000, '{"name": "lookup", ' * 110_000):
        assert all(call.problem for call in written_calls(text, NAMES).calls)


def test_brackets_within_texts_are_not_nested() -> None:
    text = "(" * 60
    (call,) = written_calls(f'{{"name": "compute", "parameters": {{"expression": "{text}"}}}}', ["compute"]).calls
    assert (call.problem, call.arguments) == ("", {"expression": text})
    assert chatglm3_call("compute", f"tool_call(expression='it\\'s {text}')").arguments == {
        "expression": f"it's {text}"
    }
