"""System.Integer, Long, Double, Decimal, Boolean and Math."""

# mypy: disable-error-code="misc"
# methods of plain values: `self` is the value, not an object of the class

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

from sandbox.apex.exceptions import thrown
from sandbox.apex.kinds import kind_of, wrapped
from sandbox.apex.library.base import Library
from sandbox.apex.texts import text
from sandbox.apex.values import Long, Value, number


def _parsed(value: Value, bits: int, name: str) -> int:
    if isinstance(value, str) and not re.fullmatch(r"[+-]?\d+", value, re.ASCII):
        raise thrown("TypeException", f"Invalid {name}: {value}")
    found = int(value)
    if wrapped(found, bits) != found and isinstance(value, str):
        raise thrown("TypeException", f"Invalid {name}: {value}")
    return wrapped(found, bits)


def _fraction(value: Value, name: str) -> Value:
    """Python would also take `nan`, `1_000` and spaces."""
    if isinstance(value, str) and not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", value, re.ASCII):
        raise thrown("TypeException", f"Invalid {name}: {value}")
    return value


class _Number(Library):
    apex_name = "Number"

    def int_value(self: Value) -> int:
        return wrapped(int(self), 32)

    def long_value(self: Value) -> Long:
        return Long(wrapped(int(self), 64))

    def double_value(self: Value) -> float:
        return float(self)

    def format(self: Value) -> str:
        return f"{self:,}"

    def to_string(self: Value) -> str:
        return text(self)

    def equals(self: Value, other: Value) -> bool:
        return bool(self == other)

    def hash_code(self: Value) -> int:
        return hash(self) % 2**31


class Integer(_Number):
    of = (int,)

    @staticmethod
    def value_of(value: Value) -> int | None:
        if value is None:
            raise thrown("NullPointerException", "Argument cannot be null.")
        return _parsed(value, 32, "integer")


class LongMethods(_Number):
    apex_name = "Long"
    of = (Long,)

    @staticmethod
    def value_of(value: Value) -> Long:
        return Long(_parsed(value, 64, "long"))


class _Fraction(_Number):
    apex_name = "Fraction"

    def round(self: Value) -> Long:
        return Long(int(number(self).quantize(Decimal(1), ROUND_HALF_UP)))


class Double(_Fraction):
    of = (float,)

    @staticmethod
    def value_of(value: Value) -> float:
        return float(_fraction(value, "double"))


class DecimalMethods(_Fraction):
    apex_name = "Decimal"
    of = (Decimal,)

    @staticmethod
    def value_of(value: Value) -> Decimal:
        return number(_fraction(value, "decimal"))

    def round(self: Decimal) -> Long:
        return Long(int(self.quantize(Decimal(1), ROUND_HALF_EVEN)))

    def set_scale(self: Decimal, scale: int) -> Decimal:
        return self.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_EVEN)

    def scale(self: Decimal) -> int:
        exponent = self.as_tuple().exponent
        return max(-exponent, 0) if isinstance(exponent, int) else 0

    def abs(self: Decimal) -> Decimal:
        return abs(self)

    def to_plain_string(self: Decimal) -> str:
        return f"{self:f}"


class Boolean(Library):
    of = (bool,)

    @staticmethod
    def value_of(value: Value) -> bool:
        if value is None:
            raise thrown("NullPointerException", "Argument cannot be null.")
        return value if isinstance(value, bool) else str(value).lower() == "true"

    def to_string(self: bool) -> str:
        return text(self)


class Math(Library):
    @staticmethod
    def abs(value: Value) -> Value:
        return _like(value, abs(value))

    @staticmethod
    def min(left: Value, right: Value) -> Value:
        return _wider(left, right, min(left, right))

    @staticmethod
    def max(left: Value, right: Value) -> Value:
        return _wider(left, right, max(left, right))

    @staticmethod
    def pow(base: float, exponent: float) -> float:
        return math.pow(base, exponent)

    @staticmethod
    def mod(left: int, right: int) -> Value:
        if right == 0:
            raise thrown("MathException", "Divide by 0")
        rest = abs(left) % abs(right)
        return _wider(left, right, rest if left >= 0 else -rest)

    @staticmethod
    def ceil(value: float) -> Value:
        return _like(value, math.ceil(value))

    @staticmethod
    def floor(value: float) -> Value:
        return _like(value, math.floor(value))

    @staticmethod
    def round(value: float) -> Value:
        return wrapped(int(number(value).quantize(Decimal(1), ROUND_HALF_EVEN)), 32)

    @staticmethod
    def round_to_long(value: float) -> Long:
        return Long(int(number(value).quantize(Decimal(1), ROUND_HALF_EVEN)))

    @staticmethod
    def sqrt(value: float) -> float:
        return math.sqrt(value)

    @staticmethod
    def random() -> float:
        return secrets.randbelow(2**53) / 2**53


def _like(value: Value, found: Value) -> Value:
    """A result of the argument's own type."""
    return type(value)(found)


def _wider(left: Value, right: Value, found: Value) -> Value:
    order = ("Integer", "Long", "Double", "Decimal")
    names = [kind_of(value).name for value in (left, right)]
    return _MAKERS[max(names, key=order.index)](found)


_MAKERS: dict[str, Callable[[Value], Value]] = {"Integer": int, "Long": Long, "Double": float, "Decimal": number}
