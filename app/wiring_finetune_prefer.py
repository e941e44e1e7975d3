"""Preferences to a tuned adapter: imports what trains, inside the function that needs it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vouch.app.extras import need
from vouch.app.settings import Settings
from vouch.finetune.preference.feedback import FromFeedback, Prompt, Prompts, preferences_of
from vouch.finetune.preference.files import read_preferences, write_preferences
from vouch.finetune.preference.types import Preference
from vouch.finetune.training.recipe import TrainingRecipe
from vouch.finetune.training.recipe_file import read_recipe
from vouch.retrieval.conversations import ConversationStore, Feedback, Session
from vouch.retrieval.errors import UsageError

if TYPE_CHECKING:
    from vouch.finetune.examples.serving import Serving
    from vouch.finetune.preference.pairs import PairData
    from vouch.finetune.preference.run import PreferenceReport
    from vouch.finetune.training.watching import Watch

Say = Callable[[str], None]
_NEEDED = ("torch", "transformers", "peft", "accelerate", "trl", "datasets")
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class PreferenceSources:
    """Where preferences come from."""

    data: Path | None = None
    """Folder that the recipe's files start from."""
    library: bool = False
    """Whether the feedback of the settings' library is read."""


def tune_to_preferences(
    settings: Settings, recipe: Path, sources: PreferenceSources, out: Path, follow: "tuple[Watch, Say]"
) -> "PreferenceReport":
    """Tune an adapter to the preferences of files and library, and return the report."""
    wanted = read_recipe(recipe)
    for name in _NEEDED:
        need(name, "vouch finetune prefer", "finetune")
    if wanted.method in ("qlora", "int8-lora"):
        need("bitsandbytes", f'method = "{wanted.method}"', "finetune")
    watch, say = follow
    data = _data(settings, wanted, sources, out, say)
    from vouch.finetune.preference.run import PreferenceJob, tune

    return tune(PreferenceJob(wanted, recipe.read_text(encoding="utf-8"), data, out), watch)


def _data(settings: Settings, wanted: TrainingRecipe, sources: PreferenceSources, out: Path, say: Say) -> "PairData":
    from vouch.finetune.preference.pairs import Fitting, read_pairs
    from vouch.generation.models.formats import language_of
    from vouch.generation.models.loading import raw_config

    language = language_of(wanted.model, raw_config(wanted.model))
    train = _from_files(wanted.data.train, sources.data)
    held_out = _from_files(wanted.data.held_out, sources.data)
    if sources.library:
        found = preferences_of_library(settings, wanted.model)
        say(f"the library's feedback: {len(found.preferences)} preferences")
        _listed([(one.id, one.reason) for one in found.left_out], say)
        write_preferences(out / "preferences.jsonl", found.preferences)
        train += found.preferences
    data = read_pairs(
        train, held_out, wanted.data.held_out_share, wanted.run.seed, Fitting(language, wanted.data.max_length)
    )
    say(f"{len(data.train)} preferences to learn, {len(data.held_out)} held out")
    _listed([(one.id, one.reason) for one in data.left_out], say)
    return data


def _from_files(names: Sequence[str], folder: Path | None) -> list[Preference]:
    if names and folder is None:
        raise UsageError("the recipe names files of preferences: say with --data which folder they are in")
    return [one for name in names for one in read_preferences((folder or Path()) / name)]


def _listed(left_out: Sequence[tuple[str, str]], say: Say) -> None:
    for name, reason in left_out[:_SHOWN]:
        say(f"left out: {name}: {reason}")
    if len(left_out) > _SHOWN:
        say(f"left out: {len(left_out) - _SHOWN} more")


def preferences_of_library(settings: Settings, model: Path) -> FromFeedback:
    """Return the preferences that feedback in the settings' library gives, in the prompts that `model` would get."""
    from vouch.app.wiring_finetune_examples import Sources, measure_of, serving_of
    from vouch.app.wiring_store import open_conversations, open_library

    with closing(open_conversations(settings, write=False)) as store:
        given = store.feedback()
        questions = {feedback.id: _standalone(store, feedback) for feedback in given}
    if not given:
        return FromFeedback((), ())
    with open_library(settings, follow=False) as library:
        library.catch_up()
        serving = serving_of(settings, library, Sources(), measure_of(model, settings), lambda _: None)
        return preferences_of(given, _prompts(serving, questions))


def _standalone(store: ConversationStore, feedback: Feedback) -> str:
    """Return a question as it was understood in its conversation."""
    turns = store.turns(Session(feedback.session, feedback.owner)) if feedback.session else []
    return next((turn.standalone for turn in turns if turn.question == feedback.question), feedback.question)


def _prompts(serving: "Serving", questions: Mapping[str, str]) -> Prompts:
    def prompt(feedback: Feedback) -> Prompt:
        task = serving.read_task(questions[feedback.id])
        tools = serving.toolbox(task)
        schemas = tools.schemas if tools else ()
        return Prompt(serving.prepared(task, schemas).messages, tuple(schemas))

    return prompt
