"""Names, fields, methods and `new`: what they lead to, and who may go there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tree_sitter import Node

from sandbox.apex import operators
from sandbox.apex.classes import Body, ClassInfo, FieldInfo, Method
from sandbox.apex.errors import DoesNotCompile, NotModelled
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
    build,
    choose,
    construct,
    get_field,
    get_static,
    initialise_fields,
    invoke,
    no_such_method,
    set_field,
    set_static,
)
from sandbox.apex.kinds import Kind, assigned, kind_of, only_row
from sandbox.apex.library import LIBRARY
from sandbox.apex.library.base import Library, constant, library_of, member_of
from sandbox.apex.library.schema import DescribeSObjectResult, SObjectField, SObjectType
from sandbox.apex.library.types import Type
from sandbox.apex.record_fields import get_record_field, set_record_field
from sandbox.apex.records import Record
from sandbox.apex.scope import Scope
from sandbox.apex.syntax import child, children, maybe, of_type, text
from sandbox.apex.values import ApexList, ApexMap, ApexSet, ExceptionInstance, Instance, Value

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
    if scope.accessor is info:
        return (lambda frame: frame.tx.statics.get(info)) if info.static else (lambda frame: frame.this.fields.get(low))
    if info.static:
        return lambda frame: get_static(frame.tx, info)
    return lambda frame: get_field(frame.tx, frame.this, info)


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


def _static_value(scope: Scope, node: Node, before: Named, name: str) -> Body | None:
    """A static field, an enum's constant, a token such as Case.SObjectType; None if the name may be a type's."""
    low, kind = name.lower(), before.kind
    if before.path.lower() == "trigger":
        return lambda frame: frame.tx.trigger_value(low)
    if before.path.lower() in {"label", "system.label"}:
        return _label(scope, node, low)
    if before.path.lower() in {"schema.sobjecttype", "sobjecttype"}:
        sobject = scope.program.catalog.by_name.get(low)
        return None if sobject is None else (lambda _frame: DescribeSObjectResult(sobject))
    if kind is None:
        return None
    if low == "class":
        return lambda _frame: Type(kind)
    if kind.cls is not None:
        return _static_field(scope, node, kind.cls, low)
    if kind.native is not None and issubclass(kind.native, Library):
        value = constant(kind.native, name)
        return None if value is None else (lambda _frame: value)
    sobject = scope.program.catalog.by_name.get(kind.key)
    if sobject is not None and low == "sobjecttype":
        return lambda _frame: SObjectType(sobject)
    if sobject is not None and low in sobject.by_name:
        return lambda _frame: SObjectField(sobject, sobject.by_name[low])
    return None


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
        return _list(scope, node, target).items[in_range(target, place)]

    return access


def _list(scope: Scope, node: Node, target: Value) -> ApexList:
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


def _place(scope: Scope, node: Node):  # type: ignore[no-untyped-def] # a Callable[[Frame, Value], None]
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
                items = _list(scope, node, items)
                items.items[in_range(items, place)] = assigned(value, items.of)

            return put
    raise scope.unknown(node, f"an assignment to {node.type}")


def _variable_place(scope: Scope, node: Node):  # type: ignore[no-untyped-def]
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


def _info_place(scope: Scope, node: Node, info: FieldInfo):  # type: ignore[no-untyped-def]
    _check_final(scope, node, info)
    low = info.name.lower()
    if info.static:
        if scope.accessor is info or (info.setter is None and info.setter_node is None):
            return lambda frame, value: _put_static(frame, info, value)
        return lambda frame, value: set_static(frame.tx, info, value)
    if scope.accessor is info:

        def put(frame: Frame, value: Value) -> None:
            assert frame.this is not None
            frame.this.fields[low] = assigned(value, info.kind)

        return put
    return lambda frame, value: set_field(frame.tx, frame.this, info, value)


def _put_static(frame: Frame, info: FieldInfo, value: Value) -> None:
    if info.setter is not None:
        frame.tx.statics[info] = assigned(value, info.kind)
        return
    set_static(frame.tx, info, value)


def _check_final(scope: Scope, node: Node, info: FieldInfo) -> None:
    inside = scope.initialising and scope.cls is info.owner
    if "final" in info.modifiers and not inside:
        raise scope.refused(node, f"Final variable has already been initialized: {info.name}")


def _field_place(scope: Scope, node: Node):  # type: ignore[no-untyped-def]
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


def _put_member(scope: Scope, node: Node, frame: Frame, target: Value, name: str, value: Value) -> None:
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


@expression("method_invocation")
def _method_invocation(scope: Scope, node: Node) -> Body:
    name, target = text(child(node, "name")), maybe(node, "object")
    arguments = [compile_expression(scope, each) for each in children(child(node, "arguments"))]
    if target is None:
        return _own_method(scope, node, name, arguments)
    if target.type == "super":
        return _super_method(scope, node, name, arguments)
    before = resolve(scope, target)
    if isinstance(before, Named):
        return _static_method(scope, node, before, name, arguments)
    safe = is_safe(node)

    def call(frame: Frame) -> Value:
        found = before(frame)
        if found is SKIPPED:
            return SKIPPED
        if found is None and safe:
            return SKIPPED
        given = [argument(frame) for argument in arguments]
        if found is None:
            raise null_pointer()
        try:
            return call_value(scope, frame, found, name, given)
        except (DoesNotCompile, NotModelled) as error:
            raise scope.placed(node, error) from error

    return call


def call_value(scope: Scope, frame: Frame, target: Value, name: str, arguments: Sequence[Value]) -> Value:
    """A method of a value, by what the value is at run time."""
    if isinstance(target, Instance):
        methods = target.cls.find_methods(name.lower())
        if methods:
            return _invoke_visible(scope, frame, methods, target, name, arguments)
        if not isinstance(target, ExceptionInstance):
            return member_of(LIBRARY["object"], name, static=False).call(frame.tx, target, arguments)
    return member_of(library_of(target), name, static=False).call(frame.tx, target, arguments)


def _invoke_visible(
    scope: Scope, frame: Frame, methods: list[Method], target: Instance | None, name: str, arguments: Sequence[Value]
) -> Value:
    method = choose(methods, arguments)
    if method is None:
        raise no_such_method(methods[0].owner.name, name, arguments)
    if not any(scope.sees(each.modifiers, each.owner, each.annotations) for each in _overridden(methods, method)):
        raise DoesNotCompile(f"Method is not visible: {method.owner.name}.{method.signature()}")
    if method.static and "future" in method.annotations:
        frame.tx.runtime.jobs.future(frame.tx, method, arguments)
        return None
    return invoke(frame.tx, method, None if method.static else target, arguments)


def _overridden(methods: list[Method], method: Method) -> list[Method]:
    """The method and those it overrides: their modifiers are its own."""
    kinds = [kind for _, kind in method.parameters]
    return [each for each in methods if [kind for _, kind in each.parameters] == kinds]


def _own_method(scope: Scope, node: Node, name: str, arguments: list[Body]) -> Body:
    methods = scope.methods(name.lower())
    if not methods:
        raise scope.refused(node, f"Method does not exist: {name}")

    def call(frame: Frame) -> Value:
        given = [argument(frame) for argument in arguments]
        this = frame.this
        candidates = methods
        if this is not None and not scope.static:
            candidates = this.cls.find_methods(name.lower()) or methods
        try:
            return _invoke_visible(scope, frame, candidates, this, name, given)
        except (DoesNotCompile, NotModelled) as error:
            raise scope.placed(node, error) from error

    return call


def _super_method(scope: Scope, node: Node, name: str, arguments: list[Body]) -> Body:
    parent = scope.cls.parent if scope.cls else None
    methods = parent.find_methods(name.lower()) if parent else []
    if methods:
        return lambda frame: _invoke_visible(
            scope, frame, methods, frame.this, name, [argument(frame) for argument in arguments]
        )
    library = LIBRARY["exception" if parent is not None else "object"]
    member = member_of(library, name, static=False)
    return lambda frame: member.call(frame.tx, frame.this, [argument(frame) for argument in arguments])


def _static_method(scope: Scope, node: Node, before: Named, name: str, arguments: list[Body]) -> Body:
    cls = before.kind.cls if before.kind else None
    if cls is not None:
        methods = [method for method in cls.find_methods(name.lower()) if method.static]
        if methods:
            return _user_static(scope, node, methods, name, arguments)
        if cls.form == "enum":
            member = member_of(LIBRARY["enumtype"], name, static=True)
            return lambda frame: member.call(frame.tx, None, [_enum_values(frame, cls), *(a(frame) for a in arguments)])
        raise scope.refused(node, f"Method does not exist: {cls.name}.{name}")
    library = _library(scope, before)
    if library is None:
        raise scope.unknown(node, f"{before.path}.{name}()")
    try:
        member = member_of(library, name, static=True)
    except NotModelled:
        raise scope.unknown(node, f"{before.path}.{name}()") from None

    def call(frame: Frame) -> Value:
        given = [argument(frame) for argument in arguments]
        try:
            return member.call(frame.tx, None, given)
        except (DoesNotCompile, NotModelled) as error:
            raise scope.placed(node, error) from error

    return call


def _library(scope: Scope, before: Named) -> type[Library] | None:
    if before.kind is not None and before.kind.native is not None:
        return LIBRARY.get(before.kind.key)
    low = before.path.lower().removeprefix("system.").removeprefix("schema.")
    return LIBRARY.get(low) or LIBRARY.get(before.path.lower())


def _enum_values(frame: Frame, cls: ClassInfo) -> ApexList:
    values = [get_static(frame.tx, cls.fields[name.lower()]) for name in cls.constants]
    return ApexList(Kind(cls.name, cls=cls), values)


def _user_static(scope: Scope, node: Node, methods: list[Method], name: str, arguments: list[Body]) -> Body:
    def call(frame: Frame) -> Value:
        given = [argument(frame) for argument in arguments]
        try:
            return _invoke_visible(scope, frame, methods, None, name, given)
        except (DoesNotCompile, NotModelled) as error:
            raise scope.placed(node, error) from error

    return call


@expression("explicit_constructor_invocation")
def _constructor_call(scope: Scope, node: Node) -> Body:
    arguments = [compile_expression(scope, each) for each in children(child(node, "arguments"))]
    cls = scope.cls
    assert cls is not None
    other = text(child(node, "constructor")).lower() == "this"

    def call(frame: Frame) -> None:
        given = [argument(frame) for argument in arguments]
        assert frame.this is not None
        if other:
            build(frame.tx, frame.this, cls, given)
            return
        if cls.parent is None:
            raise scope.refused(node, f"{cls.name} has no parent class")
        build(frame.tx, frame.this, cls.parent, given)
        initialise_fields(frame.tx, frame.this, cls)

    return call


@expression("object_creation_expression")
def _creation(scope: Scope, node: Node) -> Body:
    kind = scope.kind(child(node, "type"))
    given = children(child(node, "arguments"))
    if kind.cls is not None:
        return _new_instance(scope, node, kind.cls, [compile_expression(scope, each) for each in given])
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


def _new_instance(scope: Scope, node: Node, cls: ClassInfo, arguments: list[Body]) -> Body:
    def create(frame: Frame) -> Value:
        given = [argument(frame) for argument in arguments]
        constructor = choose(cls.constructors, given)
        if constructor is not None and not scope.sees(constructor.modifiers, cls, constructor.annotations):
            raise scope.refused(node, f"Constructor is not visible: {cls.name}")
        if not scope.sees(cls.modifiers, cls, cls.annotations) and cls.outer is not None:
            raise scope.refused(node, f"Type is not visible: {cls.name}")
        try:
            return construct(frame.tx, cls, given)
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
        for record in source.items:
            if record is None or record.id is None:
                raise thrown("ListException", f"Row with null Id at index: {source.items.index(record)}")
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
    if kind.key != "map":
        raise scope.refused(node, f"{kind} takes no key => value pairs")

    def create(frame: Frame) -> ApexMap:
        made = ApexMap(*kind.of)
        for name, value in pairs:
            made.put(assigned(name(frame), kind.of[0]), assigned(value(frame), kind.of[1]))
        return made

    return create
