"""sObjects: records as Apex holds them, and their way to and from the org's tables."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sandbox.apex.values import Id, Long, Value, key
from sandbox.salesforce import clock
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.schema import Field, Row, SObject


class Record:
    """Fields that were set or queried, by their own spelling; the rest reads as null, or throws if it was a query."""

    __slots__ = ("errors", "queried", "read_only", "related", "sobject", "values")

    def __init__(self, sobject: SObject, values: dict[str, Value] | None = None) -> None:
        self.sobject = sobject
        self.values: dict[str, Value] = values or {}
        self.related: dict[str, Value] = {}
        self.errors: list[ApiError] = []
        self.read_only = False
        self.queried = False

    def contents(self) -> object:
        """What makes two records equal."""
        return (self.sobject.name, frozenset((name, key(value)) for name, value in self.values.items()))

    def shown(self) -> str:
        from sandbox.apex.texts import text  # noqa: PLC0415 - texts knows records only by this method

        return f"{self.sobject.name}:{{{', '.join(f'{name}={text(value)}' for name, value in self.values.items())}}}"

    @property
    def id(self) -> Id | None:
        found = self.values.get("Id")
        return found if isinstance(found, Id) else None


def from_row(sobject: SObject, row: Row) -> Record:
    """A whole record of the org, as a trigger sees it."""
    return Record(sobject, {field.name: value_of(field, row.get(field.name)) for field in sobject.fields})


def value_of(field: Field, raw: object) -> Value:
    """A stored value as Apex has it."""
    if raw is None:
        return None
    if field.kind in {"id", "reference"}:
        return Id(str(raw))
    if field.kind == "datetime":
        return moment_of(str(raw))
    if field.kind == "date":
        return dt.date.fromisoformat(str(raw))
    if field.kind == "double":
        return Decimal(str(raw))
    return raw


def stored(field: Field, value: Value) -> object:
    """An Apex value as the REST API would bring it."""
    if isinstance(value, dt.datetime):
        return clock.written(round(value.timestamp() * 1000))
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Id):
        return str(value)
    if isinstance(value, Long):
        return int(value)
    return float(value) if field.kind == "double" and isinstance(value, int) else value


def moment_of(written: str) -> dt.datetime:
    return dt.datetime.fromisoformat(written).astimezone(dt.UTC)
