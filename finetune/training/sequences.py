"""Examples as token sequences, through the role formats of serving: the prompt is the one that serving would send.

Each turn of the assistant that is learned becomes a sequence of its own. A conversation trained in one piece would
show the model other prompts than serving does, for templates tell past turns otherwise than the last.
"""

from collections.abc import Iterable, Iterator
from typing import Literal, Protocol

from vouch.finetune.examples.types import Example
from vouch.finetune.training.types import Sequence
from vouch.generation.templates.joined import Joined
from vouch.generation.templates.segments import RoleFormat, Vocabulary

Turns = Literal["all", "last"]


class Spoken(Protocol):
    """How a model is spoken to: the Language of serving."""

    @property
    def vocabulary(self) -> Vocabulary:
        """Text to token ids and back."""
        ...

    @property
    def form(self) -> RoleFormat:
        """Who says what."""
        ...


def sequences(examples: Iterable[Example], language: Spoken, turns: Turns = "all") -> list[Sequence]:
    """Return a sequence for each turn of the assistant that is learned; ModelError for turns that the format lacks."""
    return [sequence for example in examples for sequence in sequences_of(example, language, turns)]


def sequences_of(example: Example, language: Spoken, turns: Turns = "all") -> Iterator[Sequence]:
    """Yield the sequences of one example, in the order of its turns."""
    for place in learned_turns(example, turns):
        yield sequence_of(example, place, language)


def sequence_of(example: Example, place: int, language: Spoken) -> Sequence:
    """Return the sequence of one turn; ModelError for turns that the format lacks."""
    prompt = language.form.segments(example.messages[:place], example.tools)
    reply = language.form.reply(example.messages[place], example.tools)
    ids = Joined.of(prompt, reply, language.vocabulary)
    return Sequence(ids.prompt, ids.reply, example.id, example.group)


def learned_turns(example: Example, turns: Turns) -> list[int]:
    """Return the places of the turns that are learned; of feedback only the last: people corrected that one."""
    places = [place for place, message in enumerate(example.messages) if message.role == "assistant"]
    return places[-1:] if turns == "last" or example.kind == "feedback" else places
