"""What went over the wire, in order: the answer of `GET /__sandbox__/calls`, and more of it for those who watch."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypedDict

Direction = Literal["in", "out"]


class Entry(TypedDict):
    """One request: `status` 0 means that it was never answered."""

    at: float
    direction: Direction
    method: str
    path: str
    status: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request with what was sent and answered; `at` is when it began."""

    at: float
    direction: Direction
    method: str
    path: str
    status: int
    sent: bytes = b""
    got: bytes = b""
    seconds: float = 0.0


class Journal:
    """The last calls of one emulator; query strings are left out because signatures travel in them.

    A watcher hears whole exchanges. Nobody pays for them while nobody watches.
    """

    def __init__(self, length: int = 100_000) -> None:
        self._entries: deque[Entry] = deque(maxlen=length)
        self.watchers: list[Callable[[Exchange], None]] = []

    def record(self, direction: Direction, method: str, path: str, status: int) -> None:
        entry = Entry(at=time.time(), direction=direction, method=method, path=path.partition("?")[0], status=status)
        self._entries.append(entry)

    def tell(
        self, began: float, direction: Direction, method: str, path: str, status: int, *, sent: bytes, got: bytes
    ) -> None:
        """Bodies go to the watchers and are not kept here. began: time.time() when the request was sent."""
        exchange = Exchange(began, direction, method, path, status, sent, got, max(0.0, time.time() - began))
        for watcher in self.watchers:
            watcher(exchange)

    def entries(self) -> list[Entry]:
        return list(self._entries)

    def clear(self) -> None:
        self._entries.clear()
