"""Years and periods in the words of a question."""

import pytest

from vouch.retrieval.periods import named_periods


@pytest.mark.parametrize(
    ("text", "years", "periods"),
    [
        ("2025年第三季度", (2025,), ("Q3",)),
        ("2025年三季报", (2025,), ("Q3",)),
        ("2024年半年度报告", (2024,), ("H1",)),
        ("2024年中报", (2024,), ("H1",)),
        ("Q2 of FY2024", (2024,), ("Q2",)),
        ("Q2'2023", (2023,), ("Q2",)),
        ("second quarter of 2023", (2023,), ("Q2",)),
        ("fiscal year 2022", (2022,), ()),
        ("FY2023, FY2022 and FY2021", (2023, 2022, 2021), ()),
        ("from 2019 to 2021", (2019, 2020, 2021), ()),
        ("2022、2024年", (2022, 2024), ()),
        ("得病3年", (), ()),
        ("20岁", (), ()),
        ("血糖7.2022", (), ()),
    ],
)
def test_expressions_of_time(text: str, years: tuple[int, ...], periods: tuple[str, ...]) -> None:
    named = named_periods(text)
    assert (named.years, named.periods) == (years, periods)


def test_each_year_has_its_own_period_where_one_is_given() -> None:
    named = named_periods("between FY 2023 and Q2 of FY2024")
    assert (named.of_year(2023), named.of_year(2024)) == ((), ("Q2",))
    both = named_periods("2024年第三季度与2025年第三季度")
    assert (both.of_year(2024), both.of_year(2025)) == (("Q3",), ("Q3",))


def test_a_period_without_a_year_is_meant_for_all() -> None:
    named = named_periods("2023年和2024年的三季报")
    assert named.of_year(2024) == ("Q3",)
