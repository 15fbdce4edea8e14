"""What piled up while Tencent was away is done below the rate that Tencent allows: 200 calls of a kind in a second.

https://cloud.tencent.com/document/product/269/1671 (60007)
"""

from __future__ import annotations

import asyncio
import time

import pytest

from relay.store import open_ledger
from relay.worker import Pace
from sandbox.up import Sandbox
from tests.scenarios.conftest import Naps, Relay, StartRelay, agents, eventually

pytestmark = pytest.mark.anyio

PILED_UP = 2000
AT_ONCE = 50
"""What the ledger is given together: each waits for those before it, and not for ever."""
MOST = 100
"""Half of what Tencent allows: the rest is for those who wait for an answer."""


async def test_two_thousand_commands_are_no_stampede(start_relay: StartRelay, sandbox: Sandbox) -> None:
    await sandbox.tencent.do({"switch": {"rates": True}})
    relay = await start_relay()
    await relay.stop()
    await pile_up(relay, agents(sandbox)[0])
    journal = sandbox.tencent_control.journal
    began = time.time()

    await start_relay()
    await asyncio.sleep(2.5)

    calls = [(entry["path"], entry["at"]) for entry in journal.entries() if entry["direction"] == "in"]
    assert busiest_second(calls) <= MOST
    assert len(calls) > 20 * (time.time() - began)


async def test_who_waits_is_not_held_up_by_what_piled_up(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay()
    await relay.stop()
    await pile_up(relay, agents(sandbox)[0])
    relay = await start_relay()

    async def answered_at_once() -> bool:
        began = time.monotonic()
        assert (await relay.open_ticket()).status_code == 200
        return time.monotonic() - began < 1

    assert await eventually(answered_at_once, seconds=5)


async def test_turns_are_apart_and_idle_time_is_not_saved_up() -> None:
    now, naps = [0.0], Naps()
    pace = Pace(10, monotonic=lambda: now[0], sleep=naps)

    for _ in range(3):
        await pace.turn()
    assert naps.seconds == pytest.approx([0.1, 0.2])
    now[0] = 60.0
    for _ in range(2):
        await pace.turn()

    assert naps.seconds == pytest.approx([0.1, 0.2, 0.1])


async def pile_up(relay: Relay, user_id: str) -> None:
    """Commands to as many groups, as an outage leaves them in the ledger."""
    ledger = await open_ledger(str(relay.settings.relay_database_url), alone=False)
    groups = [f"500{number:015d}" for number in range(PILED_UP)]
    for start in range(0, PILED_UP, AT_ONCE):
        await asyncio.gather(
            *(
                ledger.add_command(verb="leave", group_id=group, user_id=user_id, holder="died", now=0, until=0)
                for group in groups[start : start + AT_ONCE]
            )
        )
    await ledger.close()


def busiest_second(calls: list[tuple[str, float]]) -> int:
    """The most calls of one kind that began within any second."""
    moments: dict[str, list[float]] = {}
    for path, at in calls:
        moments.setdefault(path, []).append(at)
    return max(sum(at <= other < at + 1 for other in ats) for ats in moments.values() for at in ats)
