"""Digits that claim nothing: years, dates, pages, codes, citation marks, how exact an answer is to be."""

import re

_MONTHS = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*\.?"
_NOT_NUMBERS = re.compile(
    r"\[\d{1,3}\]"  # citation marks
    r"|\(\d{1,2}\)(?=\s*[A-Za-z\u4e00-\u9fff])"  # list marks
    r"|(?<!\d)(?:19|20)\d{2}\s*(?:[-–~/至到、,]\s*(?:19|20)?\d{2}\s*)*(?:财?年度?末?初?|财年)"
    r"|(?<![\d.,$¥])(?:19|20)\d{2}\s*[-–~/至到]\s*(?:19|20)\d{2}(?![\d.,])"
    r"|(?<!\d)(?:19|20)\d{2}[-/.](?:0?[1-9]|1[0-2])(?:[-/.](?:0?[1-9]|[12]\d|3[01]))?(?![\d.%,])"
    r"|(?<!\d)\d{1,2}\s*(?:[-–~至]\s*\d{1,2}\s*)?月(?:份|末|初|底)?(?:\s*\d{1,2}\s*日)?"
    r"|第\s*\d+\s*(?:[-–~至、,]\s*\d+\s*)?(?:[页季届条章节号期位名次大个]|季度|高|低)"
    r"|前\s*\d+\s*(?:[名大位家个]|高|低)?"
    r"|(?:小数点后|保留|精确到)\s*\d+\s*位(?:小数)?|\d\s*位小数"
    r"|\bpp?\.\s*\d+|\bpages?\s+\d+|\bnote\s+\d+"
    rf"|\b{_MONTHS}\s+\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s*(?:19|20)\d{{2}})?(?![\d.])|\b\d{{1,2}}\s+{_MONTHS}(?:\s+(?:19|20)\d{{2}})?"
    r"|\bfy\s?'?\d{2,4}|\b[qh][1-4]\s?'?(?:19|20)?\d{0,2}(?!\d)"
    r"|(?<![\d.,$¥%])\b(?:19|20)\d{2}\b(?!\s?(?:[%元倍人名家个股次万亿]|[.,]\d|million|billion|thousand|employees|stores|shares))"
    r"|(?:代码|code)\s*(?:[:：为是]\s*)?\d{6}(?!\d)|\(\d{6}(?:\.[a-z]{2})?\)|(?<!\d)\d{6}\.(?:sh|sz|bj)\b",
    re.IGNORECASE,
)


def blanked(text: str) -> str:
    """Return a text of the same length, digits that claim nothing replaced by spaces."""
    return _NOT_NUMBERS.sub(lambda match: " " * len(match[0]), text)
