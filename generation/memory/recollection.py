"""What is remembered of a conversation: its last turns, and a few sentences about those before."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from vouch.generation.chat import ChatModel, Sampling, reply_to
from vouch.generation.phrases import Language
from vouch.generation.prompts.loader import load_prompt
from vouch.retrieval.conversations import ConversationStore, Session, Turn
from vouch.retrieval.errors import NoReply

WINDOW = 6
"""Turns that are remembered word for word."""
ANSWER_LENGTH = 400
"""Characters of an answer that are remembered."""
SENTENCES = 6
"""Of a summary."""
SUMMARY_LENGTH = 1200

_HAN = re.compile(r"[\u3400-\u9fff]")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_SENTENCE = re.compile(r"[^。！？!?\n]+?(?:[。！？!?\n]|\.(?=\s|$)|$)")


@dataclass(frozen=True, slots=True)
class Recollection:
    """The memory of one conversation."""

    summary: str = ""
    turns: Sequence[Turn] = ()
    """Oldest first."""

    @property
    def text(self) -> str:
        """Everything that was said, as far as it is remembered."""
        return "\n".join((self.summary, *(f"{turn.question}\n{turn.standalone}\n{_said(turn)}" for turn in self.turns)))

    @property
    def shown(self) -> str:
        """The turns as a model reads them."""
        return "\n".join(f"- {turn.standalone}\n  {_said(turn)}" for turn in self.turns)


def recollect(store: ConversationStore, session: Session, window: int = WINDOW) -> Recollection:
    """Return what is remembered of a conversation; nothing of one that is new."""
    try:
        known = store.conversation(session)
    except KeyError:
        return Recollection()
    turns = store.turns(session, max(0, known.turns - window))
    return Recollection(known.summary, turns)


def summarise(store: ConversationStore, session: Session, model: ChatModel, window: int = WINDOW) -> bool:
    """Let a model sum up what falls out of the window; say whether there was anything to do."""
    known = store.conversation(session)
    old = [turn for turn in store.turns(session, known.summarised) if turn.number <= known.turns - window]
    if len(old) < window:  # a few at a time: each summary costs a call
        return False
    before = Recollection(known.summary, old)
    try:
        summary = summary_of(model, before, language_of(before.text))
    except NoReply:
        return False  # the next turn tries again
    store.summarise(session, summary, old[-1].number)
    return True


def summary_of(model: ChatModel, recollection: Recollection, language: Language) -> str:
    """Return a model's summary without sentences whose numbers nobody has said; NoReply is the model's."""
    blanks = {"sentences": str(SENTENCES), "summary": recollection.summary or "-", "turns": recollection.shown}
    messages = load_prompt("summary", language).messages(blanks)
    reply = reply_to(model, messages, Sampling(max_tokens=400)).text[: SUMMARY_LENGTH * 2]
    said = set(_NUMBER.findall(recollection.text))
    sentences = [match[0].strip() for match in _SENTENCE.finditer(reply) if match[0].strip()]
    kept = [sentence for sentence in sentences if set(_NUMBER.findall(sentence)) <= said]
    gap = "" if language == "zh" else " "
    return gap.join(kept[:SENTENCES])[:SUMMARY_LENGTH]


def language_of(text: str) -> Language:
    """Return the language of a text: Chinese where it has a Chinese character."""
    return "zh" if _HAN.search(text) else "en"


def _said(turn: Turn) -> str:
    text = " ".join(str(turn.answer.get("answer", "")).split())
    return text if len(text) <= ANSWER_LENGTH else text[:ANSWER_LENGTH] + "…"
