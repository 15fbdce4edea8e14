"""What may happen to the file of a ledger: every refusal says so, and nothing is acknowledged that is not there."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import stat
from pathlib import Path

import pytest

from relay.errors import StoreUnavailable
from relay.store import Ledger, open_ledger
from tests.store.conftest import accept, missing

pytestmark = pytest.mark.anyio


@pytest.fixture
def url(path: Path) -> str:
    """Files only."""
    return f"sqlite:///{path}"


# ruff: noqa: ASYNC240 - nothing else waits while a test looks at its file


async def test_a_file_that_another_program_keeps_locked_is_refused_and_works_again_afterwards(
    path: Path, ledger: Ledger
) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("begin immediate")
        with pytest.raises(StoreUnavailable, match="locked") as refused:
            await accept(ledger, "t1")
        other.execute("rollback")

    assert (refused.value.status, refused.value.retryable) == (503, True)
    assert await ledger.find_ticket("t1") is None
    await accept(ledger, "t1")
    assert await missing(ledger, ["t1"]) == []


async def test_a_file_that_is_locked_for_a_moment_only_makes_nobody_fail(path: Path, ledger: Ledger) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("begin immediate")
        remembering = asyncio.create_task(ledger.remember("name", "value"))
        done, _ = await asyncio.wait([remembering], timeout=0.2)
        assert not done
        other.execute("rollback")
        await remembering

    assert await ledger.recall("name") == "value"


@pytest.mark.parametrize("content", [b"This is no database at all. " * 100, b"SQLite format 3\0" + b"\xff" * 8000])
async def test_a_file_that_is_no_database_is_named_at_the_start_and_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    with pytest.raises(StoreUnavailable, match=r"relay\.db.* cannot be opened"):
        await open_ledger(f"sqlite:///{path}")

    assert path.read_bytes() == content


async def test_a_file_that_was_cut_short_is_named_at_the_start(path: Path) -> None:
    ledger = await open_ledger(f"sqlite:///{path}")
    for number in range(20):
        await accept(ledger, f"t{number}", desc="x" * 5000)
    await ledger.close()
    path.write_bytes(path.read_bytes()[:6000])

    with pytest.raises(StoreUnavailable, match=r"relay\.db.* cannot be opened"):
        await open_ledger(f"sqlite:///{path}")


async def test_a_directory_that_is_not_there_is_named_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="nowhere"):
        await open_ledger(f"sqlite:///{tmp_path / 'nowhere' / 'relay.db'}")


async def test_a_file_that_is_deleted_takes_nothing_and_says_what_to_do(path: Path, ledger: Ledger) -> None:
    await accept(ledger, "t1")
    path.unlink()

    for ticket_id in ("t2", "t3"):
        with pytest.raises(StoreUnavailable, match="is gone: put it back"):
            await accept(ledger, ticket_id)

    assert not path.exists()


async def test_a_file_that_was_put_back_is_written_again(path: Path, ledger: Ledger) -> None:
    await accept(ledger, "t1")
    with contextlib.closing(sqlite3.connect(path)) as other, contextlib.closing(sqlite3.connect(_copy(path))) as copy:
        other.backup(copy)
    path.unlink()
    with pytest.raises(StoreUnavailable):
        await accept(ledger, "t2")
    _copy(path).rename(path)

    await accept(ledger, "t2")

    assert await missing(ledger, ["t1", "t2"]) == []


def _copy(path: Path) -> Path:
    return path.with_name("copy.db")


async def test_only_its_owner_can_read_the_ledger(path: Path, ledger: Ledger) -> None:
    await accept(ledger)

    files = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}

    assert files == {"relay.db": 0o600, "relay.db-wal": 0o600, "relay.db-shm": 0o600}
