"""Statements compiled to Python functions of a frame; what they return says how to go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tree_sitter import Node

from sandbox.apex import soql
from sandbox.apex.classes import Body
from sandbox.apex.errors import DoesNotCompile, NotModelled
from sandbox.apex.exceptions import Thrown, null_pointer, thrown
from sandbox.apex.expressions import compile_expression
from sandbox.apex.frames import Frame, Returned, is_exception, locate
from sandbox.apex.kinds import Kind, assigned, kind_of
from sandbox.apex.records import Record
from sandbox.apex.scope import Scope
from sandbox.apex.syntax import child, children, line, maybe, of_type, text
from sandbox.apex.values import ApexList, ApexSet, ExceptionInstance, Value

BREAK, CONTINUE = object(), object()
Compiler = Callable[[Scope, Node], Body]
STATEMENTS: dict[str, Compiler] = {}


def statement(name: str) -> Callable[[Compiler], Compiler]:
    def register(compiler: Compiler) -> Compiler:
        STATEMENTS[name] = compiler
        return compiler

    return register


def compile_statement(scope: Scope, node: Node) -> Body:
    compiler = STATEMENTS.get(node.type)
    if compiler is None:
        raise scope.unknown(node, f"the statement {node.type}")
    body = compiler(scope, node)
    if node.type in {"block", "constructor_body", "trigger_body"}:
        return body
    return _counted(scope, node, body)


def _counted(scope: Scope, node: Node, body: Body) -> Body:
    number, hits = line(node), scope.unit.hits
    scope.unit.executable.add(number)

    def counted(frame: Frame) -> Any:
        frame.line = number
        hits.add(number)
        frame.tx.limits.spend("statements")
        try:
            return body(frame)
        except (DoesNotCompile, NotModelled) as error:
            raise scope.placed(node, error) from error

    return counted


def _block(scope: Scope, node: Node) -> Body:
    scope.blocks.append({})
    steps = [compile_statement(scope, each) for each in children(node)]
    scope.blocks.pop()

    def block(frame: Frame) -> Any:
        for step in steps:
            signal = step(frame)
            if signal is not None:
                return signal
        return None

    return block


for _name in ("block", "constructor_body", "trigger_body"):
    STATEMENTS[_name] = _block


@statement("expression_statement")
def _expression(scope: Scope, node: Node) -> Body:
    value = compile_expression(scope, children(node)[0])

    def evaluate(frame: Frame) -> None:
        value(frame)

    return evaluate


@statement("explicit_constructor_invocation")
def _constructor_call(scope: Scope, node: Node) -> Body:
    return compile_expression(scope, node)


@statement("local_variable_declaration")
def _declaration(scope: Scope, node: Node) -> Body:
    kind = scope.kind(child(node, "type"))
    modifiers = of_type(node, "modifiers")
    final = modifiers is not None and "final" in text(modifiers).lower()
    steps = []
    for declarator in node.children_by_field_name("declarator"):
        given = maybe(declarator, "value")
        value = None if given is None else compile_expression(scope, given)
        name = scope.declare(node, text(child(declarator, "name")), kind, final=final)
        steps.append((name, value))

    def declare(frame: Frame) -> None:
        for name, value in steps:
            frame.variables[name] = None if value is None else assigned(value(frame), kind)

    return declare


def _condition(scope: Scope, node: Node) -> Callable[[Frame], bool]:
    value = compile_expression(scope, node)

    def test(frame: Frame) -> bool:
        found = value(frame)
        if found is None:
            raise null_pointer()
        if not isinstance(found, bool):
            raise scope.refused(node, f"Condition expression must be of type Boolean, not {kind_of(found)}")
        return found

    return test


@statement("if_statement")
def _if(scope: Scope, node: Node) -> Body:
    test = _condition(scope, child(node, "condition"))
    then = _inner(scope, child(node, "consequence"))
    other = maybe(node, "alternative")
    otherwise = None if other is None else _inner(scope, other)

    def choose(frame: Frame) -> Any:
        if test(frame):
            return then(frame)
        return None if otherwise is None else otherwise(frame)

    return choose


def _inner(scope: Scope, node: Node) -> Body:
    scope.blocks.append({})
    body = compile_statement(scope, node)
    scope.blocks.pop()
    return body


@statement("while_statement")
def _while(scope: Scope, node: Node) -> Body:
    test, body = _condition(scope, child(node, "condition")), _inner(scope, child(node, "body"))

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
    test, body = _condition(scope, child(node, "condition")), _inner(scope, child(node, "body"))

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
    condition = maybe(node, "condition")
    test = None if condition is None else _condition(scope, condition)
    updates = [compile_expression(scope, each) for each in node.children_by_field_name("update")]
    body = _inner(scope, child(node, "body"))
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
        return _declaration(scope, node)
    return compile_expression(scope, node)


@statement("enhanced_for_statement")
def _each(scope: Scope, node: Node) -> Body:
    kind, source = scope.kind(child(node, "type")), child(node, "value")
    values = compile_expression(scope, source)
    chunked = source.type == "query_expression" and kind.key == "list"
    scope.blocks.append({})
    name = scope.declare(node, text(child(node, "name")), kind)
    body = _inner(scope, child(node, "body"))
    scope.blocks.pop()

    def loop(frame: Frame) -> Any:
        items = _items(values(frame))
        for item in soql.chunks(items, kind) if chunked else items:
            frame.variables[name] = assigned(item, kind)
            signal = body(frame)
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


@statement("break_statement")
def _break(_scope: Scope, _node: Node) -> Body:
    return lambda _frame: BREAK


@statement("continue_statement")
def _continue(_scope: Scope, _node: Node) -> Body:
    return lambda _frame: CONTINUE


@statement("return_statement")
def _return(scope: Scope, node: Node) -> Body:
    given = children(node)
    if not given:
        return lambda _frame: Returned(None)
    value = compile_expression(scope, given[0])
    return lambda frame: Returned(value(frame))


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


@statement("run_as_statement")
def _run_as(scope: Scope, node: Node) -> Body:
    user = compile_expression(scope, child(node, "user"))
    block = of_type(node, "block")
    assert block is not None
    body = compile_statement(scope, block)

    def run_as(frame: Frame) -> Any:
        found = user(frame)
        if not isinstance(found, Record) or found.id is None:
            raise thrown("TypeException", "System.runAs needs a User with an Id")
        with frame.tx.running_as(found.id):
            return body(frame)

    return run_as
