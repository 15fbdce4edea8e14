"""Whether a JSON value fits a field, and the form in which it is kept."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import date
from typing import TypeVar

from sandbox.salesforce import clock, ids
from sandbox.salesforce.errors import Refusal, refuse
from sandbox.salesforce.schema import Field
from sandbox.salesforce.switches import Switches

_T = TypeVar("_T")
_TEXTS = frozenset({"string", "textarea", "email", "picklist"})
_PLAIN: dict[str, type] = {"boolean": bool, "int": int}
_JSON_KINDS = {str: "VALUE_STRING", bool: "VALUE_BOOLEAN", int: "VALUE_NUMBER_INT", float: "VALUE_NUMBER_FLOAT"}
_EMAIL = re.compile(r"[^\s@,;:<>()\[\]\\\"]+@[^\s@.,;:<>()]+(\.[^\s@.,;:<>()]+)+", re.ASCII)


def fitted(field: Field, value: object, switches: Switches) -> object:  # noqa: PLR0911
    """`value` as it is stored; a Refusal if the field does not take it. An empty text is null, as in Salesforce."""
    if value is None or value == "":
        return False if field.kind == "boolean" else None
    if field.kind in _TEXTS:
        return _text(field, _of(str, value, "string"), switches)
    if field.kind in {"reference", "id"}:
        return _reference(field, _of(str, value, "string"))
    if field.kind in _PLAIN:
        return _of(_PLAIN[field.kind], value, field.kind)
    if field.kind == "datetime":
        return _moment(_of(str, value, "datetime"))
    if field.kind == "date":
        return _date(_of(str, value, "date"))
    if field.kind == "double":
        return float(value) if type(value) is int else _of(float, value, "double")
    return value if isinstance(value, bytes) else _base64(field, _of(str, value, "base64Binary"))


def _of(kind: type[_T], value: object, wanted: str) -> _T:
    if type(value) is kind:
        return value
    raise _undeserializable(wanted, value)


def _undeserializable(wanted: str, value: object) -> Refusal:
    kind = _JSON_KINDS.get(type(value), "START_ARRAY" if isinstance(value, list) else "START_OBJECT")
    shown = "[" if isinstance(value, list) else "{" if isinstance(value, dict) else value
    return refuse(
        "JSON_PARSER_ERROR",
        f"Cannot deserialize instance of {wanted} from {kind} value {shown} or request may be missing a required "
        "field at [line:1, column:1]",
    )


def _text(field: Field, given: str, switches: Switches) -> str:
    value = given.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    size = len(value) if switches.lengthUnit == "codepoint" else len(value.encode("utf-16-le")) // 2
    if size > field.length:
        raise _too_long(field, value, field.length)
    if field.byte_length and len(value.encode()) > field.byte_length:
        raise _too_long(field, value, field.byte_length)
    if field.kind == "email" and not _EMAIL.fullmatch(value):
        raise refuse("INVALID_EMAIL_ADDRESS", f"{field.title}: invalid email address: {value}", (field.name,))
    if field.kind == "picklist" and switches.restrictedPicklists and value not in field.picklist:
        raise refuse(
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            f"{field.title}: bad value for restricted picklist field: {value}",
            (field.name,),
        )
    return value


def _too_long(field: Field, value: str, limit: int) -> Refusal:
    return refuse(
        "STRING_TOO_LONG", f"{field.title}: data value too large: {value} (max length={limit})", (field.name,)
    )


def _reference(field: Field, value: str) -> str:
    record_id = ids.canonical(value)
    if record_id is None:
        raise refuse("MALFORMED_ID", f"{field.title}: id value of incorrect type: {value}", (field.name,))
    return record_id


def _moment(value: str) -> str:
    moment = clock.read(value)
    if moment is None:
        raise _undeserializable("datetime", value)
    return moment


def _date(value: str) -> str:
    try:
        return date.fromisoformat(value[:10]).isoformat()
    except ValueError:
        raise _undeserializable("date", value) from None


def _base64(field: Field, value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise refuse("INVALID_BASE64", f"{field.title}: not valid base64", (field.name,)) from None
