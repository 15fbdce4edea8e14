"""`new`: objects, records, collections."""

from __future__ import annotations

from tree_sitter import Node

from sandbox.apex.classes import Body, ClassInfo
from sandbox.apex.errors import DoesNotCompile, NotModelled
from sandbox.apex.exceptions import null_pointer, thrown
from sandbox.apex.expressions import (
    compile_expression,
    expression,
)
from sandbox.apex.frames import (
    Frame,
    build,
    choose,
    construct,
    initialise_fields,
)
from sandbox.apex.kinds import Kind, assigned, kind_of
from sandbox.apex.library.base import Library
from sandbox.apex.record_fields import set_record_field
from sandbox.apex.records import Record
from sandbox.apex.scope import Scope
from sandbox.apex.static_kinds import static_kinds
from sandbox.apex.syntax import child, children, maybe, of_type, text
from sandbox.apex.values import ApexList, ApexMap, ApexSet, Value


@expression("explicit_constructor_invocation")
def _constructor_call(scope: Scope, node: Node) -> Body:
    nodes = children(child(node, "arguments"))
    arguments, hints = [compile_expression(scope, each) for each in nodes], static_kinds(scope, nodes)
    cls = scope.cls
    assert cls is not None
    other = text(child(node, "constructor")).lower() == "this"

    def call(frame: Frame) -> None:
        given = [argument(frame) for argument in arguments]
        assert frame.this is not None
        if other:
            build(frame.tx, frame.this, cls, given, hints)
            return
        if cls.parent is None:
            raise scope.refused(node, f"{cls.name} has no parent class")
        build(frame.tx, frame.this, cls.parent, given, hints)
        initialise_fields(frame.tx, frame.this, cls)

    return call


@expression("object_creation_expression")
def _creation(scope: Scope, node: Node) -> Body:
    kind = scope.kind(child(node, "type"))
    given = children(child(node, "arguments"))
    if kind.cls is not None:
        return _new_instance(scope, node, kind.cls, given)
    if kind.key in {"list", "set", "map"}:
        return _new_collection(scope, node, kind, [compile_expression(scope, each) for each in given])
    if kind.native is not None:
        return _new_native(scope, node, kind, [compile_expression(scope, each) for each in given])
    sobject = scope.program.catalog.by_name.get(kind.key)
    if sobject is None:
        raise scope.refused(node, f"Type cannot be constructed: {kind}")
    fields = []
    for each in given:
        if each.type != "assignment_expression":
            raise scope.refused(each, f"{kind} takes fields by name, such as new {kind}(Name = value)")
        name = text(child(each, "left"))
        if name.lower() not in sobject.by_name and not name.lower().endswith("__r"):
            raise scope.refused(each, f"Field does not exist: {name} on {kind}")
        fields.append((name, compile_expression(scope, child(each, "right"))))

    def create(frame: Frame) -> Record:
        record = Record(sobject)
        for name, value in fields:
            set_record_field(record, name, value(frame))
        return record

    return create


def _new_instance(scope: Scope, node: Node, cls: ClassInfo, given: list[Node]) -> Body:
    arguments = [compile_expression(scope, each) for each in given]
    hints = static_kinds(scope, given)

    def create(frame: Frame) -> Value:
        values = [argument(frame) for argument in arguments]
        constructor = choose(cls.constructors, values, hints)
        if constructor is not None and not scope.sees(constructor.modifiers, cls, constructor.annotations):
            raise scope.refused(node, f"Constructor is not visible: {cls.name}")
        if not scope.sees(cls.modifiers, cls, cls.annotations) and cls.outer is not None:
            raise scope.refused(node, f"Type is not visible: {cls.name}")
        try:
            return construct(frame.tx, cls, values, hints)
        except (DoesNotCompile, NotModelled) as error:
            raise scope.placed(node, error) from error

    return create


def _new_native(scope: Scope, node: Node, kind: Kind, arguments: list[Body]) -> Body:
    library = kind.native
    assert library is not None
    assert issubclass(library, Library)
    if not library.constructable:
        raise scope.refused(node, f"Type cannot be constructed: {kind}")

    def create(frame: Frame) -> Value:
        try:
            return library(*(argument(frame) for argument in arguments))
        except TypeError:
            raise scope.unknown(node, f"this constructor of {kind}") from None

    return create


def _new_collection(scope: Scope, node: Node, kind: Kind, arguments: list[Body]) -> Body:
    def create(frame: Frame) -> Value:
        given = [argument(frame) for argument in arguments]
        if len(given) > 1 or (given and given[0] is None):
            raise null_pointer() if len(given) == 1 else scope.refused(node, f"{kind} takes one argument at most")
        return collection(kind, given[0] if given else None)

    return create


def collection(kind: Kind, source: Value) -> Value:
    """`new List<T>(other)`, `new Set<T>(other)`, `new Map<Id, T>(records)`"""
    if kind.key == "map":
        return _map(kind, source)
    made: ApexList | ApexSet = ApexList(kind.of[0]) if kind.key == "list" else ApexSet(kind.of[0])
    if source is None or isinstance(source, int):
        if isinstance(made, ApexList):
            made.items = [None] * (source or 0)
        return made
    if not isinstance(source, ApexList | ApexSet):
        raise DoesNotCompile(f"Constructor not defined: {kind}({kind_of(source)})")
    items = source.items if isinstance(source, ApexList) else source.values.values()
    values = [assigned(item, kind.of[0]) for item in items]
    return ApexList(kind.of[0], values) if kind.key == "list" else ApexSet(kind.of[0], values)


def _map(kind: Kind, source: Value) -> ApexMap:
    made = ApexMap(*kind.of)
    if isinstance(source, ApexMap):
        for name, value in source.pairs():
            made.put(assigned(name, kind.of[0]), assigned(value, kind.of[1]))
    elif isinstance(source, ApexList):
        for place, record in enumerate(source.items):
            if record is None or record.id is None:
                raise thrown("ListException", f"Row with null Id at index: {place}")
            if made.get(record.id) is not None:
                raise thrown("ListException", f"Row with duplicate Id at index: {place}")
            made.put(assigned(record.id, kind.of[0]), assigned(record, kind.of[1]))
    elif source is not None:
        raise DoesNotCompile(f"Constructor not defined: {kind}({kind_of(source)})")
    return made


@expression("array_creation_expression")
def _array(scope: Scope, node: Node) -> Body:
    kind = scope.kind(child(node, "type"))
    of = kind.of[0] if kind.key in {"list", "set"} and maybe(node, "dimensions") is None else kind
    initial, size = maybe(node, "value"), of_type(node, "dimensions_expr")
    if initial is not None:
        values = [compile_expression(scope, each) for each in children(initial)]
        make = ApexSet if kind.key == "set" and of is not kind else ApexList
        return lambda frame: make(of, [assigned(value(frame), of) for value in values])
    if size is None:
        raise scope.unknown(node, "this array")
    count = compile_expression(scope, children(size)[0])
    return lambda frame: ApexList(of, [None] * count(frame))


@expression("map_creation_expression")
def _map_literal(scope: Scope, node: Node) -> Body:
    kind = scope.kind(child(node, "type"))
    pairs = [
        tuple(compile_expression(scope, each) for each in children(pair)) for pair in children(child(node, "value"))
    ]
    if kind.key in {"list", "set"} and not pairs:  # the grammar takes empty braces for a map's
        return lambda _frame: collection(kind, None)
    if kind.key != "map":
        raise scope.refused(node, f"{kind} takes no key => value pairs")

    def create(frame: Frame) -> ApexMap:
        made = ApexMap(*kind.of)
        for name, value in pairs:
            made.put(assigned(name(frame), kind.of[0]), assigned(value(frame), kind.of[1]))
        return made

    return create
