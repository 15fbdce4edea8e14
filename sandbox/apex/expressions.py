"""Expressions compiled to Python functions of a frame."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from tree_sitter import Node

from sandbox.apex import operators
from sandbox.apex.classes import Body
from sandbox.apex.errors import DoesNotCompile
from sandbox.apex.exceptions import null_pointer
from sandbox.apex.frames import Frame
from sandbox.apex.kinds import cast, is_a, kind_of
from sandbox.apex.scope import Scope
from sandbox.apex.syntax import child, children, of_type, text
from sandbox.apex.values import Long, Value

Compiler = Callable[[Scope, Node], Body]
EXPRESSIONS: dict[str, Compiler] = {}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "'": "'", '"': '"', "\\": "\\"}


class Skipped:
    """What is left of a chain after `?.` has met null."""


SKIPPED = Skipped()


def expression(*names: str) -> Callable[[Compiler], Compiler]:
    def register(compiler: Compiler) -> Compiler:
        for name in names:
            EXPRESSIONS[name] = compiler
        return compiler

    return register


def compile_expression(scope: Scope, node: Node) -> Body:
    value = compile_link(scope, node)
    if node.type not in {"field_access", "method_invocation", "array_access"} or not _may_skip(node):
        return value

    def unskipped(frame: Frame) -> Value:
        found = value(frame)
        return None if found is SKIPPED else found

    return unskipped


def compile_link(scope: Scope, node: Node) -> Body:
    """One link of a chain such as a?.b.c(), which may turn out to be skipped."""
    compiler = EXPRESSIONS.get(node.type)
    if compiler is None:
        raise scope.unknown(node, f"the expression {node.type}")
    return compiler(scope, node)


def is_safe(node: Node) -> bool:
    return of_type(node, "safe_navigation_operator") is not None


def _may_skip(node: Node) -> bool:
    place: Node | None = node
    while place is not None and place.type in {"field_access", "method_invocation", "array_access"}:
        if is_safe(place):
            return True
        place = place.child_by_field_name("array" if place.type == "array_access" else "object")
    return False


@expression("parenthesized_expression")
def _parenthesized(scope: Scope, node: Node) -> Body:
    return compile_expression(scope, children(node)[0])


@expression("int")
def _int(scope: Scope, node: Node) -> Body:
    written = text(node)
    value: int = Long(written[:-1]) if written[-1] in "lL" else int(written)
    if not isinstance(value, Long) and value > 2**31:
        raise scope.refused(node, f"Illegal integer: {written}")
    return lambda _frame: value


@expression("decimal_floating_point_literal")
def _decimal(_scope: Scope, node: Node) -> Body:
    written = text(node)
    value: Decimal | float = float(written[:-1]) if written[-1] in "dD" else Decimal(written)
    return lambda _frame: value


@expression("string_literal")
def _string(scope: Scope, node: Node) -> Body:
    def meaning(match: re.Match[str]) -> str:
        escape = match[1]
        if escape[0] == "u" and len(escape) == 5:
            return chr(int(escape[1:], 16))
        if escape not in _ESCAPES:
            raise scope.refused(node, f"Illegal string literal: invalid escape \\{escape}")
        return _ESCAPES[escape]

    value = re.sub(r"\\(u[0-9A-Fa-f]{4}|.)", meaning, text(node)[1:-1], flags=re.DOTALL)
    return lambda _frame: value


@expression("boolean")
def _boolean(_scope: Scope, node: Node) -> Body:
    value = text(node).lower() == "true"
    return lambda _frame: value


@expression("null_literal")
def _null(_scope: Scope, _node: Node) -> Body:
    return lambda _frame: None


@expression("this")
def _this(scope: Scope, node: Node) -> Body:
    if scope.static:
        raise scope.refused(node, "this cannot be used in a static context")
    return lambda frame: frame.this


@expression("ternary_expression")
def _ternary(scope: Scope, node: Node) -> Body:
    test = _boolean_operand(scope, child(node, "condition"))
    then = compile_expression(scope, child(node, "consequence"))
    otherwise = compile_expression(scope, child(node, "alternative"))
    return lambda frame: then(frame) if test(frame) else otherwise(frame)


@expression("binary_expression")
def _binary(scope: Scope, node: Node) -> Body:
    sign = text(child(node, "operator"))
    if sign in {"&&", "||"}:
        return _logical(scope, node, sign)
    left, right = (compile_expression(scope, child(node, side)) for side in ("left", "right"))
    if sign == "??":
        return lambda frame: right(frame) if (found := left(frame)) is None else found

    def operate(frame: Frame) -> Value:
        try:
            return operators.binary(sign, left(frame), right(frame))
        except DoesNotCompile as error:
            raise scope.placed(node, error) from None

    return operate


def _logical(scope: Scope, node: Node, sign: str) -> Body:
    left, right = (_boolean_operand(scope, child(node, side)) for side in ("left", "right"))
    if sign == "&&":
        return lambda frame: left(frame) and right(frame)
    return lambda frame: left(frame) or right(frame)


def _boolean_operand(scope: Scope, node: Node) -> Callable[[Frame], bool]:
    value = compile_expression(scope, node)

    def test(frame: Frame) -> bool:
        found = value(frame)
        if found is None:
            raise null_pointer()
        if not isinstance(found, bool):
            raise scope.refused(node, f"Boolean expected, not {kind_of(found)}")
        return found

    return test


@expression("unary_expression")
def _unary(scope: Scope, node: Node) -> Body:
    sign, operand = text(child(node, "operator")), child(node, "operand")
    if sign == "!":
        test = _boolean_operand(scope, operand)
        return lambda frame: not test(frame)
    if sign == "-" and operand.type == "int" and text(operand) == "2147483648":
        return lambda _frame: -(2**31)
    value = compile_expression(scope, operand)
    if sign == "-":
        return lambda frame: operators.negative(value(frame))
    if sign == "+":
        return value
    if sign == "~":
        return lambda frame: operators.binary("^", value(frame), -1)
    raise scope.unknown(node, f"the operator {sign}")


@expression("cast_expression")
def _cast(scope: Scope, node: Node) -> Body:
    kind, value = scope.kind(child(node, "type")), compile_expression(scope, child(node, "value"))
    return lambda frame: cast(value(frame), kind)


@expression("instanceof_expression")
def _instanceof(scope: Scope, node: Node) -> Body:
    value, kind = compile_expression(scope, child(node, "left")), scope.kind(child(node, "right"))
    return lambda frame: is_a(value(frame), kind)
