"""Where values are put: assignments, and who may make them."""

from __future__ import annotations

from collections.abc import Callable

from tree_sitter import Node

from sandbox.apex import operators
from sandbox.apex.classes import Body, FieldInfo
from sandbox.apex.errors import DoesNotCompile
from sandbox.apex.exceptions import null_pointer
from sandbox.apex.expressions import (
    SKIPPED,
    compile_expression,
    expression,
)
from sandbox.apex.frames import (
    Frame,
    set_field,
    set_static,
)
from sandbox.apex.kinds import assigned, kind_of
from sandbox.apex.names import Named, a_list, in_range, resolve
from sandbox.apex.record_fields import set_record_field
from sandbox.apex.records import Record
from sandbox.apex.scope import Scope
from sandbox.apex.syntax import child, text
from sandbox.apex.values import Instance, Value

Place = Callable[[Frame, Value], None]


@expression("assignment_expression")
def _assignment(scope: Scope, node: Node) -> Body:
    target, sign = child(node, "left"), text(child(node, "operator"))
    value, put = compile_expression(scope, child(node, "right")), _place(scope, target)
    if sign != "=":
        old, right = compile_expression(scope, target), value
        value = lambda frame: operators.binary(sign[:-1], old(frame), right(frame))  # noqa: E731

    def assign(frame: Frame) -> Value:
        found = value(frame)
        try:
            put(frame, found)
        except DoesNotCompile as error:
            raise scope.placed(node, error) from None
        return found

    return assign


@expression("update_expression")
def _update(scope: Scope, node: Node) -> Body:
    operand = child(node, "operand")
    by = 1 if "++" in text(child(node, "operator")) else -1
    before = node.children[0].id != operand.id
    value, put = compile_expression(scope, operand), _place(scope, operand)

    def update(frame: Frame) -> Value:
        old = value(frame)
        new = operators.step(old, by)
        put(frame, new)
        return new if before else old

    return update


def _place(scope: Scope, node: Node) -> Place:
    """Where a value is put."""
    match node.type:
        case "identifier":
            return _variable_place(scope, node)
        case "field_access":
            return _field_place(scope, node)
        case "array_access":
            array, index = (compile_expression(scope, child(node, part)) for part in ("array", "index"))

            def put(frame: Frame, value: Value) -> None:
                items, place = array(frame), index(frame)
                if items is None or place is None:
                    raise null_pointer()
                items = a_list(scope, node, items)
                items.items[in_range(items, place)] = assigned(value, items.of)

            return put
    raise scope.unknown(node, f"an assignment to {node.type}")


def _variable_place(scope: Scope, node: Node) -> Place:
    low = text(node).lower()
    variable = scope.variable(low)
    if variable is not None:
        kind, final = variable
        if final:
            raise scope.refused(node, f"Final variable has already been initialized: {text(node)}")

        def put(frame: Frame, value: Value) -> None:
            frame.variables[low] = assigned(value, kind)

        return put
    info = scope.field(low)
    if info is None:
        raise scope.refused(node, f"Variable does not exist: {text(node)}")
    return _info_place(scope, node, info)


def _info_place(scope: Scope, node: Node, info: FieldInfo) -> Place:
    _check_final(scope, node, info)
    low = info.name.lower()
    if info.static and scope.accessor is not info:
        return lambda frame, value: set_static(frame.tx, info, value)
    if info.static:
        return lambda frame, value: frame.tx.statics.update({info: assigned(value, info.kind)})
    if scope.accessor is info:
        return lambda frame, value: frame.own.fields.update({low: assigned(value, info.kind)})
    return lambda frame, value: set_field(frame.tx, frame.own, info, value)


def _check_final(scope: Scope, node: Node, info: FieldInfo) -> None:
    inside = scope.initialising and scope.cls is info.owner
    if "final" in info.modifiers and not inside:
        raise scope.refused(node, f"Final variable has already been initialized: {info.name}")
    if not info.writable:
        raise scope.refused(node, f"Variable is not writable: {info.name}")


def _field_place(scope: Scope, node: Node) -> Place:
    before, name = resolve(scope, child(node, "object")), text(child(node, "field"))
    if isinstance(before, Named):
        info = before.kind.cls.find_field(name.lower()) if before.kind and before.kind.cls else None
        if info is None or not info.static:
            raise scope.refused(node, f"Variable does not exist: {before.path}.{name}")
        _check_writable(scope, node, info)
        return _info_place(scope, node, info)

    def put(frame: Frame, value: Value) -> None:
        target = before(frame)
        if target is None or target is SKIPPED:
            raise null_pointer()
        _put_member(scope, node, frame, target, name, value)

    return put


def _check_writable(scope: Scope, node: Node, info: FieldInfo) -> None:
    modifiers = info.setter_modifiers or info.modifiers
    if not scope.sees(modifiers, info.owner, info.annotations):
        raise scope.refused(node, f"Variable is not visible: {info.owner.name}.{info.name}")


def _put_member(scope: Scope, node: Node, frame: Frame, target: Value, name: str, value: Value) -> None:  # noqa: PLR0917
    if isinstance(target, Record):
        set_record_field(target, name, value)
    elif isinstance(target, Instance):
        info = target.cls.find_field(name.lower())
        if info is None or info.static:
            raise scope.refused(node, f"Variable does not exist: {name} on {target.cls.name}")
        _check_final(scope, node, info)
        _check_writable(scope, node, info)
        if scope.accessor is info:
            target.fields[name.lower()] = assigned(value, info.kind)
        else:
            set_field(frame.tx, target, info, value)
    elif name.lower() in getattr(target, "apex_fields", {}):
        setattr(target, target.apex_fields[name.lower()], value)
    else:
        raise scope.unknown(node, f"an assignment to the field {name} of {kind_of(target)}")
