"""What is understood of a question: company, years, what for, and what the library does not hold."""

import pytest

from tests.retrieval.question_documents import ACME, DOCUMENTS, LANTIAN, QINGHE, report
from vouch.retrieval.question import understand
from vouch.retrieval.types import EVERYTHING


@pytest.mark.parametrize(
    "text",
    [
        "杭州清河精密科技股份有限公司2022年净利润是多少？",
        "清河科技2022年净利润是多少？",
        "请问，在2022年，清河科技的净利润为多少元？",
        "杭州清河精密科技2022年净利润",
        "301999在2022年的净利润",
        "301999.SZ 2022年净利润",
        "SZ301999 2022年净利润",
    ],
)
def test_full_name_short_name_and_code_mean_the_same_report(text: str) -> None:
    question = understand(text, DOCUMENTS)
    assert question.companies == (QINGHE,)
    assert question.scope.doc_ids == {"清河科技-2022-FY"}


@pytest.mark.parametrize(
    "name",
    [
        "蓝田企业（集团）股份有限公司",
        "蓝田企业(集团)股份有限公司",
        "蓝田企业集团股份有限公司",
        "蓝田企业",
        "000998",
        "蓝田股份",
    ],
)
def test_brackets_widths_and_leading_zeros_do_not_matter(name: str) -> None:
    assert understand(f"{name}的2022年营业收入", DOCUMENTS).companies == (LANTIAN,)


@pytest.mark.parametrize("name", ["Acme Tool & Die", "Acme Tool and Die", "ACME TOOL & DIE COMPANY, INC.", "ACTD"])
def test_english_names_are_known_without_their_legal_form_and_by_ticker(name: str) -> None:
    assert understand(f"What was the revenue of {name} in 2022?", DOCUMENTS).companies == (ACME,)


def test_initials_of_two_names_joined_by_an_ampersand_are_known() -> None:
    documents = [report("Brown & Bell", "", "", 2022, language="en")]
    for name in ("B&B", "BnB"):
        assert understand(f"What was {name}'s revenue in FY2022?", documents).companies == ("Brown & Bell",)


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("北京清河科技2022年净利润是多少？", "北京清河科技"),
        ("清河科技发展有限公司2022年净利润是多少？", "清河科技发展有限公司"),
        ("南湖化工2022年营业收入是多少？", "南湖化工"),
        ("2022年南湖化工营业收入是多少？", "南湖化工"),
        ("概述一下核心竞争力的情况，针对南湖化工股份有限公司2022年的年报。", "南湖化工股份有限公司"),
        ("南湖化工的法定代表人是谁？", "南湖化工"),
        ("What was Globex's revenue in FY2022?", "Globex"),
    ],
)
def test_a_company_that_is_not_held_is_named_and_no_other_is_taken_for_it(text: str, unknown: str) -> None:
    question = understand(text, DOCUMENTS)
    assert question.companies == ()
    assert question.unknown_company == unknown


@pytest.mark.parametrize(
    "text",
    [
        "什么是应付职工薪酬？",
        "感冒怎么办？",
        "糖尿病患者2022年指南推荐的血糖控制目标是多少？",
        "What is asthma?",
        "What are the treatments for Crohn's disease?",
        "哪家上市公司2022年净利润最高？",
        "净利润率的变动如何反映公司的盈利能力？",
        "发病3年了怎么治疗？",
    ],
)
def test_questions_about_no_company_are_not_taken_for_one(text: str) -> None:
    question = understand(text, DOCUMENTS)
    assert (question.unknown_company, question.candidates, question.companies) == ("", (), ())


def test_a_part_of_a_name_is_asked_back_not_guessed() -> None:
    question = understand("清河2022年净利润是多少？", DOCUMENTS)
    assert question.companies == ()
    assert question.candidates == (QINGHE,)


def test_a_name_that_two_companies_share_is_ambiguous() -> None:
    documents = [report("甲乙实业股份有限公司", "甲乙", "1", 2022), report("甲乙控股有限公司", "甲乙", "2", 2022)]
    assert len(understand("甲乙2022年净利润是多少？", documents).candidates) == 2


def test_an_annual_question_prefers_the_full_report_and_takes_the_abridged_one_where_only_that_is_held() -> None:
    assert understand("清河科技2022年核心竞争力", DOCUMENTS).scope.doc_ids == {"清河科技-2022-FY"}
    assert understand("清河科技2023年核心竞争力", DOCUMENTS).scope.doc_ids == {"清河科技-2023-摘要"}
    assert understand("清河科技2022年年报摘要的核心竞争力", DOCUMENTS).scope.doc_ids == {"清河科技-2022-摘要"}


def test_a_quarterly_question_goes_to_the_quarterly_report() -> None:
    question = understand("清河科技2025年第三季度净利润是多少？", DOCUMENTS)
    assert question.scope.doc_ids == {"清河科技-2025-Q3"}


def test_a_value_of_a_year_not_held_may_come_from_the_next_years_report_and_prose_may_not() -> None:
    value = understand("清河科技2020年净利润是多少？", DOCUMENTS)
    assert value.scope.doc_ids == {"清河科技-2021-FY"}
    assert (value.prior_years, value.missing_years) == ((2020,), ())
    prose = understand("请简要介绍清河科技2020年社会责任情况。", DOCUMENTS)
    assert prose.missing_years == (2020,)


def test_the_next_years_report_backs_up_an_abridged_one() -> None:
    question = understand("清河科技2023年货币资金是多少？", DOCUMENTS)
    assert [sorted(scope.doc_ids) for scope in question.scopes] == [
        ["清河科技-2023-摘要"],
        ["清河科技-2023-摘要", "清河科技-2024-FY"],
    ]


def test_years_are_named_in_many_ways() -> None:
    asked = {
        "清河科技2021-2022年净利润": (2021, 2022),
        "清河科技从2021年到2024年净利润": (2021, 2022, 2023, 2024),
        "清河科技22年净利润": (2022,),
        "清河科技二〇二二年净利润": (2022,),
        "清河科技近三年净利润": (2024, 2023, 2022),
        "清河科技去年净利润": (2024,),
        "Acme Tool & Die FY22 net income": (2022,),
    }
    for text, years in asked.items():
        assert understand(text, DOCUMENTS).years == years, text


def test_without_a_year_the_newest_annual_report_is_meant() -> None:
    assert understand("清河科技的法定代表人是谁？", DOCUMENTS).scope.doc_ids == {"清河科技-2024-FY"}


def test_a_question_without_a_company_is_asked_of_everything() -> None:
    assert understand("二甲双胍有哪些不良反应？", DOCUMENTS).scope == EVERYTHING


def test_the_query_keeps_the_content_and_drops_company_year_and_filler() -> None:
    question = understand("根据2022年的年报数据，清河科技聘任、解聘会计师事务所情况，请做简要分析。", DOCUMENTS)
    assert question.query == "聘任、解聘会计师事务所"
    assert "聘任、解聘会计师事务所情况" in question.expansions
    english = understand("What was the reason for lower net sales of Acme Tool & Die in FY2022?", DOCUMENTS)
    assert english.query == "reason lower net sales"


def test_what_is_wanted_is_told_from_the_wording() -> None:
    asked = {
        "清河科技2022年净利润是多少？": "number",
        "清河科技2022年毛利率": "percent",
        "清河科技的法定代表人是谁": "person",
        "什么是商誉？": "definition",
        "What is asthma?": "definition",
        "What are the symptoms of asthma?": "prose",
        "高血压能喝酒吗": "yes_no",
        "一线用药是什么": "prose",
        "公司何时成立": "date",
    }
    assert {text: understand(text, DOCUMENTS).wants for text in asked} == asked


def test_a_follow_up_inherits_company_year_and_topic() -> None:
    first = understand("清河科技2022年净利润是多少？", DOCUMENTS)
    later = understand("2024年呢？", DOCUMENTS, first)
    assert (later.companies, later.years, later.query) == ((QINGHE,), (2024,), "净利润")
    other = understand("那营业收入呢？", DOCUMENTS, first)
    assert (other.companies, other.years, other.query) == ((QINGHE,), (2022,), "营业收入")
    assert understand("蓝田股份呢？", DOCUMENTS, first).companies == (LANTIAN,)


def test_a_missing_year_is_told() -> None:
    question = understand("清河科技从2018年到2022年的法定代表人是否相同？", DOCUMENTS)
    assert question.missing_years == (2018, 2019, 2020)


def test_a_fiscal_year_may_be_that_of_the_neighbouring_report_in_america() -> None:
    question = understand("What did Acme Tool & Die say about inventory in FY2020?", DOCUMENTS)
    assert question.scope.doc_ids == {"Acme Tool & Die Company, Inc.-2022-FY"}
    assert question.prior_years == (2020,)
