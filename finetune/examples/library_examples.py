"""Examples made from a library: each kind until its limit is reached or there is nothing more to ask."""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from vouch.finetune.examples.choices import Making
from vouch.finetune.examples.fact_examples import fact_example, refusal_example
from vouch.finetune.examples.fact_questions import FactQuestion, FactQuestions
from vouch.finetune.examples.feedback_examples import Thought, feedback_example
from vouch.finetune.examples.section_examples import section_example, section_refusal
from vouch.finetune.examples.section_questions import SectionQuestion, SectionQuestions
from vouch.finetune.examples.serving import Serving
from vouch.finetune.examples.tool_examples import tool_example
from vouch.finetune.examples.types import Example, Kind
from vouch.finetune.examples.unfit import Unfit
from vouch.finetune.examples.written_examples import written_example
from vouch.generation.chat import ChatModel
from vouch.generation.plan.holdings import Stated

Attempt = Callable[[], Example]
Asked = TypeVar("Asked")
Say = Callable[[str], None]

HOPELESS = 200
"""Attempts that fail one after the other until a kind is given up."""


@dataclass(slots=True)
class Made:
    """Examples from a library, and how often which reason kept one from being made."""

    examples: list[Example] = field(default_factory=list)
    not_made: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Material:
    """What examples are made of."""

    serving: Serving
    store: Stated
    thoughts: Sequence[Thought] = ()
    """Feedback of the library."""
    writer: ChatModel | None = None
    """Asks backwards from passages; without one their headings do."""


def make_examples(material: Material, making: Making, say: Say) -> Made:
    """Return examples of the kinds wanted."""
    made = Made()
    for kind, attempts in _sources(material, making).items():
        if kind in making.kinds:
            found = _tried(kind, attempts, making.limit, made.not_made)
            say(f"{kind}: {len(found)} examples")
            made.examples += found
    if making.group == "company":
        company = {d.source.doc_id: d.source.company for d in material.serving.shelf.documents()}
        made.examples = [replace(e, group=company.get(e.group) or e.group) for e in made.examples]
    return made


def _tried(kind: Kind, attempts: Iterator[Attempt], limit: int, not_made: Counter[str]) -> list[Example]:
    """Return what comes of attempts, until there are enough or too many in a row have failed."""
    found: dict[str, Example] = {}
    failed = 0
    for attempt in attempts:
        try:
            example = attempt()
        except Unfit as error:
            not_made[f"{kind}: {error.reason}"] += 1
            failed += 1
            if failed >= HOPELESS:
                break
            continue
        failed = 0
        found.setdefault(example.id, example)
        if len(found) >= limit:
            break
    return list(found.values())


def _sources(material: Material, making: Making) -> dict[Kind, Iterator[Attempt]]:
    serving, writer = material.serving, material.writer
    doc_ids = frozenset(document.source.doc_id for document in serving.shelf.documents())
    facts = FactQuestions(material.store, serving.desk, doc_ids, making.seed)
    sections = SectionQuestions(serving.shelf, making.seed)

    def chance(text: str) -> random.Random:
        return random.Random(f"{making.seed}:{text}")  # noqa: S311 - to choose, not to hide

    def fact(asked: FactQuestion) -> Example:
        return fact_example(serving, asked, chance(asked.text))

    def tools(asked: FactQuestion) -> Example:
        return tool_example(serving, asked, chance(asked.text))

    def passage(asked: SectionQuestion) -> Example:
        if writer is not None and asked.heading:
            return written_example(serving, writer, asked, chance(asked.text))
        return section_example(serving, asked, chance(asked.text))

    def feedback(thought: Thought) -> Example:
        return feedback_example(serving, thought, chance(thought.feedback.id))

    without_passage = partial(refusal_example, serving), partial(section_refusal, serving)
    return {
        "fact": _attempts(fact, facts.stated()),
        "computation": _attempts(fact, facts.computed()),
        "refusal": _alternating(
            _attempts(without_passage[0], facts.stated()),
            _attempts(without_passage[1], (asked for asked in sections.all() if asked.of_document)),
        ),
        "passage": _attempts(passage, sections.all()),
        "tools": _alternating(_attempts(tools, facts.stated()), _attempts(tools, facts.computed()))
        if serving.tools
        else iter(()),
        "feedback": _attempts(feedback, iter(material.thoughts)),
    }


def _attempts(make: "Callable[[Asked], Example]", asked: "Iterator[Asked]") -> Iterator[Attempt]:
    """Yield what makes an example of each question."""
    for question in asked:
        yield partial(make, question)


def _alternating(*sources: Iterator[Attempt]) -> Iterator[Attempt]:
    """Yield from each source in turn until all are used up."""
    open_ = list(sources)
    while open_:
        for source in list(open_):
            attempt = next(source, None)
            if attempt is None:
                open_.remove(source)
            else:
                yield attempt
