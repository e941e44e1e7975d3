"""A reply parted into thoughts and answer while it streams. Knows no model.

Understood are `<think>…</think>` of models that reason by themselves, and the words that the prompt asks for:
思考：… 回答：… and Thoughts: … Answer: …
"""

import re

_OPENING = re.compile(
    r"\s*(?:<think(?:ing)?>|(?:\*\*)?(?:思考(?:过程)?|推理|Thoughts?|Reasoning)(?:\*\*)?\s*[:：](?:\*\*)?)",
    re.IGNORECASE,
)
_TAG_END = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
_WORD_END = re.compile(
    r"(?:^|\n)\s*(?:\*\*|#+\s*)?(?:最终)?(?:回答|答案|结论|(?:Final )?Answer)(?:\*\*)?\s*[:：](?:\*\*)?", re.IGNORECASE
)
_BEGINNINGS = (
    *("<think>", "<thinking>", "思考：", "思考过程：", "推理：", "thoughts:", "thought:", "reasoning:"),
    *("回答：", "最终回答：", "答案：", "answer:", "final answer:"),
)
"""How a reply begins that does not begin with its answer; anything else is told at once."""
_TAIL = 40
"""Characters kept back while thinking: an end mark may be split over two pieces."""


class ThoughtSplitter:
    """Takes a reply piece by piece and gives back what of it is the answer."""

    def __init__(self) -> None:
        self._buffer = ""
        self._end: re.Pattern[str] | None = None
        self._answering = False
        self._emphasis = False
        self._thoughts: list[str] = []

    @property
    def thoughts(self) -> tuple[str, ...]:
        """The steps of thinking so far, one for each line."""
        lines = "".join(self._thoughts).splitlines()
        return tuple(
            line
            for line in (re.sub(r"^\s*(?:[-*•]|\d+[.、)])\s*", "", line).strip() for line in lines)
            if re.search(r"\w", line)
        )

    def feed(self, text: str) -> str:
        """Return the part of the answer that has become certain with this piece."""
        if self._answering:
            return self._without_emphasis(text)
        self._buffer += text
        if self._end is None:
            return self._begun()
        return self._thinking()

    def finish(self) -> str:
        """Return what is left of the answer, now that nothing follows."""
        if self._answering:
            return ""
        rest, self._buffer = self._buffer, ""
        if self._end is None:
            return rest
        self._thoughts.append(rest)
        return ""

    def _begun(self) -> str:
        opening = _OPENING.match(self._buffer)
        if opening:
            self._end = _TAG_END if "<" in opening[0] else _WORD_END
            self._buffer = self._buffer[opening.end() :]
            return self._thinking()
        answer = re.match(r"\s*(?:最终)?(?:回答|答案|Answer)\s*[:：]", self._buffer)
        if answer or not _may_begin(self._buffer):
            self._answering = True
            return self._buffer[answer.end() :].lstrip() if answer else self._buffer
        return ""

    def _without_emphasis(self, text: str) -> str:
        """Return the text without the asterisks that close a heading in bold: **Answer:** 5."""
        if not self._emphasis:
            return text
        rest = text.lstrip("* \n")
        self._emphasis = not rest
        return rest

    def _thinking(self) -> str:
        assert self._end is not None
        end = self._end.search(self._buffer)
        if end is None:
            self._thoughts.append(self._buffer[:-_TAIL])
            self._buffer = self._buffer[-_TAIL:]
            return ""
        self._thoughts.append(self._buffer[: end.start()])
        answer = re.sub(r"^\s*(?:\*\*)?(?:最终)?(?:回答|答案|Answer)\s*[:：]\s*", "", self._buffer[end.end() :])
        self._answering = True
        self._emphasis = end[0].count("**") % 2 == 1 or not answer.strip()
        return self._without_emphasis(answer.lstrip())


def _may_begin(text: str) -> bool:
    """Say whether what follows may yet make this the beginning of thoughts."""
    start = text.lstrip(" \n*#").lower().replace(":", "：")
    known = [beginning.replace(":", "：") for beginning in _BEGINNINGS]
    return not start or any(beginning.startswith(start) for beginning in known)
