"""Examples for training from settings: what imports libraries, vocabularies and charts, each where it is wanted."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vouch.app.commands.options import Wanted
from vouch.app.extras import need
from vouch.app.settings import Settings
from vouch.finetune.examples.archives import ArchiveOptions
from vouch.finetune.examples.choices import Choices, Making
from vouch.finetune.examples.pipeline import Chosen, Gathered, choose, gather, plotted, write
from vouch.finetune.examples.statistics import Length, characters, counted, estimated_tokens
from vouch.retrieval.errors import UsageError, VouchError

if TYPE_CHECKING:
    from vouch.finetune.examples.feedback_examples import Thought
    from vouch.finetune.examples.serving import Serving
    from vouch.generation.chat import ChatModel
    from vouch.retrieval.conversations import ConversationStore, Feedback
    from vouch.retrieval.library import Library

WINDOW = 8192
"""Tokens of a window that neither settings nor a model name."""
PICTURE = "lengths.png"
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Sources:
    """Where examples come from."""

    files: Sequence[Path] = ()
    archive: ArchiveOptions = field(default_factory=ArchiveOptions)
    making: Making | None = None
    """What to make from the library of the settings; None: nothing."""
    wanted: Wanted = field(default_factory=Wanted)
    """Documents of it."""


@dataclass(frozen=True, slots=True)
class Measure:
    """How long texts are for the model that is to be trained."""

    count: Callable[[str], int]
    window: int
    unit: str

    @property
    def length(self) -> Length:
        """How long an example is."""
        return characters if self.unit == "characters" else counted(self.count)


def make_examples(settings: Settings, sources: Sources, choices: Choices, measure: Measure, say: Say) -> Chosen:
    """Return the examples of files and library, chosen and parted; nothing is written yet."""
    gathered = gather(sources.files, sources.archive, choices.strict)
    if sources.making is not None:
        _add_from_library(gathered, settings, sources, measure, say)
    if not gathered.examples:
        reasons = "; ".join(reason for reason, _ in gathered.not_made.most_common(3))
        raise UsageError(f"the library gave no example{f': {reasons}' if reasons else ''}")
    return choose(gathered, choices, measure.length, measure.unit)


def write_out(chosen: Chosen, out: Path, measure: Measure, warn: Say) -> None:
    """Write the files, and the picture of lengths where charts can be drawn."""
    write(chosen, out)
    try:
        need("matplotlib", "the picture of lengths", "chart")
        from vouch.app.exports.length_chart import draw_lengths

        draw_lengths(plotted(chosen, measure.length), measure.unit, out / PICTURE)
    except VouchError as error:
        warn(f"{PICTURE} was not drawn: {error}")


def measure_of(folder: Path | None, settings: Settings) -> Measure:
    """Return how a model's own vocabulary counts; without a model lengths are told in characters."""
    if folder is None:
        return Measure(estimated_tokens, settings.model.context_window or WINDOW, "characters")
    need("transformers", "--model", "llm")
    need("torch", "--model", "llm")
    from vouch.generation.models.formats import language_of
    from vouch.generation.models.loading import raw_config

    raw: dict[str, Any] = raw_config(folder)
    vocabulary = language_of(folder, raw).vocabulary
    stated = raw.get("max_position_embeddings") or raw.get("seq_length") or WINDOW
    return Measure(vocabulary.count, settings.model.context_window or int(stated), "tokens")


def _add_from_library(gathered: Gathered, settings: Settings, sources: Sources, measure: Measure, say: Say) -> None:
    from vouch.app.wiring_store import open_library
    from vouch.finetune.examples.library_examples import Material
    from vouch.finetune.examples.library_examples import make_examples as made_of

    assert sources.making is not None
    thoughts = thoughts_of(settings) if "feedback" in sources.making.kinds else []
    with open_library(settings, follow=False) as library:
        library.catch_up()
        serving = serving_of(settings, library, sources, measure, say)
        writer = _writer(settings) if "passage" in sources.making.kinds else None
        made = made_of(Material(serving, library.store, thoughts, writer), sources.making, say)
    gathered.examples += made.examples
    gathered.not_made += made.not_made


def serving_of(settings: Settings, library: "Library", sources: Sources, measure: Measure, say: Say) -> "Serving":
    """Return what serving would do with questions over the library, for a model that counts as `measure` does."""
    from vouch.app.scoping import named_scope
    from vouch.app.wiring_ask import chat_options, fact_desk, passage_search, toolboxes
    from vouch.finetune.examples.serving import DictatedModel, RememberedShelf, Serving

    scope, warnings = named_scope(library.documents(), sources.wanted)
    for warning in warnings:
        say(warning)
    return Serving(
        RememberedShelf(library, scope),
        fact_desk(library),
        passage_search(settings),
        DictatedModel(measure.window, measure.count),
        chat_options(settings),
        toolboxes(settings) if settings.generation.tools else None,
        licence=sources.making.licence if sources.making else "",
        source=Path(settings.library).name if "://" not in settings.library else "library",
    )


def thoughts_of(settings: Settings) -> "list[Thought]":
    """Return the feedback of the library, each with its question as it was understood in its conversation."""
    from vouch.app.wiring_store import open_conversations
    from vouch.finetune.examples.feedback_examples import Thought

    with closing(open_conversations(settings, write=False)) as store:
        return [Thought(feedback, _standalone(store, feedback)) for feedback in store.feedback()]


def _standalone(store: "ConversationStore", feedback: "Feedback") -> str:
    from vouch.retrieval.conversations import Session

    turns = store.turns(Session(feedback.session, feedback.owner)) if feedback.session else []
    return next((turn.standalone for turn in turns if turn.question == feedback.question), feedback.question)


def _writer(settings: Settings) -> "ChatModel | None":
    """Return the chat model of the settings; None where answers are written without one."""
    if settings.generation.generator == "extractive":
        return None
    from vouch.app.wiring_ask import model_settings
    from vouch.app.wiring_models import make_chat_model

    return make_chat_model(model_settings(settings))
