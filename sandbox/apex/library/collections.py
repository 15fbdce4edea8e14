"""System.List, Set and Map, and the methods of records."""

# mypy: disable-error-code="misc"
# methods of plain values: `self` is the value, not an object of the class

from __future__ import annotations

import datetime as dt
import functools
from typing import TYPE_CHECKING

from sandbox.apex.errors import DoesNotCompile, NotModelled
from sandbox.apex.exceptions import null_pointer, thrown
from sandbox.apex.frames import call
from sandbox.apex.kinds import Kind, assigned, kind_of
from sandbox.apex.library.base import Library
from sandbox.apex.library.schema import SObjectField, SObjectType
from sandbox.apex.record_fields import get_record_field, set_record_field
from sandbox.apex.records import Record
from sandbox.apex.texts import text
from sandbox.apex.values import ApexList, ApexMap, ApexSet, Id, Instance, Value, equal, key, number
from sandbox.salesforce.errors import ApiError

if TYPE_CHECKING:
    from sandbox.apex.transaction import Transaction


_NOTHING: Value = object()


def _place(items: ApexList, place: int) -> int:
    if not 0 <= place < len(items.items):
        raise thrown("ListException", f"List index out of bounds: {place}")
    return place


def elements(source: Value) -> list[Value]:
    if isinstance(source, ApexList):
        return list(source.items)
    if isinstance(source, ApexSet):
        return list(source.values.values())
    raise DoesNotCompile(f"a List or a Set is expected, not {kind_of(source)}")


class List(Library):
    of = (ApexList,)

    def add(self: ApexList, value: Value, second: Value = _NOTHING) -> None:
        """add(value), add(place, value)"""
        if second is _NOTHING:
            self.items.append(assigned(value, self.of))
        else:
            self.items.insert(value if value == len(self.items) else _place(self, value), assigned(second, self.of))

    def add_all(self: ApexList, source: ApexList | ApexSet) -> None:
        self.items += [assigned(value, self.of) for value in elements(source)]

    def get(self: ApexList, place: int) -> Value:
        return self.items[_place(self, place)]

    def set(self: ApexList, place: int, value: Value) -> None:
        self.items[_place(self, place)] = assigned(value, self.of)

    def remove(self: ApexList, place: int) -> Value:
        return self.items.pop(_place(self, place))

    def size(self: ApexList) -> int:
        return len(self.items)

    def is_empty(self: ApexList) -> bool:
        return not self.items

    def clear(self: ApexList) -> None:
        self.items.clear()

    def contains(self: ApexList, value: Value) -> bool:
        return any(equal(item, value) for item in self.items)

    def index_of(self: ApexList, value: Value) -> int:
        return next((place for place, item in enumerate(self.items) if equal(item, value)), -1)

    def clone(self: ApexList) -> ApexList:
        return ApexList(self.of, self.items)

    def deep_clone(self: ApexList, ids: bool = False) -> ApexList:
        return ApexList(self.of, [SObjectMethods.clone(item, ids) for item in self.items])

    def sort(self: ApexList, tx: Transaction) -> None:
        self.items.sort(key=functools.cmp_to_key(lambda left, right: _compared(tx, left, right)))

    def equals(self: ApexList, other: Value) -> bool:
        return equal(self, other)

    def hash_code(self: ApexList) -> int:
        return hash(key(self)) % 2**31

    def get_sobject_type(self: ApexList, tx: Transaction) -> SObjectType | None:
        sobject = tx.runtime.program.catalog.by_name.get(self.of.key)
        return None if sobject is None else SObjectType(sobject)

    def to_string(self: ApexList) -> str:
        return text(self)


def _compared(tx: Transaction, left: Value, right: Value) -> int:
    if left is None or right is None:
        return (left is not None) - (right is not None)
    if isinstance(left, Instance):
        return int(call(tx, left, "compareTo", [right]))
    if isinstance(left, str | dt.date):
        return int(left > right) - int(left < right)
    if isinstance(left, Record):
        raise NotModelled("sorting records")
    return int((number(left) > number(right)) - (number(left) < number(right)))


class Set(Library):
    of = (ApexSet,)

    def add(self: ApexSet, value: Value) -> bool:
        value = assigned(value, self.of)
        new = key(value) not in self.values
        self.values.setdefault(key(value), value)
        return new

    def add_all(self: ApexSet, source: ApexList | ApexSet) -> bool:
        added = [Set.add(self, value) for value in elements(source)]
        return any(added)

    def contains(self: ApexSet, value: Value) -> bool:
        return key(assigned(value, self.of)) in self.values

    def contains_all(self: ApexSet, source: ApexList | ApexSet) -> bool:
        return all(Set.contains(self, value) for value in elements(source))

    def remove(self: ApexSet, value: Value) -> bool:
        return self.values.pop(key(assigned(value, self.of)), _NOTHING) is not _NOTHING

    def remove_all(self: ApexSet, source: ApexList | ApexSet) -> bool:
        removed = [Set.remove(self, value) for value in elements(source)]
        return any(removed)

    def retain_all(self: ApexSet, source: ApexList | ApexSet) -> bool:
        kept = {key(assigned(value, self.of)) for value in elements(source)}
        before = len(self.values)
        self.values = {name: value for name, value in self.values.items() if name in kept}
        return len(self.values) != before

    def size(self: ApexSet) -> int:
        return len(self.values)

    def is_empty(self: ApexSet) -> bool:
        return not self.values

    def clear(self: ApexSet) -> None:
        self.values.clear()

    def clone(self: ApexSet) -> ApexSet:
        return ApexSet(self.of, self.values.values())

    def equals(self: ApexSet, other: Value) -> bool:
        return equal(self, other)

    def to_string(self: ApexSet) -> str:
        return text(self)


class Map(Library):
    of = (ApexMap,)

    def put(self: ApexMap, name: Value, value: Value) -> Value:
        return self.put(assigned(name, self.key_kind), assigned(value, self.of))

    def put_all(self: ApexMap, source: ApexMap | ApexList) -> None:
        pairs = source.pairs() if isinstance(source, ApexMap) else ((each.id, each) for each in source.items)
        for name, value in pairs:
            self.put(assigned(name, self.key_kind), assigned(value, self.of))

    def get(self: ApexMap, name: Value) -> Value:
        return self.get(_key(self, name))

    def contains_key(self: ApexMap, name: Value) -> bool:
        return key(_key(self, name)) in self.entries

    def remove(self: ApexMap, name: Value) -> Value:
        return self.entries.pop(key(_key(self, name)), (None, None))[1]

    def key_set(self: ApexMap) -> ApexSet:
        return ApexSet(self.key_kind, [name for name, _ in self.pairs()], keys_of=self)

    def values(self: ApexMap) -> ApexList:
        return ApexList(self.of, [value for _, value in self.pairs()])

    def size(self: ApexMap) -> int:
        return len(self.entries)

    def is_empty(self: ApexMap) -> bool:
        return not self.entries

    def clear(self: ApexMap) -> None:
        self.entries.clear()

    def clone(self: ApexMap) -> ApexMap:
        made = ApexMap(self.key_kind, self.of)
        made.entries = dict(self.entries)
        return made

    def equals(self: ApexMap, other: Value) -> bool:
        return equal(self, other)

    def to_string(self: ApexMap) -> str:
        return text(self)


def _key(source: ApexMap, name: Value) -> Value:
    return assigned(name, source.key_kind)


class SObjectMethods(Library):
    apex_name = "SObject"
    of = (Record,)

    def get(self: Record, field: str | SObjectField) -> Value:
        name = field if isinstance(field, str) else field.field.name
        if name.lower() not in self.sobject.by_name:
            raise thrown("SObjectException", f"Invalid field {name} for {self.sobject.name}")
        return get_record_field(self, name)

    def put(self: Record, field: str | SObjectField, value: Value) -> Value:
        name = field if isinstance(field, str) else field.field.name
        if name.lower() not in self.sobject.by_name:
            raise thrown("SObjectException", f"Invalid field {name} for {self.sobject.name}")
        old = self.values.get(self.sobject.by_name[name.lower()].name)
        set_record_field(self, name, value)
        return old

    def get_sobject_type(self: Record) -> SObjectType:
        return SObjectType(self.sobject)

    def get_sobject(self: Record, relation: str) -> Value:
        return self.related.get(relation.lower())

    def is_set(self: Record, field: str | SObjectField) -> bool:
        name = field if isinstance(field, str) else field.field.name
        return self.sobject.by_name[name.lower()].name in self.values

    def get_populated_fields_as_map(self: Record) -> ApexMap:
        made = ApexMap(Kind("String"), Kind("Object"))
        for name, value in self.values.items():
            made.put(name, value)
        return made

    def clone(self: Record, keep_id: bool = False, _deep: bool = False) -> Record:
        made = Record(self.sobject, dict(self.values))
        made.related = dict(self.related)
        if not keep_id:
            made.values.pop("Id", None)
        return made

    def add_error(self: Record, message: Value, second: Value = None) -> None:
        """addError(message), addError(exception), addError(field, message)"""
        if second is not None:
            name = message if isinstance(message, str) else message.field.name
            self.errors.append(ApiError("FIELD_CUSTOM_VALIDATION_EXCEPTION", text(second), (name,)))
            return
        if message is None:
            raise null_pointer()
        shown = message.message if isinstance(message, Instance) else text(message)  # type: ignore[attr-defined]
        self.errors.append(ApiError("FIELD_CUSTOM_VALIDATION_EXCEPTION", shown, ()))

    def has_errors(self: Record) -> bool:
        return bool(self.errors)

    def recalculate_formulas(self: Record) -> None:
        raise NotModelled("formulas")

    def to_string(self: Record) -> str:
        return text(self)


__all__ = ["Id", "List", "Map", "SObjectMethods", "Set", "elements"]
