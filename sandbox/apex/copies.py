"""What a job takes along: a copy of its object as it was when it was enqueued."""

from __future__ import annotations

from sandbox.apex.records import Record
from sandbox.apex.values import ApexList, ApexMap, ApexSet, ExceptionInstance, Instance, Value


def copied(value: Value, seen: dict[int, Value] | None = None) -> Value:  # noqa: PLR0911
    """A deep copy without transient fields; what was one object twice is one object twice."""
    seen = {} if seen is None else seen
    if id(value) in seen:
        return seen[id(value)]
    if isinstance(value, ExceptionInstance):
        return value
    if isinstance(value, Instance):
        made = Instance(value.cls)
        seen[id(value)] = made
        kept = value.cls.all_fields()
        for name, item in value.fields.items():
            lost = name in kept and "transient" in kept[name].modifiers
            made.fields[name] = None if lost else copied(item, seen)
        return made
    if isinstance(value, ApexList):
        seen[id(value)] = copy = ApexList(value.of)
        copy.items = [copied(item, seen) for item in value.items]
        return copy
    if isinstance(value, ApexSet):
        return ApexSet(value.of, [copied(item, seen) for item in value.values.values()])
    if isinstance(value, ApexMap):
        seen[id(value)] = table = ApexMap(value.key_kind, value.of)
        for name, item in value.pairs():
            table.put(copied(name, seen), copied(item, seen))
        return table
    if isinstance(value, Record):
        seen[id(value)] = record = Record(value.sobject, dict(value.values))
        record.related, record.queried = dict(value.related), value.queried
        return record
    return value
