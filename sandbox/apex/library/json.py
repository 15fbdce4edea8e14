"""System.JSON."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.apex.errors import DoesNotCompile, NotModelled
from sandbox.apex.exceptions import Thrown, thrown
from sandbox.apex.frames import get_field, set_field
from sandbox.apex.kinds import OBJECT, STRING, Kind, assigned
from sandbox.apex.library.base import Library
from sandbox.apex.library.moments import formatted
from sandbox.apex.library.types import Type
from sandbox.apex.record_fields import field_kind
from sandbox.apex.records import Record, moment_of
from sandbox.apex.texts import text
from sandbox.apex.values import ApexList, ApexMap, ApexSet, EnumValue, ExceptionInstance, Instance, Long, Value

if TYPE_CHECKING:
    from sandbox.apex.transaction import Transaction


class JSON(Library):
    @staticmethod
    def serialize(tx: Transaction, value: Value, without_nulls: bool = False) -> str:
        return _written(plain(tx, value, without_nulls=without_nulls))

    @staticmethod
    def serialize_pretty(tx: Transaction, value: Value, without_nulls: bool = False) -> str:
        return _written(plain(tx, value, without_nulls=without_nulls), indent="  ")

    @staticmethod
    def deserialize_untyped(written: str) -> Value:
        return _untyped(_parsed(written))

    @staticmethod
    def deserialize(tx: Transaction, written: str, kind: Type) -> Value:
        return typed(tx, _parsed(written), kind.kind, strict=False)

    @staticmethod
    def deserialize_strict(tx: Transaction, written: str, kind: Type) -> Value:
        return typed(tx, _parsed(written), kind.kind, strict=True)


def _written(value: Any, indent: str | None = None, margin: str = "") -> str:
    """JSON text; a Decimal as it is, which Python's own json would make a float of."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if not isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    inner = "" if indent is None else margin + indent
    colon = ":" if indent is None else " : "
    if isinstance(value, dict):
        parts = [
            f"{json.dumps(name, ensure_ascii=False)}{colon}{_written(item, indent, inner)}"
            for name, item in value.items()
        ]
        opening, closing = "{", "}"
    else:
        parts = [_written(item, indent, inner) for item in value]
        opening, closing = "[", "]"
    if indent is None or not parts:
        return f"{opening}{','.join(parts)}{closing}"
    if isinstance(value, list):
        return f"[ {', '.join(parts)} ]"
    return f"{{\n{inner}" + f",\n{inner}".join(parts) + f"\n{margin}}}"


def plain(tx: Transaction, value: Value, *, without_nulls: bool) -> Any:  # noqa: PLR0911
    """What Python's json can write."""

    def inner(item: Value) -> Any:
        return plain(tx, item, without_nulls=without_nulls)

    if value is None or isinstance(value, bool | str | int | float | Decimal):
        return value
    if isinstance(value, dt.datetime):
        return formatted(value, "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, ApexList):
        return [inner(item) for item in value.items]
    if isinstance(value, ApexSet):
        return [inner(item) for item in value.values.values()]
    if isinstance(value, ApexMap):
        return {text(name): inner(item) for name, item in value.pairs() if not (without_nulls and item is None)}
    if isinstance(value, EnumValue):
        return value.name
    if isinstance(value, Record):
        return _record(tx, value, without_nulls=without_nulls)
    if isinstance(value, ExceptionInstance) or not isinstance(value, Instance):
        raise thrown("JSONException", f"Apex Type unsupported in JSON: {type(value).__name__}")
    fields = value.cls.all_fields().values()
    found = {field.name: inner(get_field(tx, value, field)) for field in fields if "transient" not in field.modifiers}
    return {name: item for name, item in found.items() if not (without_nulls and item is None)}


def _record(tx: Transaction, record: Record, *, without_nulls: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {"attributes": {"type": record.sobject.name}}
    if record.id is not None:
        shown["attributes"]["url"] = f"/services/data/v67.0/sobjects/{record.sobject.name}/{record.id}"
    for name, value in record.values.items():
        written = formatted(value, "yyyy-MM-dd'T'HH:mm:ss.SSS+0000") if isinstance(value, dt.datetime) else value
        shown[name] = plain(tx, written, without_nulls=without_nulls)
    return shown


def _parsed(written: str) -> Any:
    try:
        return json.loads(written, parse_float=Decimal, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        if error.pos >= len(written):
            raise thrown(
                "JSONException", f"Unexpected end-of-input at [line:{error.lineno}, column:{error.colno}]"
            ) from None
        letter = written[error.pos]
        raise thrown(
            "JSONException",
            f"Unexpected character ('{letter}' (code {ord(letter)})): {error.msg} at "
            f"[line:{error.lineno}, column:{error.colno}]",
        ) from None


def _no_constant(name: str) -> Any:
    raise thrown("JSONException", f"Unexpected character ('{name}')")


def _untyped(value: Any) -> Value:
    if isinstance(value, dict):
        made = ApexMap(STRING, OBJECT)
        for name, item in value.items():
            made.put(name, _untyped(item))
        return made
    if isinstance(value, list):
        return ApexList(OBJECT, [_untyped(item) for item in value])
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**31) <= value < 2**31:
        return Long(value)
    return value


def typed(tx: Transaction, value: Any, kind: Kind, *, strict: bool) -> Value:
    if value is None:
        return None
    if kind.key in {"list", "set"}:
        if not isinstance(value, list):
            raise _malformed(kind, value)
        items = [typed(tx, item, kind.of[0], strict=strict) for item in value]
        return ApexList(kind.of[0], items) if kind.key == "list" else ApexSet(kind.of[0], items)
    if kind.key == "map":
        if not isinstance(value, dict):
            raise _malformed(kind, value)
        made = ApexMap(*kind.of)
        for name, item in value.items():
            made.put(assigned(name, kind.of[0]), typed(tx, item, kind.of[1], strict=strict))
        return made
    if kind.cls is not None:
        return _instance(tx, value, kind, strict=strict)
    sobject = tx.runtime.program.catalog.by_name.get(kind.key)
    if sobject is not None:
        return _deserialized_record(tx, value, kind)
    return _primitive(value, kind)


def _instance(tx: Transaction, value: Any, kind: Kind, *, strict: bool) -> Value:
    cls = kind.cls
    assert cls is not None
    if cls.form == "enum":
        for place, name in enumerate(cls.constants):
            if name.lower() == str(value).lower():
                return EnumValue(cls.name, name, place)
        raise thrown("JSONException", f"Invalid enum value {value} for {kind}")
    if not isinstance(value, dict):
        raise _malformed(kind, value)
    made = Instance(cls)
    fields = cls.all_fields()
    made.fields = dict.fromkeys(fields)
    for name, item in value.items():
        field = fields.get(name.lower())
        if field is None:
            if strict:
                raise thrown("JSONException", f"No such column '{name}' on {kind}: Unknown field: {kind}.{name}")
            continue
        set_field(tx, made, field, typed(tx, item, field.kind, strict=strict))
    return made


def _deserialized_record(tx: Transaction, value: Any, kind: Kind) -> Record:
    if not isinstance(value, dict):
        raise _malformed(kind, value)
    sobject = tx.runtime.program.catalog.by_name[kind.key]
    record = Record(sobject)
    for name, item in value.items():
        field = sobject.by_name.get(name.lower())
        if field is not None:
            record.values[field.name] = _primitive(item, field_kind(field))
        elif name != "attributes":
            raise thrown("JSONException", f"No such column '{name}' on sobject of type {sobject.name}")
    return record


def _primitive(value: Any, kind: Kind) -> Value:
    try:
        match kind.key:
            case "object":
                return _untyped(value)
            case "datetime" if isinstance(value, str):
                return moment_of(value)
            case "date" if isinstance(value, str):
                return dt.date.fromisoformat(value[:10])
            case "string" if isinstance(value, bool | int | Decimal):
                return text(value)
            case "id" if isinstance(value, str):
                return assigned(value, kind)
            case "string" | "boolean" | "integer" | "long" | "decimal" | "double":
                return assigned(value, kind)
    except (ValueError, Thrown, DoesNotCompile):
        raise _malformed(kind, value) from None
    raise NotModelled(f"JSON.deserialize into {kind}")


def _malformed(kind: Kind, value: Any) -> Thrown:
    shown = json.dumps(value, default=str)[:40]
    return thrown("JSONException", f"Illegal value for {kind.name.lower()}: {shown} at [line:1, column:1]")
