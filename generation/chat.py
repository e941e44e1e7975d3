"""The seam to chat models: what is sent, what streams back. Knows no model, prompt or question."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

Role = Literal["system", "user", "assistant", "tool"]
Finish = Literal["stop", "length", "tool_calls", "cancelled"]
Cancelled = Callable[[], bool]
"""Asked between tokens; True ends the reply with finish `cancelled`."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that a model wants called. Names and arguments come from the model: nothing in them is checked yet."""

    id: str
    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""
    """Why the call cannot be carried out: it could not be read. The model is told."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation with a chat model."""

    role: Role
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    """Of an assistant's turn."""
    tool_call_id: str = ""
    """Of a tool's turn: which call it answers."""
    name: str = ""
    """Of a tool's turn: the tool's name."""


@dataclass(frozen=True, slots=True)
class ToolSchema:
    """A tool as models are told of it; `parameters` is a JSON schema of type object."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is chosen; temperature 0 is greedy, None leaves a choice to the model's own defaults."""

    temperature: float | None = 0.0
    top_p: float | None = None
    top_k: int | None = None
    repetition_penalty: float | None = None
    """Divides the logits of tokens that were there before (Keskar et al. 2019); 1 changes nothing."""
    max_tokens: int = 1024
    seed: int | None = None
    stop: tuple[str, ...] = ()
    """Texts that end the reply; they are not part of it."""


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """Everything one reply depends on."""

    messages: tuple[Message, ...]
    tools: tuple[ToolSchema, ...] = ()
    schema: Mapping[str, Any] | None = None
    """A JSON schema that the reply must fit; enforced where the runtime can, else only asked for."""
    sampling: Sampling = Sampling()
    adapter: str = ""
    """Name of a loaded LoRA adapter, for models that have them; empty: the base model."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens read and written."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of a reply. The last one, and only it, says how the reply ended."""

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    """Whole calls only, in the last piece."""
    finish: Finish | None = None
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply."""

    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    finish: Finish = "stop"
    usage: Usage = Usage()


class ChatModel(Protocol):
    """A language model that continues a conversation."""

    @property
    def name(self) -> str:
        """Model and version, as shown beside what it wrote."""
        ...

    @property
    def context_window(self) -> int:
        """Tokens that prompt and reply share."""
        ...

    def count_tokens(self, text: str) -> int:
        """Return how many tokens a text takes, special tokens and turn headers apart; an upper bound where unknown."""
        ...

    def stream(self, request: ChatRequest, cancelled: Cancelled = lambda: False) -> Iterator[Delta]:
        """Yield the reply as it is made.

        Raises ModelError where the model cannot be used, NoReply where this call brought nothing. An empty reply may
        be either NoReply or a stream without text: whoever asks a model to say something takes both as NoReply.
        """
        ...


def collected(deltas: Iterator[Delta]) -> Reply:
    """Return the whole reply of a stream."""
    texts: list[str] = []
    calls: tuple[ToolCall, ...] = ()
    finish: Finish = "stop"
    usage = Usage()
    for delta in deltas:
        texts.append(delta.text)
        calls += delta.tool_calls
        finish = delta.finish or finish
        usage = delta.usage or usage
    return Reply("".join(texts), calls, finish, usage)


def reply_to(model: ChatModel, messages: Sequence[Message], sampling: Sampling = Sampling()) -> Reply:
    """Return a model's whole reply to a conversation without tools."""
    return collected(model.stream(ChatRequest(tuple(messages), sampling=sampling)))


@runtime_checkable
class LikelihoodModel(ChatModel, Protocol):
    """A chat model that tells how likely a reply is that somebody else wrote."""

    def logprobs(self, request: ChatRequest, reply: str) -> list[float]:
        """Return the log-probability (natural) of each token of the reply, the one that ends it included."""
        ...


@runtime_checkable
class BatchModel(ChatModel, Protocol):
    """A chat model that answers several conversations faster at once than one after another."""

    def reply_many(self, requests: Sequence[ChatRequest], cancelled: Cancelled = lambda: False) -> list[Reply]:
        """Return the whole reply to each request, in their order; errors as of `stream`."""
        ...
