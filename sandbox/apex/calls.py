"""Method calls: of objects, of classes, of the platform."""

from __future__ import annotations

from collections.abc import Sequence

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
from sandbox.apex.names import Named, resolve
from sandbox.apex.scope import Scope
from sandbox.apex.syntax import child, children, maybe, text
from sandbox.apex.values import ApexList, ExceptionInstance, Instance, Value


@expression("method_invocation")
def _method_invocation(scope: Scope, node: Node) -> Body:
    name, target = text(child(node, "name")), maybe(node, "object")
    arguments = [compile_expression(scope, each) for each in children(child(node, "arguments"))]
    if target is None:
        return _own_method(scope, node, name, arguments)
    if target.type == "super":
        return _super_method(scope, name, arguments)
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


def _invoke_visible(  # noqa: PLR0917
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


def _super_method(scope: Scope, name: str, arguments: list[Body]) -> Body:
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
    library = _library(before)
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


def _library(before: Named) -> type[Library] | None:
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
