"""What the parts of the ledger have in common: a way to run statements together."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Any, NamedTuple, Protocol

Row = tuple[Any, ...]
Step = tuple[str, Sequence[object]]


class Many(NamedTuple):
    """A step that is one statement, done with each of the arguments in order; its rows are those of all."""

    statement: str
    arguments: Sequence[Sequence[object]]


class RunTogether(Protocol):
    """Database.run_together; see ledger.py."""

    def __call__(self, steps: Sequence[Step], *, alone_with: Sequence[str] = ()) -> Awaitable[list[list[Row]]]: ...


class Part:
    """run_together: that of the database."""

    def __init__(self, run_together: RunTogether) -> None:
        self._together = run_together
