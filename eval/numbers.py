"""Numbers with their units in Chinese and English text, in base units, and when two of them are the same.

Knows no question and no answer. Years, dates, page numbers and citation marks are not numbers here.
"""

import re
import unicodedata
from dataclasses import dataclass

from vouch.eval.chinese_numerals import plain_numeral
from vouch.eval.not_numbers import blanked

SCALES = {
    "万亿": 1e12,
    "千亿": 1e11,
    "百亿": 1e10,
    "十亿": 1e9,
    "亿": 1e8,
    "千万": 1e7,
    "百万": 1e6,
    "十万": 1e5,
    "万": 1e4,
    "千": 1e3,
    "trillion": 1e12,
    "billion": 1e9,
    "bn": 1e9,
    "million": 1e6,
    "mn": 1e6,
    "thousand": 1e3,
}
_LETTER_SCALES = {"B": 1e9, "M": 1e6, "K": 1e3}
"""Only after a currency sign: $5M."""
_UNITS = {
    "%": ("%", "个百分点", "百分点", "percentage points", "percentage point", "percent", "per cent", "pct"),
    "元": ("元", "人民币元", "rmb", "cny", "yuan", "人民币", "¥"),
    "USD": ("美元", "us dollars", "dollars", "dollar", "usd", "us$", "$"),
    "HKD": ("港元", "港币", "hkd", "hk$"),
    "EUR": ("欧元", "euros", "euro", "eur", "€"),
    "GBP": ("英镑", "gbp", "£"),
    "倍": ("倍", "次", "times", "x"),
    "人": ("人", "名", "employees", "people", "persons"),
    "家": ("家", "个", "companies", "stores"),
    "股": ("股", "shares"),
}
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words}
_HALF_STEP_SLACK = 1e-9

_NUMERALS = "零〇一二两三四五六七八九十百千"
_SCALE_WORDS = "|".join(("万亿", "千亿", "百亿", "十亿", "亿", "千万", "百万", "十万", "万", r"千(?=[元股人美港])"))
_SCALE = rf"(?:{_SCALE_WORDS}|(?:trillion|billion|bn|million|mn|thousand)\b)"
_UNIT = (
    r"(?:%|个?百分点|人民币元?|美元|港[元币]|欧元|英镑|元|倍|次|人(?!民)|名|家|个|股"
    r"|(?:percentage points?|percent|per cent|pct|us dollars|dollars?|usd|rmb|cny|hkd|eur|euros?|gbp|yuan|times|x"
    r"|employees|people|persons|companies|stores|shares)\b)"
)
_CURRENCY = r"(?:us\$|hk\$|[$€£¥]|usd|rmb|cny|hkd|eur|gbp|人民币|美元)"
_DIGITS = r"\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?"
_NUMBER = re.compile(
    rf"(?P<open>\()?(?P<sign>(?<![\d%年月日A-Za-z)])[-−–])?(?P<currency>(?<![A-Za-z]){_CURRENCY}\s?)?(?P<inner>\()?"
    rf"(?P<sign2>(?<=[$€£¥(])[-−–])?(?:(?<![A-Za-z\d.,_])(?<![A-Za-z]-)|(?<=\d,)|(?<=rmb)|(?<=usd)|(?<=cny)|(?<=hkd)|(?<=eur)|(?<=gbp))"
    rf"(?P<digits>{_DIGITS})(?![\d])(?P<pct>\s?%)?(?P<close>\))?\s?"
    rf"(?P<scale>{_SCALE}|[BMK](?![A-Za-z]))?\s?(?P<unit>{_UNIT})?(?P<close2>\))?",
    re.IGNORECASE,
)
_SPELT = re.compile(
    rf"(?<![第{_NUMERALS}])(?P<digits>[{_NUMERALS}]+)(?:(?P<scale>亿|万)(?P<unit>元)?|(?P<counted>元|倍|人|名|家|个(?=公司|上市)))"
)
_CODE_AFTER = re.compile(r"^(?:-?[A-Z](?![a-z])|[A-Za-z]*\d|-[A-Za-z])")
_HAN = re.compile(r"[\u3400-\u9fff]")
_FALLS = re.compile(
    r"(?:减少|下降|降低|下滑|降幅|减幅|亏损|净流出|流出|decreas\w*|declin\w*|drop\w*|fell|loss(?: of)?|down|reduc\w*)"
    r"[^\d。;；\n]{0,24}$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number as printed and what it is worth."""

    value: float
    """In `unit`, which is a base unit: 1.2亿元 is 120,000,000 元."""
    unit: str
    """元, USD, %, 倍, 人, 家 … ; empty where none is printed."""
    step: float
    """What one unit of its last printed digit is worth."""
    text: str
    start: int
    end: int
    """Place in `folded(text)`."""
    sign_open: bool = False
    """The words say which way it goes (减少 5 元, a bracketed percentage), so the sign may be either."""


@dataclass(frozen=True, slots=True)
class Target:
    """The number that is right, and how exactly it is asked for."""

    value: float
    unit: str
    step: float
    factor: float = 1.0
    """What one of the unit asked for is worth: 10,000 where the answer is wanted in 万元, so that bare numbers are."""


def folded(text: str) -> str:
    """Return a text in half width, the form that numbers are looked for in."""
    return unicodedata.normalize("NFKC", text).replace("\u00a0", " ")


def numbers(text: str) -> list[Number]:
    """Return the numbers of a text in reading order."""
    plain = blanked(folded(text))
    printed = [found for match in _NUMBER.finditer(plain) if (found := _number(plain, match))]
    spelt = [found for match in _SPELT.finditer(plain) if (found := _spelt(match, printed))]
    return sorted((*printed, *spelt), key=lambda number: number.start)


def lone(text: str) -> Number | None:
    """Return the number that a text is, None where it is more than a number with its unit."""
    bare = text.strip(" ~约。\n")
    found = numbers(bare)
    return found[0] if len(found) == 1 and len(found[0].text) >= len(folded(bare)) - 1 else None


def target(value: float, unit: str = "", printed: str = "", decimals: int | None = None) -> Target:
    """Return what to compare with: `value` in `unit` (万元, %), exact to the digits printed or to `decimals`."""
    base, factor = base_unit(unit)
    step: float | None = None
    if decimals is not None:
        step = factor * 10.0**-decimals
    else:
        step = next((number.step for number in numbers(printed) if _near(number, value, factor)), None)
    return Target(value * factor, base, step or factor * 10.0 ** -decimals_of(value), factor)


def same(found: Number, wanted: Target) -> bool:
    """Say whether a number is the one wanted, rounded as asked for; percent and fraction are the same number."""
    readings = _readings(found, wanted.unit)
    if not found.unit and found.step <= 1:
        readings = (*readings, found.value * wanted.factor)
    slack = wanted.step / 2 + _HALF_STEP_SLACK * max(1.0, abs(wanted.value))
    return any(abs(reading - wanted.value) <= slack for reading in readings) or (
        found.sign_open and any(abs(-reading - wanted.value) <= slack for reading in readings)
    )


def comparable(found: Number, unit: str) -> bool:
    """Say whether a number may be meant where one of this unit is asked for."""
    return bool(_readings(found, unit))


def base_unit(unit: str) -> tuple[str, float]:
    """Return the base unit of a printed unit and what one of it is worth: 万元 is 10,000 元, USD million 1e6 USD."""
    plain = folded(unit).strip().lower()
    factor = 1.0
    for word, worth in SCALES.items():
        rest = re.sub(rf"(?<![a-z]){re.escape(word)}s?(?![a-z])", "", plain)
        if rest != plain and (word.isascii() or plain.startswith(word)):
            plain, factor = " ".join(rest.split()), worth
            break
    return _UNIT_OF.get(plain, plain), factor


def decimals_of(value: float) -> int:
    """Return how many digits after the point a number needs."""
    written = f"{value!r}" if "e" not in f"{value!r}" else f"{value:.10f}".rstrip("0")
    whole, _, rest = written.partition(".")
    return 0 if rest in ("", "0") or not whole else len(rest)


def _readings(found: Number, unit: str) -> tuple[float, ...]:
    """Return what a number may be worth in a unit; empty where it counts something else."""
    if found.unit == unit:
        return (found.value,)
    if not found.unit:
        return (found.value, 100 * found.value) if unit == "%" else (found.value,)
    if not unit:
        return (found.value, found.value / 100) if found.unit == "%" else (found.value,)
    if (found.unit, unit) == ("%", "倍"):
        return (found.value / 100,)
    if (found.unit, unit) == ("倍", "%"):
        return (found.value * 100,)
    return ()


def _near(number: Number, value: float, factor: float) -> bool:
    return any(abs(abs(number.value) - abs(value * f)) <= number.step for f in (factor, 1.0))


def _number(plain: str, match: re.Match[str]) -> Number | None:
    digits, after = match["digits"], plain[match.end("digits") :]
    currency = (match["currency"] or "").strip().lower()
    scale = match["scale"] or ""
    if scale.upper() in _LETTER_SCALES and not currency:
        return None
    if not currency and not scale and not match["unit"] and not match["pct"] and _CODE_AFTER.match(after):
        return None
    factor = SCALES.get(scale.lower()) or _LETTER_SCALES.get(scale.upper(), 1.0)
    unit = "%" if match["pct"] else _UNIT_OF.get((match["unit"] or currency).lower(), "")
    value, decimals = float(digits.replace(",", "")) * factor, len(digits.partition(".")[2])
    bracketed = bool((match["open"] or match["inner"]) and (match["close"] or (match["pct"] and match["close2"])))
    restated = _HAN.match(plain[max(0, match.start() - 1) : match.start()])  # 琅岱仪器(9.50)
    accounting = bracketed and not restated and (bool(currency) or "," in digits or "." in digits or len(digits) > 2)
    negative = bool(match["sign"] or match["sign2"]) or (accounting and unit != "%")
    sign_open = (accounting and unit == "%") or bool(_FALLS.search(plain[: match.start()]))
    start, end = match.span() if bracketed else _without_brackets(match)
    text = match.string[start:end].strip()
    return Number(-value if negative else value, unit, factor * 10.0**-decimals, text, start, end, sign_open)


def _without_brackets(match: re.Match[str]) -> tuple[int, int]:
    """Return where a number stands whose brackets belong to the sentence."""
    starts = [match.start(part) for part in ("sign", "currency", "sign2", "digits") if match[part]]
    return min(starts), max(match.end(part) for part in ("digits", "pct", "scale", "unit"))


def _spelt(match: re.Match[str], printed: list[Number]) -> Number | None:
    """Return a number written in plain Chinese numerals, unless it is the scale of a printed one."""
    value = plain_numeral(match["digits"])
    if value is None or any(number.start <= match.start() < number.end for number in printed):
        return None
    factor = SCALES.get(match["scale"] or "", 1.0)
    unit = _UNIT_OF.get(match["unit"] or match["counted"], "")
    return Number(value * factor, unit, factor, match[0], match.start(), match.end())
