"""What was deleted is not in SQLite's files any more, however that SQLite was built."""

from __future__ import annotations

from pathlib import Path

import pytest

from relay.store.ledger import Ledger
from relay.store.sqlite import SqliteDatabase

pytestmark = pytest.mark.anyio

SECRET = b"my very own words"


def held(path: Path) -> bytes:
    return b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))


async def test_nothing_remains_while_another_process_has_it_open(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    ledger, relay = Ledger(database := SqliteDatabase(path)), Ledger(SqliteDatabase(path))
    await ledger.open(alone=False)
    await relay.open(alone=False)
    try:
        assert database._connection is not None
        database._connection.execute("pragma secure_delete = off")
        await ledger.remember("note", SECRET.decode() * 1000)
        await relay.ping()
        await ledger._run("delete from notes where name = 'note'")
        assert SECRET in held(path)

        await ledger.compact()

        assert SECRET not in held(path)
        await relay.ping()
    finally:
        await relay.close()
        await ledger.close()
