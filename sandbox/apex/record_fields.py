"""Reading and writing fields of records, by any spelling."""

from __future__ import annotations

from sandbox.apex.errors import DoesNotCompile
from sandbox.apex.exceptions import thrown
from sandbox.apex.kinds import BLOB, BOOLEAN, DATE, DATETIME, DECIMAL, ID, INTEGER, STRING, Kind, assigned
from sandbox.apex.records import Record
from sandbox.apex.values import Value
from sandbox.salesforce.schema import Field

_KINDS = {
    "boolean": BOOLEAN,
    "int": INTEGER,
    "double": DECIMAL,
    "datetime": DATETIME,
    "date": DATE,
    "base64": BLOB,
    "id": ID,
    "reference": ID,
}


def field_kind(field: Field) -> Kind:
    return _KINDS.get(field.kind, STRING)


def get_record_field(record: Record, name: str) -> Value:
    low = name.lower()
    if low in record.related:
        return record.related[low]
    field = record.sobject.by_name.get(low)
    if field is None:
        if low in record.sobject.relationships:
            return _not_queried(record, name) if record.queried else None
        raise DoesNotCompile(f"Variable does not exist: {name} on {record.sobject.name}")
    if field.name not in record.values:
        if record.queried and field.name != "Id":
            return _not_queried(record, field.name)
        return False if field.kind == "boolean" else None
    return record.values[field.name]


def _not_queried(record: Record, name: str) -> Value:
    raise thrown(
        "SObjectException",
        f"SObject row was retrieved via SOQL without querying the requested field: {record.sobject.name}.{name}",
    )


def set_record_field(record: Record, name: str, value: Value) -> None:
    if record.read_only:
        raise thrown("FinalException", "Record is read-only")
    field = record.sobject.by_name.get(name.lower())
    if field is None:
        relation = record.sobject.relationships.get(name.lower())
        if relation is None or not isinstance(value, Record | None):
            raise DoesNotCompile(f"Variable does not exist: {name} on {record.sobject.name}")
        record.related[name.lower()] = value
        return
    if not (field.create or field.update) and field.name != "Id":
        raise DoesNotCompile(f"Field is not writeable: {record.sobject.name}.{field.name}")
    record.values[field.name] = assigned(value, field_kind(field))
