"""What a set of examples is like: how many of which kind and language, how long, from where."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from math import ceil
from typing import Any

import numpy as np

from vouch.finetune.examples.message_json import messages_json, tools_json
from vouch.finetune.examples.types import Example
from vouch.generation.phrases import Language

Length = Callable[[Example], int]
"""How long an example is, in tokens or characters."""

_HAN = re.compile(r"[\u3400-\u9fff]")
_DIGIT = re.compile(r"\d")


def language_of(example: Example) -> Language:
    """Return the language of what is asked."""
    return "zh" if _HAN.search(example.asked) else "en"


def characters(example: Example) -> int:
    """Return the characters of an example: all turns and calls, tools as JSON."""
    return _written(example, len)


def estimated_tokens(text: str) -> int:
    """Return about how many tokens a text takes where no vocabulary is at hand.

    0.7 a Chinese character, one a digit, a quarter for any other. Measured: ChatGLM3's vocabulary takes 1,857 tokens
    for the tools of serving (estimated 1,980) and 85,429 for thirty Chinese prompts with tables (estimated 90,000).
    """
    han, digits = len(_HAN.findall(text)), len(_DIGIT.findall(text))
    return ceil(0.7 * han + digits + 0.25 * (len(text) - han - digits))


def counted(count: Callable[[str], int]) -> Length:
    """Return the measure of examples in tokens of this vocabulary, without turn headers and control tokens."""
    return lambda example: _written(example, count)


def statistics(examples: Sequence[Example], length: Length) -> dict[str, Any]:
    """Return the figures of a set as a JSON object."""
    lengths = np.array([length(example) for example in examples], dtype=np.int64)
    return {
        "examples": len(examples),
        "groups": len({example.group for example in examples}),
        "kinds": _counts(example.kind for example in examples),
        "languages": _counts(language_of(example) for example in examples),
        "sources": _counts(example.source for example in examples),
        "licences": _counts(example.licence or "not stated" for example in examples),
        "length": _spread(lengths),
        "answer_characters": _spread(np.array([len(example.answer) for example in examples], dtype=np.int64)),
    }


def lengths_by_kind(examples: Sequence[Example], length: Length) -> dict[str, list[int]]:
    """Return the lengths of the examples of each kind, for a plot."""
    found: dict[str, list[int]] = {}
    for example in examples:
        found.setdefault(example.kind, []).append(length(example))
    return dict(sorted(found.items()))


def _written(example: Example, count: Callable[[str], int]) -> int:
    turns = messages_json(example.messages)
    texts = [str(turn["content"]) for turn in turns]
    texts += [
        call["function"]["name"] + call["function"]["arguments"] for t in turns for call in t.get("tool_calls", ())
    ]
    if example.tools:
        texts.append(str(tools_json(example.tools)))
    return sum(map(count, texts))


def _counts(values: Any) -> dict[str, int]:
    return dict(Counter(values).most_common())


def _spread(lengths: "np.ndarray[Any, Any]") -> dict[str, int]:
    if not len(lengths):
        return {}
    marks = {"min": 0, "median": 50, "p95": 95, "p99": 99, "max": 100}
    found = {name: int(np.percentile(lengths, mark, method="lower")) for name, mark in marks.items()}
    return {**found, "total": int(lengths.sum())}
