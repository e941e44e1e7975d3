"""Every chat model that the contract is held against, each with what it is known to say."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.generation.models.fake_server import EVENTS, FakeServer, Reply, event, piece, torn
from vouch.generation.chat import ChatModel, ChatRequest, Message, ToolCall, ToolSchema
from vouch.generation.models.openai_http import OpenAIChat, Server
from vouch.generation.models.scripted import ScriptedModel

if TYPE_CHECKING:
    import xllamacpp

ASK = ChatRequest(
    (Message("system", "只根据材料回答。"), Message("user", "[1] 营业收入为12.34亿元。\n\n营业收入是多少？"))
)
TEXT = "营业收入为12.34亿元[1]，同比增长8.5%。Revenue grew \U0001f600, 其余见第57页。"
TOKENS = 28
"""llama.cpp keeps keys and values in 16 bits: after some 36 tokens a random model's choices part from float32's."""
CALL_CUE = "请查数"
LOOKUP = ToolSchema(
    "lookup_facts",
    "查一个数",
    {"type": "object", "properties": {"field": {"type": "string"}, "year": {"type": "integer"}}, "required": ["field"]},
)
CALL = ToolCall("call_1", "lookup_facts", {"field": "营业收入", "year": 2022})


@dataclass
class Bench:
    """A model, and what it says to ASK when it may say as much as it likes."""

    model: ChatModel
    text: str
    calls: bool = False
    """It calls LOOKUP when told CALL_CUE; models with random weights call nothing."""
    seeded: bool = True
    loses_begun_stops: bool = False
    """llama.cpp's server drops, at the limit of a reply, an ending that could have begun a stop text."""


@contextmanager
def scripted(_folder: Path) -> Iterator[Bench]:
    from vouch.generation.chat import Reply as Whole

    def said(request: ChatRequest) -> str | Whole:
        return Whole("", (CALL,)) if request.messages[-1].content == CALL_CUE else TEXT

    yield Bench(ScriptedModel([], afterwards=said), TEXT, calls=True)


@contextmanager
def openai_fake(_folder: Path) -> Iterator[Bench]:
    server = FakeServer()
    server.respond = _as_a_server_would
    try:
        yield Bench(OpenAIChat(Server(server.address, "m", context_window=4096)), TEXT, calls=True)
    finally:
        server.close()


def _as_a_server_would(body: dict[str, Any]) -> Reply:
    """Stream TEXT, two characters a token, heeding `max_tokens` and nothing else; call where told to."""
    prompt = sum(len(message["content"] or "") for message in body["messages"])
    if body["messages"][-1]["content"] == CALL_CUE:
        arguments = '{"field": "营业收入", "year": 2022}'
        parts = [{"index": 0, "id": "call_1", "function": {"name": "lookup_facts", "arguments": ""}}]
        parts += [{"index": 0, "function": {"arguments": arguments[at : at + 5]}} for at in range(0, len(arguments), 5)]
        pieces, finish, written = [piece({"tool_calls": [part]}) for part in parts], "tool_calls", len(parts)
    else:
        tokens = [TEXT[at : at + 2] for at in range(0, len(TEXT), 2)]
        said = tokens[: body["max_tokens"]]
        pieces = [piece({"content": token}) for token in said]
        finish, written = ("stop" if len(said) == len(tokens) else "length"), len(said)
    usage = {"prompt_tokens": prompt, "completion_tokens": written}
    ending = [piece({}, finish), event({"choices": [], "usage": usage}), b"data: [DONE]\n\n"]
    return 200, EVENTS, torn(b"".join([piece({"role": "assistant", "content": None}), *pieces, *ending]))


@contextmanager
def langchain(folder: Path) -> Iterator[Bench]:
    """Our scripted model as LangChain's, and that as ours again: both adapters at once."""
    from vouch.app.langchain.chat_model import VouchChatModel
    from vouch.generation.models.langchain_chat import LangChainChat

    with scripted(folder) as bench:
        yield Bench(LangChainChat(VouchChatModel(chat=bench.model)), TEXT, calls=True)


@contextmanager
def gguf_llama(folder: Path) -> Iterator[Bench]:
    from tests.generation.models.tiny_gguf import tiny_llama
    from vouch.generation.models.gguf import GgufChat
    from vouch.generation.models.llama_server import LlamaOptions

    tiny = tiny_llama(folder / "llama.gguf")
    model = GgufChat(tiny.path, LlamaOptions(1024, threads=1))
    try:
        yield Bench(model, tiny.says(model.prompt_ids(ASK), TOKENS))
    finally:
        model.close()


@contextmanager
def gguf_chatglm3(folder: Path) -> Iterator[Bench]:
    from tests.generation.models.tiny_gguf import tiny_glm
    from vouch.generation.models.gguf import GgufChat
    from vouch.generation.models.llama_server import LlamaOptions

    tiny = tiny_glm(folder / "glm.gguf", asked=ASK.messages)
    model = GgufChat(tiny.path, LlamaOptions(1024, threads=1))
    try:
        yield Bench(model, tiny.says(model.prompt_ids(ASK), TOKENS).lstrip())
    finally:
        model.close()


@contextmanager
def llama_server(folder: Path) -> Iterator[Bench]:
    """A real server of llama.cpp on this machine, asked as any OpenAI-compatible one is."""
    from tests.generation.models.tiny_gguf import TEMPLATE, tiny_llama

    tiny = tiny_llama(folder / "served.gguf", TEMPLATE)
    server = started(tiny.path)
    model = OpenAIChat(Server(f"{server.listening_address}/v1", "tiny"))
    prompt = "".join(f"{message.role}: {message.content}\n" for message in ASK.messages) + "assistant:"
    yield Bench(model, tiny.says([1, *tiny.pieces.encode(prompt)], TOKENS), loses_begun_stops=True)


@contextmanager
def transformers_chatglm3(folder: Path) -> Iterator[Bench]:
    from tests.generation.models.tiny_gguf import tiny_glm
    from vouch.generation.models.loading import LoadOptions, load_model
    from vouch.generation.models.transformers_chat import TransformersChat

    tiny = tiny_glm(folder / "glm.gguf", asked=ASK.messages)
    tiny.save(folder / "chatglm3")
    model = TransformersChat(load_model(folder / "chatglm3", LoadOptions(device="cpu", threads=1)))
    yield Bench(model, tiny.says(model.prompt_ids(ASK), TOKENS).lstrip())


@contextmanager
def chatglm_cpp(folder: Path) -> Iterator[Bench]:
    from tests.generation.models.tiny_gguf import tiny_glm
    from vouch.generation.models.chatglm_cpp import ChatGLMCppChat
    from vouch.generation.models.chatglm_cpp_export import write_ggml

    tiny = tiny_glm(folder / "glm.gguf", asked=ASK.messages)
    tiny.save(folder / "chatglm3")
    write_ggml(tiny.reference, folder / "chatglm3" / "tokenizer.model", folder / "glm.ggml", "f32")
    model = ChatGLMCppChat(folder / "glm.ggml")
    yield Bench(model, tiny.says(model.prompt_ids(ASK), TOKENS).lstrip(), seeded=False)


def started(path: Path, window: int = 1024) -> "xllamacpp.Server":
    """Return a llama.cpp server for a file, as another program would run it."""
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(path)
    parameters.n_ctx, parameters.n_parallel = window, 1
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
    parameters.warmup, parameters.ui, parameters.verbosity = False, False, 0
    return xllamacpp.Server(parameters)
