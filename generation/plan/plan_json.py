"""Plans as JSON objects and back: what `plan` of an answer shows, and what a model may propose."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, get_args

from vouch.generation.plan.types import Act, Comparison, Condition, Level, Measure, Order, Period, QueryPlan
from vouch.retrieval.errors import UsageError
from vouch.retrieval.facts import FactScope


def plan_json(plan: QueryPlan) -> dict[str, Any]:
    """Return the plan as a JSON object; `plan_from_json` gives it back."""
    return {
        "act": plan.act,
        "measures": [_measure_json(measure) for measure in plan.measures],
        "companies": list(plan.companies),
        "periods": [{"year": period.year, "period": period.part} for period in plan.periods],
        "conditions": [_condition_json(condition) for condition in plan.conditions],
        "registered_in": plan.place,
        "or_formerly": plan.former_place,
        "order": plan.order,
        "first": plan.first,
        "last": plan.last,
        "in_every_period": plan.every_period,
        "scope": plan.scope,
        "decimals": plan.decimals,
        "unit": plan.unit,
        "default_period": plan.default_period,
    }


def plan_from_json(data: Mapping[str, Any]) -> QueryPlan:
    """Return the plan of a JSON object; UsageError says what is wrong with it."""
    try:
        return QueryPlan(
            act=_one_of(data["act"], get_args(Act)),
            measures=tuple(_measure(entry) for entry in data["measures"]),
            companies=tuple(map(_text, data.get("companies", ()))),
            periods=tuple(Period(_whole(entry["year"]), _text(entry["period"])) for entry in data.get("periods", ())),
            conditions=tuple(_condition(entry) for entry in data.get("conditions", ())),
            place=_text(data.get("registered_in", "")),
            former_place=bool(data.get("or_formerly", False)),
            order=_one_of(data.get("order", ""), get_args(Order)),
            first=_whole(data.get("first", 1)),
            last=_whole(data.get("last", 0)),
            every_period=bool(data.get("in_every_period", False)),
            scope=_one_of(data.get("scope", "consolidated"), get_args(FactScope)),
            decimals=None if data.get("decimals") is None else _whole(data["decimals"]),
            unit=_text(data.get("unit", "")),
            default_period=bool(data.get("default_period", False)),
        )
    except (KeyError, TypeError, AttributeError, InvalidOperation) as error:
        raise UsageError(f"this is no query plan: {type(error).__name__} {error}") from error


def _measure_json(measure: Measure) -> dict[str, Any]:
    return {"name": measure.name, "expression": measure.expression, "unit": measure.unit}


def _condition_json(condition: Condition) -> dict[str, Any]:
    return {
        "measure": _measure_json(condition.measure),
        "comparison": condition.comparison,
        "threshold": None if condition.threshold is None else str(condition.threshold),
        "against": condition.against and _measure_json(condition.against),
        "level": condition.level,
    }


def _measure(data: Mapping[str, Any]) -> Measure:
    return Measure(_text(data["name"]), _text(data.get("expression", "")), _text(data.get("unit", "")))


def _condition(data: Mapping[str, Any]) -> Condition:
    threshold, against = data.get("threshold"), data.get("against")
    return Condition(
        _measure(data["measure"]),
        _one_of(data["comparison"], get_args(Comparison)),
        None if threshold is None else Decimal(_text(threshold)),
        None if against is None else _measure(against),
        _one_of(data.get("level", ""), get_args(Level)),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise UsageError(f"this is no query plan: {value!r} should be a text")
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise UsageError(f"this is no query plan: {value!r} should be a whole number")
    return value


def _one_of(value: object, allowed: tuple[Any, ...]) -> Any:
    if value not in allowed:
        raise UsageError(f"this is no query plan: {value!r} is none of {', '.join(map(repr, allowed))}")
    return value
