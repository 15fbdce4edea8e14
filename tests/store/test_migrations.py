"""A new file gets its tables once, however many want to give it them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from relay.store import open_ledger
from tests.store.conftest import accept, start_python

pytestmark = pytest.mark.anyio

_OPEN = """
import asyncio, sys
from relay.store import open_ledger
async def main():
    ledger = await open_ledger(sys.argv[1])
    await ledger.remember(sys.argv[2], "opened")
    await ledger.close()
asyncio.run(main())
"""

_OPEN_AND_DIE = (
    """
import os, signal, sqlite3, sys
from yoyo.backends.base import DatabaseBackend
execute, left = DatabaseBackend.execute, int(sys.argv[2])
def counted(*arguments, **options):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return execute(*arguments, **options)
DatabaseBackend.execute = counted
sys.argv[2] = "name"
"""
    + _OPEN
)


async def test_four_processes_can_make_the_tables_at_once(path: Path) -> None:
    names = ["one", "two", "three", "four"]
    processes = [await start_python("-c", _OPEN, f"sqlite:///{path}", name) for name in names]

    assert [await process.wait() for process in processes] == [0, 0, 0, 0]

    ledger = await open_ledger(f"sqlite:///{path}")
    assert [await ledger.recall(name) for name in names] == ["opened"] * 4
    await ledger.close()


async def test_two_of_one_process_can_make_the_tables_at_once(tmp_path: Path) -> None:
    for number in range(5):
        url = f"sqlite:///{tmp_path / f'{number}.db'}"
        ledgers = await asyncio.gather(open_ledger(url), open_ledger(url))
        for ledger in ledgers:
            await accept(ledger)
            await ledger.close()


@pytest.mark.parametrize("statement", range(1, 37, 3))
async def test_a_start_that_was_killed_while_it_made_the_tables_is_made_good_by_the_next(
    path: Path, statement: int
) -> None:
    process = await start_python("-c", _OPEN_AND_DIE, f"sqlite:///{path}", str(statement))
    assert await process.wait() in (0, -9)

    ledger = await open_ledger(f"sqlite:///{path}")
    await accept(ledger)
    await ledger.close()
