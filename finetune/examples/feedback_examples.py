"""What people thought of answers as conversations: answers they liked, and what they wrote in the place of others.

The prompt is what serving would send today; an answer is taken only if it can still be vouched for from that.
"""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vouch.finetune.examples.archives import content_id
from vouch.finetune.examples.overlap import folded
from vouch.finetune.examples.right_passages import Place, number_of, with_places
from vouch.finetune.examples.serving import Serving, checked, turns
from vouch.finetune.examples.types import Example
from vouch.finetune.examples.unfit import Unfit
from vouch.generation.chat_generator.prompting import Prepared
from vouch.generation.drafts import Task
from vouch.generation.sentences import sentences
from vouch.generation.verify import squeezed
from vouch.retrieval.conversations import Feedback
from vouch.retrieval.types import Chunk

_MARK = re.compile(r"\[(\d{1,3})\]")


@dataclass(frozen=True, slots=True)
class Thought:
    """One feedback and what its question means without the conversation it was asked in."""

    feedback: Feedback
    standalone: str


def feedback_example(serving: Serving, thought: Thought, chance: random.Random) -> Example:
    """Return the question with the answer that people want; Unfit where it cannot be vouched for."""
    given = thought.feedback
    wanted = given.correction.strip() or (str(given.answer.get("answer") or "").strip() if given.rating == "up" else "")
    if not wanted:
        raise Unfit("disliked, without a correction")
    if given.answer.get("kind") == "refused" and not given.correction.strip():
        raise Unfit("a refusal of the program, which no model wrote")
    task = serving.task(thought.standalone)
    cited = _cited(serving, given.answer)
    task = with_places(task, cited.values(), serving.options.passages, chance)
    tools = serving.offered(task)
    prepared = serving.prepared(task, tools)
    if _MARK.search(wanted):
        answer = _renumbered(wanted, {n: number_of(prepared.pieces, place) for n, place in cited.items()})
        checked(task, prepared, answer)
    else:
        answer = _with_marks(task, prepared, wanted)
    messages = turns(prepared, answer)
    return Example(
        id=content_id(messages),
        messages=messages,
        kind="feedback",
        group=f"feedback: {folded(thought.standalone)[:60]}",
        tools=tools,
        source=serving.source,
        licence=serving.licence,
        question=task.question.text,
    )


def _cited(serving: Serving, answer: Mapping[str, Any]) -> dict[int, Place]:
    """Return the passages that an answer's citations stand in, by their numbers."""
    held = {document.source.doc_id for document in serving.shelf.documents()}
    found: dict[int, Place] = {}
    for citation in answer.get("citations") or ():
        doc_id, page, quoted = citation["document_id"], citation["page"], squeezed(citation["text"])
        if doc_id not in held:
            raise Unfit("a document that the answer cites is no longer there")
        chunk = _holding(serving.shelf.passages(doc_id), page, quoted)
        found[int(citation["n"])] = Place(doc_id, page, chunk.start, chunk.end)
    return found


def _holding(passages: Sequence[Chunk], page: int, quoted: str) -> Chunk:
    for chunk in passages:
        if chunk.page == page and quoted in squeezed(chunk.text):
            return chunk
    raise Unfit("what the answer cites stands in no one passage")


def _renumbered(text: str, numbers: Mapping[int, int]) -> str:
    """Return a text with its marks as the prompt numbers the passages."""

    def mark(found: re.Match[str]) -> str:
        number = numbers.get(int(found[1]))
        if number is None:
            raise Unfit("the answer cites what it does not list")
        return f"[{number}]"

    return _MARK.sub(mark, text)


def _with_marks(task: Task, prepared: Prepared, wanted: str) -> str:
    """Return what a person wrote with the number of a passage behind each sentence that it supports."""
    parts: list[str] = []
    at = 0
    for sentence in sentences(wanted):
        text = wanted[at : sentence.end]
        at = sentence.end
        parts.append(f"{text}[{_supporting(task, prepared, wanted[sentence.start : sentence.end])}]")
    return "".join(parts)


def _supporting(task: Task, prepared: Prepared, sentence: str) -> int:
    for number in range(1, len(prepared.pieces) + 1):
        try:
            if not checked(task, prepared, f"{sentence}[{number}]").says_unknown:
                return number
        except Unfit:
            continue  # the next passage may support it
    raise Unfit("no passage supports what was written")
