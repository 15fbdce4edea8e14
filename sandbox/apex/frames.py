"""A running method or trigger, and how one calls another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sandbox.apex.classes import ClassInfo, FieldInfo, Method, Unit
from sandbox.apex.errors import DoesNotCompile
from sandbox.apex.exceptions import Thrown, thrown
from sandbox.apex.kinds import FAR, VOID, Kind, assigned, distance, kind_of
from sandbox.apex.values import ExceptionInstance, Instance, Value

if TYPE_CHECKING:
    from sandbox.apex.transaction import Transaction

DEEPEST = 1000


class Frame:
    __slots__ = ("cls", "label", "line", "this", "tx", "unit", "variables")

    def __init__(self, tx: Transaction, unit: Unit | None, cls: ClassInfo | None, label: str) -> None:
        self.tx = tx
        self.unit = unit
        self.cls = cls
        self.label = label
        self.this: Instance | None = None
        self.line = 0
        self.variables: dict[str, Value] = {}

    @property
    def own(self) -> Instance:
        """`this`, where the compiler has made sure that there is one."""
        assert self.this is not None
        return self.this


class Returned:
    """A statement's way to say that the method is over."""

    __slots__ = ("value",)

    def __init__(self, value: Value) -> None:
        self.value = value


def invoke(tx: Transaction, method: Method, this: Instance | None, arguments: Sequence[Value]) -> Value:
    """Run a method that was already chosen."""
    if method.static:
        initialise(tx, method.owner)
    if method.body is None:
        raise DoesNotCompile(f"{method.owner.name}.{method.signature()} is abstract")
    frame = Frame(tx, method.owner.unit, method.owner, f"Class.{method.owner.name}.{method.name}")
    frame.this = this
    for (name, kind), argument in zip(method.parameters, arguments, strict=True):
        frame.variables[name] = assigned(argument, kind)
    result = run(frame, method.body)
    if method.returns == VOID:
        return None
    return assigned(result.value if isinstance(result, Returned) else None, method.returns)


def run(frame: Frame, body: object) -> object:
    """Run a body in a frame of its own; an exception learns where it comes from."""
    frames = frame.tx.frames
    if len(frames) >= DEEPEST:
        raise thrown("LimitException", f"Maximum stack depth reached: {DEEPEST + 1}")
    frames.append(frame)
    try:
        return body(frame)  # type: ignore[operator]
    except Thrown as error:
        locate(frame.tx, error)
        raise
    except RecursionError:
        raise thrown("LimitException", f"Maximum stack depth reached: {DEEPEST + 1}") from None
    finally:
        frames.pop()


def locate(tx: Transaction, error: Thrown) -> None:
    if not error.value.stack and tx.frames:
        error.value.line = tx.frames[-1].line
        error.value.stack = "\n".join(f"{each.label}: line {each.line}, column 1" for each in reversed(tx.frames))


def choose(methods: Sequence[Method], arguments: Sequence[Value], hints: Sequence[Kind | None] = ()) -> Method | None:
    """The method whose parameters are nearest to the arguments; an override hides what it overrides.

    A null is near to the type that the source gives it, if it gives one (`hints`).
    """
    best, found = FAR, None
    for method in methods:
        if len(method.parameters) != len(arguments):
            continue
        far = sum(distance(value, kind) for value, (_, kind) in zip(arguments, method.parameters, strict=True))
        far += sum(
            value is None and hint is not None and hint.key != kind.key
            for value, (_, kind), hint in zip(arguments, method.parameters, hints, strict=False)
        )
        if far < best:
            best, found = far, method
    return found


def no_such_method(owner: str, name: str, arguments: Sequence[Value]) -> DoesNotCompile:
    given = ", ".join("null" if each is None else str(kind_of(each)) for each in arguments)
    return DoesNotCompile(f"Method does not exist or incorrect signature: {name}({given}) on {owner}")


def call(tx: Transaction, target: Instance, name: str, arguments: Sequence[Value]) -> Value:
    """A method of an object by name, as the platform calls it."""
    method = choose(target.cls.find_methods(name.lower()), arguments)
    if method is None:
        raise no_such_method(target.cls.name, name, arguments)
    return invoke(tx, method, target, arguments)


def construct(
    tx: Transaction, cls: ClassInfo, arguments: Sequence[Value], hints: Sequence[Kind | None] = ()
) -> Instance:
    """`new C(...)`"""
    if "abstract" in cls.modifiers or cls.form != "class":
        raise DoesNotCompile(f"{cls.name} is abstract or an interface and cannot be constructed")
    initialise(tx, cls)
    made = ExceptionInstance(cls) if is_exception(cls) else Instance(cls)
    build(tx, made, cls, arguments, hints)
    return made


def build(
    tx: Transaction, made: Instance, cls: ClassInfo, arguments: Sequence[Value], hints: Sequence[Kind | None] = ()
) -> None:
    """The constructor of one class in the lineage; its parent's comes first, by its own call or without arguments."""
    if cls.node is None or (isinstance(made, ExceptionInstance) and not cls.constructors):
        _build_exception(tx, made, cls, arguments)
        return
    constructor = choose(cls.constructors, arguments, hints)
    if constructor is None:
        if cls.constructors or arguments:
            raise no_such_method(cls.name, "<constructor>", arguments)
        _prepare(tx, made, cls)
        return
    invoke(tx, constructor, made, arguments)


def prepare(frame: Frame, made: Instance, cls: ClassInfo) -> None:
    """What a constructor without this(...) or super(...) does first."""
    _prepare(frame.tx, made, cls)


def initialise_fields(tx: Transaction, made: Instance, cls: ClassInfo) -> None:
    for name, info in cls.fields.items():
        if not info.static:
            made.fields.setdefault(name, None)
    frame = Frame(tx, cls.unit, cls, f"Class.{cls.name}.<init>")
    frame.this = made
    for step in cls.instance_steps:
        run(frame, step)


def _prepare(tx: Transaction, made: Instance, cls: ClassInfo) -> None:
    if cls.parent is not None:
        build(tx, made, cls.parent, ())
    initialise_fields(tx, made, cls)


def _build_exception(tx: Transaction, made: Instance, cls: ClassInfo, arguments: Sequence[Value]) -> None:
    """Every exception class has these four: (), (message), (cause), (message, cause)."""
    assert isinstance(made, ExceptionInstance)
    match list(arguments):
        case []:
            pass
        case [str() as message]:
            made.message = message
        case [None]:
            made.message = None
        case [ExceptionInstance() as cause]:
            made.cause, made.message = cause, cause.message
        case [str() | None as message, ExceptionInstance() | None as cause]:
            made.message, made.cause = message, cause
        case _:
            raise no_such_method(cls.name, "<constructor>", arguments)
    if cls.name == "System.AuraHandledException":
        made.message = "Script-thrown exception"
        made.fields["shown"] = arguments[0] if arguments else None
    if cls.node is not None:
        initialise_fields(tx, made, cls)


def is_exception(cls: ClassInfo) -> bool:
    return any(each.name == "System.Exception" for each in cls.lineage())


def initialise(tx: Transaction, cls: ClassInfo) -> None:
    """Static fields and blocks, once in a transaction, when the class is first used."""
    if cls in tx.initialised:
        return
    tx.initialised.add(cls)
    if cls.parent is not None:
        initialise(tx, cls.parent)
    frame = Frame(tx, cls.unit, cls, f"Class.{cls.name}.<clinit>")
    for step in cls.static_steps:
        run(frame, step)


def get_static(tx: Transaction, info: FieldInfo) -> Value:
    initialise(tx, info.owner)
    if info.getter is not None:
        return _accessor(tx, info, None, info.getter, info.kind)
    return tx.statics.get(info)


def set_static(tx: Transaction, info: FieldInfo, value: Value) -> None:
    initialise(tx, info.owner)
    value = assigned(value, info.kind)
    if info.setter is not None:
        _accessor(tx, info, None, info.setter, None, value)
    else:
        tx.statics[info] = value


def get_field(tx: Transaction, target: Instance, info: FieldInfo) -> Value:
    if info.getter is not None:
        return _accessor(tx, info, target, info.getter, info.kind)
    return target.fields.get(info.name.lower())


def set_field(tx: Transaction, target: Instance, info: FieldInfo, value: Value) -> None:
    value = assigned(value, info.kind)
    if info.setter is not None:
        _accessor(tx, info, target, info.setter, None, value)
    else:
        target.fields[info.name.lower()] = value


def _accessor(  # noqa: PLR0917
    tx: Transaction, info: FieldInfo, target: Instance | None, body: object, kind: Kind | None, value: Value = None
) -> Value:
    frame = Frame(tx, info.owner.unit, info.owner, f"Class.{info.owner.name}.{info.name}")
    frame.this = target
    frame.variables["value"] = value
    result = run(frame, body)
    if kind is None:
        return None
    return assigned(result.value if isinstance(result, Returned) else None, kind)
