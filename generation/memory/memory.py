"""The memory of one conversation: reads what was said, writes a question out, keeps the turn."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vouch.generation.chat import ChatModel
from vouch.generation.memory.recollection import WINDOW, recollect, summarise
from vouch.generation.memory.standalone import Held, rewritten, written_out
from vouch.retrieval.conversations import ConversationStore, Session, Turn
from vouch.retrieval.question import Question


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A question in the light of its conversation."""

    asked: str
    """What is to be answered: as typed, or as a model wrote it out."""
    context: Question | None
    """The question before, by which what is left out is understood; None where nothing is left out any more."""
    standalone: str
    """The same question without its conversation."""


class Memory:
    """What one conversation remembers, kept in the library."""

    def __init__(
        self, store: ConversationStore, session: Session, model: ChatModel | None = None, window: int = WINDOW
    ) -> None:
        """`model`: writes follow-ups out and sums up what falls out of the window; both are done by rule without."""
        self.session = session
        self._store = store
        self._model = model
        self._window = window

    def follow_up(self, question: str, held: Held) -> FollowUp:
        """Return a question with what it leaves out."""
        remembered = recollect(self._store, self.session, self._window)
        if not remembered.turns:
            return FollowUp(question, None, question)
        new = rewritten(self._model, question, remembered, held) if self._model else None
        if new is not None:
            return FollowUp(new, None, new)
        context: Question | None = None
        for turn in remembered.turns:
            context = held.understood(turn.standalone, context)
        return FollowUp(question, context, written_out(question, remembered.turns[-1].standalone, held))

    def keep(self, question: str, follow_up: FollowUp, answer: Mapping[str, Any]) -> None:
        """Keep a turn with its answer object; sums up what is old where a model can."""
        self._store.add_turn(self.session, Turn(question, follow_up.standalone, answer))
        if self._model:
            summarise(self._store, self.session, self._model, self._window)
