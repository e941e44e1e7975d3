"""What happens while an answer is made, as events of a stream."""

from dataclasses import asdict
from typing import Any

from vouch.app.service.types import StreamEvent
from vouch.generation.events import Answered, Event, Found, Stepped, Token, Understood, Withdrawn
from vouch.generation.json_form import answer_json, hit_json
from vouch.retrieval.question import Question

SHOWN_PASSAGES = 10


def event_of(event: Event) -> StreamEvent:
    """Return the event that streams of an answer send."""
    match event:
        case Understood(question):
            return StreamEvent("understanding", understanding(question))
        case Found(hits):
            shown = [hit_json(rank, hit) for rank, hit in enumerate(hits[:SHOWN_PASSAGES], 1)]
            return StreamEvent("passages", {"passages": shown})
        case Stepped(step):
            return StreamEvent("step", asdict(step))
        case Token(text):
            return StreamEvent("token", text)
        case Withdrawn(reason):
            return StreamEvent("withdrawn", {"reason": reason})
        case Answered(answer):
            return StreamEvent("answer", answer_json(answer))


def understanding(question: Question) -> dict[str, Any]:
    """Return how a question was read: language, companies, times and terms."""
    return {
        "question": question.text,
        "language": question.language,
        "companies": list(question.companies),
        "years": list(question.years),
        "periods": list(question.periods),
        "terms": [question.text[mention.start : mention.end] for mention in question.mentions],
        "wants": question.wants,
    }
