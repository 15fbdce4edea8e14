"""What Apex values are in Python, and when two of them are equal.

null is None; Boolean, Integer and Double are bool, int and float; Decimal, Date and Datetime are Python's; a Blob is
bytes. The rest is here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.apex.errors import NotModelled
from sandbox.salesforce.ids import canonical

if TYPE_CHECKING:
    from sandbox.apex.classes import ClassInfo
    from sandbox.apex.kinds import Kind

Value = Any
"""Any Apex value."""


class Id(str):
    """A record id, always in its 18-character form."""

    __slots__ = ()


class Long(int):
    """A 64-bit integer; plain int is Apex's Integer."""

    __slots__ = ()


class ApexList:
    __slots__ = ("items", "of")

    def __init__(self, of: Kind, items: Iterable[Value] = ()) -> None:
        self.of = of
        self.items: list[Value] = list(items)


class ApexSet:
    """keys_of: the Map whose keys these are; a loop over them forbids to change it."""

    __slots__ = ("keys_of", "of", "values")

    def __init__(self, of: Kind, items: Iterable[Value] = (), *, keys_of: ApexMap | None = None) -> None:
        self.of = of
        self.keys_of = keys_of
        self.values: dict[Value, Value] = {key(item): item for item in items}


class ApexMap:
    __slots__ = ("entries", "key_kind", "of")

    def __init__(self, key_kind: Kind, of: Kind) -> None:
        self.key_kind = key_kind
        self.of = of
        self.entries: dict[Value, tuple[Value, Value]] = {}

    def put(self, name: Value, value: Value) -> Value:
        _, old = self.entries.get(key(name), (None, None))
        self.entries[key(name)] = (name, value)
        return old

    def get(self, name: Value) -> Value:
        return self.entries.get(key(name), (None, None))[1]

    def pairs(self) -> Iterator[tuple[Value, Value]]:
        return iter(list(self.entries.values()))


class Instance:
    """An object of a class written in Apex."""

    __slots__ = ("cls", "fields")

    def __init__(self, cls: ClassInfo) -> None:
        self.cls = cls
        self.fields: dict[str, Value] = {}


class ExceptionInstance(Instance):
    """An exception, built in or of the package."""

    __slots__ = ("cause", "errors", "line", "message", "stack")

    def __init__(self, cls: ClassInfo, message: str | None = None) -> None:
        super().__init__(cls)
        self.message = message
        self.cause: ExceptionInstance | None = None
        self.line = 0
        self.stack = ""
        self.errors: list[Any] = []

    def __str__(self) -> str:
        return self.cls.name if self.message is None else f"{self.cls.name}: {self.message}"


class EnumValue:
    __slots__ = ("enum", "name", "ordinal")

    def __init__(self, enum: str, name: str, ordinal: int) -> None:
        self.enum = enum
        self.name = name
        self.ordinal = ordinal

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EnumValue) and (self.enum, self.ordinal) == (other.enum, other.ordinal)

    def __hash__(self) -> int:
        return hash((self.enum, self.ordinal))


def id_or_none(given: str) -> Id | None:
    """The Id a text means, or None if it is no id."""
    found = canonical(given)
    return None if found is None else Id(found)


def key(value: Value) -> Value:
    """What a Set or a Map knows a value by: texts by their case, records by what is in them."""
    if isinstance(value, bool):
        return (bool, value)
    if isinstance(value, ApexList):
        return tuple(key(item) for item in value.items)
    if isinstance(value, ApexSet):
        return frozenset(value.values)
    if isinstance(value, ApexMap):
        return frozenset((name, key(item)) for name, (_, item) in value.entries.items())
    if isinstance(value, Instance):
        if value.cls.find_methods("hashcode"):
            raise NotModelled(f"{value.cls.name}: equals() and hashCode() of one's own in a Set or a Map key")
        return id(value)
    contents = getattr(value, "contents", None)
    return contents() if contents is not None else value


def same(left: Value, right: Value) -> bool:  # noqa: PLR0911
    """`==`: texts without regard to case, ids in either length, collections and records by what is in them."""
    if left is None or right is None:
        return left is right
    if isinstance(left, str) and isinstance(right, str):
        return _same_text(left, right)
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, int | float | Decimal) and isinstance(right, int | float | Decimal):
        return number(left) == number(right)
    if isinstance(left, Instance):
        return left is right
    if type(left) is not type(right):
        return False
    if isinstance(left, ApexList):
        return len(left.items) == len(right.items) and all(map(equal, left.items, right.items))
    return bool(key(left) == key(right))


def equal(left: Value, right: Value) -> bool:
    """equals(), Assert.areEqual and what Lists go by: as `==`, but texts with regard to case."""
    if isinstance(left, str) and isinstance(right, str) and not (isinstance(left, Id) or isinstance(right, Id)):
        return left == right
    return same(left, right)


def identical(left: Value, right: Value) -> bool:
    """`===`: the same object; values without identity are compared with regard to case."""
    if isinstance(left, str | int | float | Decimal | dt.date | bytes | EnumValue):
        return type(left) is type(right) and bool(left == right)
    return left is right


def number(value: Value) -> Decimal:
    return Decimal(str(value)) if isinstance(value, float) else Decimal(value)


def _same_text(left: str, right: str) -> bool:
    if isinstance(left, Id) or isinstance(right, Id):
        return (id_or_none(left) or left) == (id_or_none(right) or right)
    return left.casefold() == right.casefold()
