"""The form of a question about values: what is done with them. Knows neither fields nor companies."""

import re
from dataclasses import dataclass
from decimal import Decimal

from vouch.generation.plan.numerals import AMOUNT, COUNT, amount, count
from vouch.generation.plan.reading import COMPANY, TIME, VALUE, Reading
from vouch.generation.plan.types import Comparison, Condition, Level, Order

_UP = (
    r"(?:[最更][高大多好强]|居首|排名第一|排名第1(?!\d)|第一[高大多]|\b(?:highest|largest|most|biggest|greatest|top)\b)"
)
_DOWN = r"(?:[最更][低小少差弱]|垫底|\b(?:lowest|smallest|least|fewest)\b)"
_PLACE = r"(?:(?![在于家哪是的有个所])[\u4e00-\u9fff]){2,4}?(?:市|省|自治区)?"
_REGISTERED = (
    rf"(?P<former>曾经?|历史上?|以前|原)?\s*(?:在|于)\s*(?P<place>{_PLACE})\s*(?:市|省)?(?:注册|登记)(?:成立)?的?"
    rf"|(?P<former2>曾经?的?|历史的?|原)?注册(?:地址|地点|所在地|地)(?P<former3>曾经?)?(?:在|为|是|位于|包含|含有?|属于)\s*(?P<place2>{_PLACE})"
    rf"(?=[的哪，,且并、有之内\s{TIME}]|上市|公司|企业|多少|几|以|$)的?"
    rf"|(?P<place3>{_PLACE})(?:市|省)?(?:注册|地区)的?(?=上市公司|公司|企业)"
    r"|\bregistered in (?P<place4>[A-Z][a-z]+)"
)
_MORE = (
    r"大于等于|不低于|不少于|不小于|至少|大于|超过|高于|多于|超|突破"
    r"|at least|more than|greater than|above|over|exceed(?:s|ing)?"
)
_LESS = r"小于等于|不超过|不高于|不多于|至多|小于|低于|少于|不足|不到|less than|below|under|at most"
_UNIT = r"(?:元|人民币|%|个百分点|人|名|倍|次|天|股|yuan|rmb|percent)?"
_THRESHOLD = re.compile(
    rf"({VALUE})(?:的?(?:金额|总额|数额|数值|人数|数量|值)|在|达到?了?|都|均|全部|[\s{TIME}{COMPANY}])*({_MORE}|{_LESS})(?:了|[^\S\n])*({AMOUNT})\s*{_UNIT}(?:的|以上|以下)?",
    re.IGNORECASE,
)
_FROM = re.compile(rf"({VALUE})(?:的|在|为|达到?|都|均|[\s{TIME}])*({AMOUNT})\s*{_UNIT}(以上|以下)(?:的)?")
_SIGNS = re.compile(
    rf"((?:{VALUE}[与和、及,，\s]*)+)(?:的|[\s{TIME}]|金额)*(?:均|都)?(?:为|是|小于|大于)?(负数?值?|正数?值?|亏损|盈利)(?![高低增面债])"
)
_AGAINST = re.compile(rf"({VALUE})(?:的|都|均|[\s{TIME}])*({_MORE}|{_LESS})(?:了|其|各自的?|公司)*({VALUE})")
_LEVEL = re.compile(
    rf"({VALUE})(?:的|都|均|[\s{TIME}])*({_MORE}|{_LESS})(?:了|其|全部|所有|行业|公司)*(平均值?水?平?数?|均值|中位数)"
)
_EACH = (
    r"(?:均|都|每年[都均]?|连续[都均]?|各年[都均]?)\s*(?:位列|排名|排在|位于|进入|处于|居|名列|在)*\s*"
    rf"前\s*({COUNT})\s*(?:名|位|家|强)?"
)
_NTH = rf"(?:排名?)?第\s*({COUNT})\s*(?:[高大多低小少]|名|位)(?P<low>(?<=[低小少]))?"
_NTH_EN = r"\b(second|third|fourth|fifth|2nd|3rd|\d+th)[- ](?:highest|largest|lowest|smallest)\b"
_TOP = (
    rf"(?:排名|排行|位列|居)?前\s*({COUNT})\s*(?:名|位|家|个|大|强)?(?:的)?"
    rf"|哪\s*({COUNT})\s*(?:家|个|间)"
    rf"|(?<=最[高大多低小少])\s*的?\s*({COUNT})\s*(?:家|个|名)"
    rf"|\btop\s+({COUNT}|two|three|four|five|ten)\b"
)
_COUNT = (
    r"(?:一共|总共|共)?(?:有|是)?(?:多少|几)\s*(?:家|个|间)(?!是哪)(?:的?上市)?(?:公司|企业)?|(?:有)?多少(?:的?上市)?(?:公司|企业)"
    r"|(?:上市)?(?:公司|企业)的?(?:数量|家数|个数|数目)(?:有多少|是多少|为多少)?|how many companies|number of companies"
)
_LIST = (
    r"(?:是|有|分别是|为)?哪\s*(?:些|几)\s*(?:家|个)?(?:的?上市)?(?:公司|企业)?|(?:上市)?(?:公司|企业)(?:都)?(?:有|是)(?:哪些|谁)|哪些"
    r"|(?:列出|找出|筛选出?)(?:所有|这些|符合条件)?的?(?:上市)?(?:公司|企业)?|which companies"
)
_WHICH = (
    r"(?:的|是|为|有|在)*哪\s*(?:一)?\s*(?:家|个|间)?(?:的?上市)?(?:公司|企业)?(?!年|些|几|里|儿)"
    r"|which company|whose|谁(?:的|家)?|哪家"
)
_MANY = (
    r"(?:所有|全部|各家?|每家|各个|全体|整个)?\s*(?:的)?(?:A股)?(?:上市公司|公司|企业)(?:中|里|之中)?"
    r"|(?:\d+|[一二三四五六七八九十]+)家(?:[\u4e00-\u9fff]{0,4})(?:公司|企业)(?:中|里)?|all companies"
)
_SAME = (
    r"(?:是否|有无|有没有|是不是)?\s*(?:都|均|完全|全部|有|是|发生(?:了|过)?|保持)*\s*(?:相同|一致|一样|不同|变化|变更|变动|改变|不变)(?:过|了|的)?\s*(?:吗|么|没有|与否)?(?:[?？]|$)"
    r"|(?:the same|changed?|different)\b"
)
_BEST = (
    rf"(?:哪一?(?:个)?年度?|哪一?期|何年|什么时候|which year)(?P<a>.{{0,24}}?)(?P<o>{_UP}|{_DOWN})"
    rf"|(?P<o2>{_UP}|{_DOWN})(?:的)?(?:是)?(?:哪一?年度?|何年|年份)"
)
_DECIMALS = (
    r"(?:保留|精确)(?:到|至)?(?:小数点后)?\s*([\d一二两三四五六])\s*位?(?:小数)?"
    r"|小数点后\s*([\d一二两三四五六])\s*位|([\d两一二三四]|two|three|one)\s*(?:位小数|decimal)"
)
_ASKED_UNIT = r"[（(]?(?:单位[:：为是]?|以|按)?\s*(万元|亿元|百万元|千元|万|亿)\s*(?:为单位)?[)）]?"
_PARENT = r"母公司(?:报表|口径|财务报表|资产负债表|利润表|现金流量表)?的?|\bparent company\b"
_SINGLE = r"单季度?|单独第|本季度?单季|\bsingle quarter\b"
_UNIT_WORDS = {"万": "万元", "亿": "亿元"}


@dataclass(frozen=True, slots=True)
class Ranks:
    """Which places of an order are wanted; `last` 0 for all."""

    order: Order
    first: int = 1
    last: int = 1


def registered(reading: Reading) -> tuple[str, bool]:
    """Return the place where companies are to be registered and whether a former address counts; '' for none."""
    match = reading.take(_REGISTERED)
    if not match:
        return "", False
    place = next(match[name] for name in ("place", "place2", "place3", "place4") if match[name])
    former = any(match[name] for name in ("former", "former2", "former3"))
    return place, former


def conditions(reading: Reading) -> tuple[Condition, ...]:
    """Return what values have to be; they are taken out of the reading."""
    found: list[Condition] = []

    def compared(match: re.Match[str]) -> str:
        threshold = amount(match[3])
        if threshold is None:
            return match[0]
        found.append(Condition(reading.measure(match[1]), _comparison(match[2]), threshold))
        return " "

    def bounded(match: re.Match[str]) -> str:
        threshold = amount(match[2])
        if threshold is None:
            return match[0]
        found.append(Condition(reading.measure(match[1]), ">=" if match[3] == "以上" else "<=", threshold))
        return " "

    def signed(match: re.Match[str]) -> str:
        comparison: Comparison = "<" if match[2][0] in "负亏" else ">"
        found.extend(Condition(reading.measure(m), comparison, Decimal(0)) for m in re.findall(VALUE, match[1]))
        return " "

    def levelled(match: re.Match[str]) -> str:
        level: Level = "median" if match[3].startswith("中") else "average"
        found.append(Condition(reading.measure(match[1]), _comparison(match[2]), level=level))
        return " "

    def against(match: re.Match[str]) -> str:
        found.append(Condition(reading.measure(match[1]), _comparison(match[2]), against=reading.measure(match[3])))
        return " "

    for pattern, read in (
        (_THRESHOLD, compared), (_FROM, bounded), (_SIGNS, signed), (_LEVEL, levelled), (_AGAINST, against)
    ):  # fmt: skip
        reading.text = pattern.sub(read, reading.text)
    return tuple(found)


def ranks(reading: Reading) -> Ranks | None:
    """Return the places of an order that are asked for; None where nothing is ordered."""
    down = bool(
        re.search(_DOWN + r"|第\s*[\d一二三四五六七八九十]+\s*[低小少]|从低到高|升序", reading.text, re.IGNORECASE)
    )
    order: Order = "lowest" if down else "highest"
    if match := reading.take(_NTH) or reading.take(_NTH_EN):
        n = count(re.sub(r"(?<=\d)(?:nd|rd|th)$", "", match[1]))
        reading.take(f"{_UP}|{_DOWN}")
        return Ranks(order, n, n) if n else None
    match = reading.take(_TOP)
    ordered = reading.take(f"{_UP}|{_DOWN}")
    if match:
        n = count(next(group for group in match.groups() if group))
        reading.take(rf"的?\s*{COUNT}\s*(?:家|个|名)(?=上市|公司|企业|$)")
        return Ranks(order, 1, n) if n else None
    if ordered:
        return Ranks(order)
    return Ranks(order, 1, 0) if reading.take(r"排名情况|进行排名|排名|排序|排行|从高到低|从低到高|ranking") else None


def every_period(reading: Reading) -> int:
    """Return within how many of the first places a company has to be in each period; 0 where that is not asked."""
    match = reading.take(_EACH)
    return count(match[1]) if match else 0


def best_period(reading: Reading) -> Order:
    """Return which extreme over time is asked for."""
    match = reading.take(_BEST)
    if not match:
        return ""
    return "highest" if re.fullmatch(_UP, match["o"] or match["o2"], re.IGNORECASE) else "lowest"


def asks_same(reading: Reading) -> bool:
    """Say whether it is asked if something stayed the same."""
    return bool(reading.take(_SAME))


def asks_count(reading: Reading) -> bool:
    """Say whether companies are to be counted."""
    return bool(reading.take(_COUNT))


def asks_list(reading: Reading) -> bool:
    """Say whether companies are to be named."""
    return bool(reading.take(_LIST))


def asks_which(reading: Reading) -> bool:
    """Say whether one company is to be named."""
    return bool(reading.take(_WHICH))


def speaks_of_many(reading: Reading) -> bool:
    """Say whether the question speaks of companies in general."""
    return bool(reading.take(_MANY))


def asks_average(reading: Reading) -> bool:
    """Say whether the mean is asked for."""
    return bool(reading.take(r"(?:的)?(?:行业)?(?:平均值|平均数|平均|均值|\baverage\b|\bmean\b)(?:水平)?"))


def asks_sum(reading: Reading) -> bool:
    """Say whether the sum over companies or periods is asked for."""
    return bool(reading.take(r"(?:的)?(?:总和|之和|合计数?|加总|共计|总共|\bin total\b|\bsum\b)"))


def decimals(reading: Reading) -> int | None:
    """Return how many decimals are asked for."""
    match = reading.take(_DECIMALS)
    return count(next(group for group in match.groups() if group)) if match else None


def asked_unit(reading: Reading) -> str:
    """Return the unit that values are to be said in: 万元, 亿元; '' for the base unit."""
    match = reading.take(_ASKED_UNIT)
    return _UNIT_WORDS.get(match[1], match[1]) if match else ""


def wants_parent(reading: Reading) -> bool:
    """Say whether the parent company's own statements are meant."""
    return bool(reading.take(_PARENT))


def wants_single_quarter(reading: Reading) -> bool:
    """Say whether a quarter alone is meant, not the year to date."""
    return bool(reading.take(_SINGLE))


def _comparison(word: str) -> Comparison:
    if re.fullmatch(_MORE, word, re.IGNORECASE):
        return ">=" if word.lower() in ("大于等于", "不低于", "不少于", "不小于", "至少", "at least") else ">"
    return "<=" if word.lower() in ("小于等于", "不超过", "不高于", "不多于", "至多", "at most") else "<"
