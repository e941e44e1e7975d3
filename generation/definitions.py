"""A formula that a question spells out, read into the same expressions as the formulas of the package.

Understood are Chinese and English: "公式为：(流动资产-存货)/流动负债", "存货周转率（营业成本/平均存货）",
"… is defined as: 365 * average inventory between FY2021 and FY2022 / COGS", "A除以B的比值".
Ratios without operators (A占B的比例) are the business of whoever reads the question.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from vouch.generation.expressions import Expression, FormulaError, parse_expression
from vouch.generation.formulas import Formula, FormulaBook
from vouch.retrieval.fields import FieldDictionary

_MARKER = re.compile(
    r"(?:\b(?:is|are|be)\s+)?\b(?:defined|calculated|computed|measured)\s+(?:as|by|using)\b(?:\s+the formula)?\s*[:：]?"
    r"|\bdefine\s+(?P<name>[\w &-]{2,40}?)\s+as\b\s*[:：]?"
    r"|(?:计算)?公式\s*(?:为|是|如下)?\s*[:：=＝]?|定义为\s*[:：]?|计算(?:方法|方式|口径)\s*(?:为|是)?\s*[:：]?|[=＝]",
    re.IGNORECASE,
)
_RATIO_WORD = re.compile(r"\s*(?:的)?(?:比值|比例|比率|比重|占比|倍数|ratio\b)", re.IGNORECASE)
_NAME_BEFORE = re.compile(r"[^\s的及和与，,、。：:；;（）()？?=＝\d年度]{2,24}$|[A-Za-z][A-Za-z&\- ]{1,40}$")
_ARTICLE = re.compile(r"^(?:(?:what is|where|define|the)\s+)+", re.IGNORECASE)
_TOKENS = re.compile(
    r"(?P<between>\bbetween\s+(?:FY\s*)?(?:20)?\d\d\s+and\s+(?:FY\s*)?(?:20)?\d\d\b)"
    r"|(?P<year>(?:\bFY\s*|\bfiscal(?: year)?\s*)?(?P<digits>(?:19|20)\d\d)(?![\d.,%])\s*(?:年度?末?|'s)?)"
    r"|(?P<number>\d+(?:\.\d+)?\s*%?)"
    r"|(?P<op>[-+*/＋－−×✕／÷]|\bdivided by\b|\bover\b|\bplus\b|\b(?:minus|less)\b|\b(?:multiplied by|times)\b"
    r"|除以|乘以|加上?|减去?)"
    r"|(?P<open>[(（\[])|(?P<close>[)）\]])"
    r"|(?P<change>\b(?:the\s+)?change in\b)"
    r"|(?P<average>(?:\bthe\s+)?\baverage\b|平均)"
    r"|(?P<prior>上一?年度?|去年|前一年度?|上期|期初|年初|\b(?:prior|last|previous)[- ]year(?:'s)?|\bbeginning\b)"
    r"|(?P<filler>本年度?|当年|本期|期末|年末|的|\b(?:the|of|ending|in|for|its|total|unadjusted|annual)\b)",
    re.IGNORECASE,
)
_SIGN = {
    **dict.fromkeys(("+", "＋", "plus", "加", "加上"), "+"),
    **dict.fromkeys(("-", "－", "−", "minus", "less", "减", "减去"), "-"),
    **dict.fromkeys(("*", "×", "✕", "times", "multiplied by", "乘以"), "*"),
    **dict.fromkeys(("/", "／", "÷", "divided by", "over", "除以"), "/"),
}
_TIMES_100 = re.compile(r"\*(?:100|\(100/100\))(?P<rest>\)*)$")
_CLOSED = ("name", "number", "close")


@dataclass(frozen=True, slots=True)
class Definition:
    """A formula as the question spells it out: `text[start:end]`."""

    formula: Formula
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Piece:
    """One token: what it is, its normal form, where it stands."""

    kind: str
    text: str
    start: int
    end: int


_Names = Mapping[int, tuple[int, str]]
"""By where it starts: where a field or formula ends and its canonical name."""


def parse_definition(text: str, dictionary: FieldDictionary, formulas: FormulaBook | None = None) -> Definition | None:
    """Return the first formula that a text spells out, None where there is none.

    FormulaError where the text announces a formula but names something that is neither a field nor a formula.
    """
    names = _names(text, dictionary, formulas)
    for marker in _MARKER.finditer(text):
        pieces = _run(text, marker.end(), names)
        if _is_formula(pieces):
            _refuse_unknown(text, pieces)
            before = marker.end("name") if marker["name"] else marker.start()
            return _definition(text, before, pieces, dictionary, formulas)
    for start in sorted({*(bracket.end() for bracket in re.finditer(r"[（(]", text)), *names}):
        pieces = _run(text, start, names)
        if not (_is_formula(pieces) and _is_whole(pieces)):
            continue
        bracketed = text[start - 1 : start] in ("(", "（") and text[pieces[-1].end :].lstrip()[:1] in (")", "）")
        if bracketed or _RATIO_WORD.match(text, pieces[-1].end):
            return _definition(text, start - 1 if bracketed else start, pieces, dictionary, formulas)
    return None


def _names(text: str, dictionary: FieldDictionary, formulas: FormulaBook | None) -> _Names:
    found = {m.start: (m.end, m.field.name) for m in dictionary.mentions(text)}
    for mention in formulas.mentions(text) if formulas else ():
        if mention.end > found.get(mention.start, (0, ""))[0]:
            found[mention.start] = (mention.end, mention.formula.name)
    return found


def _run(text: str, start: int, names: _Names) -> list[_Piece]:
    """Return the tokens from a place on, up to the first that belongs to no formula or closes no open bracket."""
    pieces: list[_Piece] = []
    depth, i, complete = 0, start, False
    while i < len(text):
        if text[i].isspace():
            i += 1
            continue
        piece = _piece(text, i, names)
        if piece is None or (piece.kind == "close" and depth == 0):
            break
        if complete and piece.kind in ("name", "number", "open", "average", "change"):
            break
        depth += {"open": 1, "close": -1}.get(piece.kind, 0)
        complete = piece.kind in _CLOSED or (complete and piece.kind != "op")
        pieces.append(piece)
        i = piece.end
    while pieces and pieces[-1].kind == "filler":
        pieces.pop()
    return pieces


def _piece(text: str, i: int, names: _Names) -> _Piece | None:
    if i in names:
        end, name = names[i]
        return _Piece("name", name, i, end)
    match = _TOKENS.match(text, i)
    if not match:
        return None
    kind = str(match.lastgroup)
    value = match["digits"] if kind == "year" else _SIGN.get(match.group().lower(), match.group().replace(" ", ""))
    return _Piece(kind, value, i, match.end())


def _is_formula(pieces: Sequence[_Piece]) -> bool:
    kinds = [piece.kind for piece in pieces]
    return "op" in kinds and "name" in kinds


def _is_whole(pieces: Sequence[_Piece]) -> bool:
    opened = sum({"open": 1, "close": -1}.get(piece.kind, 0) for piece in pieces)
    return opened == 0 and pieces[-1].kind in (*_CLOSED, "between", "year")


def _refuse_unknown(text: str, pieces: Sequence[_Piece]) -> None:
    """Raise where a formula stops for a word that nothing is known about."""
    if not _is_whole(pieces):
        word = re.split(r"[\s，,。；;？?）)+*/×÷-]", text[pieces[-1].end :].strip(), maxsplit=1)[0]
        raise FormulaError(
            f"the formula in the question breaks off before '{word}': name a line of the statements there"
        )


def _definition(
    text: str, before: int, pieces: Sequence[_Piece], dictionary: FieldDictionary, formulas: FormulaBook | None
) -> Definition:
    def resolve(word: str) -> Expression | str | None:
        formula = formulas.by_name(word) if formulas and dictionary.by_name(word) is None else None
        return formula.expression if formula else word

    start, end = pieces[0].start, pieces[-1].end
    written = " ".join(_written(pieces))
    percent = _TIMES_100.search(written.replace(" ", ""))
    if percent:
        written = written.replace(" ", "")[: percent.start()] + percent["rest"]
    named = _NAME_BEFORE.search(text[:before].rstrip(" ：:的"))
    name = _ARTICLE.sub("", named.group().strip()) if named else text[start:end]
    unit = "%" if percent else _unit(pieces, dictionary)
    return Definition(
        Formula(name, parse_expression(written, resolve), unit, 2, text[start:end], source="question"), start, end
    )


def _written(pieces: Sequence[_Piece]) -> Iterator[str]:
    """Yield the formula in the language of `parse_expression`."""
    years = _years(pieces)
    latest = max(years.values(), default=0)
    waiting: list[str] = []
    for i, piece in enumerate(pieces):
        match piece.kind:
            case "name":
                words = [*waiting, *["prior"] * (latest - years.get(i, latest))]
                yield _wrapped(f'"{piece.text}"', words)
                waiting = []
            case "open":
                yield "".join(f"{word}(" for word in waiting if word != "change") + "(" * (not waiting)
                waiting = []
            case "close":
                yield ")"
            case "number":
                number = piece.text.removesuffix("%")
                yield f"({number}/100)" if piece.text.endswith("%") else number
            case "op":
                yield piece.text
            case "average" | "prior" | "change":
                waiting.append(piece.kind)


def _wrapped(text: str, words: Sequence[str]) -> str:
    for word in reversed(words):
        text = f"({text} - prior({text}))" if word == "change" else f"{word}({text})"
    return text


def _years(pieces: Sequence[_Piece]) -> dict[int, int]:
    """Return, by the index of a name, the year written before or behind it."""
    found: dict[int, int] = {}
    for i, piece in enumerate(pieces):
        if piece.kind != "year":
            continue
        after = next((k for k in range(i + 1, len(pieces)) if pieces[k].kind not in ("filler", "average")), i)
        before = next((k for k in range(i - 1, -1, -1) if pieces[k].kind != "filler"), i)
        named = next((k for k in (after, before) if pieces[k].kind == "name"), None)
        if named is not None:
            found.setdefault(named, int(piece.text))
    return found


def _unit(pieces: Sequence[_Piece], dictionary: FieldDictionary) -> str:
    """Return the unit of a sum or difference, that of its lines; quotients and products have none."""
    if any(piece.text in ("*", "/") for piece in pieces if piece.kind == "op"):
        return ""
    units = {field.unit for piece in pieces if piece.kind == "name" and (field := dictionary.by_name(piece.text))}
    return units.pop() if len(units) == 1 else ""
