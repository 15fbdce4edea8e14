"""Apex types: whether a value is of one, and how a value becomes one when it is assigned, passed or cast."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.apex.errors import DoesNotCompile
from sandbox.apex.exceptions import thrown
from sandbox.apex.records import Record
from sandbox.apex.values import (
    ApexList,
    ApexMap,
    ApexSet,
    EnumValue,
    Id,
    Instance,
    Long,
    Value,
    id_or_none,
    number,
)

if TYPE_CHECKING:
    from sandbox.apex.classes import ClassInfo

FAR = 1000
"""The distance of a value that a parameter does not take."""


@dataclass(frozen=True)
class Kind:
    name: str
    of: tuple[Kind, ...] = ()
    cls: ClassInfo | None = field(default=None, compare=False)
    native: type | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return f"{self.name}<{', '.join(map(str, self.of))}>" if self.of else self.name

    @property
    def key(self) -> str:
        return self.name.lower()


OBJECT, STRING, ID, INTEGER, LONG = (Kind(name) for name in ("Object", "String", "Id", "Integer", "Long"))
DECIMAL, DOUBLE, BOOLEAN, SOBJECT, VOID = (Kind(name) for name in ("Decimal", "Double", "Boolean", "SObject", "void"))
DATE, DATETIME, BLOB = (Kind(name) for name in ("Date", "Datetime", "Blob"))
PRIMITIVES = {
    kind.key: kind
    for kind in (OBJECT, STRING, ID, INTEGER, LONG, DECIMAL, DOUBLE, BOOLEAN, SOBJECT, VOID, DATE, DATETIME, BLOB)
}


def kind_of(value: Value) -> Kind:  # noqa: PLR0911
    """The type a value has at run time."""
    if isinstance(value, ApexList):
        return Kind("List", (value.of,))
    if isinstance(value, ApexSet):
        return Kind("Set", (value.of,))
    if isinstance(value, ApexMap):
        return Kind("Map", (value.key_kind, value.of))
    if isinstance(value, Instance):
        return Kind(value.cls.name, cls=value.cls)
    if isinstance(value, Record):
        return Kind(value.sobject.name)
    if isinstance(value, EnumValue):
        return Kind(value.enum)
    for python, kind in _PYTHON:
        if isinstance(value, python):
            return kind
    return Kind(getattr(value, "apex_name", type(value).__name__), native=type(value))


_PYTHON: tuple[tuple[type, Kind], ...] = (
    (Id, ID),
    (str, STRING),
    (bool, BOOLEAN),
    (Long, LONG),
    (int, INTEGER),
    (float, DOUBLE),
    (Decimal, DECIMAL),
    (dt.datetime, DATETIME),
    (dt.date, DATE),
    (bytes, BLOB),
)
_WIDER = {
    ("Id", "String"): 1,
    ("String", "Id"): 2,
    ("Integer", "Long"): 1,
    ("Integer", "Double"): 2,
    ("Integer", "Decimal"): 3,
    ("Long", "Double"): 1,
    ("Long", "Decimal"): 2,
    ("Double", "Decimal"): 1,
    ("Decimal", "Double"): 1,
    ("Date", "Datetime"): 1,
}


def distance(value: Value, kind: Kind) -> int:  # noqa: PLR0911
    """How far a value is from a type: 0 is the type itself, FAR or more is another one."""
    if value is None:
        return 0
    if kind.key == "object":
        return 50
    if isinstance(value, ApexList | ApexSet | ApexMap):
        return _collection_distance(value, kind)
    if isinstance(value, Instance):
        return value.cls.distance(kind)
    if isinstance(value, Record):
        return 0 if kind.key == value.sobject.name.lower() else 10 if kind.key == "sobject" else FAR
    if kind.native is not None and not isinstance(value, EnumValue):
        return 0 if isinstance(value, kind.native) else FAR
    own = kind_of(value)
    return 0 if own.key == kind.key else _WIDER.get((own.name, kind.name), FAR)


def _collection_distance(value: ApexList | ApexSet | ApexMap, kind: Kind) -> int:
    own = kind_of(value)
    if own.key != kind.key:
        return 5 if kind.key == "iterable" and not isinstance(value, ApexMap) else FAR
    if isinstance(value, ApexSet):
        return 0 if own.of == kind.of else FAR
    return sum(_element_distance(have, want) for have, want in zip(own.of, kind.of, strict=True))


def _element_distance(have: Kind, want: Kind) -> int:
    """Lists and map values may be seen as those of a broader type, and a List<SObject> as one of any object."""
    if have == want:
        return 0
    if want.key == "object" or (want.key == "sobject" and have.key not in PRIMITIVES):
        return 5
    if have.key == "sobject" and want.key not in PRIMITIVES and want.cls is None and want.native is None:
        return 5
    if have.cls is not None and have.cls.distance(want) < FAR:
        return 3
    if have.key == want.key and len(have.of) == len(want.of):
        return sum(_element_distance(a, b) for a, b in zip(have.of, want.of, strict=True))
    return FAR


def is_a(value: Value, kind: Kind) -> bool:
    """`instanceof`: null is nothing."""
    if value is None:
        return False
    own = kind_of(value)
    widened = (own.name, kind.name) in {("Integer", "Long"), ("Id", "String")}
    return widened or (distance(value, kind) < FAR and (own.name, kind.name) not in _WIDER)


def assigned(value: Value, kind: Kind) -> Value:
    """The value as a variable of the type holds it; what the compiler would refuse is refused here."""
    if value is None:
        return None
    convert = _CONVERSIONS.get(kind.key)
    if convert is not None:
        return convert(value)
    if isinstance(value, ApexList) and kind.key not in {"list", "iterable"} and kind.cls is None:
        return only_row(value, kind)
    if distance(value, kind) >= FAR:
        raise DoesNotCompile(f"Illegal assignment from {kind_of(value)} to {kind}")
    return value


def cast(value: Value, kind: Kind) -> Value:
    """`(T) value`: what is not of the type throws System.TypeException."""
    if value is None or (kind.key in {"integer", "long", "double", "decimal"} and _is_number(value)):
        return _number_cast(value, kind)
    if is_a(value, kind) or distance(value, kind) < FAR:
        return assigned(value, kind)
    raise thrown("TypeException", f"Invalid conversion from runtime type {kind_of(value)} to {kind}")


def only_row(rows: ApexList, kind: Kind) -> Value:
    """`Case c = [SELECT ...]`"""
    if rows.of.key in PRIMITIVES and rows.of.key != "sobject":
        raise DoesNotCompile(f"Illegal assignment from List<{rows.of}> to {kind}")
    if len(rows.items) == 1:
        return assigned(rows.items[0], kind)
    found = "no rows" if not rows.items else "more than 1 row"
    raise thrown("QueryException", f"List has {found} for assignment to SObject")


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _number_cast(value: Value, kind: Kind) -> Value:
    if value is None:
        return None
    return _CASTS[kind.key](value)


def _to_integer(value: Value) -> int:
    return wrapped(int(value), 32)


def _to_long(value: Value) -> Long:
    return Long(wrapped(int(value), 64))


def wrapped(value: int, bits: int) -> int:
    """Integers run over silently."""
    half = 1 << (bits - 1)
    return (value + half) % (half * 2) - half


def _string(value: Value) -> str:
    if isinstance(value, str):
        return str(value)
    raise DoesNotCompile(f"Illegal assignment from {kind_of(value)} to String")


def _id(value: Value) -> Id:
    if isinstance(value, Id):
        return value
    if not isinstance(value, str):
        raise DoesNotCompile(f"Illegal assignment from {kind_of(value)} to Id")
    found = id_or_none(value)
    if found is None:
        raise thrown("StringException", f"Invalid id: {value}")
    return found


def _only(python: type | tuple[type, ...], name: str, make: Callable[[Any], Value]) -> Callable[[Value], Value]:
    def convert(value: Value) -> Value:
        if not isinstance(value, python) or (isinstance(value, bool) and name != "Boolean"):
            raise DoesNotCompile(f"Illegal assignment from {kind_of(value)} to {name}")
        return make(value)

    return convert


def _integer(value: Value) -> int:
    if isinstance(value, Long | bool) or not isinstance(value, int):
        raise DoesNotCompile(f"Illegal assignment from {kind_of(value)} to Integer")
    return value


def _moment(value: Value) -> dt.datetime:
    if isinstance(value, dt.datetime):
        return value
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC)
    raise DoesNotCompile(f"Illegal assignment from {kind_of(value)} to Datetime")


def _date(value: Value) -> dt.date:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    raise DoesNotCompile(f"Illegal assignment from {kind_of(value)} to Date")


_CASTS: dict[str, Callable[[Value], Value]] = {
    "integer": _to_integer,
    "long": _to_long,
    "double": float,
    "decimal": number,
}
_CONVERSIONS: dict[str, Callable[[Value], Value]] = {
    "object": lambda value: value,
    "string": _string,
    "id": _id,
    "integer": _integer,
    "long": _only(int, "Long", Long),
    "decimal": _only((int, float, Decimal), "Decimal", number),
    "double": _only((int, float, Decimal), "Double", float),
    "boolean": _only(bool, "Boolean", bool),
    "datetime": _moment,
    "date": _date,
    "blob": _only(bytes, "Blob", bytes),
}
