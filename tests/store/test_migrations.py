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


async def test_four_processes_can_make_the_tables_at_once(path: Path) -> None:
    names = ["one", "two", "three", "four"]
    processes = [await start_python("-c", _OPEN, f"sqlite:///{path}", name) for name in names]

    assert [await process.wait() for process in processes] == [0, 0, 0, 0]

    ledger = await open_ledger(f"sqlite:///{path}")
    assert [await ledger.recall(name) for name in names] == ["opened"] * 4
    await ledger.close()


async def test_a_migration_that_was_killed_is_made_by_the_next_start(path: Path) -> None:
    for pause in (0.0, 0.1, 0.15, 0.2, 0.25, 0.3):
        process = await start_python("-c", _OPEN, f"sqlite:///{path}", "name")
        await asyncio.sleep(pause)  # somewhere in its start, which is what is tried
        if process.returncode is None:
            process.kill()
        await process.wait()

    ledger = await open_ledger(f"sqlite:///{path}")
    await accept(ledger)
    await ledger.close()
