"""Salesforce record ids: 15 case-sensitive characters, or 18 with three check characters."""

from __future__ import annotations

import secrets
import string

_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_ALLOWED = frozenset(_DIGITS)


def to18(short: str) -> str:
    """The 18-character form of a 15-character id."""
    return short + "".join(
        _CHECK[sum(1 << place for place, letter in enumerate(short[start : start + 5]) if letter.isupper())]
        for start in (0, 5, 10)
    )


def canonical(given: str) -> str | None:
    """The 18-character id that `given` means, or None if it is no id (the check characters repair lost letter case)."""
    if not _ALLOWED.issuperset(given):
        return None
    if len(given) == 15:
        return to18(given)
    if len(given) != 18 or not set(given[15:].upper()) <= set(_CHECK):
        return None
    capitals = [_CHECK.index(check) >> place & 1 for check in given[15:].upper() for place in range(5)]
    if any(capital and not letter.isalpha() for capital, letter in zip(capitals, given, strict=False)):
        return None
    return to18("".join(a.upper() if up else a.lower() for a, up in zip(given, capitals, strict=False)))


class Mint:
    """Gives out ids that are never given out again, not even after a reset."""

    def __init__(self) -> None:
        self._pod = "".join(secrets.choice(_DIGITS) for _ in range(2)) + "0"
        self._next = secrets.randbelow(62**7) + 62**7

    def new(self, prefix: str) -> str:
        self._next += 1
        number, tail = self._next, ""
        for _ in range(9):
            number, digit = divmod(number, 62)
            tail = _DIGITS[digit] + tail
        return to18(prefix + self._pod + tail)
