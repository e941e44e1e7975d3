"""Settings in, what makes vectors and what reorders hits out: imports each adapter in the branch that chose it."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import platformdirs

from vouch.app.extras import need
from vouch.app.setting_sections import EmbeddingSettings
from vouch.app.settings import Settings
from vouch.retrieval.errors import UsageError
from vouch.retrieval.types import Embedder, Reranker

if TYPE_CHECKING:
    from vouch.retrieval.embedders.description import ModelChoices, ModelDescription
    from vouch.retrieval.embedders.model_embedder import TokenModel
    from vouch.retrieval.library_store import RememberedEmbedder
    from vouch.retrieval.torch_models.loading import Device, LoadedModel, Precision


def make_embedder(settings: Settings) -> Embedder:
    """Return the embedder that the settings name; `auto` is that of a new library."""
    match settings.retrieval.embedder:
        case "hashing":
            from vouch.retrieval.embedders.hashing import HashingEmbedder

            return HashingEmbedder()
        case "auto" | "static":
            from vouch.retrieval.embedders.static import StaticEmbedder

            return StaticEmbedder(dimension=settings.embedding.dimension)
        case "encoder" | "decoder" if settings.embedding.runtime == "sentence-transformers":
            return _by_the_package(settings.embedding)
        case "encoder" | "decoder":
            return _by_a_model(settings.embedding)
        case "openai":
            return _by_a_server(settings.embedding)


def with_embedder_of(settings: Settings, library: "RememberedEmbedder | None") -> Settings:
    """Return settings that name the built-in embedder of a library in the place of `auto`; None: a new library."""
    if settings.retrieval.embedder != "auto":
        return settings
    if library and library.name.startswith("hashing-"):
        return replace(settings, retrieval=replace(settings.retrieval, embedder="hashing"))
    from vouch.retrieval.embedders.static import SHIPPED, version_in

    chosen = replace(settings, retrieval=replace(settings.retrieval, embedder="static"))
    if library and library.name.startswith(f"static-{version_in(SHIPPED)}/") and not settings.embedding.dimension:
        return replace(chosen, embedding=replace(chosen.embedding, dimension=library.dimension))
    return chosen


def embedder_summary(settings: Settings) -> str:
    """Return one line on the embedder in force; loads no model and asks no server; VouchError if it is unfit."""
    made = make_embedder(settings)
    chosen = settings.embedding
    if settings.retrieval.embedder == "openai":
        return f"{chosen.model} at {chosen.base_url}"
    if settings.retrieval.embedder in ("auto", "hashing", "static") or chosen.runtime == "sentence-transformers":
        return made.name
    from vouch.retrieval.embedders.model_embedder import ModelEmbedder

    assert isinstance(made, ModelEmbedder)
    of = made.described
    pooling = f"{' + '.join(of.poolings)} ({of.origins['pooling']})"
    length = f"{of.max_length} tokens ({of.origins['max_length']})"
    return f"{of.architecture}, pooling {pooling}, {of.dimension} dimensions, {length}, in {chosen.runtime}"


def make_reranker(settings: Settings) -> Reranker | None:
    """Return what gives the best hits a second reading; None where the settings want none."""
    match settings.retrieval.reranker:
        case "none":
            return None
        case "cross-encoder":
            return _cross_encoder(settings)
        case "auto" | "light":
            from vouch.retrieval.embedders.static import StaticEmbedder
            from vouch.retrieval.rerank.light import LightReranker

            return LightReranker(StaticEmbedder())


def _choices(chosen: EmbeddingSettings) -> "ModelChoices":
    from vouch.retrieval.embedders.description import ModelChoices

    return ModelChoices(
        chosen.pooling, chosen.query_instruction, chosen.passage_instruction, chosen.max_length, chosen.dimension
    )


def _by_a_model(chosen: EmbeddingSettings) -> Embedder:
    """The model itself is loaded with the first text: a library's name and dimension cost no torch."""
    need("safetensors", "an encoder model", "onnx" if chosen.runtime == "onnx" else "encoder")
    from vouch.retrieval.embedders.description import describe
    from vouch.retrieval.embedders.model_embedder import ModelEmbedder

    described = describe(chosen.model, _choices(chosen))
    load = _in_onnx if chosen.runtime == "onnx" else _in_torch
    return ModelEmbedder(described, partial(load, described, chosen), chosen.batch)


def _in_torch(described: "ModelDescription", chosen: EmbeddingSettings) -> "TokenModel":
    need("torch", "embedding.runtime = torch", "encoder")
    need("transformers", "embedding.runtime = torch", "encoder")
    from vouch.retrieval.embedders.torch_model import TorchTokenModel

    if described.architecture.startswith("chatglm-"):
        need("sentencepiece", "ChatGLM3 as an embedder", "llm")
        return TorchTokenModel(described, chosen.device, chosen.precision, _chatglm3)
    return TorchTokenModel(described, chosen.device, chosen.precision)


def _chatglm3(described: "ModelDescription", device: "Device", precision: "Precision") -> "LoadedModel":
    """Its original layout is none that transformers knows."""
    from vouch.generation.models.chatglm3.states import chatglm3_states
    from vouch.generation.models.loading import LoadOptions
    from vouch.retrieval.torch_models.loading import LoadedModel

    layers, tokenizer = chatglm3_states(described.folder, LoadOptions(device, precision))
    return LoadedModel(layers, tokenizer, layers.device)


def _in_onnx(described: "ModelDescription", chosen: EmbeddingSettings) -> "TokenModel":
    if chosen.precision == "bfloat16" or chosen.device == "cuda":
        raise UsageError("embedding.runtime = onnx computes in float32 on the CPU: set precision and device to auto")
    need("onnxruntime", "embedding.runtime = onnx", "onnx")
    need("tokenizers", "embedding.runtime = onnx", "onnx")
    from vouch.retrieval.embedders.onnx_model import OnnxTokenModel, graph_in

    graph = graph_in(described.folder)
    if graph is None:
        for module in ("onnx", "torch", "transformers"):
            need(module, "writing a model as ONNX", "onnx,encoder")
        from vouch.retrieval.embedders.onnx_export import exported

        graph = exported(described, platformdirs.user_cache_path("vouch", appauthor=False) / "onnx")
    return OnnxTokenModel(described, graph)


def _by_the_package(chosen: EmbeddingSettings) -> Embedder:
    need("sentence_transformers", "embedding.runtime = sentence-transformers", "sentence-transformers")
    from vouch.retrieval.embedders.sentence_transformer import SentenceTransformerEmbedder

    return SentenceTransformerEmbedder(chosen.model, _choices(chosen), chosen.device, chosen.precision, chosen.batch)


def _by_a_server(chosen: EmbeddingSettings) -> Embedder:
    need("httpx", "embeddings over HTTP", "openai")
    from vouch.retrieval.embedders.openai_http import EmbeddingServer, ServerEmbedder

    return ServerEmbedder(
        EmbeddingServer(
            base_url=chosen.base_url,
            model=chosen.model,
            api_key=chosen.api_key,
            query_instruction=chosen.query_instruction,
            passage_instruction=chosen.passage_instruction,
            dimension=chosen.dimension,
            batch=chosen.batch,
            timeout=float(chosen.timeout),
        )
    )


def _cross_encoder(settings: Settings) -> Reranker:
    need("torch", "a cross-encoder", "encoder")
    need("transformers", "a cross-encoder", "encoder")
    from vouch.retrieval.model_files import find_model, writes_text
    from vouch.retrieval.rerank.reading import PairReading

    chosen = settings.rerank
    reading = PairReading(max_length=chosen.max_length, batch=chosen.batch, device=chosen.device)
    if writes_text(find_model(chosen.model, "rerank.model")):
        from vouch.retrieval.rerank.yes_no import YesNoReranker

        return YesNoReranker(chosen.model, reading)
    from vouch.retrieval.rerank.cross_encoder import CrossEncoderReranker

    return CrossEncoderReranker(chosen.model, reading)
