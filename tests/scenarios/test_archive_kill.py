"""Saved, then dismissed: killed between any two steps, the transcript is there once and the group is gone once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from sandbox.faults import Fault
from sandbox.up import Sandbox
from tests.scenarios.conftest import QUIET, Relay, StartRelay, eventually, groups
from tests.scenarios.dying import ARCHIVING
from tests.scenarios.processes import environment, serving
from tests.scenarios.talking import opened, say
from tests.scenarios.test_rooms import state
from tests.scenarios.test_transcript import entries, posts, transcripts
from tests.store.outside import end_leases, execute, rows

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", ARCHIVING)
async def test_killed_at_a_step(
    start_relay: StartRelay, sandbox: Sandbox, tmp_path: Path, step: str, when: str
) -> None:
    first = await start_relay()
    case_id = await opened(first)
    await say(sandbox, case_id, "alice", *(f"line {number}" for number in range(25)))
    await first.stop()
    url = first.settings.relay_database_url
    env = environment(sandbox, tmp_path, **QUIET, RELAY_DATABASE_URL=url, RELAY_CLOSE_GRACE="0")

    async with serving(env, tmp_path, ("-m", "tests.scenarios.dying", when, step)) as relay:
        await _close(relay.url, first, case_id)
        assert await relay.ended() == -9
    end_leases(url)
    async with serving(env, tmp_path):

        async def is_gone() -> bool:
            return not groups(sandbox)

        await eventually(is_gone)
        await eventually(lambda: _is_settled(url))
        [file] = transcripts(sandbox, case_id)
        assert [entry[21:] for entry in entries(file["text"])] == [f"alice: line {number}" for number in range(25)]
        assert len(posts(sandbox, case_id)) == 1
    dismissals = [one for one in sandbox.tencent_control.journal.entries() if one["path"].endswith("/destroy_group")]
    assert 1 <= len(dismissals) <= 2  # the second finds it gone


async def _close(url: str, first: Relay, case_id: str) -> None:
    async with httpx.AsyncClient(base_url=url) as client:
        body = {"orgId": first.org_id, "cases": [state(case_id, 50, isClosed=True)]}
        try:
            answer = await client.post(
                "/synccases", json=body, headers={"Authorization": f"Bearer {first.callout_secret}"}
            )
        except httpx.TransportError:
            return  # it died over the answer; what was stored is stored
        assert answer.status_code == 202


async def _is_settled(url: str) -> bool:
    """Nothing is left to be done, and the room knows that its group is gone."""
    return rows(url, "select gone from rooms") == [(1,)] and not rows(url, "select 1 from commands")


@pytest.mark.parametrize("begun", [0, 60], ids=["just begun", "long to be sent"])
async def test_killed_while_its_file_is_on_the_way(
    start_relay: StartRelay, sandbox: Sandbox, tmp_path: Path, begun: int
) -> None:
    """Salesforce is slow, so the file is not there yet when the next relay looks for it."""
    first = await start_relay()
    case_id = await opened(first)
    await say(sandbox, case_id, "alice", "one")
    await first.stop()
    url = first.settings.relay_database_url
    env = environment(sandbox, tmp_path, **QUIET, RELAY_DATABASE_URL=url, RELAY_CLOSE_GRACE="0")
    slow = Fault("POST sobjects/ContentVersion", delayMs=3000)
    sandbox.salesforce_control.faults.add([slow])

    async def is_on_the_way() -> bool:
        return not sandbox.salesforce_control.faults.has(slow)

    async with serving(env, tmp_path) as relay:
        await _close(relay.url, first, case_id)
        await eventually(is_on_the_way)
        relay.process.kill()
    execute(url, f"update archiving set begun = begun - {begun}")
    end_leases(url)
    async with serving(env, tmp_path):
        await eventually(lambda: _is_settled(url))
        await asyncio.sleep(3)
    assert len(transcripts(sandbox, case_id)) == len(posts(sandbox, case_id)) == 1
