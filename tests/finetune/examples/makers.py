"""Small examples for tests."""

from vouch.finetune.examples.types import Example, Kind
from vouch.generation.chat import Message, ToolCall, ToolSchema

WEATHER = ToolSchema(
    "get_weather", "查询天气", {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
)


def qa(question: str, answer: str, id_: str = "a", group: str = "g", kind: Kind = "qa") -> Example:
    """Return one question and its answer."""
    return Example(id_, (Message("user", question), Message("assistant", answer)), kind, group)


def weather_dialogue() -> tuple[Message, ...]:
    """Return a dialogue in which a tool is called once."""
    return (
        Message("system", "你是助手"),
        Message("user", "北京天气如何？"),
        Message("assistant", "查一下", (ToolCall("call_1", "get_weather", {"city": "北京"}),)),
        Message("tool", "晴，5度", tool_call_id="call_1", name="get_weather"),
        Message("assistant", "北京晴，5度。"),
    )
