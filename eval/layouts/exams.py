"""Multiple choice: `options` with the letter in `answer`; PubMedQA's yes, no, maybe about its `contexts`."""

from collections.abc import Iterator, Mapping

from vouch.eval.layouts import shared
from vouch.eval.layouts.fields import NotUnderstood, Row, question, text, texts
from vouch.eval.types import Item

_LETTERS = "ABCDEFGHIJ"
_DECISIONS = ("yes", "no", "maybe")


def recognises(row: Row) -> bool:
    """Say whether a row offers answers to choose from."""
    decided = text(row, "final_decision").lower() in _DECISIONS
    offered = bool(_options(row)) and bool(text(row, "answer"))
    return bool(question(row)) and (decided or offered)


def items(row: Row, number: int) -> Iterator[Item]:
    """Yield the item of a row; `gold` is the letter and the words of the right choice."""
    if text(row, "final_decision"):
        yield Item(
            kind="choice",
            gold=(text(row, "final_decision").lower(),),
            choices=_DECISIONS,
            references=texts(row.get("long_answer")),
            passage="\n".join(texts(row.get("contexts") or row.get("context"))),
            **shared.base(row, number),
        )
        return
    options, answer = _options(row), text(row, "answer")
    letter = answer.upper() if answer.upper() in options else next((k for k, v in options.items() if v == answer), "")
    if not letter:
        raise NotUnderstood(f"answer {answer!r} is none of the options")
    fields = {**shared.base(row, number), "type": text(row, "type", "source").partition("/")[0]}
    yield Item(kind="choice", gold=(letter, options[letter]), choices=tuple(options.values()), **fields)


def _options(row: Row) -> dict[str, str]:
    """Return letter -> choice, from an object or a list."""
    said = row.get("options", row.get("choices"))
    if isinstance(said, Mapping):
        return {str(letter).upper(): str(choice) for letter, choice in said.items()}
    if isinstance(said, list):
        return dict(zip(_LETTERS, map(str, said), strict=False))
    return {}
