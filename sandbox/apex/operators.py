"""Arithmetic, comparison and concatenation."""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sandbox.apex.errors import DoesNotCompile
from sandbox.apex.exceptions import null_pointer, thrown
from sandbox.apex.kinds import kind_of, wrapped
from sandbox.apex.texts import text
from sandbox.apex.values import Id, Long, Value, identical, number, same

_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_BITS: dict[str, Callable[[Any, Any], Any]] = {"&": operator.and_, "|": operator.or_, "^": operator.xor}
_EQUALITY: dict[str, Callable[[Value, Value], bool]] = {
    "==": same,
    "!=": lambda left, right: not same(left, right),
    "<>": lambda left, right: not same(left, right),
    "===": identical,
    "!==": lambda left, right: not identical(left, right),
}


def binary(sign: str, left: Value, right: Value) -> Value:  # noqa: PLR0911
    """Any operator that always evaluates both sides."""
    if sign in _EQUALITY:
        return _EQUALITY[sign](left, right)
    if sign == "+" and (isinstance(left, str) or isinstance(right, str)):
        return text(left) + text(right)
    if sign in _ORDER:
        return _ordered(sign, left, right)
    if left is None or right is None:
        raise null_pointer()
    if sign in {"&", "|", "^"} and isinstance(left, bool) and isinstance(right, bool):
        return bool(_BITS[sign](left, right))
    if isinstance(left, dt.date) and sign in {"+", "-"} and isinstance(right, int):
        return left + dt.timedelta(days=right if sign == "+" else -right)
    if not (_is_number(left) and _is_number(right)):
        raise DoesNotCompile(f"'{sign}' cannot be used on {kind_of(left)} and {kind_of(right)}")
    if sign in _BITS or sign in {"<<", ">>", ">>>"}:
        return _bits(sign, left, right)
    return _calculated(sign, left, right)


def negative(value: Value) -> Value:
    if value is None:
        raise null_pointer()
    return binary("-", 0, value)


def step(value: Value, by: int) -> Value:
    """`++` and `--`"""
    return binary("+", value, by)


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _ordered(sign: str, left: Value, right: Value) -> bool:
    """A comparison with null is false, except where a number is expected: that is a null pointer."""
    if left is None or right is None:
        if isinstance(left, str | dt.date) or isinstance(right, str | dt.date):
            return False
        raise null_pointer()
    if isinstance(left, str) and isinstance(right, str):
        if not (isinstance(left, Id) and isinstance(right, Id)):
            left, right = left.casefold(), right.casefold()
    elif _is_number(left) and _is_number(right):
        left, right = number(left), number(right)
    elif not (isinstance(left, dt.date) and type(left) is type(right)):
        raise DoesNotCompile(f"'{sign}' cannot compare {kind_of(left)} and {kind_of(right)}")
    return _ORDER[sign](left, right)


def _calculated(sign: str, left: Value, right: Value) -> Value:
    if sign in {"/", "%"} and right == 0:
        raise thrown("MathException", "Divide by 0")
    if isinstance(left, Decimal) or isinstance(right, Decimal):
        exact = number(left), number(right)
        return exact[0] / exact[1] if sign == "/" else _ARITHMETIC[sign](*exact)
    if isinstance(left, float) or isinstance(right, float):
        return left / right if sign == "/" else float(_ARITHMETIC[sign](left, right))
    if sign in {"/", "%"}:
        quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
        found = quotient if sign == "/" else left - quotient * right
    else:
        found = _ARITHMETIC[sign](int(left), int(right))
    return _whole(found, left, right)


def _bits(sign: str, left: Value, right: Value) -> Value:
    if not (isinstance(left, int) and isinstance(right, int)):
        raise DoesNotCompile(f"'{sign}' works on Integer and Long only")
    width = 64 if isinstance(left, Long) else 32
    if sign in _BITS:
        return _whole(_BITS[sign](int(left), int(right)), left, right)
    places = right % width
    shifted = {
        "<<": int(left) << places,
        ">>": int(left) >> places,
        ">>>": (int(left) % (1 << width)) >> places,
    }[sign]
    return _whole(shifted, left, left)


def _whole(found: int, left: Value, right: Value) -> Value:
    if isinstance(left, Long) or isinstance(right, Long):
        return Long(wrapped(found, 64))
    return wrapped(found, 32)
