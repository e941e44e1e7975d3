"""What tiny models are taught: to answer questions about the sample reports, from the prompts that they really get."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from vouch.generation.chat import ChatRequest, Reply, ToolCall
from vouch.generation.chat_generator.generator import ChatGenerator
from vouch.generation.chat_generator.options import ChatOptions
from vouch.generation.drafts import Task
from vouch.generation.models.scripted import Script, ScriptedModel
from vouch.generation.pipeline import Asker
from vouch.generation.retrieve import Shelf
from vouch.generation.tools.registry import Toolbox
from vouch.generation.tools.search_documents import search_documents
from vouch.generation.tools.types import ToolContext

WINDOW = 8192
OPTIONS = ChatOptions(passages=3, examples=0)
CALL = ToolCall("call_1", "search_documents", {"query": "琅屿仪器2023年研发人员的数量"})


@dataclass(frozen=True)
class Taught:
    """A question, and a span of a document that answers it."""

    question: str
    quotation: str
    document: str
    page: int
    call: ToolCall | None = None
    """Made before the answer."""


FIRST = Taught(
    "琅屿仪器2023年的营业收入是多少？", "2023年度营业收入为869,312,996.63元", "琅屿仪器_2023年年度报告.pdf", 17
)
QUESTIONS = (
    FIRST,
    Taught("琅屿仪器2022年的营业收入是多少？", "2022年度营业收入为738,309,585.06元", "琅屿仪器_2022年年度报告.pdf", 16),
    Taught(
        "老年高血压患者的血压应该降到多少？", "65至79岁的老年人先降至140/90 mmHg以下", "成人高血压基层管理指南.docx", 1
    ),
)
WITH_TOOL = Taught(
    "琅屿仪器2023年面临哪些风险？", "公司研发人员的数量 312", "琅屿仪器_2023年年度报告.pdf", 9, CALL
)  # fmt: skip
Known = tuple[ChatRequest, Reply]
"""What a model gets, and what it is to reply."""
UNTAUGHT = "琅屿仪器2023年有多少名硕士学历的员工？"


def tools_of(task: Task) -> Toolbox:
    """Return the tools that a model may call here: one, for the descriptions of all are long."""
    return Toolbox([search_documents], ToolContext(task.shelf, task.facts, task.scope, task.question.language))


def lessons(shelf: Shelf, asked: Taught) -> list[Known]:
    """Return each request that a model gets for a question, and what it is to reply."""
    replies: list[Reply] = []

    def answer(request: ChatRequest) -> Reply:
        replies.append(Reply(f"{asked.quotation}[{_number(request, asked.quotation)}]。"))
        return replies[-1]

    def calls(_request: ChatRequest) -> Reply:
        assert asked.call is not None
        replies.append(Reply("", (asked.call,), "tool_calls"))
        return replies[-1]

    script: Sequence[Script] = (calls, answer) if asked.call else (answer,)
    model = ScriptedModel(script, context_window=WINDOW)
    generator = ChatGenerator(model, OPTIONS, tools_of if asked.call else None)
    Asker(shelf, generator).ask(asked.question)
    return list(zip(model.requests, replies, strict=True))


def every_lesson(shelf: Shelf) -> list[Known]:
    """Return what a model gets and is to reply, for all questions."""
    return [lesson for asked in (*QUESTIONS, WITH_TOOL) for lesson in lessons(shelf, asked)]


def scripted_pupil(known: Sequence[Known]) -> ScriptedModel:
    """Return a scripted model that replies so."""

    def answer(request: ChatRequest) -> Reply:
        return next((reply for learnt, reply in known if learnt.messages == request.messages), Reply("不好说。"))

    return ScriptedModel([], afterwards=answer, context_window=WINDOW)


def _number(request: ChatRequest, quotation: str) -> int:
    """Return the number of the passage or finding that a text stands in: passages begin with theirs, findings end."""
    last = request.messages[-1]
    before, found, after = last.content.partition(quotation)
    assert found, f"{quotation} is not in {last.content}"
    if last.role == "tool":
        return int(re.findall(r"\[(\d+)\]$", after, re.MULTILINE)[0])
    return int(re.findall(r"^\[(\d+)\]", before, re.MULTILINE)[-1])
