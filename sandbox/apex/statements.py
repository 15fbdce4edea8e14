"""Statements compiled to Python functions of a frame; what they return says how to go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tree_sitter import Node

from sandbox.apex.classes import Body
from sandbox.apex.errors import DoesNotCompile, NotModelled
from sandbox.apex.exceptions import null_pointer, thrown
from sandbox.apex.expressions import compile_expression
from sandbox.apex.frames import Frame, Returned
from sandbox.apex.kinds import assigned, kind_of
from sandbox.apex.records import Record
from sandbox.apex.scope import Scope
from sandbox.apex.syntax import child, children, line, maybe, of_type, text

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
def declaration(scope: Scope, node: Node) -> Body:
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


def condition(scope: Scope, node: Node) -> Callable[[Frame], bool]:
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
    test = condition(scope, child(node, "condition"))
    then = inner(scope, child(node, "consequence"))
    other = maybe(node, "alternative")
    otherwise = None if other is None else inner(scope, other)

    def choose(frame: Frame) -> Any:
        if test(frame):
            return then(frame)
        return None if otherwise is None else otherwise(frame)

    return choose


def inner(scope: Scope, node: Node) -> Body:
    scope.blocks.append({})
    body = compile_statement(scope, node)
    scope.blocks.pop()
    return body


@statement("return_statement")
def _return(scope: Scope, node: Node) -> Body:
    given = children(node)
    if not given:
        return lambda _frame: Returned(None)
    value = compile_expression(scope, given[0])
    return lambda frame: Returned(value(frame))


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
