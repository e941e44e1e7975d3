"""Tool calls as grammars: a model that begins one can only name a tool on offer and give arguments that fit it.

Two ways to write calls: ChatGLM3's (the tool's name, a line of Python) and JSON (bare at the beginning of a reply, or
anywhere in `<tool_call>` tags). Plain answers stay free. A code block, or Python in brackets as Llama 3.2 writes it,
is not taken for the beginning of a call here; where it turns out to be one, it is read and checked as it always was.

Not enforced, so still checked by the tool: what gbnf does not enforce. Texts hold neither "`" nor "<" as they are, for
those would end a code block or a tag; both can be escaped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from keyword import iskeyword
from typing import Literal

from vouch.generation.chat import ToolSchema
from vouch.generation.models.gbnf import Rules, Spelling, either, json_literal, quoted
from vouch.generation.templates.chatglm3 import ChatGLM3Format
from vouch.generation.templates.segments import RoleFormat
from vouch.generation.tool_calls import MOST

CallStyle = Literal["chatglm3", "json"]
TAG, END_TAG = "<tool_call>", "</tool_call>"
TURN = "<|assistant|>"
"""Begins another turn of ChatGLM3, after it has thought: that turn may call."""

_SHARED = {
    "gap": 'gap ::= " "?',
    "integer": 'integer ::= "-"? ("0" | [1-9] [0-9]{0,17})',
    "number": 'number ::= integer ("." [0-9]{1,17})?',
    "value": "value ::= object | array | string | number | boolean | null",
}
_JSON = Spelling(
    _SHARED
    | {
        "string": r"""string ::= "\"" char* "\"" """.strip(),
        "char": r"""char ::= [^"\\`<\x7F\x00-\x1F] | "\\" (["\\/bfnrt] | "u" code)""",
        "code": "code ::= [0-9a-ce-fA-CE-F] hex hex hex | [dD] [0-7] hex hex",  # no half of a character
        "hex": "hex ::= [0-9a-fA-F]",
        "boolean": 'boolean ::= "true" | "false"',
        "null": 'null ::= "null"',
    },
    '"," gap',
    '":" gap',
    r'"\""',
    json_literal,
)
_PYTHON = Spelling(
    _SHARED
    | {
        "string": """string ::= "'" char* "'" """.strip(),
        "char": r"""char ::= [^'\\`<\x7F\x00-\x1F] | "\\" (['"\\nrt] | "x" [2-7] hex)""",
        "hex": "hex ::= [0-9a-fA-F]",
        "boolean": 'boolean ::= "True" | "False"',
        "null": 'null ::= "None"',
    },
    '"," gap',
    '":" gap',
    '"\'"',
    lambda value: quoted(repr(value)),
)


@dataclass(frozen=True, slots=True)
class Opening:
    """How a call begins, and the grammar of everything from there to the end of the reply."""

    texts: tuple[str, ...]
    """One of them begins a call; an empty one: whatever is not `plain`."""
    grammar: str
    anywhere: bool = False
    """Within a reply too; else only at the beginning of a turn, after any space."""
    plain: str = ""
    """What begins an answer in the place of a call, where the format has something for it."""


def style_of(form: RoleFormat) -> CallStyle:
    """Return how a model of this format writes calls."""
    return "chatglm3" if isinstance(form, ChatGLM3Format) else "json"


def openings(style: CallStyle, tools: Sequence[ToolSchema]) -> tuple[Opening, ...]:
    """Return how calls may begin, none where they cannot be held to a grammar.

    ModelError for a tool whose arguments have no finite grammar.
    """
    if not _can_be_written(style, tools):
        return ()
    if style == "chatglm3":
        root = rf'root ::= " "{{0,2}} ("\n" | {_first_lines(tools)})'
        return (Opening(("",), _grammar(root, _chatglm3_rules(tools)), plain="\n"),)
    rules = _json_rules(tools)
    return (
        Opening(("{", "[{"), _grammar(r"root ::= [ \t\r\n]* calls", rules)),
        Opening((TAG,), _grammar("root ::= tagged", rules), anywhere=True),
    )


def reply_grammar(style: CallStyle, tools: Sequence[ToolSchema], stops: Sequence[str]) -> str:
    """Return the grammar of whole replies, plain ones included, for a runtime that takes nothing else; "" for none.

    `stops`: names of the tokens that end a reply. To such a runtime control tokens are texts that spell them.
    """
    if not _can_be_written(style, tools):
        return ""
    if style == "chatglm3":
        ends = either([quoted(stop) for stop in stops])
        turn = rf'turn ::= " "{{0,2}} ("\n" text | ({_first_lines(tools)}) {ends}?)'
        return _grammar("root ::= turn", [turn, *_text_until(TURN, "turn"), *_chatglm3_rules(tools)])
    # Of "[<tool_call>" the tag is not seen; no model writes that.
    root = r'root ::= [ \t\r\n]* (calls | [^{\[< \t\r\n] text | "<" text-1 | "[" ([^{<] text)?)?'
    return _grammar(root, [*_text_until(TAG, "tagged-rest"), *_json_rules(tools)])


def _can_be_written(style: CallStyle, tools: Sequence[ToolSchema]) -> bool:
    """Say whether every argument has a name that can stand before "=" in Python, where calls are written so."""
    names = {name for tool in tools for name in tool.parameters.get("properties", {})}
    return style == "json" or all(name.isidentifier() and not iskeyword(name) for name in names)


def _grammar(root: str, rules: Sequence[str]) -> str:
    return "\n".join([root, *rules]) + "\n"


def _first_lines(tools: Sequence[ToolSchema]) -> str:
    """Return what matches the calls of ChatGLM3, first line and code."""
    return " | ".join(rf'{quoted(tool.name)} "\n" call-{place}' for place, tool in enumerate(tools))


def _chatglm3_rules(tools: Sequence[ToolSchema]) -> list[str]:
    made: list[str] = []
    for place, tool in enumerate(tools):
        rules = Rules(tool.parameters, _PYTHON, f"t{place}-")
        arguments = rules.members(tool.parameters, lambda name: quoted(f"{name}="))
        made += [rf'call-{place} ::= " "{{0,2}} "```python\ntool_call(" {arguments} ")\n```"', *rules.made]
    return [*made, *_PYTHON.rules]


def _json_rules(tools: Sequence[ToolSchema]) -> list[str]:
    made: list[str] = []
    for place, tool in enumerate(tools):
        rules = Rules(tool.parameters, _JSON, f"t{place}-")
        arguments = rules.expression(tool.parameters, 0)
        head = rf'"{{\"name\":" gap {json_literal(tool.name)} "," gap ("\"parameters\":" | "\"arguments\":") gap'
        made += [f'call-{place} ::= {head} {arguments} "}}"', *rules.made]
    return [
        f"call ::= {either([f'call-{place}' for place in range(len(tools))])}",
        f'calls ::= call ((";" | ",") gap call){{0,{MOST - 1}}} | "[" call ("," gap call){{0,{MOST - 1}}} "]"',
        rf'in-tags ::= "\n"? call "\n"? {quoted(END_TAG)}',
        f"tagged ::= {quoted(TAG)} tagged-rest",
        rf'tagged-rest ::= in-tags ("\n"? {quoted(TAG)} in-tags){{0,{MOST - 1}}}',
        *made,
        *_JSON.rules,
    ]


def _text_until(literal: str, then: str) -> list[str]:
    """Return rules of any text in which a literal is followed by what the rule `then` matches.

    One rule for each beginning of the literal that was just written (Knuth, Morris and Pratt 1977); only its first
    character may begin it anew.
    """
    first = literal[0]
    assert first not in literal[1:], "the literal begins anew within itself"
    rules = [f'text ::= [^{first}]* ("{first}" text-1)?']
    for at in range(1, len(literal)):
        character = literal[at]
        following = f"text-{at + 1}" if at + 1 < len(literal) else then
        rules.append(
            f'text-{at} ::= ({quoted(character)} {following} | "{first}" text-1 | [^{character}{first}] text)?'
        )
    return rules
