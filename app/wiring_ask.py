"""What answers questions, from settings: the fact desk, the generator and what vouches for it."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from vouch.app.setting_sections import ModelSettings
from vouch.app.settings import Settings

if TYPE_CHECKING:
    # A question waits for every import: those of the branches not taken are never made.
    from vouch.generation.chat_generator.options import ChatOptions
    from vouch.generation.drafts import Generator
    from vouch.generation.pipeline import Asker
    from vouch.generation.plan.desk import FactDesk
    from vouch.generation.plan.holdings import Stated
    from vouch.generation.vouching.voucher import Voucher
    from vouch.retrieval.library import Library


def asker(settings: Settings, library: "Library") -> "Asker":
    """Return what answers questions from a library."""
    from vouch.generation.pipeline import Asker

    return Asker(library, make_generator(settings), fact_desk(library), make_voucher(settings))


def fact_desk(library: "Library", facts: "Stated | None" = None) -> "FactDesk":
    """Return what answers from stored facts: the library's, or these of them."""
    from vouch.generation.plan.desk import FactDesk
    from vouch.generation.plan.reading import Vocabulary

    return FactDesk(facts or library.store, library.page, Vocabulary.load())


def make_voucher(settings: Settings) -> "Voucher":
    """Return what checks answers before they are given."""
    from vouch.generation.vouching.voucher import Voucher

    return Voucher(settings.generation.unsupported)


def make_generator(settings: Settings) -> "Generator":
    """Return what writes answers; a chat model's weights are loaded here."""
    if settings.generation.generator == "extractive":
        from vouch.generation.extractive import ExtractiveGenerator

        return ExtractiveGenerator()
    from vouch.app.wiring_models import make_chat_model
    from vouch.generation.chat_generator.generator import ChatGenerator

    return ChatGenerator(make_chat_model(model_settings(settings)), chat_options(settings))


def model_settings(settings: Settings) -> ModelSettings:
    """Return the section [model], run by the runtime that generation.generator names."""
    named = settings.generation.generator
    if named in ("extractive", "model"):
        return settings.model
    return replace(settings.model, runtime=named)


def chat_options(settings: Settings) -> "ChatOptions":
    """Return how a chat model answers."""
    from vouch.generation.chat import Sampling
    from vouch.generation.chat_generator.options import ChatOptions
    from vouch.generation.reasoning.bounds import Bounds

    model, chosen = settings.model, settings.generation
    return ChatOptions(
        Sampling(model.temperature, model.top_p, max_tokens=model.max_tokens, seed=model.seed),
        Bounds(chosen.max_steps, chosen.max_seconds, chosen.max_tokens, chosen.samples),
        passages=chosen.k,
        cot=chosen.cot,
        decompose=chosen.decompose,
        check=chosen.check,
        examples=chosen.examples,
        prompts=Path(chosen.prompts).expanduser() if chosen.prompts else None,
        adapter=model.adapter,
    )
