"""kill -9 in the middle of commits: what was acknowledged is there afterwards."""

from __future__ import annotations

import asyncio
import random

import pytest

from relay.store import Ledger
from tests.store.conftest import OpenLedger, start_python

pytestmark = pytest.mark.anyio


async def test_what_was_acknowledged_is_there_after_a_kill(url: str, reopen: OpenLedger) -> None:
    chance, said = random.Random(1), list[str]()
    for life in range(5):
        said += await _said_before_a_kill(url, life * 1_000_000, lines=chance.randint(50, 800))

    ledger = await reopen()
    assert await _untrue(ledger, said) == []


async def _said_before_a_kill(url: str, first: int, lines: int) -> list[str]:
    """What a process wrote until it was killed amidst its work, without a line that it did not end."""
    process = await start_python("-m", "tests.store.acknowledging", url, str(first))
    assert process.stdout is not None
    try:
        said = [await asyncio.wait_for(process.stdout.readline(), 20) for _ in range(lines)]
    finally:
        process.kill()
    said += (await process.stdout.read()).splitlines(keepends=True)
    await process.wait()
    assert said[0]
    return [line.decode().strip() for line in said if line.endswith(b"\n")]


async def _untrue(ledger: Ledger, said: list[str]) -> list[str]:
    """The lines that the ledger does not bear out."""
    untrue = []
    for line in said:
        what, ticket_id = line.split()
        ticket = await ledger.find_ticket(ticket_id)
        if ticket is None or (what == "finished" and ticket.state != "done"):
            untrue.append(line)
    return untrue
