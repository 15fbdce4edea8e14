"""Statements that arrive together are committed together, and fail alone."""

from __future__ import annotations

import asyncio
import struct
from pathlib import Path

import pytest

from relay.errors import StoreUnavailable
from relay.store import Ledger
from tests.store.conftest import accept, missing

pytestmark = pytest.mark.anyio

_WAL_HEADER, _FRAME_HEADER = 32, 24


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_what_arrives_together_shares_a_commit(path: Path, ledger: Ledger) -> None:
    before = _commits(path)

    tickets = await asyncio.gather(*(accept(ledger, f"t{number}") for number in range(100)))

    assert len({ticket.ticket_id for ticket in tickets}) == 100
    assert _commits(path) - before <= 10


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_what_arrives_one_after_the_other_is_committed_each_time(path: Path, ledger: Ledger) -> None:
    before = _commits(path)

    for number in range(10):
        await accept(ledger, f"t{number}")

    assert _commits(path) - before == 10


async def test_a_statement_that_fails_does_not_take_its_neighbours_with_it(ledger: Ledger) -> None:
    tickets = [accept(ledger, f"t{number}") for number in range(10)]

    *_, refusal = await asyncio.gather(*tickets, ledger.remember("name", None), return_exceptions=True)  # type: ignore[arg-type]

    assert isinstance(refusal, StoreUnavailable)
    assert await missing(ledger, [f"t{number}" for number in range(10)]) == []


async def test_a_caller_who_gives_up_does_not_keep_the_others_waiting(ledger: Ledger) -> None:
    impatient = asyncio.create_task(accept(ledger, "t1"))
    patient = asyncio.create_task(accept(ledger, "t2"))
    await asyncio.sleep(0)  # both have asked
    impatient.cancel()

    assert (await patient).ticket_id == "t2"
    assert await missing(ledger, ["t1", "t2"]) == []


def _commits(path: Path) -> int:
    """The frames of the write-ahead log that end a commit (https://www.sqlite.org/fileformat2.html#wal_file_format)."""
    log = path.with_name(path.name + "-wal").read_bytes()
    if not log:
        return 0
    page_size, salt = struct.unpack(">I", log[8:12])[0], log[16:24]
    frames = range(_WAL_HEADER, len(log), _FRAME_HEADER + page_size)
    return sum(log[at + 4 : at + 8] != bytes(4) and log[at + 8 : at + 16] == salt for at in frames)
