"""One of our chat models as a LangChain chat model."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, ToolMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.output_parsers import JsonOutputParser, PydanticOutputParser
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_json_schema, convert_to_openai_tool
from pydantic import BaseModel, ConfigDict, SkipValidation

from vouch.generation.chat import ChatModel, ChatRequest, Delta, Message, Role, Sampling, ToolCall, ToolSchema
from vouch.generation.templates.tool_texts import thawed

_ROLES: Mapping[str, Role] = {"system": "system", "human": "user", "ai": "assistant", "tool": "tool"}


class VouchChatModel(BaseChatModel):
    """`VouchChatModel(chat=make_chat_model(settings.model))`; streams, calls tools, keeps to a JSON schema."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    chat: SkipValidation[ChatModel]
    temperature: float | None = 0.0
    """None, here and below: the model's own default."""
    top_p: float | None = None
    top_k: int | None = None
    repetition_penalty: float | None = None
    max_tokens: int = 1024
    seed: int | None = None
    adapter: str = ""
    """Name of a loaded LoRA adapter."""

    @property
    def _llm_type(self) -> str:
        return "vouch"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.chat.name}

    def get_num_tokens(self, text: str) -> int:
        """Return how many tokens a text takes."""
        return self.chat.count_tokens(text)

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Return the model with tools offered; whether it calls one is its own choice."""
        if tool_choice not in (None, "auto"):
            raise ValueError(f"tool_choice {tool_choice!r}: a call cannot be forced here, use with_structured_output")
        return self.bind(tools=[convert_to_openai_tool(tool) for tool in tools], **kwargs)

    def with_structured_output(
        self, schema: dict[str, Any] | type, *, include_raw: bool = False, **kwargs: Any
    ) -> Runnable[LanguageModelInput, Any]:
        """Return the model bound to a JSON schema or a pydantic class; where the runtime can, it cannot but fit."""
        if include_raw:
            raise ValueError("include_raw is not offered: bind response_format and parse the message")
        described = {"name": "reply", "schema": convert_to_json_schema(schema), "strict": True}
        bound = self.bind(response_format={"type": "json_schema", "json_schema": described}, **kwargs)
        if isinstance(schema, type) and issubclass(schema, BaseModel):
            return bound | PydanticOutputParser[BaseModel](pydantic_object=schema)
        return bound | JsonOutputParser()

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        pieces = [piece.message for piece in self._stream(messages, stop, run_manager, **kwargs)]
        whole = pieces[0]
        for piece in pieces[1:]:
            whole = whole + piece
        assert isinstance(whole, AIMessageChunk)
        message = AIMessage(
            whole.content,
            tool_calls=whole.tool_calls,
            usage_metadata=whole.usage_metadata,
            response_metadata=whole.response_metadata,
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        tools = tuple(_tool(tool["function"]) for tool in kwargs.get("tools", ()))
        form = kwargs.get("response_format") or {}
        schema = form.get("json_schema", {}).get("schema")
        request = ChatRequest(tuple(map(_message, messages)), tools, schema, self._sampling(stop or ()), self.adapter)
        for delta in self.chat.stream(request):
            chunk = ChatGenerationChunk(message=_chunk(delta, self.chat.name))
            if run_manager and delta.text:
                run_manager.on_llm_new_token(delta.text, chunk=chunk)
            yield chunk

    def _sampling(self, stop: Sequence[str]) -> Sampling:
        return Sampling(
            self.temperature,
            self.top_p,
            self.top_k,
            self.repetition_penalty,
            self.max_tokens,
            self.seed,
            tuple(stop),
        )


def _message(message: BaseMessage) -> Message:
    role = _ROLES.get(message.type)
    if role is None:
        raise ValueError(f"a message of type {message.type!r} has no place in a chat")
    if isinstance(message, AIMessage):
        calls = tuple(ToolCall(call["id"] or "", call["name"], call["args"]) for call in message.tool_calls)
        return Message(role, str(message.text), calls)
    if isinstance(message, ToolMessage):
        return Message(role, str(message.text), tool_call_id=message.tool_call_id, name=message.name or "")
    return Message(role, str(message.text))


def _tool(described: Mapping[str, Any]) -> ToolSchema:
    parameters = described.get("parameters") or {"type": "object", "properties": {}}
    return ToolSchema(described["name"], described.get("description", ""), parameters)


def _chunk(delta: Delta, model: str) -> AIMessageChunk:
    calls = [
        tool_call_chunk(
            index=n, id=call.id, name=call.name, args=json.dumps(thawed(call.arguments), ensure_ascii=False)
        )
        for n, call in enumerate(delta.tool_calls)
    ]
    usage = None
    if delta.usage is not None:
        read, written = delta.usage.prompt_tokens, delta.usage.completion_tokens
        usage = UsageMetadata(input_tokens=read, output_tokens=written, total_tokens=read + written)
    ended = {"finish_reason": delta.finish, "model_name": model} if delta.finish else {}
    return AIMessageChunk(content=delta.text, tool_call_chunks=calls, usage_metadata=usage, response_metadata=ended)


def _json(arguments: Mapping[str, Any]) -> str:
    return json.dumps(thawed(arguments), ensure_ascii=False)
