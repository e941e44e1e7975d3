"""Questions that a chat model makes backwards from passages, and answers that it gives to them in serving's prompt."""

import random
import re

from vouch.finetune.examples.archives import content_id
from vouch.finetune.examples.right_passages import Place, number_of, with_places
from vouch.finetune.examples.section_questions import SectionQuestion
from vouch.finetune.examples.serving import Serving, checked, turns
from vouch.finetune.examples.types import Example
from vouch.finetune.examples.unfit import Unfit
from vouch.finetune.examples.words import said
from vouch.generation.chat import ChatModel, Message, reply_to
from vouch.generation.packing import as_data, place_line
from vouch.generation.reasoning.thoughts import ThoughtSplitter
from vouch.generation.vouching.claims import MARK, cited_numbers
from vouch.retrieval.errors import NoReply

LEAST, MOST = 6, 160
"""Characters of a question."""
_LABEL = re.compile(r"^\s*(?:问题|问|Question|Q)?\s*\d{0,2}\s*[:：.、)）]?\s*", re.IGNORECASE)
_ABOUT_THE_PASSAGE = re.compile(r"资料|上文|本文|文中|这段|该段|passage|the text|excerpt", re.IGNORECASE)


def written_example(serving: Serving, writer: ChatModel, asked: SectionQuestion, chance: random.Random) -> Example:
    """Return a question of the model's own about a passage, answered by it and vouched for by serving."""
    try:
        question = _question(serving, writer, asked)
        task = with_places(serving.read_task(question), [asked.quoted[0][0]], serving.options.passages, chance)
        tools = serving.offered(task)
        prepared = serving.prepared(task, tools)
        answer = reply_to(writer, prepared.messages, serving.options.sampling).text.strip()
    except NoReply as error:
        raise Unfit(f"the model gave no reply ({error.reason})") from error
    if checked(task, prepared, answer).says_unknown:
        raise Unfit("the model finds no answer to its own question")
    splitter = ThoughtSplitter()
    final = splitter.feed(answer) + splitter.finish()
    if number_of(prepared.pieces, asked.quoted[0][0]) not in _cited(final):
        raise Unfit("the model answers from another passage than it asked about")
    messages = turns(prepared, answer)
    return Example(
        id=content_id(messages),
        messages=messages,
        kind="passage",
        group=asked.source.doc_id,
        tools=tools,
        source=f"{serving.source}, written by {writer.name}",
        licence=serving.licence,
        question=question,
    )


def _question(serving: Serving, writer: ChatModel, asked: SectionQuestion) -> str:
    passage = _passage(serving, asked.quoted[0][0], asked)
    system = Message("system", said(asked.language, "reverse_system"))
    user = Message("user", said(asked.language, "reverse_user", passage=passage))
    splitter = ThoughtSplitter()
    reply = reply_to(writer, (system, user), serving.options.sampling).text
    final = splitter.feed(reply) + splitter.finish()
    line = next((line for line in final.splitlines() if line.strip()), "")
    question = _LABEL.sub("", line).strip(" \"'“”*")
    if not LEAST <= len(question) <= MOST or _ABOUT_THE_PASSAGE.search(question):
        raise Unfit("the model wrote no question that stands by itself")
    return question


def _passage(serving: Serving, place: Place, asked: SectionQuestion) -> str:
    chunks = serving.shelf.passages(place.doc_id)
    chunk = next(chunk for chunk in chunks if place.is_in(chunk, chunk.start, chunk.end))
    line = place_line(chunk.source, chunk.page, chunk.section, asked.language)
    return "\n".join(part for part in (line, as_data(chunk.context), as_data(chunk.text)) if part)


def _cited(answer: str) -> set[int]:
    return {number for mark in MARK.finditer(answer) for number in cited_numbers(mark)}
