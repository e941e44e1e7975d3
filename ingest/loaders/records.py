"""What a record of a QA or text collection says, by the field names in use. Knows nothing of files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

QUESTIONS = ("question", "questions", "instruction", "query", "prompt", "ask", "q", "问题", "提问", "问句", "问")
DETAILS = {"instruction": ("input",), "prompt": ("input",), "ask": ()}
"""Fields that complete a question."""
ANSWERS = (
    *("answer", "answers", "output", "response", "completion", "positive", "long_answer", "reference_answers", "reply"),
    *("a", "答案", "回答", "答复", "解答", "答"),
)
TEXTS = ("text", "contents", "content", "passage", "contexts", "context", "body", "abstract", "正文", "内容")
TITLES = ("title", "标题")
DIALOGUES = ("conversations", "conversation", "messages", "dialogue", "dialog")
_ASKING = frozenset(["human", "user", "patient", "问", "患者", "病人", "用户"])
_ANSWERING = frozenset(["gpt", "assistant", "bot", "chatglm", "doctor", "model", "答", "医生", "助手"])
_NOTHING = frozenset(["", "无", "nan", "none", "null", "<noinput>"])


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and its answer."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Record:
    """Questions with answers, or a text, or both where the text is what the question is about."""

    turns: tuple[Turn, ...] = ()
    title: str = ""
    text: str = ""


def record_of(fields: Mapping[str, object]) -> Record | None:
    """Return what a record says; None for one with neither an answered question nor a text."""
    known = {name.strip().lower(): value for name, value in fields.items() if isinstance(name, str)}
    turns = _dialogue(known) or _asked_and_answered(known)
    title, text = _first(known, TITLES), _first(known, TEXTS)
    if not turns and not text:
        return None
    if not turns and _first(known, QUESTIONS):
        return None  # a question that is not answered: its text may be the passage it is asked about
    return Record(turns, title, text)


def _asked_and_answered(known: Mapping[str, object]) -> tuple[Turn, ...]:
    name = next((name for name in QUESTIONS if _texts(known.get(name))), None)
    answer = _first(known, ANSWERS)
    if name is None or not answer:
        return ()
    parts = [*_texts(known[name])[:1], *(_first(known, (detail,)) for detail in DETAILS.get(name, ()))]
    if name == "ask":
        parts.insert(0, _first(known, TITLES))
    options = known.get("options")
    if isinstance(options, Mapping):
        parts += [f"{letter}. {option}" for letter, option in options.items()]
        answer = f"{answer}. {options[answer]}" if answer in options else answer
    return (*_history(known.get("history")), Turn("\n".join(filter(None, parts)), answer))


def _history(value: object) -> tuple[Turn, ...]:
    """Return the turns before the last question, given as pairs or as messages."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return ()
    if all(isinstance(entry, Mapping) for entry in value):
        return _alternating(value)
    pairs = [_texts(entry) for entry in value]
    return tuple(Turn(pair[0], pair[1]) for pair in pairs if len(pair) == 2)


def _dialogue(known: Mapping[str, object]) -> tuple[Turn, ...]:
    value = next((known[name] for name in DIALOGUES if isinstance(known.get(name), list)), None)
    return _alternating(value) if isinstance(value, list) else ()


def _alternating(messages: Sequence[object]) -> tuple[Turn, ...]:
    """Return each message of an asking role with the message of an answering role right after it."""
    spoken = []
    for message in messages:
        if isinstance(message, Mapping):
            role = next((str(message[key]).lower() for key in ("role", "from", "speaker") if key in message), "")
            spoken.append((role, "\n".join(_texts(message))))
    return tuple(
        Turn(asked, answered)
        for (asking, asked), (answering, answered) in pairwise(spoken)
        if asking in _ASKING and answering in _ANSWERING and asked and answered
    )


def _first(known: Mapping[str, object], names: Sequence[str]) -> str:
    return next((text for text in ("\n".join(_texts(known.get(name))) for name in names) if text), "")


def _texts(value: object) -> list[str]:
    """Return every text in a value: itself, its entries, what its entries hold under text, value or content."""
    match value:
        case str():
            return [] if value.strip().lower() in _NOTHING else [value.strip()]
        case bool() | None:
            return []
        case int() | float():
            return [str(value)]
        case Mapping():
            return next((_texts(value[key]) for key in ("text", "value", "content", "answer") if key in value), [])
        case Sequence():
            return [text for entry in value for text in _texts(entry)]
        case _:
            return []
