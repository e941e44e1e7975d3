"""The numbers that a text states, with their units, in decimals. Dates, codes, ordinals and marks state none.

Apart from `vouch.eval.numbers` on purpose: what checks an answer and what scores the checking share no code.
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from vouch.generation.plan.numerals import amount
from vouch.generation.vouching.units import unit_book

_MONTHS = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*\.?"
_NO_FIGURE = re.compile(
    r"(?<!\d)(?:19|20)\d{2}\s*(?:[-–~/至到、,]\s*(?:19|20)?\d{2}\s*)*(?:财?年度?(?:末|初|底)?|财年)"
    r"|(?<![\d.,$¥])(?:19|20)\d{2}\s*[-–~/至到]\s*(?:19|20)\d{2}(?![\d.,%])"
    r"|(?<!\d)(?:19|20)\d{2}[-/.](?:0?[1-9]|1[0-2])(?:[-/.](?:0?[1-9]|[12]\d|3[01]))?(?![\d.%,])"
    r"|(?<!\d)\d{1,2}\s*(?:[-–~至]\s*\d{1,2}\s*)?月(?:份|末|初|底)?(?:\s*\d{1,2}\s*日)?"
    r"|第\s*\d+\s*(?:[-–~至、,]\s*\d+\s*)?(?:[页季届条章节号期位名次大个]|季度)"
    r"|(?:^|\n)\s*(?:[-*•]\s*)?[(]?\d{1,2}[).、](?!\d)"
    r"|[(]\d{1,2}[)](?=\s*[A-Za-z\u4e00-\u9fff])|[\[〔]\s*\d{1,3}(?:\s*[-,]\s*\d{1,3})*\s*[\]〕]"
    r"|\bpp?\.\s*\d+|\bpages?\s+\d+|\bnote\s+\d+"
    rf"|\b{_MONTHS}\s+\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s*(?:19|20)\d{{2}})?(?![\d.])|\b\d{{1,2}}\s+{_MONTHS}(?:\s+(?:19|20)\d{{2}})?"
    r"|\bfy\s?'?\d{2,4}|\b[qh][1-4]\s?'?(?:19|20)?\d{0,2}(?!\d)"
    r"|(?<![\d.,$¥€£%])\b(?:19|20)\d{2}\b(?!\s?(?:[%元倍人名家个股次万亿]|[.,]\d|million|billion|thousand|employees|shares))",
    re.IGNORECASE,
)
_DIGITS = r"\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?"
_CURRENCY = r"(?:us\$|hk\$|[$€£¥]|usd|rmb|cny|hkd|eur|gbp|人民币|美元)"
_ENGLISH = "one|two|three|four|five|six|seven|eight|nine|ten"
_CHINESE = "零〇一二两三四五六七八九十百千"
_LETTER_SCALES = {"b": Decimal("1e9"), "m": Decimal("1e6"), "k": Decimal("1e3")}
"""Only after a currency sign: $5M."""
_CODE_AFTER = re.compile(r"-?[A-Z](?![a-z])|[A-Za-z]*\d|-[A-Za-z]")
_FALLS = re.compile(
    r"减少|下降|降低|下滑|降幅|减幅|亏损|流出|损失|负|decreas|declin|drop|\bfell\b|\bloss|\bdown\b|reduc|negative",
    re.IGNORECASE,
)
_RISES = re.compile(r"增加|增长|上升|提高|增幅|increas|\bgrew\b|grow|\brose\b|\bup\b|gain", re.IGNORECASE)
_YEAR = re.compile(r"(?<!\d)(?<!\d[.,])((?:19|20)\d{2})(?!\d|%|[.,]\d|\s?(?:万|亿|元|人))")
_NEAR = 14
"""Characters before a number in which a word says which way it goes."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as stated and what it is worth."""

    value: Decimal
    """In `unit`; 1.2亿元 is 120,000,000 元."""
    unit: str
    """A base unit; empty where none is stated."""
    step: Decimal
    """What one of its last digit is worth."""
    text: str
    start: int
    end: int
    """Place in the folded text."""
    direction: int = 0
    """-1 where a word just before it says that something fell, 1 that it rose, 0 where none does."""
    scaled: bool = False
    """Stated with a scale (万, million) or a unit that has one (mg)."""


def folded(text: str) -> str:
    """Return a text in half width, the form in which places of figures count."""
    return unicodedata.normalize("NFKC", text).replace("\u00a0", " ").replace("−", "-")


def figures(text: str) -> list[Figure]:
    """Return the numbers that a text states, in reading order."""
    plain = _NO_FIGURE.sub(lambda match: " " * len(match[0]), folded(text))
    found = [figure for match in _printed().finditer(plain) if (figure := _figure(plain, match))]
    taken = [(figure.start, figure.end) for figure in found]
    for match in _spelt().finditer(plain):
        figure = _spelt_figure(plain, match)
        if figure and not any(a <= match.start() < b for a, b in taken):
            found.append(figure)
    return sorted(found, key=lambda figure: figure.start)


@lru_cache(maxsize=1)
def _patterns() -> tuple[str, str]:
    book = unit_book()
    scales = sorted((word for word in book.scales if word != "千"), key=len, reverse=True)
    scale = "|".join((*(rf"{word}\b" if word.isascii() else word for word in scales), r"千(?=[元股人美港])"))
    unit = "|".join(
        rf"{re.escape(w)}(?![a-z])" if w[-1].isascii() and w[-1].isalnum() else re.escape(w) for w in book.words()
    )
    return scale, unit


@lru_cache(maxsize=1)
def _printed() -> re.Pattern[str]:
    scale, unit = _patterns()
    return re.compile(
        rf"(?P<open>\()?(?P<sign>(?<![\d%年月日A-Za-z)元万亿人股倍])-)?(?P<currency>(?<![A-Za-z]){_CURRENCY}\s?)?(?P<inner>\()?"
        rf"(?P<sign2>(?<=[$€£¥(])-)?(?:(?<![A-Za-z\d.,_])(?<![A-Za-z]-)|(?<=rmb)|(?<=usd)|(?<=cny)|(?<=hkd)|(?<=eur)|(?<=gbp))"
        rf"(?P<digits>{_DIGITS})(?!\d)(?P<close>\))?\s?(?P<scale>{scale}|[bmk](?![a-z]))?\s?(?P<unit>{unit})?(?P<close2>\))?",
        re.IGNORECASE,
    )


@lru_cache(maxsize=1)
def _spelt() -> re.Pattern[str]:
    _, unit = _patterns()
    return re.compile(
        rf"百分之(?P<percent>[{_CHINESE}]+(?:点[{_CHINESE}]+)?)"
        rf"|(?<![第{_CHINESE}])(?P<chinese>[{_CHINESE}]+)(?:(?P<scale>万亿|亿|万)(?P<unit>元)?|(?P<counted>元|倍|人|名|家(?=公司|上市|子)))"
        rf"|(?:(?<![一-龥])|(?<=[近超约达高低少加长降升过]))(?P<tenths>[一二三四五六七八九])成(?=[以左，。,、]|$)"
        rf"|\b(?P<english>{_ENGLISH})\s+(?P<english_scale>million|billion|thousand|hundred)?\s*(?P<english_unit>{unit})?",
        re.IGNORECASE,
    )


def _figure(plain: str, match: re.Match[str]) -> Figure | None:
    book, digits = unit_book(), match["digits"]
    currency, scale, word = (match["currency"] or "").strip().lower(), (match["scale"] or "").lower(), match["unit"]
    if scale in _LETTER_SCALES and not currency:
        return None
    if not (currency or scale or word) and _CODE_AFTER.match(plain, match.end("digits")):
        return None
    base, worth = book.units.get((word or currency).lower(), ("", Decimal(1)))
    factor = (book.scales.get(scale) or _LETTER_SCALES.get(scale, Decimal(1))) * worth
    bracketed = bool((match["open"] or match["inner"]) and match["close"]) and (
        "," in digits or "." in digits or len(digits) > 2
    )
    value = Decimal(digits.replace(",", "")) * factor
    start = min(match.start(part) for part in ("sign", "currency", "sign2", "digits") if match[part])
    end = max(match.end(part) for part in ("digits", "scale", "unit"))
    negative = match["sign"] or match["sign2"] or bracketed
    step = factor.scaleb(-len(digits.partition(".")[2]))
    return Figure(
        -value if negative else value,
        base,
        step,
        plain[start:end].strip(),
        start,
        end,
        _direction(plain, start),
        factor != 1,
    )


def _spelt_figure(plain: str, match: re.Match[str]) -> Figure | None:
    book, factor, unit = unit_book(), Decimal(1), ""
    if match["percent"]:
        whole, _, rest = match["percent"].partition("点")
        value, unit = amount(whole), "%"
        if value is not None and rest:
            value += Decimal("0." + "".join(str(int(amount(digit) or 0)) for digit in rest))
            factor = Decimal(1).scaleb(-len(rest))
    elif match["tenths"]:
        value, unit, factor = (amount(match["tenths"]) or Decimal(0)) * 10, "%", Decimal(10)
    elif match["english"]:
        if not (match["english_scale"] or match["english_unit"]):
            return None
        factor = (
            Decimal(100)
            if match["english_scale"] == "hundred"
            else book.scales.get((match["english_scale"] or "").lower(), Decimal(1))
        )
        unit, worth = book.units.get((match["english_unit"] or "").lower(), ("", Decimal(1)))
        factor *= worth
        value = Decimal(1 + _ENGLISH.split("|").index(match["english"].lower())) * factor
    else:
        factor = book.scales.get(match["scale"] or "", Decimal(1))
        plain_value = amount(match["chinese"])
        value = None if plain_value is None else plain_value * factor
        unit = book.units.get(match["unit"] or match["counted"] or "", ("", Decimal(1)))[0]
    if value is None:
        return None
    return Figure(
        value, unit, factor, match[0].strip(), match.start(), match.end(), _direction(plain, match.start()), factor > 1
    )


def _direction(plain: str, start: int) -> int:
    before = plain[max(0, start - _NEAR) : start]
    falls = max((match.end() for match in _FALLS.finditer(before)), default=0)
    rises = max((match.end() for match in _RISES.finditer(before)), default=0)
    return 0 if falls == rises else (-1 if falls > rises else 1)


def years(text: str) -> frozenset[int]:
    """Return the calendar years that a text names."""
    return frozenset(int(year) for year in _YEAR.findall(folded(text.replace("，", " "))))
