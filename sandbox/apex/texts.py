"""Values as text: what String.valueOf and `+` write."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from sandbox.apex.errors import NotModelled
from sandbox.apex.values import ApexList, ApexMap, ApexSet, EnumValue, ExceptionInstance, Instance, Value


def text(value: Value) -> str:  # noqa: PLR0911
    """A value that is not null as text; inside a collection null is written, too."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _double(value)
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, dt.date):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, bytes):
        return f"Blob[{len(value)}]"
    return _composed(value)


def _composed(value: Value) -> str:  # noqa: PLR0911
    if isinstance(value, ApexList):
        return f"({', '.join(map(text, value.items))})"
    if isinstance(value, ApexSet):
        return f"{{{', '.join(map(text, value.values.values()))}}}"
    if isinstance(value, ApexMap):
        return f"{{{', '.join(f'{text(name)}={text(item)}' for name, item in value.pairs())}}}"
    if isinstance(value, EnumValue):
        return value.name
    if isinstance(value, ExceptionInstance):
        return str(value)
    if isinstance(value, Instance):
        written = (f"{field.name}={text(value.fields.get(name))}" for name, field in value.cls.all_fields().items())
        return f"{value.cls.simple_name}:[{', '.join(written)}]"
    shown = getattr(value, "shown", None)
    if shown is None:
        raise NotModelled(f"a {type(value).__name__} as text")
    return str(shown())


def _double(value: float) -> str:
    return f"{value:.1f}" if value == int(value) and abs(value) < 1e7 else repr(value).replace("e+", "E").upper()
