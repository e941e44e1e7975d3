"""Questions that take several look-ups, cut into questions that take one."""

import re
from typing import Literal

from vouch.generation.prompts.loader import Prompt
from vouch.generation.reasoning.voice import Voice
from vouch.retrieval.question import Question

Decompose = Literal["auto", "never", "always"]

_SEVERAL = re.compile(
    r"分别|比较|相比|对比|差异|区别|异同|哪[个家一].{0,12}更|更[高低多少大小]|以及"
    r"|\b(?:compare[ds]?|versus|vs\.?|difference between|respectively|both)\b",
    re.IGNORECASE,
)
_LIST_MARK = re.compile(r"^\s*(?:[-*•]|[(（]?\d{1,2}[.、)）:：])\s*")
_LONGEST = 200


def takes_parts(question: Question, decompose: Decompose) -> bool:
    """Say whether a question is to be cut up: it names several companies or years, or compares."""
    if decompose != "auto":
        return decompose == "always"
    return len(question.companies) > 1 or len(question.years) > 1 or bool(_SEVERAL.search(question.text))


def parts(voice: Voice, prompt: Prompt, question: Question, most: int) -> tuple[str, ...]:
    """Return the questions that a model cuts one into, at most `most`; none where there is nothing to cut."""
    said = voice.say_if_it_can(prompt.messages({"most": str(most), "question": question.text}))
    lines = [_LIST_MARK.sub("", line).strip() for line in said.text.splitlines()]
    found = tuple(dict.fromkeys(line for line in lines if 4 <= len(line) <= _LONGEST))[:most]
    return () if len(found) < 2 or set(found) == {question.text} else found
