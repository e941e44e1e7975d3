"""Arithmetic through `ast`: what is computed, what is refused, and that it agrees with exact fractions."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from vouch.generation.expressions import DivisionByZero, FormulaError, MissingOperand, Operand, parse_expression

NAMES = ("甲", "乙", "买、卖")


def named(word: str) -> str | None:
    return word if word in NAMES else None


def lookup_in(values: dict[tuple[str, int], Decimal | int]) -> Callable[[str, int], Decimal | None]:
    return lambda field, back: Decimal(values[field, back]) if (field, back) in values else None


VALUES = lookup_in({("甲", 0): 6, ("甲", 1): 4, ("甲", 2): 3, ("乙", 0): -2, ("买、卖", 0): 10})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("甲+乙*2", "2"),
        ("(甲-prior(甲))/prior(甲)", "0.5"),
        ("average(甲)", "5"),
        ("prior(average(甲))", "3.5"),
        ("prior(prior(甲))", "3"),
        ("average(甲*2)", "10"),
        ("abs(乙)-+-甲", "8"),
        ('"买、卖"*甲/3', "20"),
        ("甲+optional(prior(乙))", "6"),
        ("365/甲", "60.833333333333333333333333333333333333333333333333"),
    ],
)
def test_expressions_are_computed(text: str, value: str) -> None:
    assert parse_expression(text, named).compute(VALUES).value == Decimal(value)


def test_operands_come_from_the_tree_with_their_year() -> None:
    expression = parse_expression("(甲-prior(甲))/average(乙)+optional(甲)+optional(买卖)", lambda word: word)
    assert expression.operands == (
        Operand("甲"),
        Operand("甲", 1),
        Operand("乙"),
        Operand("乙", 1),
        Operand("买卖", optional=True),
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("(甲-prior(甲))/prior(甲)", "(甲-上年甲)/上年甲"),
        ("甲/average(乙)", "甲/平均乙"),
        ("甲-(乙-甲)", "甲-(乙-甲)"),
        ("甲/(乙*甲)", "甲/(乙*甲)"),
        ("甲*-乙", "甲*(-乙)"),
        ("average(甲+乙)", "平均(甲+乙)"),
        ("abs(甲)+optional(乙)", "|甲|+乙"),
    ],
)
def test_a_formula_is_shown_as_people_write_it(text: str, shown: str) -> None:
    assert parse_expression(text, named).shown == shown


def test_what_is_missing_is_named_all_of_it() -> None:
    with pytest.raises(MissingOperand, match="not stated: 上年乙, 前年乙") as caught:
        parse_expression("乙/average(prior(乙))", named).compute(VALUES)
    assert caught.value.operands == (Operand("乙", 1), Operand("乙", 2))


def test_a_zero_divisor_is_explained() -> None:
    with pytest.raises(DivisionByZero, match=r"the divisor 乙-\(-2\) is zero"):
        parse_expression("甲/(乙--2)", named).compute(VALUES)


def test_absent_optional_values_are_reported() -> None:
    computed = parse_expression("甲+optional(prior(乙))", named).compute(VALUES)
    assert computed.absent == (Operand("乙", 1, optional=True),)
    assert computed.operands == {Operand("甲"): Decimal(6)}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "甲+",
        "甲**9",
        "甲 if 乙 else 甲",
        "甲.乙",
        "甲[0]",
        "甲<乙",
        "甲//乙",
        "甲%乙",
        "~甲",
        "True",
        "1j",
        "1e999",
        "print(甲)",
        "prior(甲, 乙)",
        "average()",
        "prior(x=甲)",
        "__import__('os').system('true')",
        "(lambda: 甲)()",
        "f'{甲}'",
        "水+1",
        "'水'",
        "-" * 500 + "甲",
        "(" * 300 + "甲" + ")" * 300,
        "+".join(["甲"] * 400),
        "9" * 5000,
    ],
)
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(FormulaError):
        parse_expression(text, named)


def grown(children: st.SearchStrategy[tuple[str, Fraction]]) -> st.SearchStrategy[tuple[str, Fraction]]:
    def joined(parts: tuple[tuple[str, Fraction], str, tuple[str, Fraction]]) -> tuple[str, Fraction]:
        (left, a), sign, (right, b) = parts
        assume(sign != "/" or b != 0)
        value = a + b if sign == "+" else a - b if sign == "-" else a * b if sign == "*" else a / b
        return f"({left}){sign}({right})", value

    return st.tuples(children, st.sampled_from("+-*/"), children).map(joined) | children.map(
        lambda part: (f"abs({part[0]})", abs(part[1]))
    )


AMOUNTS = {"甲": Decimal("78854230.23"), "乙": Decimal("-0.07"), "买、卖": Decimal(3)}
LEAVES = st.sampled_from([(f'"{name}"', Fraction(value)) for name, value in AMOUNTS.items()]) | st.integers(1, 999).map(
    lambda number: (str(number), Fraction(number))
)


@settings(max_examples=300, deadline=None)
@given(st.recursive(LEAVES, grown, max_leaves=8))
def test_decimals_agree_with_exact_fractions(case: tuple[str, Fraction]) -> None:
    text, exact = case
    value = parse_expression(text, named).compute(lambda field, _: AMOUNTS[field]).value
    assert abs(Fraction(value) - exact) <= max(abs(exact), 1) * Fraction(1, 10**20)
