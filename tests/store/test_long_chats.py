"""What a long chat costs PostgreSQL while it has not counted yet how long it is."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import pytest

from relay.store import Ledger, open_ledger
from relay.talk.models import Span
from tests import postgres

pytestmark = pytest.mark.anyio

GROUP, LENGTH = "500D000000IqhSLIAZ", 2000


@pytest.fixture
def uncounted(postgresql_server: str) -> Iterator[str]:
    """A database of which PostgreSQL has no statistics, and makes none."""
    with postgres.database(postgresql_server) as url:
        yield url


@pytest.fixture
async def ledger(uncounted: str) -> AsyncIterator[Ledger]:
    """With one long chat, whose last message but one was not heard."""
    ledger = await open_ledger(uncounted)
    postgres.execute(uncounted, "alter table messages set (autovacuum_enabled = off)")
    postgres.execute(
        uncounted,
        f"insert into messages select '{GROUP}', 0, number, 'alice', number, number, '[]', 'said', 0 "
        f"from generate_series(1, {LENGTH}) as number where number <> {LENGTH - 1}",
    )
    yield ledger
    await ledger.close()


async def test_no_message_is_compared_with_each_other(
    ledger: Ledger, uncounted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, tuple[object, ...]]] = []
    together = ledger._together

    async def noting(steps: Any, **more: Any) -> Any:
        asked.extend(steps)
        return await together(steps, **more)

    monkeypatch.setattr(ledger, "_together", noting)
    assert await ledger.highest_hole(GROUP, 0, None) == LENGTH - 1
    assert await ledger.highest_hole(GROUP, 0, LENGTH - 2) is None
    assert not (await ledger.known(GROUP, 0)).is_whole
    assert len(await ledger.log(GROUP, 0, None, 50)) == 50
    assert await ledger.plan_archives(GROUP, 1e9) == [Span(GROUP, 0, 1, LENGTH, 0, 1e9)]
    assert len(await ledger.story(Span(GROUP, 0, 1, LENGTH, 0, 1e9))) == LENGTH

    connection = await asyncpg.connect(uncounted)
    try:
        seen = {statement: await _rows_seen(connection, statement, values) for statement, values in asked}
    finally:
        await connection.close()
    assert len(seen) >= 8
    assert max(seen.values()) <= 4 * LENGTH


async def _rows_seen(connection: Any, statement: str, values: tuple[object, ...]) -> float:
    """How many rows PostgreSQL takes in hand for it, in all its loops."""
    async with connection.transaction():
        [(plan,)] = await connection.fetch(f"explain (analyze, format json) {statement}", *values)
    [whole] = json.loads(plan)

    def count(node: dict[str, Any]) -> float:
        read = 0.0 if node.get("Plans") else node["Actual Rows"] * node["Actual Loops"]
        return float(read) + sum(map(count, node.get("Plans", [])))

    return count(whole["Plan"])
