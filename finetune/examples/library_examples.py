"""Examples made from a library: each kind until its limit is reached or there is nothing more to ask."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from vouch.finetune.examples.choices import Making
from vouch.finetune.examples.fact_examples import fact_example, refusal_example
from vouch.finetune.examples.fact_questions import FactQuestions
from vouch.finetune.examples.serving import Serving
from vouch.finetune.examples.types import Example, Kind
from vouch.finetune.examples.unfit import Unfit
from vouch.generation.plan.holdings import Stated

Attempt = Callable[[], Example]
Say = Callable[[str], None]


@dataclass(slots=True)
class Made:
    """Examples from a library, and how often which reason kept one from being made."""

    examples: list[Example] = field(default_factory=list)
    not_made: Counter[str] = field(default_factory=Counter)


def make_examples(serving: Serving, store: Stated, making: Making, say: Say) -> Made:
    """Return examples of the kinds wanted."""
    made = Made()
    for kind, attempts in _sources(serving, store, making).items():
        found: dict[str, Example] = {}
        for attempt in attempts if kind in making.kinds else ():
            try:
                example = attempt()
            except Unfit as error:
                made.not_made[f"{kind}: {error.reason}"] += 1
                continue
            found.setdefault(example.id, example)
            if len(found) >= making.limit:
                break
        if kind in making.kinds:
            say(f"{kind}: {len(found)} examples")
        made.examples += found.values()
    if making.group == "company":
        company = {d.source.doc_id: d.source.company for d in serving.shelf.documents()}
        made.examples = [replace(e, group=company.get(e.group) or e.group) for e in made.examples]
    return made


def _sources(serving: Serving, store: Stated, making: Making) -> dict[Kind, Iterator[Attempt]]:
    doc_ids = frozenset(document.source.doc_id for document in serving.shelf.documents())
    questions = FactQuestions(store, serving.desk, doc_ids, making.seed)

    def chance(text: str) -> random.Random:
        return random.Random(f"{making.seed}:{text}")  # noqa: S311 - to choose, not to hide

    return {
        "fact": (lambda q=q: fact_example(serving, q, chance(q.text)) for q in questions.stated()),
        "computation": (lambda q=q: fact_example(serving, q, chance(q.text)) for q in questions.computed()),
        "refusal": (lambda q=q: refusal_example(serving, q) for q in questions.stated()),
    }
