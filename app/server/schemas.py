"""What requests look like, with an example each; answers are the contract's JSON objects."""

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

LONGEST_QUESTION = 4000
LONGEST_TURN = 20_000
LONGEST_NAME = 200


def _whole(said: object) -> object:
    """Return 2023 for 2023.0: JSON Schema calls both integers."""
    return int(said) if isinstance(said, float) and said.is_integer() else said


def _plain(said: dict[str, Any]) -> dict[str, Any]:
    """Return an object that can be written as JSON again, as text without half characters."""
    try:
        json.dumps(said, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        raise ValueError("holds half a character (a lone surrogate)") from None
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    return said


Question = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_QUESTION, pattern=r"\S")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME)]
Year = Annotated[int, Field(ge=1900, le=2099), BeforeValidator(_whole)]
Depth = Annotated[int, Field(ge=1, le=200), BeforeValidator(_whole)]
Plain = Annotated[dict[str, Any], AfterValidator(_plain)]
Session = Annotated[str, StringConstraints(max_length=64, pattern=r"^[A-Za-z0-9_-]*$")]


class Strict(BaseModel):
    """A body whose unknown keys are errors: a misspelt filter must not be ignored."""

    model_config = ConfigDict(extra="forbid", strict=True)


class FilterBody(Strict):
    """What a question or search is narrowed to."""

    collections: list[Name] = Field(default=[], max_length=50)
    companies: list[Name] = Field(default=[], max_length=50, description="Names, short names or codes.")
    years: list[Year] = Field(default=[], max_length=50)


class AskBody(FilterBody):
    """A question."""

    question: Question
    k: Depth | None = Field(None, description="Passages read; the server's setting where absent.")
    generator: Literal["extractive", "model"] | None = Field(
        None, description="Quote, or let the server's language model write; the server's setting where absent."
    )
    adapter: Annotated[str, StringConstraints(max_length=LONGEST_NAME)] | None = Field(
        None, description="LoRA adapter of the language model, by name; empty: none; the server's setting where absent."
    )
    cot: bool = Field(False, description="Reason in steps that are kept apart from the answer.")
    tools: bool = Field(True, description="Whether a model may call tools.")
    session: Session = Field("", description="The conversation it belongs to; empty: none.")

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"question": "琅屿仪器2023年的营业收入是多少？", "years": [2023]}]},
    )


class SearchBody(FilterBody):
    """A search."""

    query: Question
    k: Depth | None = None
    mode: Literal["lexical", "vector", "hybrid"] | None = None
    rerank: bool | None = Field(None, description="Put the best in a better order; the server's setting where absent.")

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"query": "应收账款坏账准备", "k": 5, "mode": "hybrid"}]},
    )


_YEAR = r"(19|20)\d\d年?"
_PERIOD = "(第[一二三四]季度|上半年|年度)"


class FactsQuery(BaseModel):
    """Which values to list; numbers arrive as text."""

    model_config = ConfigDict(extra="forbid")

    company: str = Field("", max_length=200, description="Name, short name or code.")
    year: str = Field(
        "", pattern=rf"^({_YEAR}((-|至|到){_YEAR}|{_PERIOD})?)?$", description="2022, 2019-2021, 2025年第三季度."
    )
    field: list[Name] = Field(default=[], max_length=50, description="By any of its names.")
    scope: Literal["consolidated", "parent"] | None = None
    collection: list[Name] = Field(default=[], max_length=50)
    limit: int = Field(1000, ge=1, le=10_000)
    offset: int = Field(0, ge=0, le=100_000_000)


class FeedbackBody(Strict):
    """What somebody thinks of an answer."""

    question: Question
    answer: Plain = Field(description="The answer object as it was given.")
    rating: Literal["up", "down"]
    comment: str = Field("", max_length=4000)
    correction: str = Field("", max_length=20_000, description="What would have been right.")
    session: Session = ""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [{"question": "…", "answer": {"answer": "…"}, "rating": "down", "comment": "引用的页不对"}]
        },
    )


class FolderBody(Strict):
    """Files that already stand on the server, inside one of its `serve.folders`."""

    paths: list[Annotated[str, StringConstraints(min_length=1, max_length=4096)]] = Field(min_length=1, max_length=1000)
    collection: Name = "default"
    kind: Literal["auto", "report", "guideline", "qa", "text", "facts"] = "auto"
    company: Name | None = None
    year: Year | None = None
    force: bool = False


class TitleBody(Strict):
    """A new title."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"\S")]


_TEXT = {"type": "string", "pattern": r"\S", "maxLength": LONGEST_TURN}
_PART = {"type": "object", "required": ["type", "text"], "properties": {"type": {"const": "text"}, "text": _TEXT}}
_ASKED: dict[str, Any] = {
    "type": "object",
    "required": ["role", "content"],
    "properties": {
        "role": {"const": "user"},
        "content": {"anyOf": [_TEXT, {"type": "array", "contains": _PART}]},
    },
}


class ChatTurn(BaseModel):
    """One message of an OpenAI-compatible conversation; other keys are let pass."""

    model_config = ConfigDict(strict=True)

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: Annotated[str, StringConstraints(max_length=LONGEST_TURN)] | list[Plain] | None = Field(
        None, description="Text, or parts of which the text is read."
    )


class ChatBody(BaseModel):
    """An OpenAI-compatible request; keys that Vouch has no use for are let pass."""

    messages: list[ChatTurn] = Field(
        min_length=1,
        max_length=200,
        description="The last message of the user that holds text is the question.",
        json_schema_extra={"contains": _ASKED},
    )
    model: Annotated[str, StringConstraints(max_length=LONGEST_NAME + 6)] = Field(
        "vouch", description="vouch, vouch-extractive, or vouch:NAME for one of the language model's adapters."
    )
    stream: bool = False
    stream_options: dict[str, Any] | None = None
    vouch: FilterBody | None = Field(None, description="Filters, as for /v1/ask.")

    model_config = ConfigDict(
        extra="allow",
        strict=True,
        json_schema_extra={
            "examples": [
                {
                    "model": "vouch",
                    "messages": [{"role": "user", "content": "琅屿仪器2023年的毛利率是多少？"}],
                    "stream": False,
                }
            ]
        },
    )


class ProblemBody(BaseModel):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str = ""
    errors: list[dict[str, Any]] | None = None
