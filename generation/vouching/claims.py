"""A model's text cut into claims: what one citation mark, or one sentence, stands for. Knows no evidence."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_NUMBERS = r"\d{1,3}(?:\s*[,，、;；]\s*\d{1,3}|\s*[-–~]\s*\d{1,3})*"
_WORD = r"(?:来源|资料|片段|文献|参考资料|参考|引用|出处|source|sources|passage|citation|ref|doc)"
MARK = re.compile(
    rf"[\[［【〖]\s*(?:\^|{_WORD}\s*[:：]?\s*)?(?P<numbers>{_NUMBERS})\s*(?:†[^\]］】]{{0,40}})?[\]］】〗]"
    rf"|[(（]\s*{_WORD}\s*[:：]?\s*(?P<named>{_NUMBERS})\s*[)）]",
    re.IGNORECASE,
)
_END = re.compile(r"[。！？；!?;]+[”’」』）)\"']*|(?<![\d.])\.(?!\d)[\"')]*(?=\s|$|[\[【])|(?<=\d)\.(?=\s|$|[\[【])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Inc|Co|Corp|Ltd|No|vs|e\.g|i\.e|etc|approx|Fig|U\.S)|^\s*\d{1,2}|\b[A-Z])$"
)
_LIST_MARK = re.compile(r"\s*(?:[-*•●]\s+|#{1,6}\s+|>\s*|\d{1,2}[.、)]\s*(?!\d))?")
_OPENER = re.compile(
    r"(?:根据|依据|依照|按照|参见|参照|参考|结合|据|见|如|从|由)(?:资料|文件|报告|上述|来源)?"
    r"|(?:according to|based on|as per|per|from|see|in|as (?:stated|shown|reported) in)(?: source| passage)?",
    re.IGNORECASE,
)
"""Words that a mark follows when it stands for what comes after it: 根据[1]，…"""
_ONLY_MARKS = re.compile(r"[\s\W_]*\Z")
_MOST_IN_RANGE = 20


@dataclass(frozen=True, slots=True)
class Claim:
    """A piece of a reply and the numbers it cites."""

    text: str
    """As written, without marks."""
    start: int
    end: int
    """Place in the reply, marks included."""
    marks: tuple[int, ...] = ()
    heading: bool = False
    """A markdown heading, or a line that only announces what follows."""


def claims(reply: str) -> list[Claim]:
    """Return the claims of a reply in order; a mark belongs to the words before it."""
    found: list[Claim] = []
    for line in re.finditer(r"[^\n]+", reply):
        if line[0].strip() and not re.fullmatch(r"[\s|:\-=_*`]+", line[0]):
            found += _of_line(reply, line.start(), line.end())
    return found


def cited_numbers(mark: re.Match[str]) -> tuple[int, ...]:
    """Return the numbers of a mark: [1,2] cites both, [1-3] all three."""
    numbers: list[int] = []
    for part in re.split(r"[,，、;；]", unicodedata.normalize("NFKC", mark["numbers"] or mark["named"])):
        first, _, last = (piece.strip() for piece in re.sub(r"[–~]", "-", part).partition("-"))
        if first:
            numbers += range(int(first), min(int(last or first), int(first) + _MOST_IN_RANGE) + 1)
    return tuple(dict.fromkeys(numbers))


def _of_line(reply: str, start: int, end: int) -> list[Claim]:
    found: list[Claim] = []
    heading = reply[start:end].lstrip().startswith("#")
    at = start + len(_LIST_MARK.match(reply[start:end])[0])  # type: ignore[index]  # the pattern matches anything
    for text_end, piece_end, marks in _pieces(reply, at, end):
        text = reply[at:text_end]
        if found and _ONLY_MARKS.match(text):  # punctuation or marks after the mark of the claim before
            before = found[-1]
            kept = before.text + text.rstrip()
            found[-1] = Claim(kept, before.start, piece_end, tuple(dict.fromkeys((*before.marks, *marks))), heading)
        elif found and _OPENER.fullmatch(found[-1].text):
            before = found.pop()
            whole, both = text.strip().lstrip("，,、 "), tuple(dict.fromkeys((*before.marks, *marks)))
            found.append(Claim(whole, before.start, piece_end, both, heading))
        elif text.strip() or marks:
            found.append(Claim(text.strip(), at + len(text) - len(text.lstrip()), piece_end, marks, heading))
        at = piece_end
    return [_announced(claim) for claim in found]


def _announced(claim: Claim) -> Claim:
    announces = claim.text.rstrip().endswith((":", "：")) and not claim.marks
    return Claim(claim.text, claim.start, claim.end, claim.marks, True) if announces else claim


def _pieces(reply: str, start: int, end: int) -> Iterator[tuple[int, int, tuple[int, ...]]]:
    """Yield (end of the words, end of the marks after them, what they cite) of each piece of a line."""
    at = start
    while at < end:
        mark, stop = MARK.search(reply, at, end), _sentence_end(reply, at, end)
        text_end = min(mark.start() if mark else end, stop)
        marks: tuple[int, ...] = ()
        after = text_end
        while True:
            following = re.compile(r"\s*").match(reply, after, end)
            more = MARK.match(reply, following.end() if following else after, end)
            if not more:
                break
            marks, after = (*marks, *cited_numbers(more)), more.end()
        yield text_end, after, tuple(dict.fromkeys(marks))
        at = after if after > at else at + 1


def _sentence_end(reply: str, start: int, end: int) -> int:
    for match in _END.finditer(reply, start, end):
        if match[0][0] == "." and _ABBREVIATION.search(reply[start : match.start()]):
            continue
        return match.end()
    return end
