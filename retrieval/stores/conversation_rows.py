"""Turns and feedback as the columns of their tables, in both kinds of database alike."""

import json

from vouch.retrieval.conversations import Feedback, Turn


def turn_row(turn: Turn) -> tuple[int, str, str, str, str]:
    """Return number, question, standalone, answer and asked_at."""
    return turn.number, turn.question, turn.standalone, json.dumps(turn.answer, ensure_ascii=False), turn.asked_at


def feedback_row(given: Feedback) -> tuple[str, ...]:
    """Return id, owner, session, question, answer, rating, comment, correction and created_at."""
    answer = json.dumps(given.answer, ensure_ascii=False)
    said = (given.rating, given.comment, given.correction)
    return (given.id, given.owner, given.session, given.question, answer, *said, given.created_at)
