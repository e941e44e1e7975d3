"""Every runtime with a tiny model that was taught to answer questions, made from nothing in a folder."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.generation.school import WINDOW, Known, scripted_pupil
from vouch.generation.chat import ChatModel

if TYPE_CHECKING:
    import sentencepiece

    from tests.generation.models.tiny_gguf import Shape, TinyModel

HIDDEN = 256


def taught_llama(folder: Path, known: Sequence[Known]) -> "TinyModel":
    """Return a Llama that was taught in Llama 2's role format: a folder, and beside it a GGUF file."""
    from tests.generation.models.taught import Lesson as Places
    from tests.generation.models.taught import teach
    from tests.generation.models.tiny_gguf import TinyModel, random_llama, write_llama_gguf
    from vouch.generation.models.vocabularies import PieceVocabulary
    from vouch.generation.templates.llama2 import Llama2Format
    from vouch.generation.templates.tool_texts import call_json

    tiny = TinyModel(folder / "llama.gguf", *_untaught(random_llama, known))
    tiny.save(folder / "llama")
    vocabulary, form = PieceVocabulary(folder / "llama" / "tokenizer.model", {}), Llama2Format()
    places = []
    for request, reply in known:
        said = reply.text or "\n".join(call_json(call) for call in reply.tool_calls)
        prompt = vocabulary.prompt_ids(form.segments(request.messages, request.tools))
        places.append(Places(prompt, [*vocabulary.text_ids(said), 2]))
    teach(tiny.reference, places)
    tiny.save(folder / "llama")
    write_llama_gguf(tiny.path, tiny.reference, tiny.pieces)
    return tiny


def taught_chatglm3(folder: Path, known: Sequence[Known]) -> "TinyModel":
    """Return a ChatGLM3 that was taught: a folder, and beside it a GGUF file."""
    from tests.generation.models.taught import Lesson as Places
    from tests.generation.models.taught import teach
    from tests.generation.models.tiny_gguf import TinyModel, random_glm, write_glm_gguf
    from vouch.generation.models.vocabularies import PieceVocabulary
    from vouch.generation.templates.chatglm3 import SPECIAL_TOKENS, ChatGLM3Format, call_code

    tiny = TinyModel(folder / "chatglm3.gguf", *_untaught(random_glm, known))
    tiny.save(folder / "chatglm3")
    vocabulary, form = PieceVocabulary(folder / "chatglm3" / "tokenizer.model", SPECIAL_TOKENS), ChatGLM3Format()
    places = []
    for request, reply in known:
        said = f"\n {reply.text}" if reply.text else "".join(f"{c.name}\n{call_code(c)}" for c in reply.tool_calls)
        end = len(tiny.pieces) + SPECIAL_TOKENS.index("<|user|>" if reply.text else "<|observation|>")
        prompt = vocabulary.prompt_ids(form.segments(request.messages, request.tools))
        places.append(Places(prompt, [*vocabulary.text_ids(said), end]))
    teach(tiny.reference, places)
    tiny.save(folder / "chatglm3")
    write_glm_gguf(tiny.path, tiny.reference, tiny.pieces)
    return tiny


def _untaught(
    random: "Callable[[sentencepiece.SentencePieceProcessor, Shape], Any]", known: Sequence[Known]
) -> "tuple[Any, sentencepiece.SentencePieceProcessor]":
    """Return a model with random weights, and a vocabulary that spells what it will read in few pieces."""
    from tests.generation.models.tiny_gguf import CORPUS, Shape, trained_pieces

    read = {message.content for request, _ in known for message in request.messages}
    pieces = trained_pieces(2000, "\n".join([CORPUS, *sorted(read)]))
    return random(pieces, Shape(HIDDEN, WINDOW)), pieces


TOOLED = (
    "{% if tools %}tools:{% for t in tools %} {{ t | tojson }}{% endfor %}\n{% endif %}"
    "{% for m in messages %}{{ m.role }}: {{ m.content }}{% for c in m.tool_calls or [] %}\n<tool_call>\n"
    '{"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}\n</tool_call>{% endfor %}\n'
    "{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}"
)
"""A chat template of no model in particular; llama.cpp works out from it how calls are written."""


def taught_through_a_server(folder: Path, known: Sequence[Known]) -> Path:
    """Return a GGUF file of a Llama that was taught in the words of TOOLED, as llama.cpp's server fills it in."""
    import httpx

    from tests.contracts.chat_benches import started
    from tests.generation.models.taught import Lesson as Places
    from tests.generation.models.taught import teach
    from tests.generation.models.tiny_gguf import random_llama, write_llama_gguf
    from vouch.generation.models.openai_form import request_body

    reference, pieces = _untaught(random_llama, known)
    path = folder / "served.gguf"
    write_llama_gguf(path, reference, pieces, TOOLED)
    server = started(path)
    places = []
    for request, reply in known:
        filled = httpx.post(f"{server.listening_address}/apply-template", json=request_body(request)).json()["prompt"]
        calls = [{"name": call.name, "arguments": dict(call.arguments)} for call in reply.tool_calls]
        said = reply.text or f"<tool_call>\n{json.dumps(calls[0], ensure_ascii=False)}\n</tool_call>"
        places.append(Places([1, *pieces.encode(filled)], [*pieces.encode(said), 2]))
    del server
    teach(reference, places)
    write_llama_gguf(path, reference, pieces, TOOLED)
    return path


@contextmanager
def scripted(_folder: Path, known: Sequence[Known]) -> Iterator[ChatModel]:
    yield scripted_pupil(known)


@contextmanager
def transformers_llama(folder: Path, known: Sequence[Known]) -> Iterator[ChatModel]:
    taught_llama(folder, known)
    yield _on_transformers(folder / "llama")


@contextmanager
def transformers_chatglm3(folder: Path, known: Sequence[Known]) -> Iterator[ChatModel]:
    taught_chatglm3(folder, known)
    yield _on_transformers(folder / "chatglm3")


@contextmanager
def gguf_llama(folder: Path, known: Sequence[Known]) -> Iterator[ChatModel]:
    yield from _on_llama_cpp(taught_llama(folder, known).path)


@contextmanager
def gguf_chatglm3(folder: Path, known: Sequence[Known]) -> Iterator[ChatModel]:
    yield from _on_llama_cpp(taught_chatglm3(folder, known).path)


@contextmanager
def llama_server(folder: Path, known: Sequence[Known]) -> Iterator[ChatModel]:
    """A real server of llama.cpp on this machine, asked as any OpenAI-compatible one is."""
    from tests.contracts.chat_benches import started
    from vouch.generation.models.openai_http import OpenAIChat, Server

    server = started(taught_through_a_server(folder, known), WINDOW)
    yield OpenAIChat(Server(f"{server.listening_address}/v1", "tiny"))


@contextmanager
def langchain(folder: Path, known: Sequence[Known]) -> Iterator[ChatModel]:
    """A model of ours as LangChain's, and that as ours again."""
    from vouch.app.langchain.chat_model import VouchChatModel
    from vouch.generation.models.langchain_chat import LangChainChat

    with transformers_chatglm3(folder, known) as model:
        yield LangChainChat(VouchChatModel(chat=model), WINDOW)


@contextmanager
def chatglm_cpp(folder: Path, known: Sequence[Known]) -> Iterator[ChatModel]:
    from vouch.generation.models.chatglm_cpp import ChatGLMCppChat
    from vouch.generation.models.chatglm_cpp_export import write_ggml

    tiny = taught_chatglm3(folder, known)
    write_ggml(tiny.reference, folder / "chatglm3" / "tokenizer.model", folder / "glm.ggml", "f32")
    yield ChatGLMCppChat(folder / "glm.ggml")


def _on_transformers(folder: Path) -> ChatModel:
    from vouch.generation.models.loading import LoadOptions, load_model
    from vouch.generation.models.transformers_chat import TransformersChat

    return TransformersChat(load_model(folder, LoadOptions(device="cpu", threads=1)))


def _on_llama_cpp(file: Path) -> Iterator[ChatModel]:
    from vouch.generation.models.gguf import GgufChat
    from vouch.generation.models.llama_server import LlamaOptions

    model = GgufChat(file, LlamaOptions(WINDOW, threads=1))
    try:
        yield model
    finally:
        model.close()
