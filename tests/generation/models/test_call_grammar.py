"""Grammars of whole replies, read by xgrammar: which replies a model may write that is offered tools."""

import pytest

pytest.importorskip("xgrammar", reason="needs the extra grammar")

import xgrammar

from vouch.generation.chat import ToolSchema
from vouch.generation.models.call_grammar import CallStyle, openings, reply_grammar, style_of
from vouch.generation.templates.chatglm3 import ChatGLM3Format
from vouch.generation.templates.llama3 import Llama3Format
from vouch.generation.tool_calls import written_calls
from vouch.retrieval.errors import ModelError

SCHEMA = {
    "type": "object",
    "properties": {
        "company": {"type": "string"},
        "year": {"type": "integer"},
        "operands": {"type": "object", "additionalProperties": {"type": "number"}, "maxProperties": 1},
    },
    "required": ["company"],
    "additionalProperties": False,
}
TOOLS = (
    ToolSchema("lookup", "finds", SCHEMA),
    ToolSchema("today", "date", {"type": "object", "properties": {}, "additionalProperties": False}),
)


def is_reply(style: CallStyle, text: str, tools: tuple[ToolSchema, ...] = TOOLS) -> bool:
    grammar = reply_grammar(style, tools, ["</s>", "<|observation|>"])
    described = xgrammar.TokenizerInfo([bytes([n]) for n in range(256)] + [b""], stop_token_ids=[256])
    matcher = xgrammar.GrammarMatcher(xgrammar.GrammarCompiler(described).compile_grammar(grammar))
    return matcher.accept_string(text.encode()) and matcher.accept_token(256)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "营业收入为12.3亿元。[1]",
        "[1] 营业收入为 {x}。",
        "[",
        "a < b, <tool> <tool_cal <<tool",
        '{"name": "lookup", "parameters": {"company": "江河"}}',
        ' \n{"name":"lookup","arguments":{"company":"江\\"河\\u003c","year":2023}}',
        '{"name": "lookup", "parameters": {"company": "", "operands": {"a": -1.5}}}; {"name":"today","arguments":{}}',
        '[{"name": "today", "parameters": {}}, {"name": "today", "parameters": {}}]',
        '我来查。<tool_call>\n{"name": "today", "arguments": {}}\n</tool_call>',
        '<<tool_call>{"name": "today", "arguments": {}}</tool_call>\n<tool_call>{"name": "today", "arguments": {}}'
        "</tool_call>",
    ],
)
def test_what_may_be_written_in_json(text: str) -> None:
    assert is_reply("json", text)
    assert all(not call.problem for call in written_calls(text, ["lookup", "today"]).calls)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        '{"answer": 1}',
        '{"name": "look", "parameters": {}}',
        '{"name": "lookup", "parameters": {}}',
        '{"name": "lookup", "parameters": {"company": 1}}',
        '{"name": "lookup", "parameters": {"company": "x", "year": "2023"}}',
        '{"name": "lookup", "parameters": {"company": "x", "scope": 1}}',
        '{"name": "lookup", "parameters": {"company": "x", "operands": {"a": 1, "b": 2}}}',
        '{"name": "lookup", "parameters": {"company": "</tool_call>"}}',
        '{"name": "today", "parameters": {"a": 1}}',
        '{"name": "today", "parameters": {}} 好的',
        "我来查。<tool_call>",
        "我来查。<tool_call>lookup</tool_call>",
        '我来查。<tool_call>{"name": "today", "arguments": {}}',
    ],
)
def test_what_may_not_be_written_in_json(text: str) -> None:
    assert not is_reply("json", text)


@pytest.mark.parametrize(
    "text",
    [
        "\n",
        "\n营业收入为12.3亿元。[1]\n第二行 < 3",
        " \n 好",
        "today\n ```python\ntool_call()\n```",
        " lookup\n```python\ntool_call(company='江河')\n```<|observation|>",
        "lookup\n ```python\ntool_call(company='it\\'s', year=-1, operands={'a': 1.5})\n```",
        "\n我来查。<|assistant|>today\n ```python\ntool_call()\n```",
        "\n我想想。<|assistant|>\n好。",
    ],
)
def test_what_chatglm3_may_write(text: str) -> None:
    assert is_reply("chatglm3", text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "营业收入",
        "look\n ```python\ntool_call(company='x')\n```",
        "lookup\n好的",
        "lookup\n ```python\ntool_call(year=1)\n```",
        "lookup\n ```python\ntool_call(company='x', year=1.5)\n```",
        "lookup\n ```python\ntool_call(company=open('x'))\n```",
        "lookup\n ```python\ntool_call(company='a'*9)\n```",
        "today\n ```python\ntool_call()\n```\n再见",
        "\n我来查。<|assistant|>find\n ```python\ntool_call()\n```",
    ],
)
def test_what_chatglm3_may_not_write(text: str) -> None:
    assert not is_reply("chatglm3", text)


def test_each_model_has_its_own_way_to_call() -> None:
    assert (style_of(ChatGLM3Format()), style_of(Llama3Format())) == ("chatglm3", "json")


def test_names_that_python_cannot_write_leave_chatglm3_free() -> None:
    odd = (ToolSchema("odd", "x", {"type": "object", "properties": {"class": {"type": "string"}}}),)
    assert reply_grammar("chatglm3", odd, []) == ""
    assert openings("chatglm3", odd) == ()
    assert is_reply("json", '{"name": "odd", "parameters": {"class": "x"}}', odd)


def test_arguments_without_a_grammar_are_said() -> None:
    with pytest.raises(ModelError, match="which JSON has not"):
        reply_grammar("json", (ToolSchema("odd", "x", {"type": "date"}),), [])
