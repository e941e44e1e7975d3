"""Arithmetic over named values: parsed through `ast` with a short list of allowed forms, computed in decimals.

Names are fields of the dictionary or other formulas; a name that is no word (购建固定资产、…) stands in quotes.
`prior(x)` is the value a year earlier, `average(x)` the mean of both, `abs(x)` the size, and `optional(x)` counts a
line that is not stated as nothing.
"""

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from math import isfinite

from vouch.retrieval.errors import UsageError

PRECISION = 50
"""Digits kept while computing: far beyond any printed value, so that rounding happens once, when printing."""

MAX_LENGTH = 1000
MAX_DEPTH = 100
"""Of brackets, signs or terms in a row: trees are walked by recursion."""

Lookup = Callable[[str, int], Decimal | None]
"""Gives the value of a field so many years back, None where it is not stated."""

_FUNCTIONS = frozenset({"abs", "prior", "average", "optional"})
_SIGNS: Mapping[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_LOOSE = (ast.Add, ast.Sub)


class FormulaError(UsageError):
    """A formula cannot be read or computed; the message says where and why."""


class MissingOperand(FormulaError):
    """Values that the formula needs are not stated."""

    def __init__(self, operands: tuple["Operand", ...]) -> None:
        self.operands = operands
        super().__init__("not stated: " + ", ".join(operand.label for operand in operands))


class DivisionByZero(FormulaError):
    """The divisor is zero."""

    def __init__(self, divisor: str) -> None:
        self.divisor = divisor
        super().__init__(f"cannot be computed: the divisor {divisor} is zero")


@dataclass(frozen=True, slots=True)
class Operand:
    """A value that an expression uses."""

    field: str
    years_back: int = 0
    optional: bool = False
    """Counts as nothing where it is not stated."""

    @property
    def label(self) -> str:
        """Say the value in words: 上年净利润."""
        return ("", "上年", "前年")[self.years_back] + self.field if self.years_back < 3 else self.field

    def __str__(self) -> str:
        return self.label


@dataclass(frozen=True, slots=True)
class Computed:
    """The value of an expression and what it was computed from."""

    value: Decimal
    operands: Mapping[Operand, Decimal]
    """The values used, in the order in which the expression names them."""
    absent: tuple[Operand, ...] = ()
    """Optional values that are not stated and counted as nothing."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed formula. Equal texts need not give equal expressions; compare `shown`."""

    node: ast.expr

    @property
    def operands(self) -> tuple[Operand, ...]:
        """Return the values it needs, each once, in the order named."""
        required = dict.fromkeys(_operands(self.node, 0, False))
        return tuple(o for o in required if not (o.optional and Operand(o.field, o.years_back) in required))

    @property
    def constants(self) -> tuple[Decimal, ...]:
        """Return the numbers that it holds itself, in the order written."""
        return tuple(Decimal(str(node.value)) for node in ast.walk(self.node) if isinstance(node, ast.Constant))

    @property
    def shown(self) -> str:
        """Return the formula as people write it: (净利润-上年净利润)/上年净利润."""
        return _shown(self.node, 0)

    def compute(self, lookup: Lookup) -> Computed:
        """Return the value; MissingOperand and DivisionByZero say what is wrong with the operands."""
        found = {operand: lookup(operand.field, operand.years_back) for operand in self.operands}
        missing = tuple(o for o, value in found.items() if value is None and not o.optional)
        if missing:
            raise MissingOperand(missing)
        values = {operand: value for operand, value in found.items() if value is not None}
        by_place = {(o.field, o.years_back): value for o, value in values.items()}
        with localcontext() as context:
            context.prec = PRECISION
            value = _value(self.node, 0, by_place)
        return Computed(value, values, tuple(o for o, value in found.items() if value is None))


def parse_expression(text: str, names: Callable[[str], "Expression | str | None"]) -> Expression:
    """Return the expression of a text; `names` resolves a word to a field's name or to another formula."""
    if len(text) > MAX_LENGTH:
        raise FormulaError(f"a formula of {len(text)} characters is too long: at most {MAX_LENGTH}")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise FormulaError(f"'{text}' is no formula: write names with + - * / and brackets") from error
    if _depth(tree.body) > MAX_DEPTH:
        raise FormulaError(f"a formula may be at most {MAX_DEPTH} terms deep")
    return Expression(_checked(tree.body, text, names))


def _depth(node: ast.expr) -> int:
    deepest, waiting = 0, [(node, 1)]
    while waiting:
        current, depth = waiting.pop()
        deepest = max(deepest, depth)
        waiting += [(child, depth + 1) for child in ast.iter_child_nodes(current) if isinstance(child, ast.expr)]
    return deepest


def _checked(node: ast.expr, text: str, names: Callable[[str], Expression | str | None]) -> ast.expr:
    """Return the tree with formulas put in for their names; every other form than the allowed ones is refused."""
    match node:
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _SIGNS:
            return ast.BinOp(_checked(left, text, names), op, _checked(right, text, names))
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand):
            return ast.UnaryOp(sign, _checked(operand, text, names))
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in _FUNCTIONS:
            return ast.Call(ast.Name(name), [_checked(argument, text, names)], [])
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool) and isfinite(number):
            return ast.Constant(repr(number))  # in the checked tree a text is a number, a name a field
        case ast.Name(id=name) | ast.Constant(value=str() as name):
            resolved = names(name)
            if resolved is None:
                raise FormulaError(f"'{text}' names '{name}', which is neither a field nor a formula")
            return resolved.node if isinstance(resolved, Expression) else ast.Name(resolved)
    raise FormulaError(f"'{text}' holds '{ast.unparse(node)}': only + - * /, brackets, {', '.join(sorted(_FUNCTIONS))}")


def _operands(node: ast.expr, back: int, optional: bool) -> Iterator[Operand]:
    match node:
        case ast.BinOp(left=left, right=right):
            yield from _operands(left, back, optional)
            yield from _operands(right, back, optional)
        case ast.UnaryOp(operand=operand):
            yield from _operands(operand, back, optional)
        case ast.Call(func=ast.Name(id="prior"), args=[argument]):
            yield from _operands(argument, back + 1, optional)
        case ast.Call(func=ast.Name(id="average"), args=[argument]):
            yield from _operands(argument, back, optional)
            yield from _operands(argument, back + 1, optional)
        case ast.Call(func=ast.Name(id=name), args=[argument]):
            yield from _operands(argument, back, optional or name == "optional")
        case ast.Name(id=name):
            yield Operand(name, back, optional)


def _value(node: ast.expr, back: int, values: Mapping[tuple[str, int], Decimal]) -> Decimal:
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            return _combined(_value(left, back, values), op, _value(right, back, values), right)
        case ast.UnaryOp(op=sign, operand=operand):
            value = _value(operand, back, values)
            return -value if isinstance(sign, ast.USub) else value
        case ast.Call(func=ast.Name(id=name), args=[argument]):
            return _applied(name, argument, back, values)
        case ast.Name(id=name):
            return values.get((name, back), Decimal(0))  # absent only where it is optional
        case ast.Constant(value=str() as number):
            return Decimal(number)
    raise AssertionError(f"unchecked node {ast.dump(node)}")


def _combined(left: Decimal, op: ast.operator, right: Decimal, divisor: ast.expr) -> Decimal:
    match op:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
    if right == 0:
        raise DivisionByZero(_shown(divisor, 0))
    return left / right


def _applied(name: str, argument: ast.expr, back: int, values: Mapping[tuple[str, int], Decimal]) -> Decimal:
    match name:
        case "abs":
            return abs(_value(argument, back, values))
        case "prior":
            return _value(argument, back + 1, values)
        case "average":
            return (_value(argument, back, values) + _value(argument, back + 1, values)) / 2
    return _value(argument, back, values)


def _shown(node: ast.expr, back: int) -> str:
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            tight = not isinstance(op, _LOOSE)
            first = _bracketed(left, back) if tight and _is_sum(left) else _shown(left, back)
            open_right = _is_sum(right) and (tight or isinstance(op, ast.Sub))
            divided = isinstance(op, ast.Div) and isinstance(right, ast.BinOp)
            last = _bracketed(right, back) if open_right or divided else _shown(right, back)
            return f"{first}{_SIGNS[type(op)]}{last}"
        case ast.UnaryOp(op=sign, operand=operand):
            return ("-" if isinstance(sign, ast.USub) else "") + _shown(operand, back)
        case ast.Call(func=ast.Name(id=name), args=[argument]):
            return _shown_call(name, argument, back)
        case ast.Constant(value=str() as number):
            return number
        case ast.Name(id=name):
            return Operand(name, back).label
    raise AssertionError(f"unchecked node {ast.dump(node)}")


def _shown_call(name: str, argument: ast.expr, back: int) -> str:
    match name:
        case "prior":
            return _shown(argument, back + 1)
        case "average" if isinstance(argument, ast.Name):
            return "平均" + _shown(argument, back)
        case "average":
            return f"平均({_shown(argument, back)})"
        case "abs":
            return f"|{_shown(argument, back)}|"
    return _shown(argument, back)


def _bracketed(node: ast.expr, back: int) -> str:
    return f"({_shown(node, back)})"


def _is_sum(node: ast.expr) -> bool:
    return (isinstance(node, ast.BinOp) and isinstance(node.op, _LOOSE)) or isinstance(node, ast.UnaryOp)
