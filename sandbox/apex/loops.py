"""for, while, do, and the ways out of them."""

from __future__ import annotations

from typing import Any

from tree_sitter import Node

from sandbox.apex import soql
from sandbox.apex.classes import Body
from sandbox.apex.errors import NotModelled
from sandbox.apex.exceptions import null_pointer, thrown
from sandbox.apex.expressions import compile_expression
from sandbox.apex.frames import Frame
from sandbox.apex.kinds import assigned, kind_of
from sandbox.apex.scope import Scope
from sandbox.apex.statements import condition, declaration, inner, statement
from sandbox.apex.syntax import child, maybe, text
from sandbox.apex.values import ApexList, ApexSet, Value

BREAK, CONTINUE = object(), object()


@statement("while_statement")
def _while(scope: Scope, node: Node) -> Body:
    test, body = condition(scope, child(node, "condition")), inner(scope, child(node, "body"))

    def loop(frame: Frame) -> Any:
        while test(frame):
            frame.tx.limits.spend("statements")
            signal = body(frame)
            if signal is BREAK:
                return None
            if signal is not None and signal is not CONTINUE:
                return signal
        return None

    return loop


@statement("do_statement")
def _do(scope: Scope, node: Node) -> Body:
    test, body = condition(scope, child(node, "condition")), inner(scope, child(node, "body"))

    def loop(frame: Frame) -> Any:
        while True:
            signal = body(frame)
            if signal is BREAK:
                return None
            if signal is not None and signal is not CONTINUE:
                return signal
            if not test(frame):
                return None
            frame.tx.limits.spend("statements")

    return loop


@statement("for_statement")
def _for(scope: Scope, node: Node) -> Body:
    scope.blocks.append({})
    starts = [_start(scope, each) for each in node.children_by_field_name("init")]
    given = maybe(node, "condition")
    test = None if given is None else condition(scope, given)
    updates = [compile_expression(scope, each) for each in node.children_by_field_name("update")]
    body = inner(scope, child(node, "body"))
    scope.blocks.pop()

    def loop(frame: Frame) -> Any:
        for start in starts:
            start(frame)
        while test is None or test(frame):
            frame.tx.limits.spend("statements")
            signal = body(frame)
            if signal is BREAK:
                return None
            if signal is not None and signal is not CONTINUE:
                return signal
            for update in updates:
                update(frame)
        return None

    return loop


def _start(scope: Scope, node: Node) -> Body:
    if node.type == "local_variable_declaration":
        return declaration(scope, node)
    return compile_expression(scope, node)


@statement("enhanced_for_statement")
def _each(scope: Scope, node: Node) -> Body:
    kind, source = scope.kind(child(node, "type")), child(node, "value")
    values = compile_expression(scope, source)
    chunked = source.type == "query_expression" and kind.key == "list"
    scope.blocks.append({})
    name = scope.declare(node, text(child(node, "name")), kind)
    body = inner(scope, child(node, "body"))
    scope.blocks.pop()

    def loop(frame: Frame) -> Any:
        collection = values(frame)
        items, before = _items(collection), _shape(collection)
        for item in soql.chunks(items, kind) if chunked else items:
            frame.variables[name] = assigned(item, kind)
            signal = body(frame)
            if _shape(collection) != before:
                raise _modified(collection)
            if signal is BREAK:
                return None
            if signal is not None and signal is not CONTINUE:
                return signal
        return None

    return loop


def _items(value: Value) -> list[Value]:
    if value is None:
        raise null_pointer()
    if isinstance(value, ApexList):
        return list(value.items)
    if isinstance(value, ApexSet):
        return list(value.values.values())
    raise thrown("TypeException", f"Loop must iterate over a collection type: {kind_of(value)}")


def _shape(value: Value) -> tuple[Value, ...]:
    """What changes when something is added or removed."""
    if isinstance(value, ApexList):
        return (len(value.items),)
    entries = {} if value.keys_of is None else value.keys_of.entries
    return len(value.values), next(reversed(value.values), None), len(entries), next(reversed(entries), None)


def _modified(value: Value) -> Exception:
    """Of Lists the guide says only that it is not supported."""
    if isinstance(value, ApexList):
        return NotModelled("a List that is changed while a loop goes over it")
    return thrown("FinalException", "Cannot modify a collection while it is being iterated.")


@statement("break_statement")
def _break(_scope: Scope, _node: Node) -> Body:
    return lambda _frame: BREAK


@statement("continue_statement")
def _continue(_scope: Scope, _node: Node) -> Body:
    return lambda _frame: CONTINUE
