"""Questions about sections as conversations: the prompt of serving, and the words of the section, cited."""

import random
from collections.abc import Sequence

from vouch.finetune.examples.archives import content_id
from vouch.finetune.examples.right_passages import number_of, with_places, without
from vouch.finetune.examples.section_questions import SectionQuestion
from vouch.finetune.examples.serving import Serving, checked, turns
from vouch.finetune.examples.types import Example, Kind
from vouch.finetune.examples.unfit import Unfit
from vouch.finetune.examples.words import said
from vouch.generation.chat import ToolSchema
from vouch.generation.chat_generator.prompting import Prepared


def section_example(serving: Serving, asked: SectionQuestion, chance: random.Random) -> Example:
    """Return a question with its passage among others, answered by what the passage says first."""
    task = with_places(serving.read_task(asked.text), [asked.quoted[0][0]], serving.options.passages, chance)
    tools = serving.offered(task)
    prepared = serving.prepared(task, tools)
    gap = "" if asked.language == "zh" else " "
    numbers = [number_of(prepared.pieces, place) for place, _ in asked.quoted]
    answer = gap.join(_cited(text, number, asked) for (_, text), number in zip(asked.quoted, numbers, strict=True))
    checked(task, prepared, answer)
    if serving.options.cot:
        key = "thought_section" if asked.heading else "thought_entry"
        step = said(asked.language, key, mark=f"[{numbers[0]}]", heading=asked.heading)
        answer = said(asked.language, "thoughts", thoughts=f"1. {step}", answer=answer)
    return _example(serving, asked, "passage", prepared, answer, tools)


def section_refusal(serving: Serving, asked: SectionQuestion) -> Example:
    """Return a question about a document of which no passage was found, and the words that say so."""
    if not asked.of_document:
        raise Unfit("other documents may answer as well")
    doc_id = asked.source.doc_id
    task = without(serving.read_task(asked.text), lambda chunk: chunk.source.doc_id == doc_id)
    prepared = serving.prepared(task)
    answer = said(asked.language, "refusal")
    if not checked(task, prepared, answer).says_unknown:
        raise Unfit("serving takes the refusal for an answer")
    if serving.options.cot:
        step = said(asked.language, "thought_none")
        answer = said(asked.language, "thoughts", thoughts=f"1. {step}", answer=answer)
    return _example(serving, asked, "refusal", prepared, answer, ())


def _cited(text: str, number: int, asked: SectionQuestion) -> str:
    """Return a sentence with the number of its passage, before its full stop in English prose."""
    return f"{text}[{number}]" if asked.language == "zh" else f"{text} [{number}]"


def _example(
    serving: Serving,
    asked: SectionQuestion,
    kind: Kind,
    prepared: Prepared,
    answer: str,
    tools: Sequence[ToolSchema],
) -> Example:
    messages = turns(prepared, answer)
    return Example(
        id=content_id(messages),
        messages=messages,
        kind=kind,
        group=asked.source.doc_id,
        tools=tuple(tools),
        source=serving.source,
        licence=serving.licence,
        question=asked.text,
    )
