"""From syntax trees to classes and triggers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tree_sitter import Node

from sandbox.apex.classes import Body, ClassInfo, FieldInfo, Method, Trigger, Unit
from sandbox.apex.errors import DoesNotCompile, NotModelled
from sandbox.apex.exceptions import EXCEPTION
from sandbox.apex.expressions import compile_expression
from sandbox.apex.frames import Frame, prepare
from sandbox.apex.kinds import VOID, Kind, assigned
from sandbox.apex.scope import Scope
from sandbox.apex.statements import compile_statement
from sandbox.apex.syntax import Source, child, children, excerpt, line, maybe, of_type, text
from sandbox.apex.values import EnumValue

if TYPE_CHECKING:
    from sandbox.apex.program import Program

_TYPES = {"class_declaration": "class", "interface_declaration": "interface", "enum_declaration": "enum"}


def declare(program: Program, source: Source, version: float) -> ClassInfo | Trigger:
    """The file's class or trigger by name, and all classes inside it."""
    [node] = children(source.root)
    unit = Unit(source.path, text(child(node, "name")), version)
    if node.type == "trigger_declaration":
        trigger = _trigger(unit, node)
        program.triggers.append(trigger)
        return trigger
    if node.type not in _TYPES:
        raise NotModelled(f"{source.path}:{line(node)}: not modelled: the declaration {node.type}")
    cls = _class(unit, node, None)
    unit.is_test = "istest" in cls.annotations
    if cls.name.lower() in program.classes:
        raise DoesNotCompile(f"{source.path}: there is another class {cls.name}")
    program.classes[cls.name.lower()] = cls
    return cls


def _trigger(unit: Unit, node: Node) -> Trigger:
    events = set()
    for event in node.children_by_field_name("events"):
        if event.type == "trigger_event":
            moment, operation = text(event).lower().split()
            events.add((moment, operation))
    return Trigger(unit.name, unit, text(child(node, "object")), frozenset(events), node)


def _class(unit: Unit, node: Node, outer: ClassInfo | None) -> ClassInfo:
    simple = text(child(node, "name"))
    modifiers, annotations = _modifiers(node)
    name = f"{outer.name}.{simple}" if outer else simple
    cls = ClassInfo(name, simple, unit, node, _TYPES[node.type], outer, modifiers=modifiers, annotations=annotations)
    for member in children(child(node, "body")):
        if member.type in _TYPES:
            inner = _class(unit, member, cls)
            cls.inner[inner.simple_name.lower()] = inner
        elif member.type == "enum_constant":
            cls.constants.append(text(child(member, "name")))
    return cls


def _modifiers(node: Node) -> tuple[frozenset[str], dict[str, dict[str, str]]]:
    """Words such as `public` and `with_sharing`, and annotations with their arguments."""
    words, annotations = set(), {}
    found = of_type(node, "modifiers")
    for each in children(found) if found else ():
        if each.type == "annotation":
            annotations[text(child(each, "name")).lower()] = _arguments(each)
        else:
            words.add("_".join(text(each).lower().split()))
    return frozenset(words), annotations


def _arguments(annotation: Node) -> dict[str, str]:
    given = maybe(annotation, "arguments")
    pairs = [each for each in children(given) if each.type == "annotation_key_value"] if given else []
    return {text(child(pair, "key")).lower(): text(child(pair, "value")).strip("'") for pair in pairs}


def fill(program: Program, cls: ClassInfo) -> None:
    """Parent, interfaces and members: all that others may refer to."""
    assert cls.node is not None
    assert cls.unit is not None
    _heritage(program, cls, cls.node, cls.unit)
    for ordinal, name in enumerate(cls.constants):
        _constant(cls, name, ordinal)
    for member in children(child(cls.node, "body")):
        match member.type:
            case "field_declaration":
                _fields(program, cls, member, cls.unit)
            case "method_declaration" | "constructor_declaration":
                _method(program, cls, member, cls.unit)
            case "static_initializer" | "block" | "enum_constant" | "modifiers":
                pass
            case kind if kind in _TYPES:
                fill(program, cls.inner[text(child(member, "name")).lower()])
            case other:
                raise NotModelled(f"{cls.unit.path}:{line(member)}: not modelled: {other}, in {excerpt(member)!r}")


def _heritage(program: Program, cls: ClassInfo, node: Node, unit: Unit) -> None:
    parent = maybe(node, "superclass")
    if parent is not None:
        kind = program.kind(children(parent)[0], cls.outer or cls, unit)
        if kind.cls is None:
            raise DoesNotCompile(f"{unit.path}:{line(node)}: {cls.name} cannot extend {kind}")
        if kind.cls is not EXCEPTION and not kind.cls.modifiers & {"virtual", "abstract"} and kind.cls.node is not None:
            raise DoesNotCompile(
                f"{unit.path}:{line(node)}: Non-virtual and non-abstract type cannot be extended: {kind}"
            )
        cls.parent = kind.cls
    listed = maybe(node, "interfaces") or of_type(node, "extends_interfaces")
    for each in children(children(listed)[0]) if listed else ():
        cls.interfaces.append(program.kind(each, cls.outer or cls, unit))


def _fields(program: Program, cls: ClassInfo, node: Node, unit: Unit) -> None:
    modifiers, annotations = _modifiers(node)
    kind = program.kind(child(node, "type"), cls, unit)
    accessors = of_type(node, "accessor_list")
    for declarator in node.children_by_field_name("declarator"):
        name = text(child(declarator, "name"))
        info = FieldInfo(name, cls, kind, modifiers, annotations, node, maybe(declarator, "value"))
        info.is_property, info.writable = accessors is not None, accessors is None
        for accessor in children(accessors) if accessors else ():
            body = maybe(accessor, "body")
            if text(child(accessor, "accessor")).lower() == "get":
                info.getter_node = body
            else:
                info.setter_node, info.setter_modifiers = body, _modifiers(accessor)[0]
                info.writable = True
        if name.lower() in cls.fields:
            raise DoesNotCompile(f"{unit.path}:{line(node)}: Duplicate field: {name}")
        cls.fields[name.lower()] = info


def _method(program: Program, cls: ClassInfo, node: Node, unit: Unit) -> None:
    modifiers, annotations = _modifiers(node)
    parameters = tuple(
        (text(child(each, "name")).lower(), program.kind(child(each, "type"), cls, unit))
        for each in children(child(node, "parameters"))
    )
    constructor = node.type == "constructor_declaration"
    returns = VOID if constructor else program.kind(child(node, "type"), cls, unit)
    name = "<constructor>" if constructor else text(child(node, "name"))
    method = Method(name, cls, parameters, returns, modifiers, annotations, node)
    if constructor:
        cls.constructors.append(method)
        return
    if "future" in annotations and not method.static:
        raise DoesNotCompile(f"{unit.path}:{line(node)}: Future methods must be declared as static: {name}")
    cls.methods.setdefault(name.lower(), []).append(method)


def compile_class(program: Program, cls: ClassInfo) -> None:
    assert cls.node is not None
    for member in children(child(cls.node, "body")):
        match member.type:
            case "field_declaration":
                for declarator in member.children_by_field_name("declarator"):
                    _compile_field(program, cls, cls.fields[text(child(declarator, "name")).lower()])
            case "static_initializer":
                scope = Scope(program, _unit(cls), cls, static=True, initialising=True)
                cls.static_steps.append(compile_statement(scope, children(member)[0]))
            case "block":
                scope = Scope(program, _unit(cls), cls, static=False, initialising=True)
                cls.instance_steps.append(compile_statement(scope, member))
    for method in (*cls.constructors, *(each for methods in cls.methods.values() for each in methods)):
        _compile_method(program, method)
    for inner in cls.inner.values():
        compile_class(program, inner)


def _unit(cls: ClassInfo) -> Unit:
    assert cls.unit is not None
    return cls.unit


def _constant(cls: ClassInfo, name: str, ordinal: int) -> None:
    assert cls.node is not None
    info = FieldInfo(name, cls, Kind(cls.name), frozenset({"public", "static", "final"}), {}, cls.node, None)
    cls.fields[name.lower()] = info
    value = EnumValue(cls.name, name, ordinal)

    def put(frame: Frame) -> None:
        frame.tx.statics[info] = value

    cls.static_steps.append(put)


def _compile_field(program: Program, cls: ClassInfo, info: FieldInfo) -> None:
    for which, node in (("getter", info.getter_node), ("setter", info.setter_node)):
        if node is not None:
            returns = info.kind if which == "getter" else VOID
            scope = Scope(program, _unit(cls), cls, static=info.static, returns=returns, accessor=info)
            scope.blocks[0]["value"] = (info.kind, False)
            setattr(info, which, compile_statement(scope, node))
    if info.value_node is None:
        return
    scope = Scope(program, _unit(cls), cls, static=info.static, initialising=True)
    value = compile_expression(scope, info.value_node)
    number, unit = line(info.value_node), _unit(cls)
    unit.executable.add(number)
    steps = cls.static_steps if info.static else cls.instance_steps
    steps.append(_initialiser(info, value, number))


def _initialiser(info: FieldInfo, value: Body, number: int) -> Body:
    unit, low = _unit(info.owner), info.name.lower()

    def run(frame: Frame) -> None:
        frame.line = number
        unit.hits.add(number)
        found = assigned(value(frame), info.kind)
        if info.static:
            frame.tx.statics[info] = found
        else:
            assert frame.this is not None
            frame.this.fields[low] = found

    return run


def _compile_method(program: Program, method: Method) -> None:
    body = maybe(method.node, "body")
    if body is None:
        return
    scope = Scope(program, _unit(method.owner), method.owner, static=method.static, returns=method.returns)
    scope.initialising = method.name == "<constructor>"
    for name, kind in method.parameters:
        scope.blocks[0][name] = (kind, False)
    compiled = compile_statement(scope, body)
    method.body = _constructor(method, body, compiled) if scope.initialising else compiled


def _constructor(method: Method, body: Node, compiled: Body) -> Body:
    """this(...) or super(...) stands first; else the parent's constructor and the fields' values come first."""
    first = next(iter(children(body)), None)
    if first is not None and first.type == "explicit_constructor_invocation":
        return compiled
    cls = method.owner

    def construct(frame: Frame) -> object:
        assert frame.this is not None
        prepare(frame, frame.this, cls)
        result: object = compiled(frame)
        return result

    return construct


def compile_trigger(program: Program, trigger: Trigger) -> None:
    sobject = program.catalog.by_name.get(trigger.sobject.lower())
    if sobject is None:
        raise DoesNotCompile(f"{trigger.unit.path}:1: Invalid type: {trigger.sobject}")
    trigger.sobject = sobject.name
    scope = Scope(program, trigger.unit, None, static=True, trigger=trigger)
    [block] = children(child(trigger.node, "body"))
    trigger.body = compile_statement(scope, block)
