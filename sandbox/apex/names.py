"""What a name means, and what follows a dot: variables, fields, constants, types."""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import Node

from sandbox.apex.classes import Body, ClassInfo, FieldInfo
from sandbox.apex.errors import DoesNotCompile
from sandbox.apex.exceptions import null_pointer, thrown
from sandbox.apex.expressions import (
    SKIPPED,
    compile_expression,
    compile_link,
    expression,
    is_safe,
)
from sandbox.apex.frames import (
    Frame,
    get_field,
    get_static,
)
from sandbox.apex.kinds import Kind, kind_of, only_row
from sandbox.apex.library.base import Library, constant
from sandbox.apex.library.schema import DescribeSObjectResult, SObjectField, SObjectType
from sandbox.apex.library.types import Type
from sandbox.apex.record_fields import get_record_field
from sandbox.apex.records import Record
from sandbox.apex.scope import Scope
from sandbox.apex.syntax import child, children, text
from sandbox.apex.values import ApexList, Instance, Value

NAMESPACES = frozenset({"system", "schema", "eventbus", "database"})


@dataclass(frozen=True)
class Named:
    """A name that is no value: a type, or a namespace on the way to one."""

    path: str
    kind: Kind | None


def resolve(scope: Scope, node: Node, *, inside: bool = False) -> Body | Named:
    """What stands before a dot; `inside` a chain of fields, where a missing parent is no null yet."""
    if node.type == "identifier":
        return _value_named(scope, node) or _type_named(scope, node, text(node))
    if node.type == "field_access":
        before = resolve(scope, child(node, "object"))
        if isinstance(before, Named):
            name = text(child(node, "field"))
            return _static_value(scope, node, before, name) or _type_named(scope, node, f"{before.path}.{name}")
        if inside:
            return _access(scope, node)
    return compile_link(scope, node)


def _value_named(scope: Scope, node: Node) -> Body | None:
    low = text(node).lower()
    if scope.variable(low) is not None:
        return lambda frame: frame.variables[low]
    info = scope.field(low)
    return None if info is None else _own_field(scope, info)


def _own_field(scope: Scope, info: FieldInfo) -> Body:
    low = info.name.lower()
    if info.static:
        return lambda frame: frame.tx.statics.get(info) if scope.accessor is info else get_static(frame.tx, info)
    if scope.accessor is info:
        return lambda frame: frame.own.fields.get(low)
    return lambda frame: get_field(frame.tx, frame.own, info)


def _type_named(scope: Scope, node: Node, path: str) -> Named:
    kind = scope.program.named(path, scope.cls)
    if kind is None and path.lower() not in NAMESPACES | {"trigger", "label", "system.label", "schema.sobjecttype"}:
        raise scope.unknown(node, f"{path} (no variable, and no type of the package or the platform)")
    return Named(path, kind)


@expression("identifier")
def _identifier(scope: Scope, node: Node) -> Body:
    found = _value_named(scope, node)
    if found is None:
        raise scope.refused(node, f"Variable does not exist: {text(node)}")
    return found


def _static_value(scope: Scope, node: Node, before: Named, name: str) -> Body | None:  # noqa: PLR0911
    """A static field, an enum's constant, a token such as Case.SObjectType; None if the name may be a type's."""
    low, kind = name.lower(), before.kind
    if before.path.lower() == "trigger":
        return lambda frame: frame.tx.trigger_value(low)
    if before.path.lower() in {"label", "system.label"}:
        return _label(scope, node, low)
    if before.path.lower() in {"schema.sobjecttype", "sobjecttype"}:
        sobject = scope.program.catalog.by_name.get(low)
        return None if sobject is None else _constant(DescribeSObjectResult(sobject))
    if kind is None:
        return None
    if low == "class":
        return _constant(Type(kind))
    if kind.cls is not None:
        return _static_field(scope, node, kind.cls, low)
    if kind.native is not None and issubclass(kind.native, Library):
        value = constant(kind.native, name)
        return None if value is None else _constant(value)
    return _token(scope, kind, low)


def _token(scope: Scope, kind: Kind, low: str) -> Body | None:
    """Case.SObjectType, Case.Subject"""
    sobject = scope.program.catalog.by_name.get(kind.key)
    if sobject is not None and low == "sobjecttype":
        return _constant(SObjectType(sobject))
    if sobject is not None and low in sobject.by_name:
        return _constant(SObjectField(sobject, sobject.by_name[low]))
    return None


def _constant(value: Value) -> Body:
    return lambda _frame: value


def _static_field(scope: Scope, node: Node, cls: ClassInfo, low: str) -> Body | None:
    info = cls.find_field(low)
    if info is None or not info.static:
        return None
    if not scope.sees(info.modifiers, info.owner, info.annotations):
        raise scope.refused(node, f"Variable is not visible: {cls.name}.{info.name}")
    if scope.accessor is info:
        return lambda frame: frame.tx.statics.get(info)
    return lambda frame: get_static(frame.tx, info)


def _label(scope: Scope, node: Node, low: str) -> Body:
    if low not in scope.program.labels:
        raise scope.refused(node, f"Label does not exist: {low}")
    value = scope.program.labels[low]
    return lambda _frame: value


class NoParent:
    """A record's relationship that leads nowhere: the fields behind it are null, without an error."""


NO_PARENT = NoParent()


@expression("field_access")
def _field_access(scope: Scope, node: Node) -> Body:
    value = _access(scope, node)
    return lambda frame: None if (found := value(frame)) is NO_PARENT else found


def _access(scope: Scope, node: Node) -> Body:
    before, name = resolve(scope, child(node, "object"), inside=True), text(child(node, "field"))
    if isinstance(before, Named):
        found = _static_value(scope, node, before, name)
        if found is None:
            raise scope.unknown(node, f"{before.path}.{name}")
        return found
    safe, low = is_safe(node), name.lower()
    queried = child(node, "object").type == "query_expression"

    def access(frame: Frame) -> Value:
        target = before(frame)
        if target is SKIPPED or target is NO_PARENT:
            return target
        if target is None:
            if safe:
                return SKIPPED
            raise null_pointer()
        if queried and isinstance(target, ApexList):
            target = only_row(target, Kind("SObject"))
        found = _member(scope, node, frame, target, name)
        if found is None and isinstance(target, Record) and low in target.sobject.relationships:
            return NO_PARENT
        return found

    return access


def _member(scope: Scope, node: Node, frame: Frame, target: Value, name: str) -> Value:
    if isinstance(target, Record):
        try:
            return get_record_field(target, name)
        except DoesNotCompile as error:
            raise scope.placed(node, error) from None
    if isinstance(target, Instance):
        info = target.cls.find_field(name.lower())
        if info is None or info.static:
            raise scope.refused(node, f"Variable does not exist: {name} on {target.cls.name}")
        if not scope.sees(info.modifiers, info.owner, info.annotations):
            raise scope.refused(node, f"Variable is not visible: {target.cls.name}.{info.name}")
        if scope.accessor is info:
            return target.fields.get(name.lower())
        return get_field(frame.tx, target, info)
    attribute = getattr(target, "apex_fields", {}).get(name.lower())
    if attribute is None:
        raise scope.unknown(node, f"the field {name} of {kind_of(target)}")
    return getattr(target, attribute)


@expression("array_access")
def _array_access(scope: Scope, node: Node) -> Body:
    array, index = compile_link(scope, child(node, "array")), compile_expression(scope, child(node, "index"))

    def access(frame: Frame) -> Value:
        target = array(frame)
        if target is SKIPPED:
            return SKIPPED
        place = index(frame)
        if target is None or place is None:
            raise null_pointer()
        return a_list(scope, node, target).items[in_range(target, place)]

    return access


def a_list(scope: Scope, node: Node, target: Value) -> ApexList:
    if not isinstance(target, ApexList):
        raise scope.refused(node, f"Expression must be a list type: {kind_of(target)}")
    return target


def in_range(items: ApexList, place: int) -> int:
    if not 0 <= place < len(items.items):
        raise thrown("ListException", f"List index out of bounds: {place}")
    return place


@expression("class_literal")
def _class_literal(scope: Scope, node: Node) -> Body:
    kind = scope.kind(children(node)[0])
    return lambda _frame: Type(kind)
