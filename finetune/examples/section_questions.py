"""Questions made backwards from passages: for what a section says by its heading, for an entry by its own question.

Chosen are sections that a reader would ask about: named by a phrase, and filled with whole sentences.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vouch.finetune.examples.right_passages import Place
from vouch.finetune.examples.words import asked
from vouch.generation.phrases import Language, period_name
from vouch.generation.retrieve import Shelf
from vouch.generation.sections import body_start
from vouch.generation.sentences import Sentence, is_tick_line, readable, sentences
from vouch.retrieval.types import Chunk, Source

CHARACTERS = {"zh": 320, "en": 900}
"""About how much of a section an answer quotes."""
HEADING = {"zh": (4, 24), "en": (6, 70)}
"""Characters of a heading that people would ask for."""
WHOLE = {"zh": 10, "en": 24}
"""Letters of a sentence that says something."""
_NUMBERING = re.compile(
    r"^\s*(?:第[一二三四五六七八九十百\d]+[章节条]|[(（](?:[一二三四五六七八九十]{1,3}|\d{1,2})[)）]\s*[、．.]?"
    r"|[一二三四五六七八九十]{1,3}\s*[、．.]|\d{1,2}(?:\.\d{1,2})*(?:\s*[)）、]|(?:\s*[．.]|\s+)(?!\d))|[①-⑳]|[A-Za-z][.)]\s)\s*"
)
_TAIL = re.compile(r"(?:的?(?:情况|说明|介绍|简介))+$")
"""What a question says itself."""
_SENTENCE_END = re.compile(r"[。！？；.!?;][”’」』）)\]\"']*$")
_LISTED = re.compile(r"\s*[-–—•●▪·*]\s*\S")
"""An item of a list: what the others say is no answer to the heading of one."""
_LETTER = re.compile(r"[^\W\d_]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_NO_TOPIC = re.compile(r"[\d。；;，,:：?？!！]")
_FIGURES = re.compile(r"\d")
_MOSTLY_FIGURES = 0.25


@dataclass(frozen=True, slots=True)
class SectionQuestion:
    """A question and the passage that answers it."""

    text: str
    source: Source
    language: Language
    heading: str
    quoted: tuple[tuple[Place, str], ...]
    """Sentences of one passage in order: where each stands, and as a reader wants it."""
    of_document: bool
    """It names the document: nothing else can answer it."""


class SectionQuestions:
    """Makes questions of all documents in turn."""

    def __init__(self, shelf: Shelf, seed: int) -> None:
        self._shelf = shelf
        self._seed = seed

    def all(self) -> Iterator[SectionQuestion]:
        """Yield a question for each section of each document that is worth one, documents in turn."""
        sources = [document.source for document in self._shelf.documents()]
        open_ = [self._of(source) for source in sorted(sources, key=lambda source: source.doc_id)]
        while open_:
            for questions in list(open_):
                question = next(questions, None)
                if question is None:
                    open_.remove(questions)
                else:
                    yield question

    def _of(self, source: Source) -> Iterator[SectionQuestion]:
        chance = random.Random(f"{self._seed}:{source.doc_id}")  # noqa: S311 - to choose, not to hide
        language: Language = "en" if source.language == "en" else "zh"
        chunks = list(_first_of_sections(self._shelf.passages(source.doc_id)))
        chance.shuffle(chunks)
        for chunk in chunks:
            quoted = self._quoted(chunk, language)
            if not quoted:
                continue
            if chunk.kind == "qa":
                if chunk.context:
                    yield SectionQuestion(chunk.context, source, language, "", quoted, False)
                continue
            heading = bare(chunk.section[-1])
            text = _wording(source, heading, language, chance)
            yield SectionQuestion(text, source, language, heading, quoted, not source.company)

    def _quoted(self, chunk: Chunk, language: Language) -> tuple[tuple[Place, str], ...]:
        """Return the leading sentences of a passage; none where it has not two whole ones to begin with."""
        page = self._shelf.page(chunk.source.doc_id, chunk.page)
        found: list[tuple[Place, str]] = []
        length = 0
        for sentence in sentences(page.text, body_start(page.text, chunk), chunk.end):
            text = readable(page.text[sentence.start : sentence.end])
            if is_tick_line(text):
                continue
            if not _is_whole(text, language) or (found and length + len(text) > CHARACTERS[language]):
                break
            found.append((_place(chunk, sentence), text))
            length += len(text)
        return tuple(found) if len(found) >= 2 or (found and length >= CHARACTERS[language] / 4) else ()


def bare(heading: str) -> str:
    """Return a heading without its number and marks at its ends."""
    shorter = _NUMBERING.sub("", heading)
    while shorter != heading:
        heading, shorter = shorter, _NUMBERING.sub("", shorter)
    return heading.strip(" 　:：。.;；-–—【】")


def _wording(source: Source, heading: str, language: Language, chance: random.Random) -> str:
    if source.company:
        heading = _TAIL.sub("", heading) or heading
        name = chance.choice([source.company, source.short_name or source.company])
        when = period_name(source, language)
        return asked(language, "ask_section", chance, company=name, when=when, heading=heading)
    return asked(language, "ask_heading", chance, title=source.title or source.name, heading=heading)


def _first_of_sections(passages: Sequence[Chunk]) -> Iterator[Chunk]:
    """Yield the first passage under each heading worth asking for, if the heading stands for one section only."""
    names = [bare(chunk.section[-1]) if chunk.section else "" for chunk in passages]
    sections: dict[str, set[tuple[str, ...]]] = {}
    for chunk, name in zip(passages, names, strict=True):
        sections.setdefault(name, set()).add(chunk.section)
    before: tuple[str, ...] = ()
    for chunk, name in zip(passages, names, strict=True):
        if chunk.kind == "qa" or (
            chunk.section != before and chunk.kind == "prose" and len(sections[name]) == 1 and _is_topic(name)
        ):
            yield chunk
        before = chunk.section


def _is_topic(name: str) -> bool:
    language = "zh" if _HAN.search(name) else "en"
    least, most = HEADING[language]
    named = language == "zh" or name[:1].isupper()
    return named and least <= len(name) <= most and not _NO_TOPIC.search(name)


def _is_whole(text: str, language: Language) -> bool:
    """Say whether a sentence can stand by itself: it begins and ends as one, and is not a row of a table."""
    letters, figures = len(_LETTER.findall(text)), len(_FIGURES.findall(text))
    begins = not _LISTED.match(text) and (language == "zh" or not text[:1].islower())
    whole = begins and letters >= WHOLE[language] and bool(_SENTENCE_END.search(text))
    return whole and figures <= _MOSTLY_FIGURES * (letters + figures)


def _place(chunk: Chunk, sentence: Sentence) -> Place:
    return Place(chunk.source.doc_id, chunk.page, sentence.start, sentence.end)
