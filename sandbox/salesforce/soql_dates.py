"""Date literals of SOQL, in GMT.

https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_dateformats.htm
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sandbox.salesforce import clock

DAYS: dict[str, Callable[[int], tuple[int, int]]] = {
    "YESTERDAY": lambda _n: (-1, 0),
    "TODAY": lambda _n: (0, 1),
    "TOMORROW": lambda _n: (1, 2),
    "LAST_N_DAYS": lambda n: (-n, 1),
    "NEXT_N_DAYS": lambda n: (1, n + 1),
}
"""First day and the day after the last, counted from today."""

COUNTED = frozenset({"LAST_N_DAYS", "NEXT_N_DAYS"})


def span(literal: str, now: float) -> tuple[str, str]:
    """`TODAY` or `LAST_N_DAYS:3` as the moments where it begins and where it is over."""
    word, _, number = literal.partition(":")
    first, after = DAYS[word](int(number or 0))
    today = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    begin, end = (today + timedelta(days=days) for days in (first, after))
    return clock.written(round(begin.timestamp() * 1000)), clock.written(round(end.timestamp() * 1000))


_TESTS: dict[str, Callable[[str, str, str], bool]] = {
    "=": lambda value, begin, end: begin <= value < end,
    "!=": lambda value, begin, end: not begin <= value < end,
    "<": lambda value, begin, _end: value < begin,
    "<=": lambda value, _begin, end: value < end,
    ">": lambda value, _begin, end: value >= end,
    ">=": lambda value, begin, _end: value >= begin,
}


def within(operator: str, value: str | None, begin: str, end: str) -> bool:
    """Whether a moment, written as the org writes it, stands so to the span."""
    return operator == "!=" if value is None else _TESTS[operator](value, begin, end)
