"""A prompt and the reply to it as token ids, the reply as the model itself would go on."""

from dataclasses import dataclass

from vouch.generation.templates.segments import Segment, Text, Vocabulary


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
