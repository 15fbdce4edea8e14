"""`switch on`: by value, by enum constant, by the type of a record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tree_sitter import Node

from sandbox.apex.classes import Body
from sandbox.apex.expressions import compile_expression
from sandbox.apex.frames import Frame
from sandbox.apex.kinds import is_a
from sandbox.apex.scope import Scope
from sandbox.apex.statements import compile_statement, statement
from sandbox.apex.syntax import child, children, text
from sandbox.apex.values import EnumValue, Value, identical


@statement("switch_expression")
def _switch(scope: Scope, node: Node) -> Body:
    subject = compile_expression(scope, child(node, "condition"))
    rules = [_rule(scope, each) for each in children(child(node, "body"))]

    def switch(frame: Frame) -> Any:
        value = subject(frame)
        for matches, body in rules:
            if matches(frame, value):
                return body(frame)
        return None

    return switch


Matcher = Callable[[Frame, Value], bool]


def _rule(scope: Scope, node: Node) -> tuple[Matcher, Body]:
    label, block = children(node)[0], children(node)[-1]
    scope.blocks.append({})
    if any(each.type == "else" for each in label.children):
        matches: Matcher = _always
    else:
        tests = [_label(scope, each) for each in children(label)]
        matches = lambda frame, value: any(test(frame, value) for test in tests)  # noqa: E731
    body = compile_statement(scope, block)
    scope.blocks.pop()
    return matches, body


def _always(_frame: Frame, _value: Value) -> bool:
    return True


def _label(scope: Scope, node: Node) -> Matcher:
    if node.type == "when_sobject_type":
        type_node, name_node = children(node)
        kind = scope.kind(type_node)
        name = scope.declare(node, text(name_node), kind)

        def bound(frame: Frame, value: Value) -> bool:
            if not is_a(value, kind):
                return False
            frame.variables[name] = value
            return True

        return bound
    if node.type == "identifier":
        wanted = text(node).lower()
        return lambda _frame, value: isinstance(value, EnumValue) and value.name.lower() == wanted
    expected = compile_expression(scope, node)
    return lambda frame, value: identical(value, expected(frame))
