"""A line that a statement leaves out is nothing; where no statement was read, it is unknown."""

from pathlib import Path

import pytest

from tests.generation.plan.library_maker import NORTH, Asked, Values, report


@pytest.fixture
def asked(tmp_path: Path, request: pytest.FixtureRequest) -> Asked:
    """A library of one report with the values given."""
    values: Values = request.param
    return Asked(tmp_path, [report(NORTH, 2023, values)])


@pytest.mark.parametrize("asked", [{"资产总计": "1,100.00", "营业收入": "800.00"}], indirect=True)
def test_no_debt_ratio_comes_from_a_summary_without_balance_sheet(asked: Asked) -> None:
    assert asked("北原光学2023年的有息负债率是多少？") is None  # what few facts do not tell is looked for in the text


@pytest.mark.parametrize("asked", [{"资产总计": "1,100.00", "流动负债合计": "300.00"}], indirect=True)
def test_a_balance_sheet_without_debts_shows_that_there_are_none(asked: Asked) -> None:
    answer = asked.answer("北原光学2023年的有息负债率是多少？")
    assert "0.00%" in answer.answer


@pytest.mark.parametrize("asked", [{"资产总计": "1,000.00", "长期借款": "160.00"}], indirect=True)
def test_one_debt_shows_that_debts_were_read(asked: Asked) -> None:
    answer = asked.answer("北原光学2023年的有息负债率是多少？")
    assert "16.00%" in answer.answer


@pytest.mark.parametrize(
    "asked", [{"销售费用": "60.00", "管理费用": "50.00", "财务费用": "-12.00", "营业收入": "800.00"}], indirect=True
)
def test_an_income_statement_of_before_research_was_a_line_of_its_own_counts(asked: Asked) -> None:
    answer = asked.answer("北原光学2023年的期间费用率是多少？")
    assert "12.25%" in answer.answer  # (60 + 50 - 12) / 800
