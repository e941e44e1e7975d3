"""How often honest answers are taken for lies, and lies for honest answers, over real documents.

    python benchmarks/vouching.py --library LIBRARY --questions FILE.jsonl [--count 60]

FILE.jsonl has a `question` (or `text`) on each line. A scripted model copies the sentences of its passages that are
most like the question, each with its number: what is flagged of these is a false alarm. Then it changes each of them in
one way (a digit, the unit, the direction, a negation, the passage cited): what is not flagged is missed.
"""

import argparse
import json
import random
import re
from collections.abc import Callable
from pathlib import Path

from vouch.app.settings import load_settings
from vouch.app.wiring_store import open_library
from vouch.generation.chat import ChatRequest
from vouch.generation.chat_generator.generator import ChatGenerator
from vouch.generation.chat_generator.options import ChatOptions
from vouch.generation.drafts import Task
from vouch.generation.models.scripted import ScriptedModel
from vouch.generation.retrieve import retrieve
from vouch.generation.sentences import sentences
from vouch.generation.vouching.figures import figures, folded
from vouch.generation.vouching.voucher import reviewed_text
from vouch.retrieval.library import Library
from vouch.retrieval.question import understand
from vouch.retrieval.tokenize import tokens

Change = Callable[[str], str | None]
_CHANCE = random.Random(3)
_UNITS = (("万元", "亿元"), ("亿元", "万元"), ("元", "万元"), ("%", "倍"))
_WAYS = ("增长", "下降"), ("增加", "减少"), ("上升", "下降"), ("increase", "decrease")
_NEGATIONS = (
    ("不存在", "存在"),
    ("未发生", "发生了"),
    ("不推荐", "推荐"),
    ("没有", "有"),
    ("不能", "能"),
    (" not ", " "),
)


def copied(request: ChatRequest) -> list[tuple[str, int]]:
    """Return the three sentences of a prompt's passages that are most like its question, and their numbers."""
    said = request.messages[-1].content
    wanted = set(tokens(re.split(r"问题：|Question: ", said)[-1]))
    passages = re.split(r"</资料>|</passages>", re.split(r"<资料>|<passages>", said)[-1])[0]
    found = []
    for part in re.split(r"\n\n(?=\[\d+\] )", passages.strip()):
        number = re.match(r"\[(\d+)\]", part)
        _, _, text = part.partition("\n")
        for sentence in sentences(text) if number else ():
            words = " ".join(text[sentence.start : sentence.end].split()).rstrip("。")
            if number and 8 < len(words) < 200:
                held = set(tokens(words))
                found.append((len(wanted & held) / (5 + len(held) ** 0.5), words, int(number[1])))
    return [(words, number) for _, words, number in sorted(found, reverse=True)[:3]]


def another_digit(text: str) -> str | None:
    """Return a text with one digit of a number changed."""
    plain = folded(text)
    places = [i for f in figures(text) for i in range(f.start, f.end) if plain[i].isdigit() and len(f.text) > 1]
    if not places:
        return None
    at = _CHANCE.choice(places)
    return f"{plain[:at]}{(int(plain[at]) + _CHANCE.randint(1, 8)) % 10}{plain[at + 1 :]}"


def another_unit(text: str) -> str | None:
    """Return a text with the unit of an amount changed."""
    plain = folded(text)
    for unit, other in _UNITS:
        if match := re.search(rf"\d\s?(?={re.escape(unit)})", plain):
            return plain[: match.end()] + other + plain[match.end() + len(unit) :]
    return None


def replaced(pairs: tuple[tuple[str, str], ...]) -> Change:
    """Return what replaces the first of these words that a text holds."""
    both = (*pairs, *((other, word) for word, other in pairs)) if pairs is _WAYS else pairs
    return lambda text: next((text.replace(word, other, 1) for word, other in both if word in text), None)


CHANGES: dict[str, tuple[Change, int]] = {
    "copied": (lambda text: text, 0),
    "digit": (another_digit, 0),
    "unit": (another_unit, 0),
    "direction": (replaced(_WAYS), 0),
    "negation": (replaced(_NEGATIONS), 0),
    "passage": (lambda text: text, 1),
}
"""How a sentence is changed and how far its mark is moved."""


def flagged(library: Library, questions: list[str], change: Change, moved: int) -> tuple[int, int]:
    """Return how many sentences were changed and how many of them were flagged."""

    def reply(request: ChatRequest) -> str:
        changed = [(change(words), 1 + (number - 1 + moved) % 8) for words, number in copied(request)]
        return "\n".join(f"{words}[{number}]。" for words, number in changed if words)

    generator = ChatGenerator(ScriptedModel([], afterwards=reply), ChatOptions())
    stated = wrong = 0
    for question in questions:
        asked = understand(question, library.documents())
        task = Task(library, asked, asked.scope, retrieve(library, asked, asked.scope))
        written = generator.draft(task).written
        checked = [] if written is None else [c for c in reviewed_text(task, written).checked if not c.frame]
        stated += len(checked)
        wrong += sum(bool(claim.problems) for claim in checked)
    return stated, wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", required=True)
    parser.add_argument("--questions", required=True, type=Path)
    parser.add_argument("--count", type=int, default=60)
    asked = parser.parse_args()
    with asked.questions.open(encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    random.Random(1).shuffle(lines)
    questions = [line.get("question") or line["text"] for line in lines[: asked.count]]
    with open_library(load_settings({"library": asked.library})) as library:
        for name, (change, moved) in CHANGES.items():
            stated, wrong = flagged(library, questions, change, moved)
            print(f"{name:10} {stated:4} sentences, {wrong:4} flagged")


if __name__ == "__main__":
    main()
