"""System.Datetime and System.Date; the org and its users live in GMT."""

# mypy: disable-error-code="misc"
# methods of plain values: `self` is the value, not an object of the class

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

from sandbox.apex.errors import NotModelled
from sandbox.apex.exceptions import thrown
from sandbox.apex.library.base import Library
from sandbox.apex.values import Long, Value

if TYPE_CHECKING:
    from sandbox.apex.transaction import Transaction

_PATTERN = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+")
_LETTERS = {
    "yyyy": "%Y",
    "yy": "%y",
    "MM": "%m",
    "MMM": "%b",
    "MMMM": "%B",
    "dd": "%d",
    "HH": "%H",
    "hh": "%I",
    "mm": "%M",
    "ss": "%S",
    "a": "%p",
    "EEE": "%a",
    "EEEE": "%A",
    "E": "%a",
    "Z": "+0000",
    "z": "GMT",
    "X": "Z",
    "XXX": "Z",
}


def formatted(moment: dt.datetime, pattern: str) -> str:
    """Java's SimpleDateFormat, as far as machines write dates."""
    written = []
    for match in _PATTERN.finditer(pattern):
        if match[1] is not None:
            written.append(match[1].replace("''", "'") or "'")
        elif match[2] is None:
            written.append(match[0])
        elif set(match[0]) == {"S"}:
            written.append(f"{moment.microsecond // 1000:0{len(match[0])}d}")
        elif match[0] in {"M", "d", "H", "m", "s", "y"}:
            written.append(str(getattr(moment, _SINGLE[match[0]])))
        elif match[0] in _LETTERS:
            written.append(moment.strftime(_LETTERS[match[0]]))
        else:
            raise NotModelled(f"{match[0]} in a date pattern")
    return "".join(written)


_SINGLE = {"M": "month", "d": "day", "H": "hour", "m": "minute", "s": "second", "y": "year"}


def _new(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> dt.datetime:  # noqa: PLR0917
    """What is too much runs over: the 30th of February is in March."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    rest = dt.timedelta(days=day - 1, hours=hour, minutes=minute, seconds=second)
    return dt.datetime(year, month, 1, tzinfo=dt.UTC) + rest


def _months_later(day: dt.date, months: int) -> dt.date:
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    last = (dt.date(year + month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)).day
    return day.replace(year=year, month=month, day=min(day.day, last))


class Datetime(Library):
    of = (dt.datetime,)

    @staticmethod
    def now(tx: Transaction) -> dt.datetime:
        return tx.now()

    @staticmethod
    def new_instance(value: Value, month: int = 1, day: int = 1, h: int = 0, m: int = 0, s: int = 0) -> dt.datetime:  # noqa: PLR0917 - as Apex has them
        if isinstance(value, Long):
            return dt.datetime.fromtimestamp(value // 1000, dt.UTC) + dt.timedelta(milliseconds=value % 1000)
        return _new(value, month, day, h, m, s)

    new_instance_gmt = new_instance

    @staticmethod
    def value_of(value: Value) -> dt.datetime:
        if isinstance(value, dt.datetime):
            return value
        try:
            return dt.datetime.strptime(str(value), "%Y-%m-%d %H:%M:%S").replace(tzinfo=dt.UTC)
        except ValueError:
            raise thrown("TypeException", f"Invalid date/time: {value}") from None

    value_of_gmt = value_of

    def get_time(self: dt.datetime) -> Long:
        return Long(round(self.timestamp() * 1000))

    def format(self: dt.datetime, pattern: str | None = None, zone: str | None = None) -> str:
        if zone not in {None, "GMT", "UTC"}:
            raise NotModelled(f"Datetime.format in the time zone {zone}")
        return formatted(self, pattern or "M/d/yyyy, h:mm a")

    def format_gmt(self: dt.datetime, pattern: str) -> str:
        return formatted(self, pattern)

    def add_seconds(self: dt.datetime, amount: int) -> dt.datetime:
        return self + dt.timedelta(seconds=amount)

    def add_minutes(self: dt.datetime, amount: int) -> dt.datetime:
        return self + dt.timedelta(minutes=amount)

    def add_hours(self: dt.datetime, amount: int) -> dt.datetime:
        return self + dt.timedelta(hours=amount)

    def add_days(self: dt.datetime, amount: int) -> dt.datetime:
        return self + dt.timedelta(days=amount)

    def add_months(self: dt.datetime, amount: int) -> dt.date:
        return _months_later(self, amount)

    def date(self: dt.datetime) -> dt.date:
        return dt.datetime.date(self)

    date_gmt = date

    def year(self: dt.datetime) -> int:
        return self.year

    def month(self: dt.datetime) -> int:
        return self.month

    def day(self: dt.datetime) -> int:
        return self.day

    def hour(self: dt.datetime) -> int:
        return self.hour

    def minute(self: dt.datetime) -> int:
        return self.minute

    def second(self: dt.datetime) -> int:
        return self.second

    def millisecond(self: dt.datetime) -> int:
        return self.microsecond // 1000


class Date(Library):
    of = (dt.date,)

    @staticmethod
    def today(tx: Transaction) -> dt.date:
        return dt.datetime.date(tx.now())

    @staticmethod
    def new_instance(year: int, month: int, day: int) -> dt.date:
        return dt.datetime.date(_new(year, month, day))

    @staticmethod
    def value_of(value: Value) -> dt.date:
        try:
            return dt.datetime.date(value) if isinstance(value, dt.datetime) else dt.date.fromisoformat(str(value)[:10])
        except ValueError:
            raise thrown("TypeException", f"Invalid date: {value}") from None

    def add_days(self: dt.date, amount: int) -> dt.date:
        return self + dt.timedelta(days=amount)

    def add_months(self: dt.date, amount: int) -> dt.date:
        return _months_later(self, amount)

    def days_between(self: dt.date, other: dt.date) -> int:
        return (other - self).days

    def format(self: dt.date) -> str:
        return f"{self.month}/{self.day}/{self.year}"

    def year(self: dt.date) -> int:
        return self.year

    def month(self: dt.date) -> int:
        return self.month

    def day(self: dt.date) -> int:
        return self.day
