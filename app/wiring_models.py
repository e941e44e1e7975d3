"""Chat models from settings: what imports their runtimes, each inside the case that picks it."""

from pathlib import Path
from typing import TYPE_CHECKING

from vouch.app.extras import need
from vouch.app.setting_sections import ModelSettings
from vouch.retrieval.errors import UsageError

if TYPE_CHECKING:
    from vouch.generation.chat import ChatModel
    from vouch.generation.gathered import GatheredModel


def make_chat_model(settings: ModelSettings) -> "ChatModel":
    """Return the chat model that the settings name, its weights loaded."""
    match settings.runtime:
        case "transformers":
            return _transformers_model(settings)
        case "openai":
            return _served_model(settings)
        case "gguf":
            return _gguf_model(settings)
        case "chatglm-cpp":
            need("chatglm_cpp", "a chat model on chatglm.cpp", "chatglm-cpp")
            from vouch.generation.models.chatglm_cpp import ChatGLMCppChat

            return ChatGLMCppChat(model_path(settings), settings.context_window)
        case "langchain":
            need("langchain_core", "a chat model of LangChain", "langchain")
            from vouch.generation.models.langchain_chat import LangChainChat, model_from

            return LangChainChat(model_from(settings.path), settings.context_window)
        case "scripted":
            from vouch.generation.models.scripted import scripted_model

            return scripted_model(model_path(settings), settings.context_window or 8192)


def gathered_model(model: "ChatModel | None") -> "GatheredModel | None":
    """Return a chat model for several callers at once; None where it answers no faster for that."""
    from vouch.generation.chat import BatchModel
    from vouch.generation.gathered import GatheredModel

    return GatheredModel(model) if isinstance(model, BatchModel) else None


def chat_model_summary(settings: ModelSettings) -> str:
    """Return what the chat model of the settings is, without loading its weights; VouchError where it is unusable."""
    if settings.runtime == "transformers":
        need("transformers", "a chat model on transformers", "llm")
        need("torch", "a chat model on transformers", "llm")
        from vouch.generation.models.loading import LoadOptions, model_summary

        options = LoadOptions(settings.device, settings.precision, settings.quantise, settings.threads)
        return model_summary(model_path(settings), options)
    if settings.runtime == "gguf":
        need("xllamacpp", "a GGUF model", "gguf")
        from vouch.generation.models.gguf import gguf_summary, gguf_window

        path = model_path(settings)
        return gguf_summary(path, gguf_window(path, settings.context_window))
    return settings.name or settings.path


def _transformers_model(settings: ModelSettings) -> "ChatModel":
    need("transformers", "a chat model on transformers", "llm")
    need("torch", "a chat model on transformers", "llm")
    if settings.quantise != "none":
        need("bitsandbytes", f"model.quantise = {settings.quantise}", "quant")
    if settings.adapters:
        need("peft", "model.adapters", "lora")
    from vouch.generation.models.loading import LoadOptions, load_model
    from vouch.generation.models.transformers_chat import TransformersChat

    options = LoadOptions(settings.device, settings.precision, settings.quantise, settings.threads)
    loaded = load_model(model_path(settings), options, named_folders(settings.adapters))
    return TransformersChat(loaded, settings.context_window)


def _served_model(settings: ModelSettings) -> "ChatModel":
    need("httpx", "a language model over HTTP", "openai")
    from vouch.generation.models.openai_http import OpenAIChat, Server

    return OpenAIChat(
        Server(
            base_url=settings.base_url,
            model=settings.name,
            api_key=settings.api_key,
            timeout=float(settings.timeout),
            retries=settings.retries,
            context_window=settings.context_window,
            strict_tools=settings.strict_tools,
        )
    )


def _gguf_model(settings: ModelSettings) -> "ChatModel":
    need("xllamacpp", "a GGUF model", "gguf")
    need("httpx", "a GGUF model", "gguf")
    from vouch.generation.models.gguf import GgufChat, gguf_window
    from vouch.generation.models.llama_server import LlamaOptions

    path, adapters = model_path(settings), named_folders(settings.adapters)
    window = gguf_window(path, settings.context_window)
    options = LlamaOptions(window, settings.threads, settings.device != "cpu", tuple(adapters.values()))
    return GgufChat(path, options, {name: place for place, name in enumerate(adapters)}, float(settings.timeout))


def model_path(settings: ModelSettings) -> Path:
    """Return where the weights lie; UsageError where the settings do not say."""
    if not settings.path:
        raise UsageError(f"model.runtime is {settings.runtime}: set model.path to the folder or file of its weights")
    return Path(settings.path).expanduser()


def named_folders(listed: str) -> dict[str, Path]:
    """Return name and folder of each adapter in `name=folder,name=folder`."""
    named: dict[str, Path] = {}
    for entry in filter(None, (part.strip() for part in listed.split(","))):
        name, equals, folder = (part.strip() for part in entry.partition("="))
        if not (name and equals and folder):
            raise UsageError(f"model.adapters: {entry!r} is not of the form name=folder")
        if name in named:
            raise UsageError(f"model.adapters names {name!r} twice")
        named[name] = Path(folder).expanduser()
    return named
