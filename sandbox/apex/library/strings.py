"""System.String and System.Id."""

# mypy: disable-error-code="misc"
# methods of plain values: `self` is the value, not an object of the class

from __future__ import annotations

import datetime as dt
import functools
import re
import secrets
from typing import TYPE_CHECKING

from sandbox.apex.errors import NotModelled
from sandbox.apex.exceptions import thrown
from sandbox.apex.kinds import STRING
from sandbox.apex.library.base import Library
from sandbox.apex.library.schema import SObjectType
from sandbox.apex.texts import text
from sandbox.apex.values import ApexList, ApexSet, Id, Value, id_or_none

if TYPE_CHECKING:
    from sandbox.apex.transaction import Transaction


class String(Library):
    of = (str,)

    @staticmethod
    def value_of(value: Value) -> str | None:
        if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
            return value.isoformat()
        return None if value is None else text(value)

    @staticmethod
    def is_blank(value: str | None) -> bool:
        return value is None or not value.strip()

    @staticmethod
    def is_not_blank(value: str | None) -> bool:
        return value is not None and bool(value.strip())

    @staticmethod
    def is_empty(value: str | None) -> bool:
        return not value

    @staticmethod
    def is_not_empty(value: str | None) -> bool:
        return bool(value)

    @staticmethod
    def join(values: ApexList | ApexSet, separator: str) -> str:
        items = values.items if isinstance(values, ApexList) else values.values.values()
        return separator.join("" if item is None else text(item) for item in items)

    @staticmethod
    def format(pattern: str, values: ApexList) -> str:
        def put(match: re.Match[str]) -> str:
            place = int(match[1])
            return text(values.items[place]) if place < len(values.items) else match[0]

        return re.sub(r"\{(\d+)\}", put, pattern.replace("''", "'"))

    @staticmethod
    def escape_single_quotes(value: str) -> str:
        return value.replace("\\", "\\\\").replace("'", "\\'")

    @staticmethod
    def value_of_gmt(value: Value) -> str:
        return text(value)

    def length(self: str) -> int:
        return len(_units(self))

    def to_lower_case(self: str) -> str:
        return self.lower()

    def to_upper_case(self: str) -> str:
        return self.upper()

    def trim(self: str) -> str:
        return self.strip()

    def contains(self: str, part: str) -> bool:
        return part in str(self)

    def contains_ignore_case(self: str, part: str) -> bool:
        return part.casefold() in self.casefold()

    def starts_with(self: str, part: str) -> bool:
        return self.startswith(part)

    def starts_with_ignore_case(self: str, part: str) -> bool:
        return self.casefold().startswith(part.casefold())

    def ends_with(self: str, part: str) -> bool:
        return self.endswith(part)

    def equals(self: str, other: Value) -> bool:
        return isinstance(other, str) and str(self) == str(other)

    def equals_ignore_case(self: str, other: str | None) -> bool:
        return other is not None and self.casefold() == other.casefold()

    def index_of(self: str, part: str, start: int = 0) -> int:
        return _units(self).find(_units(part), max(start, 0))

    def last_index_of(self: str, part: str) -> int:
        return _units(self).rfind(_units(part))

    def substring(self: str, start: int, end: int | None = None) -> str:
        units = _units(self)
        last = len(units) if end is None else end
        if not 0 <= start <= last <= len(units):
            raise thrown("StringException", f"Ending position out of bounds: {last}")
        return _joined(units[start:last])

    def substring_after(self: str, separator: str) -> str:
        return self.partition(separator)[2]

    def substring_after_last(self: str, separator: str) -> str:
        return self.rpartition(separator)[2] if separator in self else ""

    def substring_before(self: str, separator: str) -> str:
        return self.partition(separator)[0]

    def substring_before_last(self: str, separator: str) -> str:
        return self.rpartition(separator)[0] if separator in self else str(self)

    def substring_between(self: str, open: str, close: str | None = None) -> str | None:
        _, found, rest = self.partition(open)
        inner, ended, _ = rest.partition(open if close is None else close)
        return inner if found and ended else None

    def left(self: str, length: int) -> str:
        return _joined(_units(self)[: max(length, 0)])

    def right(self: str, length: int) -> str:
        units = _units(self)
        return _joined(units[max(len(units) - max(length, 0), 0) :])

    def mid(self: str, start: int, length: int) -> str:
        return _joined(_units(self)[max(start, 0) : max(start, 0) + max(length, 0)])

    def abbreviate(self: str, longest: int) -> str:
        if longest < _LEAST_ABBREVIATION:
            raise thrown("StringException", f"Minimum abbreviation width is {_LEAST_ABBREVIATION}")
        units = _units(self)
        return str(self) if len(units) <= longest else _joined(units[: longest - 3]) + "..."

    def left_pad(self: str, length: int, fill: str = " ") -> str:
        return _padding(self, length, fill) + self

    def right_pad(self: str, length: int, fill: str = " ") -> str:
        return self + _padding(self, length, fill)

    def repeat(self: str, times: int) -> str:
        return str(self) * times

    def replace(self: str, old: str, new: str) -> str:
        return str.replace(self, old, new)

    def replace_all(self: str, pattern: str, new: str) -> str:
        return _regex(pattern).sub(functools.partial(_replacement, new), self)

    def replace_first(self: str, pattern: str, new: str) -> str:
        return _regex(pattern).sub(functools.partial(_replacement, new), self, count=1)

    def remove(self: str, part: str) -> str:
        return str.replace(self, part, "")

    def remove_start(self: str, part: str) -> str:
        return self.removeprefix(part)

    def remove_end(self: str, part: str) -> str:
        return self.removesuffix(part)

    def split(self: str, pattern: str, limit: int = 0) -> ApexList:
        """Java's split: empty texts at the end are left out unless a limit is given."""
        parts: list[str] = []
        start = 0
        for match in _regex(pattern).finditer(self):
            if limit > 0 and len(parts) == limit - 1:
                break
            if match.end() > 0:  # nothing at the very beginning separates nothing
                parts.append(self[start : match.start()])
                start = match.end()
        found = bool(parts)
        parts.append(self[start:])
        while found and limit == 0 and parts and not parts[-1]:
            parts.pop()
        return ApexList(STRING, parts)

    def capitalize(self: str) -> str:
        return self[:1].upper() + self[1:]

    def uncapitalize(self: str) -> str:
        return self[:1].lower() + self[1:]

    def reverse(self: str) -> str:
        return self[::-1]

    def char_at(self: str, place: int) -> int:
        units = _units(self)
        if not 0 <= place < len(units):
            raise thrown("StringException", f"String index out of range: {place}")
        return ord(units[place])

    def count_matches(self: str, part: str) -> int:
        return self.count(part)

    def is_alpha(self: str) -> bool:
        return self.isalpha()

    def is_numeric(self: str) -> bool:
        return self.isdigit()

    def is_alphanumeric(self: str) -> bool:
        return self.isalnum()

    def compare_to(self: str, other: str) -> int:
        return (str(self) > str(other)) - (str(self) < str(other))

    def hash_code(self: str) -> int:
        code = 0
        for letter in _units(self):
            code = (code * 31 + ord(letter)) % 2**32
        return code - 2**32 if code >= 2**31 else code

    def to_string(self: str) -> str:
        return str(self)


_LEAST_ABBREVIATION = 4


def _units(value: str) -> str:
    """Apex counts UTF-16: what lies beyond the first 65,536 characters is two of them."""
    if value.isascii() or max(value) <= "\uffff":
        return value
    pairs = value.encode("utf-16-be", "surrogatepass")
    return "".join(chr(int.from_bytes(pairs[place : place + 2])) for place in range(0, len(pairs), 2))


def _joined(units: str) -> str:
    return units if units.isascii() else units.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "surrogatepass")


def _padding(value: str, length: int, fill: str) -> str:
    missing = max(length - len(_units(value)), 0)
    return ((fill or " ") * missing)[:missing]


def _regex(pattern: str) -> re.Pattern[str]:
    """Java's classes know ASCII only. What Python does not know of Java's syntax is not guessed."""
    try:
        return re.compile(pattern, re.ASCII)
    except re.error as error:
        raise NotModelled(f"the regular expression {pattern}: {error}") from None


def _replacement(new: str, match: re.Match[str]) -> str:
    """Java writes $1 for a group and \\$ for a dollar."""

    def put(part: re.Match[str]) -> str:
        if part[1] is not None:
            return part[1]
        if part[2] is None or int(part[2]) > (match.re.groups or 0):
            raise thrown("StringException", "Illegal group reference")
        return match[int(part[2])] or ""

    return re.sub(r"\\(.)|\$(\d)?", put, new)


class IdMethods(Library):
    apex_name = "Id"
    of = (Id,)

    @staticmethod
    def value_of(value: str) -> Id:
        found = id_or_none(value)
        if found is None:
            raise thrown("StringException", f"Invalid id: {value}")
        return found

    def get_sobject_type(self: Id, tx: Transaction) -> SObjectType:
        sobject = tx.runtime.program.catalog.by_prefix.get(self[:3])
        if sobject is None:
            raise thrown("SObjectException", f"Cannot locate Apex Type for ID: {self}")
        return SObjectType(sobject)

    def to_15(self: Id) -> str:
        return self[:15]

    def to_string(self: Id) -> str:
        return str(self)

    def equals(self: Id, other: Value) -> bool:
        return isinstance(other, str) and id_or_none(other) == self


class UUID(Library):
    def __init__(self, written: str) -> None:
        self.written = written

    @staticmethod
    def random_uuid() -> UUID:
        bits = f"{secrets.randbits(128):032x}"
        variant = "89ab"[int(bits[16], 16) % 4]
        return UUID(f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-{variant}{bits[17:20]}-{bits[20:]}")

    def contents(self) -> object:
        return ("uuid", self.written)

    def shown(self) -> str:
        return self.written

    def to_string(self) -> str:
        return self.written
