"""Kept conversations for people and programs: listed, exported, named."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from vouch.retrieval.conversations import ConversationStore, Session, StoredConversation
from vouch.retrieval.errors import UsageError


def new_session() -> Session:
    """Return a session named after the time, so that people can tell theirs apart."""
    return Session(f"{datetime.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}")


def found(store: ConversationStore, name: str) -> StoredConversation:
    """Return the conversation of a name, or of the beginning of just one; UsageError where there is none."""
    kept = store.conversations("")
    matching = [one for one in kept if one.session.id == name]
    matching = matching or [one for one in kept if name and one.session.id.startswith(name)]
    if len(matching) == 1:
        return matching[0]
    if matching:
        raise UsageError(f"{name} is the beginning of {len(matching)} conversations: write more of it")
    raise UsageError(f"there is no conversation {name}: vouch chat --list shows those that are kept")


def exported(store: ConversationStore, name: str) -> dict[str, Any]:
    """Return a conversation with all its questions and answer objects."""
    kept = found(store, name)
    turns = [
        {
            "number": turn.number,
            "asked_at": turn.asked_at,
            "question": turn.question,
            "standalone": turn.standalone,
            "answer": turn.answer,
        }
        for turn in store.turns(kept.session)
    ]
    return {**session_json(kept), "summary": kept.summary, "turns": turns}


def session_json(kept: StoredConversation) -> dict[str, Any]:
    """Return a conversation without its turns."""
    return {
        "session": kept.session.id,
        "title": kept.title,
        "questions": kept.turns,
        "created_at": kept.created_at,
        "changed_at": kept.changed_at,
    }


def listed(kept: Sequence[StoredConversation]) -> str:
    """Return conversations for people, a line each."""
    lines = [f"{one.session.id}  {one.changed_at[:16].replace('T', ' ')}  {one.turns:>3}  {one.title}" for one in kept]
    return "\n".join(lines) or "(no conversation is kept)"
