"""Several relays on one PostgreSQL: what one leaves behind, because it is killed, another finishes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest

from relay.app import LEASE
from relay.store import open_ledger
from sandbox.faults import Fault
from sandbox.up import Sandbox
from tests import postgres
from tests.scenarios.conftest import Json, StartRelay, cases, eventually, groups
from tests.scenarios.org import Org, People, members, quiet, tell
from tests.scenarios.processes import environment, relay_command, serving

pytestmark = pytest.mark.anyio


async def create(url: str, api_key: str, number: int) -> httpx.Response | None:
    """The answer to a ticket of a user of its own; None if there was none."""
    body = {"userId": f"user{number}", "caseInfo": {"subject": f"Ticket {number}"}}
    headers = {"Authorization": f"Bearer {api_key}", "Idempotency-Key": f"key{number}"}
    with contextlib.suppress(httpx.TransportError):
        async with httpx.AsyncClient(base_url=url, timeout=30) as client:
            return await client.post("/createticket", json=body, headers=headers)
    return None


def once_each(sandbox: Sandbox) -> Counter[str]:
    """The tickets that became a Case with a group of the same id -> how often."""
    groups_there = {group["GroupId"] for group in groups(sandbox)}
    return Counter(case["Subject"] for case in cases(sandbox) if case["Id"] in groups_there)


@pytest.fixture
def env(sandbox: Sandbox, tmp_path: Path, postgresql: str) -> dict[str, str]:
    return environment(sandbox, tmp_path, RELAY_DATABASE_URL=postgresql, RELAY_CREATE_WAIT="0")


async def test_what_a_killed_relay_held_is_finished_by_the_other_when_the_lease_ends(
    sandbox: Sandbox, start_relay: StartRelay, env: dict[str, str], tmp_path: Path
) -> None:
    """60 tickets, both relays amidst theirs when one gets a kill -9; nobody asks for a ticket again."""
    api_key = env["RELAY_APP_API_KEYS"]
    living = await start_relay(RELAY_DATABASE_URL=env["RELAY_DATABASE_URL"], RELAY_CREATE_WAIT="0")
    slow = [Fault(match="POST sobjects/Case", delayMs=300, after=number % 2 == 0) for number in range(30)]
    slow += [Fault(match="POST sobjects/Case", delayMs=900) for _ in range(30)]
    sandbox.salesforce_control.faults.add(slow)

    async with serving(env, tmp_path) as killed:
        urls = [killed.url if number % 2 else living.url for number in range(60)]
        answers = await asyncio.gather(*(create(url, api_key, number) for number, url in enumerate(urls)))
        acknowledged = [number for number, answer in enumerate(answers) if answer is not None]
        killed.process.send_signal(signal.SIGKILL)
        await killed.process.wait()
    killed_at = time.monotonic()

    assert [answer.status_code for answer in answers if answer is not None] == [202] * 60
    left_behind = postgres.execute(env["RELAY_DATABASE_URL"], "select count(*) from tickets where state = 'open'")
    assert left_behind != [(0,)]

    async def all_done() -> bool:
        return len(once_each(sandbox)) == len(acknowledged) and postgres.execute(
            env["RELAY_DATABASE_URL"], "select count(*) from tickets where state <> 'done'"
        ) == [(0,)]

    await eventually(all_done, LEASE + 20)

    assert time.monotonic() - killed_at < LEASE + 10
    assert once_each(sandbox) == {f"Ticket {number}": 1 for number in range(60)}
    assert len(cases(sandbox)) == len(groups(sandbox)) == 60


async def test_what_a_paused_relay_does_when_it_wakes_is_put_right(
    sandbox: Sandbox,
    start_relay: StartRelay,
    env: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With what it had read before its lease ended, it brings back an agent who is none any more."""
    org = Org(sandbox)
    first, second = org.users[:2]
    async with serving({**env, "RELAY_CREATE_WAIT": "8"}, tmp_path) as paused:
        opened = await create(paused.url, env["RELAY_APP_API_KEYS"], 0)
        assert opened is not None
        case_id = opened.json()["caseId"]
        slow = Fault("get_group_info", after=True, delayMs=300)
        sandbox.tencent_control.faults.add([slow])
        org.change(case_id, OwnerId=first)
        await post_states(paused.url, env, sandbox, org.state(case_id))

        async def has_looked() -> bool:
            return not sandbox.tencent_control.faults.has(slow)

        await eventually(has_looked)
        paused.process.send_signal(signal.SIGSTOP)
        living = await start_relay(RELAY_DATABASE_URL=env["RELAY_DATABASE_URL"])
        living.clock.advance(LEASE + 1)
        await quiet(living)
        assert members(sandbox, case_id) == {"user0", first}
        org.change(case_id, OwnerId=second)
        await tell(living, org.state(case_id))
        await quiet(living)
        assert members(sandbox, case_id) == {"user0", second}
        came = People().watch(sandbox, monkeypatch).came

        paused.process.send_signal(signal.SIGCONT)

        async def has_done_harm() -> bool:
            return came == [(case_id, first)]

        await eventually(has_done_harm)

        async def is_right() -> bool:
            return members(sandbox, case_id) == {"user0", second}

        await eventually(is_right)
        await quiet(living)
    assert members(sandbox, case_id) == {"user0", second}


async def post_states(url: str, env: dict[str, str], sandbox: Sandbox, *states: Json) -> None:
    told = {"orgId": sandbox.salesforce.org.org_id, "cases": list(states)}
    headers = {"Authorization": f"Bearer {env['RELAY_CALLOUT_SECRETS']}"}
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        answer = await client.post("/synccases", json=told, headers=headers)
    assert answer.status_code == 202, answer.text


async def test_several_processes_of_one_relay_share_the_work_and_one_that_dies_is_replaced(
    sandbox: Sandbox, env: dict[str, str], tmp_path: Path
) -> None:
    api_key = env["RELAY_APP_API_KEYS"]
    async with serving({**env, "WEB_CONCURRENCY": "3", "RELAY_CREATE_WAIT": "8"}, tmp_path) as relay:

        async def running(count: int) -> list[int]:
            return children if len(children := children_of(relay.process.pid)) == count else []

        first = await eventually(lambda: running(3))
        answers = await asyncio.gather(*(create(relay.url, api_key, number) for number in range(30)))
        assert {answer.status_code for answer in answers if answer is not None} == {200}

        os.kill(first[0], signal.SIGKILL)

        async def replaced() -> bool:
            return bool(await running(3)) and first[0] not in children_of(relay.process.pid)

        await eventually(replaced)
        assert await relay.stop() == 0
    assert len(cases(sandbox)) == len(groups(sandbox)) == 30


async def test_processes_whose_first_one_is_killed_end_too(
    sandbox: Sandbox, env: dict[str, str], tmp_path: Path
) -> None:
    async with serving({**env, "WEB_CONCURRENCY": "2"}, tmp_path) as relay:
        running = {str(child) for child in children_of(relay.process.pid)}
        relay.process.kill()

        async def ended() -> bool:
            return not running.intersection(os.listdir("/proc"))  # noqa: PTH208

        assert len(running) == 2
        await eventually(ended)


async def test_check_says_that_postgresql_takes_writes_and_not_its_password(
    sandbox: Sandbox, env: dict[str, str], tmp_path: Path
) -> None:
    url = env["RELAY_DATABASE_URL"].replace("postgres@", "postgres:s3cret-word@")
    await (await open_ledger(url)).close()

    checked = await relay_command("check", env={**env, "RELAY_DATABASE_URL": url}, directory=tmp_path)

    assert "takes writes" in checked.out
    assert "s3cret-word" not in checked.out + checked.err


async def test_a_database_without_a_ledger_is_named_and_left_as_it_is(
    sandbox: Sandbox, env: dict[str, str], tmp_path: Path, postgresql_server: str
) -> None:
    with postgres.database(postgresql_server) as url:
        env["RELAY_DATABASE_URL"] = url
        listed = await relay_command("dead-letters", "list", env=env, directory=tmp_path)
        checked = await relay_command("check", env=env, directory=tmp_path)
        tables = postgres.execute(url, "select tablename from pg_tables where schemaname = 'public'")

    assert (listed.code, listed.out) == (2, "")
    assert "There is no ledger at postgresql://" in listed.err
    assert (checked.code, "there is no ledger yet" in checked.out) == (0, True)
    assert tables == []


def children_of(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
