"""Copies a library's documents, with all they hold, and its conversations into another one. Knows no engine."""

from collections.abc import Callable
from dataclasses import dataclass

from vouch.retrieval.conversations import ConversationStore
from vouch.retrieval.library_store import LibraryStore
from vouch.retrieval.types import StoredDocument


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied."""

    copied: int
    unchanged: int
    """Documents that the other library held already."""


def copy_library(source: LibraryStore, target: LibraryStore, on_progress: Callable[[StoredDocument], None]) -> Copied:
    """Copy the documents that the target does not hold with the same content, in the order they were stored in.

    The order decides between equally good facts and equally good hits: with it, the copy answers as the source does.
    """
    held = {(document.source, document.content_hash, document.recipe) for document in target.documents()}
    copied = unchanged = 0
    for document in source.documents_as_stored():
        if (document.source, document.content_hash, document.recipe) in held:
            unchanged += 1
        else:
            target.put(source.record(document.source.doc_id))
            copied += 1
        on_progress(document)
    return Copied(copied, unchanged)


def copy_conversations(source: ConversationStore, target: ConversationStore) -> tuple[int, int]:
    """Copy conversations, with all turns, and feedback; return how many of each.

    What the target holds as it is, or has gone on with since, stays as it is there.
    """
    held = {conversation.session: conversation for conversation in target.conversations()}
    copied = 0
    for conversation in source.conversations():
        there = held.get(conversation.session)
        if there is None or (there != conversation and there.changed_at <= conversation.changed_at):
            target.restore(conversation, source.turns(conversation.session))
            copied += 1
    known = {given.id for given in target.feedback()}
    fresh = [given for given in source.feedback() if given.id not in known]
    for given in fresh:
        target.restore_feedback(given)
    return copied, len(fresh)
