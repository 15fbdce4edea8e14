"""throw, try, catch, finally."""

from __future__ import annotations

from typing import Any

from tree_sitter import Node

from sandbox.apex.classes import Body
from sandbox.apex.exceptions import Thrown, null_pointer
from sandbox.apex.expressions import compile_expression
from sandbox.apex.frames import Frame, is_exception, locate
from sandbox.apex.kinds import Kind, kind_of
from sandbox.apex.scope import Scope
from sandbox.apex.statements import compile_statement, statement
from sandbox.apex.syntax import child, children, of_type, text
from sandbox.apex.values import ExceptionInstance


@statement("throw_statement")
def _throw(scope: Scope, node: Node) -> Body:
    value = compile_expression(scope, children(node)[0])

    def throw(frame: Frame) -> None:
        found = value(frame)
        if found is None:
            raise null_pointer()
        if not isinstance(found, ExceptionInstance):
            raise scope.refused(node, f"Throw expression must be of type Exception: {kind_of(found)}")
        raise Thrown(found)

    return throw


@statement("try_statement")
def _try(scope: Scope, node: Node) -> Body:
    body = compile_statement(scope, child(node, "body"))
    catches = [_catch(scope, each) for each in children(node) if each.type == "catch_clause"]
    last = of_type(node, "finally_clause")
    finally_ = None if last is None else compile_statement(scope, children(last)[0])

    def attempt(frame: Frame) -> Any:
        try:
            return body(frame)
        except Thrown as error:
            locate(frame.tx, error)
            if not error.catchable:
                raise
            for kind, name, handle in catches:
                if error.value.cls.distance(kind) < 50 or kind.key in {"exception", "system.exception"}:
                    frame.variables[name] = error.value
                    return handle(frame)
            raise

    if finally_ is None:
        return attempt

    def attempt_finally(frame: Frame) -> Any:
        try:
            signal = attempt(frame)
        except Thrown as error:
            if not error.catchable:
                raise
            override = finally_(frame)
            if override is not None:
                return override
            raise
        override = finally_(frame)
        return signal if override is None else override

    return attempt_finally


def _catch(scope: Scope, node: Node) -> tuple[Kind, str, Body]:
    parameter = of_type(node, "formal_parameter")
    assert parameter is not None
    kind = scope.kind(child(parameter, "type"))
    if kind.cls is None or not is_exception(kind.cls):
        raise scope.refused(node, f"Catch type must be an exception: {kind}")
    scope.blocks.append({})
    name = scope.declare(node, text(child(parameter, "name")), kind)
    body = compile_statement(scope, child(node, "body"))
    scope.blocks.pop()
    return kind, name, body
