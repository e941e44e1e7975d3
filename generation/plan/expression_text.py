"""Expressions written so that they can be parsed again: what a plan holds and shows."""

import ast

from vouch.generation.expressions import Expression

_SIGNS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


def expression_text(expression: Expression) -> str:
    """Return an expression over quoted names, in the language of `parse_expression`."""
    return _text(expression.node)


def _text(node: ast.expr) -> str:
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            return f"({_text(left)}{_SIGNS[type(op)]}{_text(right)})"
        case ast.UnaryOp(op=sign, operand=operand):
            return f"{'-' if isinstance(sign, ast.USub) else '+'}{_text(operand)}"
        case ast.Call(func=ast.Name(id=name), args=[argument]):
            return f"{name}({_text(argument)})"
        case ast.Name(id=name):
            return f'"{name}"'
        case ast.Constant(value=number):
            return str(number)
    raise AssertionError(f"unchecked node {ast.dump(node)}")
