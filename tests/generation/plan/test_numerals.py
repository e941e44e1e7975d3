"""Numbers as questions write them."""

from decimal import Decimal

import pytest

from vouch.generation.plan.numerals import amount, count


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("5亿", "500000000"),
        ("五亿", "500000000"),
        ("3,000万", "30000000"),
        ("两千万", "20000000"),
        ("1.5", "1.5"),
        ("-20", "-20"),
        ("2 billion", "2000000000"),
        ("十二", "12"),
    ],
)
def test_an_amount_is_read_with_its_scale(written: str, value: str) -> None:
    assert amount(written) == Decimal(value)


def test_words_are_no_amount() -> None:
    assert amount("很多") is None
    assert amount("") is None


@pytest.mark.parametrize(
    ("written", "number"), [("7", 7), ("十", 10), ("十二", 12), ("二十", 20), ("三", 3), ("five", 5), ("x", 0)]
)
def test_small_numbers_are_read_in_digits_and_words(written: str, number: int) -> None:
    assert count(written) == number
