"""Examples as token sequences, through the role formats of serving: the prompt is the one that serving would send.

Each turn of the assistant that is learned becomes a sequence of its own. A conversation trained in one piece would
show the model other prompts than serving does, for templates tell past turns otherwise than the last.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from vouch.finetune.examples.types import Example
from vouch.finetune.training.types import Sequence
from vouch.generation.templates.segments import RoleFormat, Segment, Text, Vocabulary

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
        prompt = language.form.segments(example.messages[:place], example.tools)
        reply = language.form.reply(example.messages[place], example.tools)
        ids = Joined.of(prompt, reply, language.vocabulary)
        yield Sequence(ids.prompt, ids.reply, example.id, example.group)


def learned_turns(example: Example, turns: Turns) -> list[int]:
    """Return the places of the turns that are learned; of feedback only the last: people corrected that one."""
    places = [place for place, message in enumerate(example.messages) if message.role == "assistant"]
    return places[-1:] if turns == "last" or example.kind == "feedback" else places


@dataclass(frozen=True, slots=True)
class Joined:
    """Token ids of a prompt and of what follows it."""

    prompt: tuple[int, ...]
    reply: tuple[int, ...]

    @classmethod
    def of(cls, prompt: list[Segment], reply: list[Segment], vocabulary: Vocabulary) -> "Joined":
        """Return the prompt's ids as serving sends them, and those of the reply as the text goes on there.

        Where prompt and reply meet within a text, tokenizers merge across (a space and the word behind it): then the
        ids are those of the whole text, provided that the prompt keeps its own.
        """
        asked = vocabulary.prompt_ids(prompt)
        before, first = prompt[-1], reply[0]
        if isinstance(before, Text) and isinstance(first, Text):
            whole = vocabulary.prompt_ids([*prompt[:-1], Text(before.text + first.text), *reply[1:]])
            if whole[: len(asked)] == asked:
                return cls(tuple(asked), tuple(whole[len(asked) :]))
        return cls(tuple(asked), tuple(vocabulary.prompt_ids(reply)))
