"""What answers questions, from settings: the fact desk, the generator and what vouches for it."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from vouch.app.extras import need
from vouch.app.setting_sections import ModelSettings
from vouch.app.settings import Settings

if TYPE_CHECKING:
    # A question waits for every import: those of the branches not taken are never made.
    from vouch.generation.chat import ChatModel
    from vouch.generation.chat_generator.options import ChatOptions
    from vouch.generation.drafts import Generator, Task
    from vouch.generation.pipeline import Asker
    from vouch.generation.plan.desk import FactDesk
    from vouch.generation.plan.holdings import Stated
    from vouch.generation.retrieve import Retrieve
    from vouch.generation.tools.registry import Toolbox
    from vouch.generation.tools.types import WebSearch
    from vouch.generation.vouching.voucher import Voucher
    from vouch.retrieval.library import Library


def asker(settings: Settings, library: "Library") -> "Asker":
    """Return what answers questions from a library."""
    return asker_and_model(settings, library)[0]


def asker_and_model(settings: Settings, library: "Library") -> "tuple[Asker, ChatModel | None]":
    """Return what answers questions, and its chat model for whatever else a conversation has to ask it."""
    from vouch.generation.pipeline import Asker

    generator = make_generator(settings)
    model = model_of(generator)
    desk, find = fact_desk(library, model=model), make_retrieval(settings, generator)
    return Asker(library, generator, desk, make_voucher(settings), find), model


def model_of(generator: "Generator") -> "ChatModel | None":
    """Return the chat model of a generator, None where it has none: its weights are loaded once."""
    from vouch.generation.extractive import ExtractiveGenerator

    if isinstance(generator, ExtractiveGenerator):
        return None
    from vouch.generation.chat_generator.generator import ChatGenerator

    return generator.model if isinstance(generator, ChatGenerator) else None


def fact_desk(library: "Library", facts: "Stated | None" = None, model: "ChatModel | None" = None) -> "FactDesk":
    """Return what answers from stored facts: the library's, or these of them; `model` may propose query plans."""
    from vouch.generation.plan.desk import FactDesk
    from vouch.generation.plan.reading import Vocabulary

    vocabulary = Vocabulary.load()
    if model is None:
        return FactDesk(facts or library.store, library.page, vocabulary)
    from vouch.generation.plan.proposing import Proposer

    return FactDesk(facts or library.store, library.page, vocabulary, Proposer(model, vocabulary))


def make_retrieval(settings: Settings, generator: "Generator") -> "Retrieve":
    """Return what finds passages; the chat model that words questions anew is the generator's, where it has one."""
    plain = passage_search(settings)
    manner = settings.retrieval.variants
    if manner == "none":
        return plain
    from vouch.app.wiring_models import make_chat_model
    from vouch.generation.chat_generator.generator import ChatGenerator
    from vouch.generation.query_variants import VariantOptions, VariedRetrieval

    prompts = Path(settings.generation.prompts).expanduser() if settings.generation.prompts else None
    own = generator.model if isinstance(generator, ChatGenerator) else make_chat_model(model_settings(settings))
    return VariedRetrieval(own, VariantOptions(manner, settings.retrieval.variant_count, prompts=prompts), plain)


def passage_search(settings: Settings) -> "Retrieve":
    """Return what finds passages for a question as it is worded."""
    from vouch.generation.retrieve import retrieve, retrieve_suited

    match settings.retrieval.reranker:
        case "none":
            return retrieve
        case "auto":
            return retrieve_suited
        case "light" | "cross-encoder":
            return partial(retrieve, mode="hybrid+rerank")


def make_voucher(settings: Settings) -> "Voucher":
    """Return what checks answers before they are given."""
    from vouch.generation.vouching.voucher import Voucher

    return Voucher(settings.generation.unsupported)


def make_generator(settings: Settings, model: "ChatModel | None" = None) -> "Generator":
    """Return what writes answers; `model`: the chat model of the settings, where its weights are loaded already."""
    if settings.generation.generator == "extractive":
        from vouch.generation.extractive import ExtractiveGenerator

        return ExtractiveGenerator()
    from vouch.app.wiring_models import make_chat_model
    from vouch.generation.chat_generator.generator import ChatGenerator

    tools = toolboxes(settings) if settings.generation.tools else None
    return ChatGenerator(model or make_chat_model(model_settings(settings)), chat_options(settings), tools)


def toolboxes(settings: Settings) -> "Callable[[Task], Toolbox]":
    """Return what a model may look up for one question: read only, in the documents that may answer it."""
    from vouch.generation.tools.standard import standard_tools
    from vouch.generation.tools.types import ToolContext

    web = _web_search(settings)

    def tools(task: "Task") -> "Toolbox":
        return standard_tools(ToolContext(task.shelf, task.facts, task.scope, task.question.language, web=web))

    return tools


def _web_search(settings: Settings) -> "WebSearch | None":
    """Return what searches the web; None unless the settings name an endpoint."""
    if not settings.web.endpoint:
        return None
    need("httpx", "web search", "openai")
    from vouch.generation.web.searxng import SearxngSearch

    return SearxngSearch(settings.web.endpoint, float(settings.web.timeout))


def model_settings(settings: Settings) -> ModelSettings:
    """Return the section [model], run by the runtime that generation.generator names."""
    named = settings.generation.generator
    if named == "extractive" or named == "model":  # noqa: PLR1714 - so that mypy sees what is left
        return settings.model
    return replace(settings.model, runtime=named)


def chat_options(settings: Settings) -> "ChatOptions":
    """Return how a chat model answers."""
    from vouch.generation.chat import Sampling
    from vouch.generation.chat_generator.options import ChatOptions
    from vouch.generation.reasoning.bounds import Bounds

    model, chosen = settings.model, settings.generation
    return ChatOptions(
        Sampling(
            temperature=None if model.temperature < 0 else model.temperature,
            top_p=model.top_p or None,
            top_k=model.top_k or None,
            repetition_penalty=model.repetition_penalty or None,
            max_tokens=model.max_tokens,
            seed=model.seed,
        ),
        Bounds(chosen.max_steps, chosen.max_seconds, chosen.max_tokens, chosen.samples),
        passages=chosen.k,
        context=chosen.context,
        cot=chosen.cot,
        decompose=chosen.decompose,
        check=chosen.check,
        examples=chosen.examples,
        prompts=Path(chosen.prompts).expanduser() if chosen.prompts else None,
        adapter=model.adapter,
    )
