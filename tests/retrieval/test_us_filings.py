"""Which filings answer a question about a company that reports in English."""

import pytest

from tests.retrieval.question_documents import QINGHE, report
from vouch.retrieval.question import understand
from vouch.retrieval.us_filings import named_form

ACME = "Acme Tool Company, Inc."
FILINGS = [
    report(ACME, "", "ACTD", 2022, "FY", "en"),
    report(ACME, "", "ACTD", 2022, "Q4", "en"),
    report(ACME, "", "ACTD", 2023, "Q2", "en"),
    report(ACME, "", "ACTD", 2023, "", "en"),
    report(QINGHE, "清河科技", "301999", 2022),
    report(QINGHE, "清河科技", "301999", 2022, "Q4"),
]
ANNUAL, RELEASE, QUARTER, CURRENT = (f"{ACME}-{end}" for end in ("2022-FY", "2022-Q4", "2023-Q2", "2023-"))


def looked_in(question: str) -> set[str]:
    return set(understand(question, FILINGS).scope.doc_ids)


@pytest.mark.parametrize(
    ("text", "periods"),
    [
        ("as told in this 10K report", {"FY"}),
        ("in its Form 10-Q", {"Q1", "Q2", "Q3"}),
        ("the 8-K filing of July", {""}),
        ("What is the 10 K race?", set()),
    ],
)
def test_the_form_named_is_a_kind_of_period(text: str, periods: set[str]) -> None:
    assert named_form(text) == periods


def test_a_year_is_told_by_its_annual_report_and_by_the_release_of_its_results() -> None:
    assert looked_in("What were Acme Tool's sales in FY2022?") == {ANNUAL, RELEASE}


def test_what_is_expected_of_a_year_stands_in_the_filings_of_the_year_before() -> None:
    assert {ANNUAL, RELEASE} < looked_in("What is Acme Tool's outlook for fiscal 2023?")


def test_without_a_time_the_newest_annual_report_answers_and_what_was_filed_since() -> None:
    assert looked_in("Is Acme Tool spinning off a business?") == {ANNUAL, RELEASE, QUARTER, CURRENT}


def test_the_form_named_alone_is_looked_in() -> None:
    assert looked_in("Which companies did Acme Tool acquire, according to this 10-K?") == {ANNUAL}


def test_a_year_end_named_for_the_next_calendar_year_is_found() -> None:
    documents = [report("Bell Beauty, Inc.", "", "BELL", 2022, "Q4", "en")]
    question = understand("What share of Bell Beauty's repurchases in FY2023 fell into Q4 of FY2023?", documents)
    assert question.scope.doc_ids == {"Bell Beauty, Inc.-2022-Q4"}
    assert not question.missing_years


def test_a_quarter_that_is_not_held_is_not_taken_from_another_year() -> None:
    assert understand("What were Acme Tool's sales in Q2 2025?", FILINGS).missing_years == (2025,)


def test_reports_in_chinese_keep_to_the_annual_report() -> None:
    assert looked_in("清河科技2022年净利润是多少？") == {"清河科技-2022-FY"}
