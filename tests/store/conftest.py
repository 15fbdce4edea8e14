"""A ledger in a file of its own, or in a database of PostgreSQL that nobody else uses, and what is asked of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path

import pytest

from relay.models import CaseInfo, Ticket
from relay.store import Ledger, open_ledger

ROOT = Path(__file__).resolve().parents[2]
NOW, LEASE_END = 1000.0, 1010.0

OpenLedger = Callable[[], Awaitable[Ledger]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "relay.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """Where the test's ledger is; each test that asks for one is run with both."""
    if request.param == "sqlite":
        return f"sqlite:///{request.getfixturevalue('path')}"
    return str(request.getfixturevalue("postgresql"))


@pytest.fixture
async def reopen(url: str) -> AsyncIterator[OpenLedger]:
    """Opens the ledger, once more if it is open already."""
    async with contextlib.AsyncExitStack() as stack:

        async def reopen() -> Ledger:
            ledger = await open_ledger(url)
            stack.push_async_callback(ledger.close)
            return ledger

        yield reopen


@pytest.fixture
async def ledger(reopen: OpenLedger) -> Ledger:
    return await reopen()


async def accept(ledger: Ledger, ticket_id: str = "t1", *, desc: str | None = None, holder: str = "a") -> Ticket:
    return await ledger.accept_ticket(
        ticket_id=ticket_id,
        body_hash="hash",
        user_id="alice",
        case_info=CaseInfo(subject="It broke", desc=desc),
        holder=holder,
        now=NOW,
        until=LEASE_END,
    )


async def missing(ledger: Ledger, ticket_ids: Iterable[str]) -> list[str]:
    """Which of them the ledger does not know."""
    return [ticket_id for ticket_id in ticket_ids if await ledger.find_ticket(ticket_id) is None]


async def start_python(*arguments: str) -> asyncio.subprocess.Process:
    """Another process of this Python, whose output is read and whose complaints are ours."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        cwd=ROOT,
        env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
