"""`python -m tests.store.acknowledging URL FIRST`: write tickets, and print each one as soon as it is acknowledged."""

from __future__ import annotations

import asyncio
import itertools
import os
import sys

from relay.store import Ledger, open_ledger
from tests.store.conftest import accept

_AT_ONCE = 16


async def main(url: str, first: int) -> None:
    ledger = await open_ledger(url)
    numbers = itertools.count(first)
    await asyncio.gather(*(_write(ledger, numbers) for _ in range(_AT_ONCE)))


async def _write(ledger: Ledger, numbers: itertools.count[int]) -> None:
    """Accepted, then finished, for ever."""
    while True:
        ticket = await accept(ledger, f"t{next(numbers)}")
        _say(f"accepted {ticket.ticket_id}")
        if not await ledger.finish_ticket(ticket, "500000000000001AAA", now=2000.0):
            raise AssertionError(f"{ticket.ticket_id} was not ours any more")
        _say(f"finished {ticket.ticket_id}")


def _say(line: str) -> None:
    """Past every buffer, so that a killed process has said it."""
    os.write(sys.stdout.fileno(), f"{line}\n".encode())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
