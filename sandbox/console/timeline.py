"""Every call between the app, the relay, Salesforce and Tencent, as the console shows it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any

from sandbox.console.masking import Masking
from sandbox.journal import Exchange, Journal

_KEPT = 400
_ROUTINE = ("/query", "/limits", "/services/data/v", "/id/")

Call = dict[str, Any]


class Timeline:
    """The last calls, secrets masked. on_call hears each new one."""

    def __init__(self, masking: Masking) -> None:
        self._masking = masking
        self._calls: deque[Call] = deque(maxlen=_KEPT)
        self._last = 0
        self.on_call: Callable[[Call], None] | None = None

    def watch(self, journal: Journal, vendor: str) -> None:
        """Whoever calls a vendor is the relay, and the other way round."""

        def heard(exchange: Exchange) -> None:
            pair = ("relay", vendor) if exchange.direction == "in" else (vendor, "relay")
            self.add_bodies(
                *pair,
                f"{exchange.method} {exchange.path}",
                at=exchange.at,
                status=exchange.status,
                seconds=exchange.seconds,
                sent=exchange.sent,
                got=exchange.got,
            )

        journal.watchers.append(heard)

    def add_bodies(
        self, source: str, target: str, what: str, *, at: float, status: int, seconds: float, sent: bytes, got: bytes
    ) -> None:
        """A call with the bytes that went over the wire."""
        contents = [self._masking.body(each) if each else None for each in (sent, got)]
        self.add(source, target, what, at=at, status=status, seconds=seconds, sent=contents[0], got=contents[1])

    def add(
        self,
        source: str,
        target: str,
        what: str,
        *,
        user: str = "",
        at: float | None = None,
        status: object = None,
        seconds: float | None = None,
        sent: object = None,
        got: object = None,
    ) -> None:
        """user: the id of the person behind it. sent, got: already masked by body(), or plain values."""
        self._last += 1
        call: Call = {
            "id": self._last,
            "at": time.time() if at is None else at,
            "from": source,
            "to": target,
            "what": what,
            "user": user,
            "status": status,
            "ms": None if seconds is None else round(seconds * 1000),
            "sent": self._masking.value(sent),
            "got": self._masking.value(got),
            "routine": _is_routine(what),
        }
        self._calls.append(call)
        if self.on_call is not None:
            self.on_call(call)

    def after(self, last: int) -> list[Call]:
        """What came after the call with this id; all of it if the console was started anew since."""
        return [call for call in self._calls if call["id"] > last or last > self._last]

    def clear(self) -> None:
        self._calls.clear()


def _is_routine(what: str) -> bool:
    """What the relay does whether or not anything happens: logging in, asking what changed."""
    method, _, path = what.partition(" ")
    if path.endswith(("/token", "/account_check", "/get_appid_group_list")):
        return True
    return method == "GET" and any(word in path for word in _ROUTINE) and "/sobjects/" not in path
