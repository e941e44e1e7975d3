"""Company, code, year and period as the documents themselves state them."""

from dataclasses import astuple

import pytest

from vouch.ingest.english_filing import short_name
from vouch.ingest.identity import Identity, identify
from vouch.retrieval.types import Page


def said(*pages: str, path: str = "x.pdf", title: str = "") -> Identity:
    return identify([Page(i, text) for i, text in enumerate(pages, 1)], title, path)


SSE = "2021 年年度报告\n1 / 180\n公司代码：609998 公司简称：云岭制药\n\n云岭制药（集团）股份有限公司\n2021 年年度报告"
SZSE = "青岚检测技术股份有限公司 2022 年半年度报告全文\n1\n青岚检测技术股份有限公司\n2022 年半年度报告\n2022 年 8 月"
SZSE_PROFILE = "一、公司简介\n股票简称 青岚检测 股票代码 399997\n公司的中文名称 青岚检测技术股份有限公司"


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        ([SSE], ("report", "云岭制药（集团）股份有限公司", "云岭制药", "609998", 2021, "FY")),
        ([SZSE, SZSE_PROFILE], ("report", "青岚检测技术股份有限公司", "青岚检测", "399997", 2022, "H1")),
        (
            ["证券代码：000998 证券简称：*ST 远山 公告编号：2024-007\n远山能源股份有限公司\n2024 年第一季度报告"],
            ("report", "远山能源股份有限公司", "*ST远山", "000998", 2024, "Q1"),
        ),
        (
            ["证券代码：000998 证券简称：远山能源 公告编号：2024-007\n远山能源股份有限公司 2023 年年度报告摘要"],
            ("report", "远山能源股份有限公司", "远山能源", "000998", 2023, "摘要"),
        ),
        (["远山能源股份有限公司\n二〇二三年年度报告"], ("report", "远山能源股份有限公司", "远山能源", "", 2023, "FY")),
        (["远山能源股份有限公司\n2025 年第三季度报告"], ("report", "远山能源股份有限公司", "远山能源", "", 2025, "Q3")),
    ],
)
def test_a_chinese_report_is_identified_by_its_first_pages(pages: list[str], expected: tuple[object, ...]) -> None:
    assert astuple(said(*pages)) == expected


def cover(form: str, ended: str, name: str = "NORTHWIND TOOLS, INC.", more: str = "") -> str:
    return (
        f"UNITED STATES\nSECURITIES AND EXCHANGE COMMISSION\nFORM {form}\n{ended}\n{name}\n"
        f"(Exact name of registrant as specified in its charter)\nCommon Stock NWT New York Stock Exchange\n{more}"
    )


@pytest.mark.parametrize(
    ("page", "year", "period"),
    [
        (cover("10-K", "For the fiscal year ended December 31, 2022"), 2022, "FY"),
        (cover("10-K", "For the fiscal year ended January 1, 2023"), 2022, "FY"),
        (
            cover("10-K", "For the fiscal year ended January 28, 2023", more="in fiscal 2023 and fiscal 2023"),
            2023,
            "FY",
        ),
        (
            cover("10-K", "For the fiscal year ended January 28, 2023", more="in fiscal 2022 and fiscal 2022"),
            2022,
            "FY",
        ),
        (cover("10-Q", "For the quarterly period ended July 2, 2023"), 2023, "Q2"),
        (
            cover("10-Q", "For the quarterly period ended July 29, 2023", more="second quarter of fiscal 2024"),
            2024,
            "Q2",
        ),
    ],
)
def test_the_fiscal_year_of_a_filing_is_the_company_s_own(page: str, year: int, period: str) -> None:
    found = said(page)
    assert (found.company, found.short_name, found.code) == ("Northwind Tools, Inc.", "Northwind Tools", "NWT")
    assert (found.year, found.period) == (year, period)


def test_an_earnings_release_names_company_quarter_and_year() -> None:
    page = "FOR IMMEDIATE RELEASE\nAcorn & Field (NYSE: ACF) 2022 Fourth-Quarter reported sales rose 4%"
    found = said(page)
    assert (found.company, found.code, found.year, found.period) == ("Acorn & Field", "ACF", 2022, "Q4")


def test_a_guideline_is_known_by_its_title() -> None:
    assert said("成人高血压基层管理指南（2024 年版）\n某某学会").kind == "guideline"
    assert said("Some text", title="Clinical practice guideline").kind == "guideline"


def test_a_text_that_merely_mentions_a_report_is_none() -> None:
    assert said("哮喘患者应随身携带吸入器。").kind == "text"
    assert said("We read the annual report of a company with interest.").kind == "text"


def test_the_file_name_helps_where_the_document_is_silent() -> None:
    found = said("（封面为图片）", path="/a/2020-04-16__远山能源股份有限公司__600998__远山能源__2019年__年度报告.pdf")
    assert (found.company, found.code, found.year, found.period) == ("远山能源股份有限公司", "600998", 2019, "FY")


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Best Widget Co., Inc.", "Best Widget"),
        ("Pacific Express Company", "Pacific Express"),
        ("Smith & Co.", "Smith"),
        ("Johnson & Smith", "Johnson & Smith"),
    ],
)
def test_a_short_name_has_no_legal_form(name: str, short: str) -> None:
    assert short_name(name) == short
