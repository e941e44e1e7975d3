"""What can be set, by section; settings.py finds out what is."""

from dataclasses import dataclass
from typing import Annotated, Literal

from vouch.app.setting_values import Between


@dataclass(frozen=True, slots=True)
class IngestSettings:
    """How files become passages."""

    jobs: Annotated[int, Between(0, 512)] = 0
    """Files read at the same time; 0: one for each core."""
    ocr: Literal["auto", "never", "always"] = "auto"
    reader: Literal["pdfium", "pypdf"] = "pdfium"
    kind: Literal["auto", "report", "guideline", "qa", "text", "facts"] = "auto"
    collection: str = "default"


@dataclass(frozen=True, slots=True)
class RetrievalSettings:
    """How passages are found."""

    embedder: Literal["auto", "hashing", "static", "encoder", "decoder", "openai"] = "auto"
    """What turns text into vectors: a built-in one (auto: the one that the library has, static for a new library), or a
    model named under [embedding]."""
    lexical: Literal["tantivy", "rank-bm25"] = "tantivy"
    k1: Annotated[float, Between(0, 10)] = 0.0
    """Of BM25: how much a word said again counts; 0: the engine's own (1.2 of tantivy, which fixes it; 1.5)."""
    b: Annotated[float, Between(-1, 1)] = -1.0
    """Of BM25: how much the length of a passage counts; -1: the engine's own (0.75), which tantivy fixes."""
    body_weight: Annotated[float, Between(0, 10)] = 1.0
    """What a word in the passage weighs; tantivy only, rank-bm25 reads text and headings as one."""
    heading_weight: Annotated[float, Between(0, 10)] = 0.75
    """What a word in the headings above it and in the document's title weighs."""
    synonym_weight: Annotated[float, Between(0, 1)] = 0.6
    """What another word for what is asked weighs beside the word itself; 0: none is searched for."""
    mode: Literal["lexical", "vector", "hybrid"] = "hybrid"
    k: Annotated[int, Between(1, 1000)] = 10
    """Passages shown by `vouch search`."""
    candidates: Annotated[int, Between(1, 10_000)] = 100
    """How far down the lexical and the vector ranking go before they are mixed."""
    fusion: Literal["weighted", "rrf"] = "weighted"
    """How the two rankings are mixed: scores over the best one of each, or reciprocal ranks."""
    vector_weight: Annotated[float, Between(-1, 1)] = -1.0
    """Share of the vector ranking in the mixture, the lexical one has the rest; -1: what suits the embedder best."""
    vector_weight_latin: Annotated[float, Between(-1, 1)] = -1.0
    """The same for questions without Chinese."""
    variants: Literal["none", "multi-query", "hyde"] = "none"
    """Searched for besides the question: other wordings, or a made-up answer, which the chat model writes."""
    variant_count: Annotated[int, Between(1, 10)] = 3
    """Other wordings that are searched for."""
    diversity: Annotated[float, Between(0, 1)] = 0.0
    """How far passages like a better one are put down; 0: not at all."""
    reranker: Literal["auto", "none", "light", "cross-encoder"] = "auto"
    """What puts the best passages in a better order; auto: light, but for questions about a company's report.

    The model of a cross-encoder is named under [rerank]."""


@dataclass(frozen=True, slots=True)
class GenerationSettings:
    """How answers are written."""

    generator: Literal[
        "extractive", "model", "transformers", "gguf", "chatglm-cpp", "openai", "scripted", "langchain"
    ] = "extractive"
    """extractive quotes; model: the chat model of [model]; a runtime's name: the same, run by that one."""
    k: Annotated[int, Between(1, 200)] = 8
    """Passages read for an answer."""
    context: Annotated[int, Between(0, 100_000)] = 2000
    """Characters up to which a passage brings along its section on the page, for chat models; 0: none."""
    unsupported: Literal["mark", "regenerate", "refuse"] = "regenerate"
    """What a model says without support: marked; written anew once, then marked or refused; refused."""
    cot: bool = False
    """The model writes its steps before its answer; they are kept apart from it."""
    samples: Annotated[int, Between(1, 25)] = 1
    """Answers drawn from the model, of which the most frequent counts."""
    decompose: Literal["auto", "never", "always"] = "auto"
    """Questions that need several look-ups are cut into questions of their own."""
    check: bool = False
    """The model reads its answer again against the evidence; that can only lower what is trusted."""
    tools: bool = True
    """The model may look up facts, compute and search while it answers."""
    max_steps: Annotated[int, Between(1, 100)] = 6
    """Tool calls, and questions that one is cut into."""
    max_seconds: Annotated[int, Between(1, 3600)] = 120
    """For all that a model writes for one answer."""
    max_tokens: Annotated[int, Between(64, 1_000_000)] = 8192
    """Written by the model for one answer, its thoughts and anything thrown away included."""
    examples: Annotated[int, Between(0, 20)] = 2
    """Worked examples shown to the model, where its window has room."""
    prompts: str = ""
    """A folder whose prompt files replace those of the package."""


@dataclass(frozen=True, slots=True)
class JudgeSettings:
    """The language model that scores answers (`vouch eval answers --judge`): any OpenAI-compatible server."""

    base_url: str = ""
    """Up to and including the version: http://localhost:8000/v1."""
    model: str = ""
    api_key: str = ""
    timeout: Annotated[int, Between(1, 3600)] = 120
    """Seconds to wait for one reply."""
    retries: Annotated[int, Between(0, 20)] = 3
    """How often a busy server is asked again."""


@dataclass(frozen=True, slots=True)
class EmbeddingSettings:
    """The model behind `retrieval.embedder` where that is encoder, decoder or openai."""

    model: str = ""
    """Folder of a model, its name on a hub (cached there already) or on the server."""
    pooling: Literal["auto", "cls", "mean", "weighted-mean", "max", "last-token", "mean-last-layers"] = "auto"
    """auto: as the model's own configuration says."""
    query_instruction: str = "auto"
    """Put before questions; auto: as the model's card says, where it is known."""
    passage_instruction: str = "auto"
    max_length: Annotated[int, Between(0, 1_000_000)] = 0
    """Tokens of a text that are read; 0: as many as the model takes."""
    dimension: Annotated[int, Between(0, 65_536)] = 0
    """Keep so many leading dimensions, for models trained to allow it; 0: all."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    runtime: Literal["torch", "onnx", "sentence-transformers"] = "torch"
    """sentence-transformers: the package itself, for models with modules that are not run here."""
    batch: Annotated[int, Between(1, 4096)] = 32
    base_url: str = ""
    """Of an OpenAI-compatible server, version included: http://localhost:8000/v1."""
    api_key: str = ""
    timeout: Annotated[int, Between(1, 3600)] = 60


@dataclass(frozen=True, slots=True)
class RerankSettings:
    """The model behind `retrieval.reranker` where that is cross-encoder."""

    model: str = ""
    max_length: Annotated[int, Between(16, 1_000_000)] = 512
    device: Literal["auto", "cpu", "cuda"] = "auto"
    batch: Annotated[int, Between(1, 4096)] = 16


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """The chat model behind `generation.generator` where that is not extractive."""

    runtime: Literal["transformers", "gguf", "chatglm-cpp", "openai", "scripted", "langchain"] = "openai"
    path: str = ""
    """Folder or file of the weights; for scripted, a JSON list of replies; for langchain, `package.module:factory`."""
    name: str = ""
    """The model's name on its server."""
    base_url: str = ""
    api_key: str = ""
    timeout: Annotated[int, Between(1, 3600)] = 120
    retries: Annotated[int, Between(0, 20)] = 3
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    quantise: Literal["none", "int8", "int4"] = "none"
    adapters: str = ""
    """LoRA adapters to load: name=folder, parted by commas."""
    adapter: str = ""
    """The one of them that answers; empty: the base model."""
    context_window: Annotated[int, Between(0, 10_000_000)] = 0
    """Tokens; 0: as the model says (8192 for a server that does not, and at most that for a GGUF file, whose window
    takes its memory at once: `vouch doctor` says how much)."""
    strict_tools: bool = False
    """Ask an OpenAI-compatible server to hold tool calls to their schemas (`strict`); others do so without asking."""
    batch: Annotated[int, Between(1, 256)] = 1
    """Questions that `vouch eval answers` has answered together, where the runtime can: transformers."""
    max_tokens: Annotated[int, Between(1, 100_000)] = 1024
    temperature: Annotated[float, Between(-1, 2)] = 0.0
    """0: always the likeliest token; -1: as the model's own configuration says."""
    top_p: Annotated[float, Between(0, 1)] = 0.0
    """Sample from the likeliest tokens that together have this share; 0: the model's own default."""
    top_k: Annotated[int, Between(0, 1_000_000)] = 0
    """Sample from so many tokens; 0: the model's own default."""
    repetition_penalty: Annotated[float, Between(0, 10)] = 0.0
    """0: the model's own default; 1: none."""
    seed: int = 0
    threads: Annotated[int, Between(0, 1024)] = 0
    """0: one for each core."""


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """`vouch serve`."""

    host: str = "127.0.0.1"
    """Beyond this machine (0.0.0.0, a name) API keys are asked for."""
    port: Annotated[int, Between(0, 65_535)] = 8080
    """0: any free one."""
    require_keys: bool = False
    """Ask for API keys on this machine too."""
    keys_file: str = ""
    """Where the hashes of keys stand; empty: with the library."""
    origins: str = ""
    """Web pages that may call the service from browsers, parted by commas: https://example.org.

    Without keys, names under which the service itself is reached stand here too."""
    folders: str = ""
    """Folders of this machine from which documents may be ingested by path, parted by commas."""
    body_mb: Annotated[int, Between(1, 1024)] = 1
    upload_mb: Annotated[int, Between(1, 100_000)] = 200
    upload_files: Annotated[int, Between(1, 10_000)] = 100
    rate_per_minute: Annotated[int, Between(0, 1_000_000)] = 0
    """Requests of one key (one address where there are no keys) in a minute; 0: any number."""
    threads: Annotated[int, Between(0, 256)] = 0
    """Questions and searches worked on at the same time; 0: one more than there are cores."""
    queue: Annotated[int, Between(0, 100_000)] = 128
    """Requests that may wait for a thread; more are refused with 429."""


@dataclass(frozen=True, slots=True)
class UiSettings:
    """`vouch ui`."""

    host: str = "127.0.0.1"
    """The chat asks nobody for a password: beyond this machine it belongs behind a proxy that does."""
    port: Annotated[int, Between(0, 65_535)] = 8501
    server: str = ""
    """A `vouch serve` to ask, http://host:8080; empty: the library of the settings, in this process."""
    api_key: str = ""
    """For that server."""
    language: Literal["zh", "en"] = "zh"


@dataclass(frozen=True, slots=True)
class WebSettings:
    """The web search that chat models may use as a tool; off until an endpoint is named."""

    endpoint: str = ""
    """Of a SearXNG server, https://host/search (http only on this machine); nothing else is ever asked."""
    timeout: Annotated[int, Between(1, 600)] = 15
