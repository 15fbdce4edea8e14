"""What went over the wire, in order: the answer of `GET /__sandbox__/calls`."""

import time
from collections import deque
from typing import Literal, TypedDict

Direction = Literal["in", "out"]


class Entry(TypedDict):
    """One request: `status` 0 means that it was never answered."""

    at: float
    direction: Direction
    method: str
    path: str
    status: int


class Journal:
    """The last calls of one emulator; query strings are left out because signatures travel in them."""

    def __init__(self, length: int = 100_000) -> None:
        self._entries: deque[Entry] = deque(maxlen=length)

    def record(self, direction: Direction, method: str, path: str, status: int) -> None:
        entry = Entry(at=time.time(), direction=direction, method=method, path=path.partition("?")[0], status=status)
        self._entries.append(entry)

    def entries(self) -> list[Entry]:
        return list(self._entries)

    def clear(self) -> None:
        self._entries.clear()
