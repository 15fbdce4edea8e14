"""Method calls: of objects, of classes, of the platform."""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import Node

from sandbox.apex.classes import Body, ClassInfo, Method
from sandbox.apex.errors import DoesNotCompile, NotModelled
from sandbox.apex.exceptions import null_pointer
from sandbox.apex.expressions import (
    SKIPPED,
    compile_expression,
    expression,
    is_safe,
)
from sandbox.apex.frames import (
    Frame,
    choose,
    get_static,
    invoke,
    no_such_method,
)
from sandbox.apex.kinds import Kind
from sandbox.apex.library import LIBRARY
from sandbox.apex.library.base import Library, library_of, member_of
from sandbox.apex.library.schema import SObjectType
from sandbox.apex.names import Named, resolve
from sandbox.apex.scope import Scope
from sandbox.apex.static_kinds import static_kinds
from sandbox.apex.syntax import child, children, maybe, text
from sandbox.apex.values import ApexList, ExceptionInstance, Instance, Value


@dataclass(frozen=True)
class Call:
    """One call as the source writes it."""

    scope: Scope
    node: Node
    name: str
    arguments: tuple[Body, ...]
    hints: tuple[Kind | None, ...]

    def given(self, frame: Frame) -> list[Value]:
        return [argument(frame) for argument in self.arguments]

    def invoke(self, frame: Frame, methods: list[Method], target: Instance | None, given: list[Value]) -> Value:
        """The nearest of the methods, if this place may see it."""
        method = choose(methods, given, self.hints)
        if method is None:
            raise no_such_method(methods[0].owner.name, self.name, given)
        sees = self.scope.sees
        if not any(sees(each.modifiers, each.owner, each.annotations) for each in _overridden(methods, method)):
            raise DoesNotCompile(f"Method is not visible: {method.owner.name}.{method.signature()}")
        if method.static and "future" in method.annotations:
            frame.tx.runtime.jobs.future(frame.tx, method, given)
            return None
        return invoke(frame.tx, method, None if method.static else target, given)

    def placed(self, body: Body) -> Body:
        """The same, with the place in front of what it may be refused for."""

        def run(frame: Frame) -> Value:
            try:
                return body(frame)
            except (DoesNotCompile, NotModelled) as error:
                raise self.scope.placed(self.node, error) from error

        return run


@expression("method_invocation")
def _method_invocation(scope: Scope, node: Node) -> Body:
    target, nodes = maybe(node, "object"), children(child(node, "arguments"))
    arguments = tuple(compile_expression(scope, each) for each in nodes)
    call = Call(scope, node, text(child(node, "name")), arguments, static_kinds(scope, nodes))
    if target is None:
        return call.placed(_own_method(call))
    if target.type == "super":
        return call.placed(_super_method(call))
    before = resolve(scope, target)
    return call.placed(_static_method(call, before) if isinstance(before, Named) else _method_of(call, before))


def _method_of(call: Call, before: Body) -> Body:
    """A method of a value, by what the value is at run time."""
    safe = is_safe(call.node)

    def run(frame: Frame) -> Value:
        target = before(frame)
        if target is SKIPPED or (target is None and safe):
            return SKIPPED
        given = call.given(frame)
        if target is None:
            raise null_pointer()
        if isinstance(target, Instance):
            methods = target.cls.find_methods(call.name.lower())
            if methods:
                return call.invoke(frame, methods, target, given)
        plain = isinstance(target, Instance) and not isinstance(target, ExceptionInstance)
        library = LIBRARY["object"] if plain else library_of(target)
        return member_of(library, call.name, static=False).call(frame.tx, target, given)

    return run


def _overridden(methods: list[Method], method: Method) -> list[Method]:
    """The method and those it overrides: their modifiers are its own."""
    kinds = [kind for _, kind in method.parameters]
    return [each for each in methods if [kind for _, kind in each.parameters] == kinds]


def _own_method(call: Call) -> Body:
    low = call.name.lower()
    methods = call.scope.methods(low)
    if not methods:
        raise call.scope.refused(call.node, f"Method does not exist: {call.name}")

    def run(frame: Frame) -> Value:
        overriding = frame.this.cls.find_methods(low) if frame.this is not None and not call.scope.static else []
        return call.invoke(frame, overriding or methods, frame.this, call.given(frame))

    return run


def _super_method(call: Call) -> Body:
    parent = call.scope.cls.parent if call.scope.cls else None
    methods = parent.find_methods(call.name.lower()) if parent else []
    if methods:
        return lambda frame: call.invoke(frame, methods, frame.this, call.given(frame))
    member = member_of(LIBRARY["exception" if parent is not None else "object"], call.name, static=False)
    return lambda frame: member.call(frame.tx, frame.this, call.given(frame))


def _static_method(call: Call, before: Named) -> Body:
    cls = before.kind.cls if before.kind else None
    if cls is not None:
        return _static_of_class(call, cls)
    sobject = call.scope.program.catalog.by_name.get(before.kind.key) if before.kind else None
    if sobject is not None and call.name.lower() == "getsobjecttype":
        return lambda _frame: SObjectType(sobject)
    try:
        member = member_of(_library(before), call.name, static=True)
    except (KeyError, NotModelled):
        raise call.scope.unknown(call.node, f"{before.path}.{call.name}()") from None
    return lambda frame: member.call(frame.tx, None, call.given(frame))


def _static_of_class(call: Call, cls: ClassInfo) -> Body:
    methods = [method for method in cls.find_methods(call.name.lower()) if method.static]
    if methods:
        return lambda frame: call.invoke(frame, methods, None, call.given(frame))
    if cls.form != "enum":
        raise call.scope.refused(call.node, f"Method does not exist: {cls.name}.{call.name}")
    member = member_of(LIBRARY["enumtype"], call.name, static=True)
    return lambda frame: member.call(frame.tx, None, [_enum_values(frame, cls), *call.given(frame)])


def _library(before: Named) -> type[Library]:
    """KeyError if there is none of this name."""
    if before.kind is not None and before.kind.native is not None:
        return LIBRARY[before.kind.key]
    low = before.path.lower()
    return LIBRARY.get(low.removeprefix("system.").removeprefix("schema.")) or LIBRARY[low]


def _enum_values(frame: Frame, cls: ClassInfo) -> ApexList:
    values = [get_static(frame.tx, cls.fields[name.lower()]) for name in cls.constants]
    return ApexList(Kind(cls.name, cls=cls), values)
