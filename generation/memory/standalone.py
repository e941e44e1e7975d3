"""Follow-up questions written out, so that they can be understood without the conversation.

By rule: what the question leaves out is taken from the one before. By a model: whatever it writes, checked so that it
neither loses a name or number of the question nor brings one that was never said.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from vouch.generation.chat import ChatModel, Sampling, reply_to
from vouch.generation.memory.recollection import Recollection, language_of
from vouch.generation.prompts.loader import load_prompt
from vouch.retrieval.companies import CompanyNames, known_names
from vouch.retrieval.errors import NoReply
from vouch.retrieval.periods import named_periods
from vouch.retrieval.question import Question, understand
from vouch.retrieval.tokenize import tokens
from vouch.retrieval.types import StoredDocument

LONGEST = 300
"""Characters of a question written out."""
KEPT = 0.6
"""Share of a follow-up's words that must stand in what a model makes of it: it may put in, not replace."""

_OPENING = re.compile(r"^(?:那么?|那个?|再|还有|另外|and|what about|how about|then)[\s,，:：]*", re.IGNORECASE)
_ENDING = re.compile(r"(?:又|则)?(?:呢|如何|怎么样|怎样)?\s*[?？。.!！]*\s*$")
_POINTS_BACK = re.compile(
    r"它|其(?!他|它|余|中)|该(?:公司|企业|年|指标|病|药)|这[个家种些]|那[个家种些年]|上述|前面|刚才|同期|同一年"
    r"|\b(?:it|its|they|their|them|that|this|those|these|the same|the company|there)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Held:
    """What a library is about: its documents, and companies that only facts are about (name, short name, code)."""

    documents: Sequence[StoredDocument]
    others: frozenset[tuple[str, str, str]] = frozenset()

    @property
    def names(self) -> CompanyNames:
        """Every name of its companies."""
        own = {(d.source.company, d.source.short_name, d.source.code) for d in self.documents}
        return known_names(self.others | own)

    def understood(self, question: str, context: Question | None = None) -> Question:
        """Return a question as understood."""
        return understand(question, self.documents, context, self.others)


def written_out(question: str, before: str, held: Held) -> str:
    """Return a follow-up with the company and period of the question before (written out itself), by rule."""
    text, names = " ".join(question.split()), held.names
    if not before or names.find(text) or held.understood(text).unknown_company:
        return text
    said = names.find(before)
    if not said:
        return text
    body = _ENDING.sub("", _OPENING.sub("", text)).strip()
    times = [body[start:end] for start, end in named_periods(body).spans]
    rest = body
    for time in times:
        rest = rest.replace(time, "")
    if times and not tokens(re.sub(r"[的年度、和与,，\s]|\b(?:in|for|fiscal|and|the)\b", "", rest)):
        return _with_times(before, times)
    company = before[said[0].start : said[0].end]
    period = "" if times else "".join(before[a:b] for a, b in named_periods(_without(before, names)).spans[:1])
    if language_of(before + text) == "zh":
        return f"{company}{period}{_OPENING.sub('', text)}"
    return f"{_OPENING.sub('', text).rstrip(' ?')} ({' '.join(filter(None, (company, period)))})?"


def rewritten(model: ChatModel, question: str, remembered: Recollection, held: Held) -> str | None:
    """Return a model's version of a follow-up that stands alone; None where there is none or it is unfit."""
    if not remembered.turns or not leaves_out(question, held.names):
        return None
    blanks = {"summary": remembered.summary or "-", "turns": remembered.shown, "question": question}
    messages = load_prompt("follow_up", language_of(question)).messages(blanks)
    try:
        reply = reply_to(model, messages, Sampling(max_tokens=200)).text
    except NoReply:
        return None
    lines = [line.strip().strip('"“”「」') for line in reply[: LONGEST * 4].splitlines() if line.strip()]
    return lines[0] if len(lines) == 1 and is_faithful(lines[0], question, remembered, held) else None


def leaves_out(question: str, names: CompanyNames) -> bool:
    """Say whether a question may mean something that it does not name."""
    return not names.find(question) or bool(_POINTS_BACK.search(question))


def is_faithful(new: str, question: str, remembered: Recollection, held: Held) -> bool:
    """Say whether a rewritten question keeps what was asked and brings nothing that nobody has said."""
    names, said = held.names, f"{remembered.text}\n{question}"
    asked, named = _companies(question, names), _companies(new, names)
    numbers = set(_NUMBER.findall(new))
    stranger = held.understood(new).unknown_company
    kept = set(tokens(_ENDING.sub("", _OPENING.sub("", _POINTS_BACK.sub(" ", question)))))
    return (
        len(new) <= LONGEST
        and asked <= named <= asked | _companies(said, names)
        and set(_NUMBER.findall(question)) <= numbers <= set(_NUMBER.findall(said))
        and (not stranger or stranger in said)
        and len(kept & set(tokens(new))) >= KEPT * len(kept)
    )


def _with_times(before: str, times: Sequence[str]) -> str:
    """Return the question before with other periods in place of its own."""
    spans = named_periods(before).spans
    joined = ("和" if language_of(before) == "zh" else " and ").join(times)
    if not spans:
        return f"{joined}{before}"
    (start, _), end = spans[0], spans[-1][1]
    between = before[spans[0][1] : spans[-1][0]] if len(spans) > 1 else ""
    if tokens(re.sub(r"[年和与、至到的]|\band\b|\bto\b", "", between)):
        end = spans[0][1]  # the periods stand apart: only the first is replaced
    return f"{before[:start]}{joined}{_tail(before[end:], joined)}"


def _tail(rest: str, joined: str) -> str:
    """Return what follows the period, without doubling its 年."""
    return rest[1:] if joined.endswith("年") and rest.startswith("年") else rest


def _without(text: str, names: CompanyNames) -> str:
    """Return a text with the names of companies blanked out: a code is no year."""
    for mention in names.find(text):
        text = text[: mention.start] + " " * (mention.end - mention.start) + text[mention.end :]
    return text


def _companies(text: str, names: CompanyNames) -> set[str]:
    return {company for mention in names.find(text) for company in mention.companies}
