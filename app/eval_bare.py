"""`vouch eval answers --generator base` and `base+ADAPTER`: the chat model of the settings by itself."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from vouch.app.setting_sections import ModelSettings
from vouch.app.settings import Settings
from vouch.app.wiring_ask import chat_options
from vouch.app.wiring_models import gathered_model, make_chat_model, named_folders
from vouch.eval.bare_model import BareModel, Likelihood
from vouch.generation.chat import ChatModel, LikelihoodModel
from vouch.retrieval.errors import UsageError

if TYPE_CHECKING:
    from vouch.generation.gathered import GatheredModel

BASE = "base"
_WITH_ADAPTERS = ("transformers", "gguf")


def is_bare(generator: str) -> bool:
    """Say whether a generator's name means the model by itself."""
    return generator == BASE or generator.startswith(f"{BASE}+")


def bare_model(settings: Settings, generator: str) -> "tuple[BareModel, GatheredModel | None]":
    """Return the model that `base` or `base+ADAPTER` names, and what several callers share where it answers together.

    ADAPTER is a name of model.adapters, or the folder of an adapter. UsageError for one that is neither.
    """
    chosen = (
        with_adapter(settings.model, generator.partition("+")[2]) if generator != BASE else _without(settings.model)
    )
    model = make_chat_model(chosen)
    gathered = gathered_model(model) if chosen.batch > 1 else None
    sampling = chat_options(settings).sampling
    return BareModel(gathered or model, sampling, chosen.adapter, likelihood_of(model)), gathered


def with_adapter(model: ModelSettings, wanted: str) -> ModelSettings:
    """Return the settings of a model with one adapter loaded, which answers; UsageError where there is none such."""
    if not wanted:
        raise UsageError("--generator base+ names no adapter: write base+NAME, or base for the model without one")
    if model.runtime not in _WITH_ADAPTERS:
        raise UsageError(
            f"--generator base+{wanted}: model.runtime is {model.runtime}, which has no adapters here; "
            f"set it to {' or '.join(_WITH_ADAPTERS)}"
        )
    named = named_folders(model.adapters)
    if wanted in named:
        return replace(model, adapters=f"{wanted}={named[wanted]}", adapter=wanted)
    folder = Path(wanted).expanduser()
    if not folder.exists():
        known = f"model.adapters names {', '.join(named)}" if named else "model.adapters is empty"
        raise UsageError(f"--generator base+{wanted}: {known}, and there is no folder {wanted}")
    name = folder.resolve().name
    return replace(model, adapters=f"{name}={folder}", adapter=name)


def _without(model: ModelSettings) -> ModelSettings:
    return replace(model, adapters="", adapter="")


def likelihood_of(model: ChatModel) -> Likelihood | None:
    """Return what tells how likely a reply is; None for models that do not tell."""
    return model.logprobs if isinstance(model, LikelihoodModel) else None
