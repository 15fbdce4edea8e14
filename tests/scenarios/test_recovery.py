"""A relay dies, or its ledger does: what it had begun is finished by the next one, once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from relay.app import LEASE
from relay.store import is_shared
from sandbox.faults import Fault
from sandbox.up import Sandbox
from tests.scenarios.conftest import Json, Relay, StartRelay, agents, cases, commands, eventually, groups, posted
from tests.store.outside import locked

pytestmark = pytest.mark.anyio

CASE = "POST sobjects/Case"
ROOT = Path(__file__).parents[2]


class Process:
    """`relay serve` as a process of its own, which can be killed."""

    def __init__(self, url: str, process: asyncio.subprocess.Process, api_key: str, callout_secret: str) -> None:
        self._process, self._api_key, self._secret = process, api_key, callout_secret
        self.client = httpx.AsyncClient(base_url=url, timeout=30)

    async def open_ticket(self, key: str, **case_info: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._api_key}", "Idempotency-Key": key}
        body = {"userId": "alice", "caseInfo": {"subject": "It broke", **case_info}}
        return await self.client.post("/createticket", json=body, headers=headers)

    async def join(self, group_id: str, user_id: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._secret}"}
        return await self.client.post("/joingroup", json={"groupId": group_id, "userId": user_id}, headers=headers)

    async def is_up(self) -> bool:
        assert self._process.returncode is None, "the relay did not start"
        with contextlib.suppress(httpx.TransportError):
            return (await self.client.get("/healthz")).status_code == 200
        return False

    async def kill(self) -> None:
        """kill -9: no goodbye, nothing written down."""
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()


@pytest.fixture
async def process(sandbox: Sandbox, database_url: str) -> AsyncIterator[Process]:
    """On the ledger that `start_relay` uses as well."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = {**sandbox.environment, "RELAY_DATABASE_URL": database_url, "PORT": str(port)}
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "relay",
        "--env-file",
        os.devnull,
        "serve",
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **settings},
        stdout=asyncio.subprocess.DEVNULL,
    )
    running = Process(
        f"http://127.0.0.1:{port}", started, settings["RELAY_APP_API_KEYS"], settings["RELAY_CALLOUT_SECRETS"]
    )
    try:
        await eventually(running.is_up)
        yield running
    finally:
        await running.client.aclose()
        if started.returncode is None:
            await running.kill()


def salesforce_fails(sandbox: Sandbox, *faults: Fault) -> None:
    sandbox.salesforce_control.faults.add(faults)


def tencent_fails(sandbox: Sandbox, *faults: Fault) -> None:
    sandbox.tencent_control.faults.add(faults)


async def faults_met(sandbox: Sandbox) -> bool:
    return not (sandbox.salesforce_control.faults.pending() or sandbox.tencent_control.faults.pending())


async def salesforce_fault_met(sandbox: Sandbox) -> bool:
    return not sandbox.salesforce_control.faults.pending()


async def one_ticket(sandbox: Sandbox) -> bool:
    pairs = [(case["Id"], group["GroupId"]) for case in cases(sandbox) for group in groups(sandbox)]
    return len(pairs) == 1 and bool(pairs[0][0] == pairs[0][1])


async def start_next(start_relay: StartRelay) -> Relay:
    """A relay after one that was killed; where others may be alive, the dead one's lease has to end first."""
    relay = await start_relay()
    if is_shared(relay.settings.relay_database_url):
        relay.clock.advance(LEASE + 1)
    return relay


async def hang_up(caller: asyncio.Task[Any]) -> None:
    caller.cancel()
    with contextlib.suppress(asyncio.CancelledError, httpx.HTTPError):
        await caller


STEPS: dict[str, tuple[str, Json]] = {
    "before the Case": ("salesforce", {"match": CASE, "delayMs": 400}),
    "after the Case": ("salesforce", {"match": CASE, "after": True, "delayMs": 400}),
    "before the account": ("tencent", {"match": "account_import", "delayMs": 400}),
    "before the group": ("tencent", {"match": "create_group", "delayMs": 400}),
    "after the group": ("tencent", {"match": "create_group", "after": True, "delayMs": 400}),
    "after the file": ("salesforce", {"match": "POST sobjects/ContentVersion", "after": True, "delayMs": 400}),
}


@pytest.mark.parametrize(("vendor", "fault"), STEPS.values(), ids=STEPS)
async def test_a_ticket_cut_off_by_a_kill_is_finished_by_the_next_relay(
    process: Process, start_relay: StartRelay, sandbox: Sandbox, vendor: str, fault: Json
) -> None:
    """Nobody asks for it; what the killed one had sent may still arrive later."""
    await sandbox.salesforce.do({"expireSessions": True})
    desc = "D" * 33_000
    (salesforce_fails if vendor == "salesforce" else tencent_fails)(sandbox, Fault(**fault))
    caller = asyncio.create_task(process.open_ticket("k", desc=desc))
    await eventually(lambda: faults_met(sandbox))

    await process.kill()
    await hang_up(caller)
    relay = await start_next(start_relay)

    await eventually(lambda: one_ticket(sandbox))
    answer = await relay.open_ticket(key="k", desc=desc)
    assert answer.status_code == 200
    assert answer.json()["caseId"] == cases(sandbox)[0]["Id"]
    assert groups(sandbox)[0]["members"] == ["alice"]
    files: Any = sandbox.salesforce.state()["files"]
    assert {file["FirstPublishLocationId"] for file in files} == {cases(sandbox)[0]["Id"]}


async def test_a_command_cut_off_by_a_kill_is_finished_by_the_next_relay(
    process: Process, start_relay: StartRelay, sandbox: Sandbox
) -> None:
    group_id = (await process.open_ticket("k")).json()["GroupId"]
    tencent_fails(sandbox, Fault("add_group_member", drop=True, delayMs=400))
    caller = asyncio.create_task(process.join(group_id, agents(sandbox)[0]))
    await eventually(lambda: faults_met(sandbox))

    await process.kill()
    await hang_up(caller)
    await start_next(start_relay)

    async def joined() -> bool:
        return bool(groups(sandbox)[0]["members"] == ["alice", agents(sandbox)[0]])

    await eventually(joined)


async def test_a_ticket_that_waits_is_finished_after_a_restart(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(RELAY_CREATE_WAIT="0.1")
    salesforce_fails(sandbox, Fault(CASE, times=-1, status=503))
    pending = await relay.open_ticket(key="k")
    await relay.stop()
    sandbox.salesforce_control.faults.clear()

    await start_relay()

    assert pending.status_code == 202
    await eventually(lambda: one_ticket(sandbox))


@contextlib.asynccontextmanager
async def two(start_relay: StartRelay, **environment: str) -> AsyncIterator[tuple[Relay, Relay]]:
    yield await start_relay(**environment), await start_relay(**environment)


async def test_what_one_process_works_on_another_answers(start_relay: StartRelay, sandbox: Sandbox) -> None:
    async with two(start_relay, RELAY_CREATE_WAIT="0.3") as (first, second):
        tencent_fails(sandbox, Fault("create_group", delayMs=1000))
        pending = await first.open_ticket(key="k")

        by_id = await second.ticket(pending.json()["ticketId"])
        by_key = await second.open_ticket(key="k")
        done = await second.settled(pending.json()["ticketId"])

        assert [answer.status_code for answer in (pending, by_id, by_key, done)] == [202, 202, 202, 200]
        assert len({answer.json()["ticketId"] for answer in (pending, by_id, by_key, done)}) == 1
        assert await one_ticket(sandbox)


async def test_the_second_process_waits_for_the_first_one_and_gives_its_answer(
    start_relay: StartRelay, sandbox: Sandbox
) -> None:
    async with two(start_relay) as (first, second):
        salesforce_fails(sandbox, Fault(CASE, delayMs=300))
        opening = asyncio.create_task(first.open_ticket(key="k"))
        await eventually(lambda: faults_met(sandbox))

        second_answer = await second.open_ticket(key="k")

        assert (second_answer.status_code, (await opening).status_code) == (200, 200)
        assert second_answer.json()["caseId"] == (await opening).json()["caseId"]
        assert posted(sandbox, "sobjects/Case") == len(commands(sandbox, "create_group")) == 1


async def test_two_processes_asked_fifty_times_at_once_make_one_ticket(
    start_relay: StartRelay, sandbox: Sandbox
) -> None:
    async with two(start_relay) as both:
        answers = await asyncio.gather(*(relay.open_ticket(key="k") for _ in range(25) for relay in both))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["caseId"] for answer in answers}) == 1
    assert posted(sandbox, "sobjects/Case") == len(commands(sandbox, "create_group")) == 1


async def test_a_ticket_that_waits_has_its_turn_however_many_callers_there_are(
    start_relay: StartRelay, sandbox: Sandbox
) -> None:
    relay = await start_relay(RELAY_CREATE_WAIT="0.1")
    salesforce_fails(sandbox, Fault(CASE, status=503), Fault(CASE, times=30, delayMs=2000))
    pending = await relay.open_ticket("bob")
    callers = asyncio.gather(*(relay.open_ticket() for _ in range(30)))
    await eventually(lambda: faults_met(sandbox))

    done = await relay.settled(pending.json()["ticketId"])

    assert done.status_code == 200
    assert len(cases(sandbox)) == 1
    assert {answer.status_code for answer in await callers} == {202}


async def test_while_a_lease_lasts_nobody_else_calls_the_vendors_and_then_somebody_does(
    start_relay: StartRelay, sandbox: Sandbox
) -> None:
    """The first one hangs at Salesforce and does not look after its lease any more."""
    async with two(start_relay, RELAY_CREATE_WAIT="0.1") as (first, second):
        salesforce_fails(sandbox, Fault(CASE, delayMs=1500))
        pending = await first.open_ticket(key="k")
        stand_still(first)

        second.clock.advance(5)
        await second.worker.look()
        assert (await second.open_ticket(key="k")).status_code == 202
        assert posted(sandbox, "sobjects/Case") == 0
        second.clock.advance(7)
        await second.worker.look()

        await eventually(lambda: one_ticket(sandbox))
        assert (await second.ticket(pending.json()["ticketId"])).status_code in (200, 202)
        await eventually(lambda: case_was_posted(sandbox, 2))
        assert await one_ticket(sandbox)
        done = await second.settled(pending.json()["ticketId"])
        assert done.json()["caseId"] == cases(sandbox)[0]["Id"]


def stand_still(relay: Relay) -> None:
    """It renews no lease any more."""

    async def nothing() -> None:
        await asyncio.sleep(0)

    relay.worker.look = nothing  # type: ignore[method-assign]


async def test_a_lease_is_renewed_as_long_as_the_work_takes(start_relay: StartRelay, sandbox: Sandbox) -> None:
    async with two(start_relay, RELAY_CREATE_WAIT="0.1") as (first, second):
        salesforce_fails(sandbox, Fault(CASE, delayMs=700))
        pending = await first.open_ticket(key="k")
        first.clock.advance(8)
        await first.worker.look()

        second.clock.advance(15)
        await second.worker.look()

        assert posted(sandbox, "sobjects/Case") == 0
        await eventually(lambda: one_ticket(sandbox))
        assert posted(sandbox, "sobjects/Case") == 1
        assert (await second.settled(pending.json()["ticketId"])).status_code == 200


async def test_a_clock_that_is_set_back_makes_nobody_lose_a_lease(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(RELAY_CREATE_WAIT="0.1")
    await relay.worker.look()
    relay.clock.advance(-3600)
    salesforce_fails(sandbox, Fault(CASE, delayMs=1500))
    pending = await relay.open_ticket(key="k")
    relay.clock.advance(11)
    await relay.worker.look()

    async def done() -> bool:
        return (await relay.ticket(pending.json()["ticketId"])).status_code == 200

    await eventually(done, 5)


async def case_was_posted(sandbox: Sandbox, times: int) -> bool:
    return posted(sandbox, "sobjects/Case") >= times


async def test_who_lost_his_claim_does_not_overwrite_what_the_other_one_wrote(
    start_relay: StartRelay, sandbox: Sandbox
) -> None:
    """The first one's request is refused in the end, while the second one has the Case and is making the group."""
    async with two(start_relay, RELAY_CREATE_WAIT="5") as (first, second):
        salesforce_fails(sandbox, Fault(CASE, delayMs=800, errorCode="FIELD_CUSTOM_VALIDATION_EXCEPTION"))
        tencent_fails(sandbox, Fault("create_group", delayMs=1500))
        losing = asyncio.create_task(first.open_ticket(key="k"))
        await eventually(lambda: salesforce_fault_met(sandbox))
        second.clock.advance(12)
        won = await second.open_ticket(key="k", credential=second.api_key)

        lost = await losing
        again = await first.open_ticket(key="k")

        assert [answer.status_code for answer in (won, lost, again)] == [200, 200, 200]
        assert len({answer.json()["caseId"] for answer in (won, lost, again)}) == 1
        assert await one_ticket(sandbox)


async def test_a_ledger_that_takes_nothing_is_told_before_any_vendor_is_called(relay: Relay, sandbox: Sandbox) -> None:
    agent = agents(sandbox)[0]
    group_id = (await relay.open_ticket("bob")).json()["GroupId"]
    before = commands(sandbox), len(sandbox.salesforce_control.journal.entries())
    started = time.monotonic()
    async with locked(relay.settings.relay_database_url):
        answers = await asyncio.gather(
            relay.org("/joingroup", groupId=group_id, userId=agent), *(relay.open_ticket(key="k") for _ in range(10))
        )
    assert time.monotonic() - started < 8
    called = commands(sandbox), len(sandbox.salesforce_control.journal.entries())

    for answer in answers:
        assert answer.status_code == 503, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["retryable"] is True
        assert answer.json()["detail"] == "The ledger did not take it. Try again.", "what the database said is our own"
        assert int(answer.headers["retry-after"]) >= 1
    assert called == before
    assert (await relay.open_ticket(key="k")).status_code == 200
    assert (await relay.org("/joingroup", groupId=group_id, userId=agent)).status_code == 200


async def test_a_ledger_that_fails_in_the_middle_loses_nothing(
    start_relay: StartRelay, sandbox: Sandbox, hasty_ledger: None
) -> None:
    relay = await start_relay(RELAY_CREATE_WAIT="0.2")
    salesforce_fails(sandbox, Fault(CASE, after=True, delayMs=500))
    pending = await relay.open_ticket(key="k")
    async with locked(relay.settings.relay_database_url):
        await eventually(lambda: group_was_made(sandbox))
        await eventually(lambda: worker_is_idle(relay))

    done = await relay.settled(pending.json()["ticketId"])

    assert pending.status_code == 202
    assert done.status_code == 200
    assert await one_ticket(sandbox)


async def group_was_made(sandbox: Sandbox) -> bool:
    return bool(groups(sandbox))


async def worker_is_idle(relay: Relay) -> bool:
    """Whether the ticket was put down, with the ledger locked all the time."""
    return not relay.worker._tickets.held


async def test_after_an_outage_of_half_a_minute_a_ticket_is_done_within_ten(
    start_relay: StartRelay, sandbox: Sandbox
) -> None:
    relay = await start_relay(RELAY_CREATE_WAIT="0")
    salesforce_fails(sandbox, Fault(CASE, times=-1, status=503))
    pending = await relay.open_ticket(key="k")
    for _ in range(25):
        relay.clock.advance(1)
        await relay.worker.look()
        await eventually(lambda: worker_is_idle(relay))
    sandbox.salesforce_control.faults.clear()

    relay.clock.advance(10)
    await relay.worker.look()

    assert pending.status_code == 202
    await eventually(lambda: one_ticket(sandbox), 3)
