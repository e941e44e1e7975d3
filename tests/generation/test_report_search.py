"""Where reports in English are looked in: statements of what is asked, sections about it, the words of reports."""

import pytest

from tests.generation.shelf_maker import FakeShelf, source
from vouch.generation.asked_statements import asked_lines
from vouch.generation.report_search import report_words
from vouch.generation.retrieve import retrieve
from vouch.generation.statement_pages import plain_title, statement_pages
from vouch.retrieval.question import Question, understand
from vouch.retrieval.types import EVERYTHING

ACME = "Acme Tool Company, Inc."
INCOME = """ACME TOOL COMPANY, INC.
CONDENSED CONSOLIDATED STATEMENTS OF EARNINGS (UNAUDITED)
Revenue $ 500 $ 450
Cost of sales 300 280
Operating income 90 80
Net earnings 70 60"""
BALANCE = """CONSOLIDATED BALANCE SHEETS
Cash and cash equivalents 40 30
Inventories 100 90
Total current assets 200 180
Total current liabilities 120 110
Total assets 600 580"""
NOTES = "Our gross margin is a measure that we discuss with analysts. Gross margin matters to gross margin watchers."
RETENTION = "Loyalty remained high and attrition fell as new plans were accepted."


@pytest.fixture
def shelf() -> FakeShelf:
    made = FakeShelf()
    made.add(
        source("annual", ACME, "", 2022, language="en"),
        [("prose", ("Part I", "Item 1. Business"), NOTES)],
        [("prose", ("Part II", "Customers"), RETENTION)],
        [("table", ("Part II", "Item 8."), INCOME)],
        [("table", ("Part II", "Item 8."), BALANCE)],
        [("toc", (), "Consolidated Balance Sheets\nConsolidated Statements of Cash Flows")],
    )
    return made


def asked(shelf: FakeShelf, text: str) -> Question:
    return understand(text, shelf.documents())


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("What is Acme Tool's gross margin in FY2022?", ("income",)),
        ("What is the quick ratio of Acme Tool in FY2022?", ("balance",)),
        ("How often did Acme Tool turn its stock over: inventory turnover ratio in 2022?", ("balance", "income")),
        ("Did Acme Tool grow its PP&E in FY2022?", ("balance",)),
        ("How much did Acme Tool spend on capex in 2022?", ("cash_flow",)),
        ("Which board members does Acme Tool have?", ()),
    ],
)
def test_the_statements_that_hold_the_operands_are_known(
    shelf: FakeShelf, text: str, statements: tuple[str, ...]
) -> None:
    assert set(asked_lines(asked(shelf, text)).statements) == set(statements)


def test_a_ratio_is_searched_for_by_the_lines_it_is_computed_from(shelf: FakeShelf) -> None:
    words = report_words(asked(shelf, "What is the quick ratio of Acme Tool in FY2022?"))
    assert {"Inventories", "Total current assets", "Total current liabilities"} <= set(words)


def test_a_statement_is_found_by_its_title_below_the_companys_name(shelf: FakeShelf) -> None:
    assert [hit.chunk.page for hit in statement_pages(shelf, "income", EVERYTHING)] == [3]


def test_a_table_of_contents_is_no_statement(shelf: FakeShelf) -> None:
    assert [hit.chunk.page for hit in statement_pages(shelf, "balance", EVERYTHING)] == [4]


def test_titles_are_compared_without_condensed_and_brackets() -> None:
    assert plain_title("Condensed  Consolidated Balance Sheets (Unaudited)") == "consolidated balance sheets"


def test_the_statement_of_a_line_asked_for_comes_before_mentions(shelf: FakeShelf) -> None:
    question = asked(shelf, "Is the gross margin of Acme Tool improving in FY2022?")
    hits = retrieve(shelf, question, question.scope)
    assert [hit.chunk.page for hit in hits[:2]] == [3, 1]
    assert hits[0].ranks["statement"] == 1
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert len({hit.chunk.id for hit in hits}) == len(hits)


def test_the_text_about_the_reasons_of_a_change_comes_before_the_statement(shelf: FakeShelf) -> None:
    question = asked(shelf, "What drove the change in gross margin of Acme Tool in FY2022?")
    assert [hit.chunk.page for hit in retrieve(shelf, question, question.scope)[:2]] == [1, 3]


def test_a_section_in_other_words_is_found_by_the_words_of_reports(shelf: FakeShelf) -> None:
    question = asked(shelf, "Was Acme Tool able to retain customers during 2022?")
    assert retrieve(shelf, question, question.scope)[0].chunk.page == 2


def test_questions_in_chinese_are_not_searched_for_in_english(shelf: FakeShelf) -> None:
    question = understand("毛利率是多少？", shelf.documents())
    assert all("statement" not in hit.ranks for hit in retrieve(shelf, question, EVERYTHING))
