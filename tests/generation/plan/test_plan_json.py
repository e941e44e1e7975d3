"""Plans as JSON: what is shown can be read back, and nothing else is read as a plan."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vouch.generation.plan.plan_json import plan_from_json, plan_json
from vouch.generation.plan.types import Condition, Measure, Period, QueryPlan
from vouch.retrieval.errors import UsageError

measures = st.builds(Measure, st.text(max_size=8), st.text(max_size=8), st.sampled_from(["", "%", "元"]))
conditions = st.builds(
    Condition,
    measures,
    st.sampled_from([">", ">=", "<", "<=", "="]),
    st.none() | st.decimals(allow_nan=False, allow_infinity=False),
    st.none() | measures,
    st.sampled_from(["", "average", "median"]),
)
plans = st.builds(
    QueryPlan,
    act=st.sampled_from(["values", "rank", "count", "list", "same", "best_period", "average", "sum"]),
    measures=st.lists(measures, max_size=3).map(tuple),
    companies=st.lists(st.text(max_size=6), max_size=2).map(tuple),
    periods=st.lists(
        st.builds(Period, st.integers(1990, 2100), st.sampled_from(["FY", "Q3", "Q3-single"])), max_size=3
    ).map(tuple),
    conditions=st.lists(conditions, max_size=2).map(tuple),
    place=st.text(max_size=4),
    former_place=st.booleans(),
    order=st.sampled_from(["", "highest", "lowest"]),
    first=st.integers(1, 9),
    last=st.integers(0, 9),
    every_period=st.booleans(),
    scope=st.sampled_from(["consolidated", "parent", ""]),
    decimals=st.none() | st.integers(0, 6),
    unit=st.sampled_from(["", "万元"]),
    default_period=st.booleans(),
)


@given(plans)
def test_a_plan_comes_back_from_its_json(plan: QueryPlan) -> None:
    assert plan_from_json(json.loads(json.dumps(plan_json(plan)))) == plan


def test_thresholds_keep_their_digits() -> None:
    plan = QueryPlan(
        "count", (Measure("货币资金"),), conditions=(Condition(Measure("货币资金"), ">", Decimal("0.10")),)
    )
    assert plan_json(plan)["conditions"][0]["threshold"] == "0.10"


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"act": "drop table", "measures": []},
        {"act": "values", "measures": [{"name": 5}]},
        {"act": "values", "measures": [], "periods": [{"year": "2023", "period": "FY"}]},
        {"act": "values", "measures": "净利润"},
    ],
)
def test_what_is_no_plan_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="no query plan"):
        plan_from_json(data)
