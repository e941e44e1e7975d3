"""Any LangChain chat model as ours. Sampling is set where the model has such fields; a schema is only asked for."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from vouch.generation.chat import Cancelled, ChatRequest, Delta, Message, Sampling
from vouch.generation.models.in_thread import HadEnough, in_thread
from vouch.generation.models.openai_form import ReplyReader
from vouch.generation.models.openai_lines import BUSY
from vouch.generation.stop_texts import cut_at
from vouch.generation.templates.asked_schema import asking_for
from vouch.generation.templates.tool_texts import function, thawed
from vouch.retrieval.errors import ModelError, NoReply, UsageError

UNTOLD_WINDOW = 8192
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "temperature": ("temperature",),
    "top_p": ("top_p",),
    "top_k": ("top_k",),
    "seed": ("seed",),
    "max_tokens": ("max_tokens", "max_output_tokens", "num_predict"),
    "repetition_penalty": ("repetition_penalty", "repeat_penalty"),
}
"""What of a Sampling which fields of LangChain's models are."""
_REASONS = ("finish_reason", "stop_reason", "done_reason")
_FINISHES = {"end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length", "tool_use": "tool_calls"}
"""Anthropic's words for them."""


class LangChainChat:
    """A ChatModel that a LangChain chat model answers for."""

    def __init__(self, model: BaseChatModel, context_window: int = 0) -> None:
        """`context_window`: tokens; 0: what the model's profile says, else 8192."""
        self._model = model
        profile = model.profile or {}
        self._window = context_window or profile.get("max_input_tokens") or UNTOLD_WINDOW

    @property
    def name(self) -> str:
        """The model's name as it gives it, else its class."""
        named = (getattr(self._model, field, None) for field in ("model_name", "model"))
        return next((name for name in named if isinstance(name, str) and name), type(self._model).__name__)

    @property
    def context_window(self) -> int:
        """Tokens that prompt and reply share."""
        return self._window

    def count_tokens(self, text: str) -> int:
        """Return the bytes of a text and one: no vocabulary takes more; LangChain's own count fetches a tokenizer."""
        return len(text.encode()) + 1

    def stream(self, request: ChatRequest, cancelled: Cancelled = lambda: False) -> Iterator[Delta]:
        """Yield the reply as it is made; errors of the provider are NoReply or ModelError."""
        try:
            yield from cut_at(self._reply(request, cancelled), request.sampling.stop)
        except HadEnough:
            yield Delta(finish="cancelled")
        except (ModelError, GeneratorExit):
            raise
        except Exception as error:  # each provider raises its own
            raise _explained(self.name, error) from error

    def _reply(self, request: ChatRequest, cancelled: Cancelled) -> Iterator[Delta]:
        reader = ReplyReader(tools_offered=bool(request.tools))
        model: Any = _set(self._model, request.sampling)
        if request.tools:
            model = model.bind_tools([function(tool) for tool in request.tools])
        stop = list(request.sampling.stop) or None
        messages = request.messages if request.schema is None else asking_for(request.schema, request.messages)
        chunks = model.stream([_message(message) for message in messages], stop=stop)
        for chunk in in_thread(chunks, cancelled):
            if text := reader.text_of(_in_openai_form(chunk)):
                yield Delta(text)
        yield reader.last()


def _set(model: BaseChatModel, sampling: Sampling) -> BaseChatModel:
    """Return the model with the sampling that was chosen, as far as it has fields for it."""
    chosen = {
        field: value
        for name, fields in _FIELDS.items()
        if (value := getattr(sampling, name)) is not None
        for field in fields
        if field in type(model).model_fields
    }
    return model.model_copy(update=chosen) if chosen else model


def _message(message: Message) -> BaseMessage:
    match message.role:
        case "system":
            return SystemMessage(message.content)
        case "user":
            return HumanMessage(message.content)
        case "tool":
            return ToolMessage(message.content, tool_call_id=message.tool_call_id, name=message.name or None)
        case "assistant":
            calls = [{"name": c.name, "args": thawed(c.arguments), "id": c.id} for c in message.tool_calls]
            return AIMessage(message.content, tool_calls=calls)


def _in_openai_form(chunk: AIMessageChunk) -> dict[str, Any]:
    """Return a chunk as ReplyReader reads it; its calls raw, for LangChain completes JSON that is cut off."""
    calls = [
        {"index": call["index"], "id": call["id"], "function": {"name": call["name"], "arguments": call["args"]}}
        for call in chunk.tool_call_chunks
    ]
    reason: Any = next((chunk.response_metadata[key] for key in _REASONS if chunk.response_metadata.get(key)), None)
    choice = {
        "delta": {"content": str(chunk.text), "tool_calls": calls},
        "finish_reason": _FINISHES.get(reason, reason),
    }
    form: dict[str, Any] = {"choices": [choice]}
    if usage := chunk.usage_metadata:
        form["usage"] = {"prompt_tokens": usage["input_tokens"], "completion_tokens": usage["output_tokens"]}
    return form


def _explained(name: str, error: Exception) -> ModelError:
    status = getattr(error, "status_code", None)
    said = " ".join(str(error).split())[:200]
    if isinstance(error, TimeoutError) or "Timeout" in type(error).__name__:
        return NoReply(f"{name} did not reply in time: {said}", "timeout")
    if status in BUSY:
        return NoReply(f"{name} is busy: {said}", "busy")
    return ModelError(f"{name} failed with {type(error).__name__}: {said}")


def model_from(reference: str) -> BaseChatModel:
    """Return the LangChain model that `package.module:factory` makes; UsageError where it makes none."""
    module_name, _, factory_name = reference.partition(":")
    if not module_name or not factory_name:
        raise UsageError(f"model.path {reference!r} is not of the form package.module:factory")
    try:
        factory = getattr(import_module(module_name), factory_name)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"model.path {reference!r} cannot be found: {error}") from error
    model = factory() if callable(factory) and not isinstance(factory, BaseChatModel) else factory
    if not isinstance(model, BaseChatModel):
        raise UsageError(f"model.path {reference!r} makes a {type(model).__name__}, no LangChain chat model")
    return model
