"""Platform classes written in Python: every public function of a Library is a method that Apex may call.

`set_endpoint` is Apex's setEndpoint; a staticmethod is static; a parameter named `tx` gets the running transaction. The
annotations of the other parameters are checked as the compiler would, and null where none is said to be taken is a
System.NullPointerException.
"""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from sandbox.apex.errors import DoesNotCompile, NotModelled
from sandbox.apex.exceptions import null_pointer
from sandbox.apex.kinds import kind_of
from sandbox.apex.records import Record
from sandbox.apex.values import ApexList, ApexMap, ApexSet, EnumValue, ExceptionInstance, Id, Instance, Value

if TYPE_CHECKING:
    from sandbox.apex.transaction import Transaction

LIBRARY: dict[str, type[Library]] = {}
"""Platform classes by lower-case name, those of a namespace other than System and Schema with it."""

_PYTHON_ONLY = frozenset({"contents", "shown"})
_CHECKED: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "Id": (Id,),
    "bool": (bool,),
    "int": (int,),
    "Long": (int,),
    "float": (int, float, Decimal),
    "Decimal": (int, float, Decimal),
    "bytes": (bytes,),
    "Record": (Record,),
    "ApexList": (ApexList,),
    "ApexMap": (ApexMap,),
    "ApexSet": (ApexSet,),
    "Instance": (Instance,),
    "EnumValue": (EnumValue,),
    "ExceptionInstance": (ExceptionInstance,),
    "dt.datetime": (dt.datetime,),
    "dt.date": (dt.date,),
}


class Library:
    """A platform class; its Python objects are Apex's objects of it, unless `of` says that plain values are."""

    apex_name: ClassVar[str] = ""
    of: ClassVar[tuple[type, ...]] = ()
    constants: ClassVar[tuple[str, ...]] = ()
    apex_fields: ClassVar[dict[str, str]] = {}
    constructable: ClassVar[bool] = False
    members: ClassVar[dict[str, Member]] = {}

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        cls.apex_name = cls.__dict__.get("apex_name", cls.__name__)
        inherited = {name: member for base in cls.__mro__[1:] for name, member in getattr(base, "members", {}).items()}
        own = {
            name.replace("_", "").lower(): Member(cls, name, each)
            for name, each in vars(cls).items()
            if not name.startswith("_")
            and name not in _PYTHON_ONLY
            and isinstance(each, staticmethod) | inspect.isfunction(each)
        }
        cls.members = {**inherited, **own}
        LIBRARY[cls.apex_name.lower()] = cls
        for python in cls.of:
            _OF[python] = cls


class Member:
    """One method, with what it takes."""

    def __init__(self, owner: type[Library], name: str, given: Any) -> None:
        self.owner = owner
        self.static = isinstance(given, staticmethod)
        self.function: Callable[..., Value] = given.__func__ if self.static else given
        head, *tail = name.split("_")
        self.name = head + "".join(part.capitalize() for part in tail)
        parameters = list(inspect.signature(self.function).parameters.values())
        if not self.static:
            parameters = parameters[1:]
        self.takes_tx = bool(parameters) and parameters[0].name == "tx"
        if self.takes_tx:
            parameters = parameters[1:]
        self.most = len(parameters)
        self.least = sum(each.default is inspect.Parameter.empty for each in parameters)
        self.checks = [_check(str(each.annotation)) for each in parameters]

    def call(self, tx: Transaction, target: Value, arguments: Sequence[Value]) -> Value:
        if not self.least <= len(arguments) <= self.most:
            raise self._refused(arguments)
        given: list[Value] = []
        for value, (accepted, nullable) in zip(arguments, self.checks, strict=False):
            if value is None and not nullable:
                raise null_pointer()
            if value is not None and accepted and not _fits(value, accepted):
                raise self._refused(arguments)
            given.append(value)
        first = [] if self.static else [target]
        return self.function(*first, *([tx] if self.takes_tx else []), *given)

    def _refused(self, arguments: Sequence[Value]) -> DoesNotCompile:
        given = ", ".join("null" if each is None else str(kind_of(each)) for each in arguments)
        return DoesNotCompile(
            f"Method does not exist or incorrect signature: {self.name}({given}) on {self.owner.apex_name}"
        )


def _check(annotation: str) -> tuple[tuple[type, ...], bool]:
    """The Python types a parameter takes (none: all), and whether it takes null."""
    parts = [part.strip() for part in annotation.split("|")]
    if "Value" in parts:
        return (), True
    accepted: list[type] = []
    for part in parts:
        if part != "None":
            accepted += _CHECKED.get(part) or (LIBRARY_BY_CLASS[part],)
    return tuple(accepted), "None" in parts


def _fits(value: Value, accepted: tuple[type, ...]) -> bool:
    return isinstance(value, accepted) and (not isinstance(value, bool) or bool in accepted)


class _ByClass(dict[str, type]):
    """Library classes by their Python name, also those that come later in a module."""

    def __missing__(self, name: str) -> type:
        for each in LIBRARY.values():
            if each.__name__ == name:
                return each
        raise AssertionError(f"an annotation names {name}, which is no Library declared before")


LIBRARY_BY_CLASS = _ByClass()
_OF: dict[type, type[Library]] = {}


def library_of(value: Value) -> type[Library]:
    """The platform class whose methods a value has."""
    if isinstance(value, Library):
        return type(value)
    for python in type(value).__mro__:
        if python in _OF:
            return _OF[python]
    raise NotModelled(f"methods of {kind_of(value)}")


def member_of(library: type[Library], name: str, *, static: bool) -> Member:
    found = library.members.get(name.lower())
    if found is None or found.static is not static:
        raise NotModelled(f"not modelled: {library.apex_name}.{name}()")
    return found


def constant(library: type[Library], name: str) -> EnumValue | None:
    for ordinal, each in enumerate(library.constants):
        if each.lower() == name.lower():
            return EnumValue(library.apex_name, each, ordinal)
    return None
