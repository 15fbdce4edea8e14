"""Which accounts were imported lately, so that a busy agent or a returning end user costs no second call."""

from __future__ import annotations

from collections import OrderedDict


class RecentAccounts:
    """The `capacity` accounts used last, each with the nick it was imported under."""

    def __init__(self, capacity: int = 10_000) -> None:
        self._capacity = capacity
        self._nicks: OrderedDict[str, str | None] = OrderedDict()

    def has(self, user_id: str, nick: str | None) -> bool:
        """Whether the account is known, under this nick; None means under any."""
        if user_id not in self._nicks or nick not in (None, self._nicks[user_id]):
            return False
        self._nicks.move_to_end(user_id)
        return True

    def add(self, user_id: str, nick: str | None) -> None:
        self._nicks[user_id] = nick
        self._nicks.move_to_end(user_id)
        if len(self._nicks) > self._capacity:
            self._nicks.popitem(last=False)

    def forget(self, user_id: str) -> str | None:
        """Take the account for unknown; the nick it had."""
        return self._nicks.pop(user_id, None)
