"""The org's own clock, which may be wrong, and stamps that never run backwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime


class OrgClock:
    def __init__(self, wall: Callable[[], float]) -> None:
        self.wall = wall
        self.skew = 0.0
        self._last = 0

    def now(self) -> float:
        return self.wall() + self.skew

    def stamp(self, *, whole_seconds: bool = False) -> str:
        """The time of one commit: later than every stamp before it, or (whole_seconds) possibly equal to the last."""
        milliseconds = int(self.now() * 1000)
        if whole_seconds:
            self._last = max(milliseconds // 1000 * 1000, self._last // 1000 * 1000)
        else:
            self._last = max(milliseconds, self._last + 1)
        return written(self._last)


def written(milliseconds: int) -> str:
    """A moment as the REST API writes it: 2026-11-20T06:43:41.000+0000."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:03d}+0000"


def read(given: str) -> str | None:
    """Any ISO 8601 moment with a zone, as the REST API writes it; None if it is none."""
    if "T" not in given:
        return None
    try:
        moment = datetime.fromisoformat(given.replace(" ", "+"))
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return written(round(moment.timestamp() * 1000))
