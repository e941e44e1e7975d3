"""Early warning: what a company's stated values say about distress, manipulation and sudden changes.

Pure functions over a lookup of values; nothing here knows where they are stored or stated. Every signal names its
threshold, the source of it and the values it was computed from, and says so where it does not apply.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from vouch.generation.expressions import Computed, DivisionByZero, FormulaError, Lookup, MissingOperand, Operand
from vouch.generation.formulas import rounded
from vouch.generation.warning_rules import AuditRule, Condition, Rule, WarningRules, standard_rules
from vouch.retrieval.fields import FieldDictionary
from vouch.retrieval.identities import check, exact

Level = Literal["ok", "watch", "alarm", "not_applicable"]
Stated = Decimal | float | int | str | None
ValueLookup = Callable[[str, int], Stated]
"""Gives what is stated for a field and year: a number in the base unit, a text, or None."""


@dataclass(frozen=True, slots=True)
class SignalOperand:
    """A value that a signal was computed from."""

    field: str
    year: int
    value: Decimal


@dataclass(frozen=True, slots=True)
class Signal:
    """One early-warning signal of a company and year."""

    name: str
    group: str
    level: Level
    year: int
    value: Decimal | None = None
    text: str = ""
    """The value as printed, or the words of an opinion."""
    threshold: str = ""
    source: str = ""
    reason: str = ""
    """Why it does not apply, what was assumed, or what broke."""
    parts: tuple[tuple[str, Decimal], ...] = ()
    """The figures a score is made of; for tests 1 where they hold."""
    operands: tuple[SignalOperand, ...] = ()


def early_warning(stated: ValueLookup, year: int, rules: WarningRules | None = None) -> list[Signal]:
    """Return every signal of a year, those that do not apply among them, in the order of the rules."""
    book = rules or standard_rules()
    lookup = _numbers(stated, year)
    financial = is_financial(stated, year, book)
    signals = [
        _not_applicable(rule, year, book.sector.reason)
        if financial and not rule.financials
        else _signal(rule, year, lookup)
        for rule in book.rules
    ]
    return [*signals, _audit_signal(book.audit, stated, year), _identity_signal(book.identities, lookup, year)]


def is_financial(stated: ValueLookup, year: int, rules: WarningRules | None = None) -> bool:
    """Say whether the statements are a bank's, insurer's or broker's."""
    sector = (rules or standard_rules()).sector
    return stated(sector.lacks, year) is None and any(stated(mark, year) is not None for mark in sector.marks)


def _numbers(stated: ValueLookup, year: int) -> Lookup:
    def lookup(field: str, years_back: int) -> Decimal | None:
        value = stated(field, year - years_back)
        return None if value is None or isinstance(value, str) else exact(value)

    return lookup


def _signal(rule: Rule, year: int, lookup: Lookup) -> Signal:
    try:
        if unmet := [condition for condition in rule.when if not condition.holds(lookup)]:
            signal = _not_applicable(rule, year, f"前提不成立: {unmet[0].text}", _operands(unmet, lookup, year))
            return replace(signal, level="ok") if rule.unmet_is_ok else signal
        signal = _counted(rule, year, lookup) if rule.tests else _computed(rule, year, lookup)
    except FormulaError as error:
        return _not_applicable(rule, year, _why(error, year))
    # What a premise was checked with is evidence too: two years of losses are two values.
    return replace(signal, operands=tuple(dict.fromkeys((*signal.operands, *_operands(rule.when, lookup, year)))))


def _computed(rule: Rule, year: int, lookup: Lookup) -> Signal:
    """Return the signal of an expression, its parts computed before it."""
    assert rule.expression is not None
    parts, used, notes = _parts(rule, year, lookup)
    result = rule.expression.compute((lambda name, _: parts.get(name)) if rule.parts else lookup)
    value = result.value * 100 if rule.unit == "%" else result.value
    return _raised(
        rule,
        Signal(
            rule.name,
            rule.group,
            "ok",
            year,
            value=value,
            reason="；".join(notes),
            parts=tuple(parts.items()),
            operands=_stated_operands(used if rule.parts else [result], year),
        ),
    )


def _parts(rule: Rule, year: int, lookup: Lookup) -> tuple[dict[str, Decimal], list[Computed], list[str]]:
    values: dict[str, Decimal] = {}
    used: list[Computed] = []
    notes: list[str] = []
    for name, expression in (rule.parts or {}).items():
        try:
            used.append(expression.compute(lookup))
            values[name] = used[-1].value
        except FormulaError as error:
            if name not in (rule.neutral or {}):
                raise
            values[name] = (rule.neutral or {})[name]
            notes.append(f"{name} 取 {values[name]} ({_why(error, year)})")
    return values, used, notes


def _counted(rule: Rule, year: int, lookup: Lookup) -> Signal:
    tests = rule.tests or {}
    results = {name: Decimal(int(test.holds(lookup))) for name, test in tests.items()}
    signal = Signal(
        rule.name,
        rule.group,
        "ok",
        year,
        value=sum(results.values(), Decimal(0)),
        parts=tuple(results.items()),
        operands=_operands(tests.values(), lookup, year),
    )
    raised = _raised(rule, signal)
    return replace(raised, text=f"{raised.text}/{len(tests)}")


def _raised(rule: Rule, signal: Signal) -> Signal:
    assert signal.value is not None
    level: Level = "ok"
    if rule.alarm and rule.alarm.crossed_by(signal.value):
        level = "alarm"
    elif rule.watch and rule.watch.crossed_by(signal.value):
        level = "watch"
    text = f"{rounded(signal.value, rule.decimals)}{rule.unit}"
    return replace(signal, level=level, text=text, threshold=rule.thresholds, source=rule.source)


def _not_applicable(rule: Rule, year: int, reason: str, operands: tuple[SignalOperand, ...] = ()) -> Signal:
    return Signal(
        rule.name,
        rule.group,
        "not_applicable",
        year,
        threshold=rule.thresholds,
        source=rule.source,
        reason=reason,
        operands=operands,
    )


def _why(error: FormulaError, year: int) -> str:
    """Say in the reader's words why a figure cannot be computed."""
    match error:
        case MissingOperand(operands=operands):
            return "未披露: " + "、".join(f"{year - o.years_back}年{o.field}" for o in operands)
        case DivisionByZero(divisor=divisor):
            return f"分母为零: {divisor}"
    return str(error)


def _operands(conditions: Iterable[Condition], lookup: Lookup, year: int) -> tuple[SignalOperand, ...]:
    expressions = [expression for condition in conditions for expression in condition.expressions]
    return _stated_operands([expression.compute(lookup) for expression in expressions], year)


def _stated_operands(computed: Iterable[Computed], year: int) -> tuple[SignalOperand, ...]:
    values: dict[Operand, Decimal] = {}
    for result in computed:
        values |= {Operand(o.field, o.years_back): value for o, value in result.operands.items()}
    return tuple(SignalOperand(o.field, year - o.years_back, value) for o, value in values.items())


def _audit_signal(rule: AuditRule, stated: ValueLookup, year: int) -> Signal:
    opinion = stated(rule.field, year)
    signal = Signal(rule.name, rule.group, "not_applicable", year, source=rule.source)
    if not isinstance(opinion, str) or not opinion:
        return replace(signal, reason=f"未披露: {year}年{rule.field}")
    level = _opinion_level(rule, opinion.lower())
    return replace(signal, level=level or "watch", text=opinion, reason="" if level else "意见类型无法识别")


def _opinion_level(rule: AuditRule, opinion: str) -> Level | None:
    rest = opinion
    for word in rule.ok:
        rest = rest.replace(word, "")
    if any(word in opinion for word in rule.alarm) or any(word in rest for word in rule.qualified):
        return "alarm"
    if any(word in opinion for word in rule.watch):
        return "watch"
    return "ok" if rest != opinion else None


def _identity_signal(rule: Rule, lookup: Lookup, year: int) -> Signal:
    """Return how many of the sums of the year do not hold, and which."""
    names = [field.name for field in FieldDictionary.load().fields if not field.is_text]
    now, before = ({n: v for n in names if (v := lookup(n, back)) is not None} for back in (0, 1))
    results = check(now, before)
    if not results:
        return _not_applicable(rule, year, "没有可核对的合计")
    broken = [result for result in results if not result.holds]
    fields = dict.fromkeys(name for result in broken for name in result.fields)
    return Signal(
        rule.name,
        rule.group,
        "watch" if broken else "ok",
        year,
        value=Decimal(len(broken)),
        text=f"{len(broken)}/{len(results)}",
        threshold="watch > 0",
        source=rule.source,
        reason="；".join(f"{r.name}: 列报 {r.stated:,}，计算 {r.computed:,}，相差 {r.difference:,}" for r in broken),
        operands=tuple(SignalOperand(name, year, now[name]) for name in fields),
    )
