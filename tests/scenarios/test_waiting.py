"""Tickets and commands that have to wait: nothing changes them meanwhile, and they do not wait too long."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from relay.errors import CrmUnavailable, RelayError, SettingsError
from relay.models import Ticket
from relay.retry import next_attempt
from relay.settings import Settings
from relay.store import Ledger
from relay.tickets import Tickets
from sandbox.faults import Fault
from sandbox.up import Sandbox
from tests.scenarios.conftest import Json, Relay, StartRelay, agents, cases, commands, eventually, groups
from tests.scenarios.test_recovery import one_ticket, worker_is_idle
from tests.store.outside import locked
from tests.test_settings import REQUIRED

pytestmark = pytest.mark.anyio
CASE = "POST sobjects/Case"


async def test_another_body_changes_nothing_of_a_ticket_that_waits(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(RELAY_CREATE_WAIT="0.2")
    sandbox.salesforce_control.faults.add([Fault(CASE, times=1, status=503)])
    pending = await relay.open_ticket(key="k", desc="mine")

    conflict = await relay.open_ticket(key="k", desc="not mine")
    await relay.settled(pending.json()["ticketId"])

    assert (pending.status_code, conflict.status_code) == (202, 409)
    assert [case["Description"] for case in cases(sandbox)] == ["mine"]


async def test_an_agent_who_joins_while_the_group_takes_long_to_be_made_is_in_it(
    start_relay: StartRelay, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay.app.COMMAND_WAIT", 0.1)
    relay, agent = await start_relay(RELAY_CREATE_WAIT="0.1"), agents(sandbox)[0]
    sandbox.tencent_control.faults.add([Fault("create_group", times=-1, errorCode=10002)])
    pending = await relay.open_ticket(key="k")
    joined = await relay.org("/joingroup", groupId=await eventually(lambda: case_of(relay, pending)), userId=agent)
    for _ in range(6):
        tried = len(commands(sandbox, "add_group_member"))
        relay.clock.advance(10)
        await eventually(lambda tried=tried: tried_again(relay, sandbox, tried))  # type: ignore[misc]
    sandbox.tencent_control.faults.clear()
    done = await relay.settled(pending.json()["ticketId"])

    assert joined.status_code in (200, 202), joined.text
    assert done.status_code == 200

    async def inside() -> bool:
        relay.clock.advance(60)
        await relay.worker.look()
        return agent in groups(sandbox)[0]["members"]

    await eventually(inside)


async def case_of(relay: Relay, pending: httpx.Response) -> str | None:
    """As soon as the relay knows it."""
    answer: dict[str, str] = (await relay.ticket(pending.json()["ticketId"])).json()
    return answer.get("caseId")


async def tried_again(relay: Relay, sandbox: Sandbox, before: int) -> bool:
    """And has put it down: its pause counts from then on."""
    await relay.worker.look()
    return len(commands(sandbox, "add_group_member")) > before and not relay.worker._commands.held


def test_no_retry_waits_more_than_ten_seconds_in_the_first_minute_of_an_outage() -> None:
    for _ in range(300):
        outage, attempts = 0.0, 1
        while outage < 60:
            wait = next_attempt(CrmUnavailable("away"), attempts)
            assert wait is not None
            assert wait <= 10, f"attempt {attempts}, {outage:.0f} s into the outage: {wait:.1f} s"
            outage, attempts = outage + wait, attempts + 1


async def test_after_an_outage_of_fifty_seconds_a_ticket_is_done_within_ten(
    start_relay: StartRelay, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay = await start_relay(RELAY_CREATE_WAIT="0")
    sandbox.salesforce_control.faults.add([Fault(CASE, times=-1, status=503)])
    monkeypatch.setattr(random, "uniform", lambda low, high: high if high > 10 else low)
    pending = await relay.open_ticket(key="k")
    for _ in range(50):
        relay.clock.advance(1)
        await relay.worker.look()
        await eventually(lambda: worker_is_idle(relay))
    sandbox.salesforce_control.faults.clear()
    relay.clock.advance(10)
    await relay.worker.look()

    assert pending.status_code == 202
    await eventually(lambda: one_ticket(sandbox), 3)


async def test_asking_again_and_again_does_not_make_the_next_retry_late(
    start_relay: StartRelay, sandbox: Sandbox
) -> None:
    """A client that repeats its POST as Retry-After tells it, for 24 seconds."""
    relay = await start_relay(RELAY_CREATE_WAIT="0")
    sandbox.salesforce_control.faults.add([Fault(CASE, times=-1, status=503)])
    for _ in range(12):
        await relay.open_ticket(key="k", credential=relay.api_key)
        relay.clock.advance(2)
        await eventually(lambda: worker_is_idle(relay))
    sandbox.salesforce_control.faults.clear()
    relay.clock.advance(10)
    await relay.worker.look()

    await eventually(lambda: one_ticket(sandbox), 3)


async def test_who_waits_for_a_vendor_that_stays_away_is_told_to_ask_less_often(
    start_relay: StartRelay, sandbox: Sandbox
) -> None:
    relay = await start_relay(RELAY_CREATE_WAIT="0")
    sandbox.salesforce_control.faults.add([Fault(CASE, times=-1, status=503)])
    pending = await relay.open_ticket()
    told = [int(pending.headers["retry-after"])]
    for _ in range(12):
        relay.clock.advance(60)
        await relay.worker.look()
        await eventually(lambda: worker_is_idle(relay))
        told.append(int((await relay.ticket(pending.json()["ticketId"])).headers["retry-after"]))

    assert told == sorted(told)
    assert (told[0], told[-1]) == (2, 10)


async def test_what_was_stored_is_not_answered_503(
    start_relay: StartRelay, sandbox: Sandbox, hasty_ledger: None
) -> None:
    """The Case and the group exist, and the ticket will be finished: 202, so that nobody opens a second one."""
    relay = await start_relay(RELAY_CREATE_WAIT="4")
    sandbox.salesforce_control.faults.add([Fault(CASE, after=True, delayMs=500)])
    opening = asyncio.create_task(relay.open_ticket())

    async def has_case() -> bool:
        return bool(cases(sandbox))

    await eventually(has_case)
    async with locked(relay.settings.relay_database_url):
        answer = await opening
    assert answer.status_code == 202, answer.text


async def test_a_used_up_day_is_asked_about_every_minute(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(RELAY_CREATE_WAIT="0.2")
    await sandbox.salesforce.do({"dailyLimit": 0})
    await relay.open_ticket(key="k")
    await sandbox.salesforce.do({"dailyLimit": 1000})
    relay.clock.advance(61)
    await relay.worker.look()

    await eventually(lambda: one_ticket(sandbox), 3)


def test_keys_are_fetched_over_https_only() -> None:
    with pytest.raises(SettingsError):
        Settings.from_env({**REQUIRED, "RELAY_APP_JWKS_URL": "http://keys.acme.com/jwks.json"})


async def test_credentials_that_are_refused_do_not_end_what_was_promised(
    start_relay: StartRelay, sandbox: Sandbox
) -> None:
    misconfigured = await start_relay(RELAY_CREATE_WAIT="0", SALESFORCE_CLIENT_SECRET="not-the-secret-of-this-org")
    sandbox.salesforce_control.faults.add([Fault("token", delayMs=300)])  # nobody waits any more then
    promised = await misconfigured.open_ticket(key="k")
    assert promised.status_code == 202
    for _ in range(3):
        misconfigured.clock.advance(60)
        await misconfigured.worker.look()
    await misconfigured.stop()

    mended = await start_relay()
    answer = await mended.settled(promised.json()["ticketId"])

    assert answer.status_code == 200
    assert len(cases(sandbox)) == len(groups(sandbox)) == 1


async def test_who_still_waits_is_told_that_credentials_are_refused(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(SALESFORCE_CLIENT_SECRET="not-the-secret-of-this-org")

    answer = await relay.open_ticket(key="k")

    assert (answer.status_code, answer.json()["title"]) == (502, "Salesforce auth error")
    assert (await relay.open_ticket(key="k")).json()["retryable"] is False


async def test_only_failures_count_towards_the_last_attempt(start_relay: StartRelay, sandbox: Sandbox) -> None:
    """A client that asks again makes no difference, however often."""
    relay = await start_relay(RELAY_CREATE_WAIT="0")
    sandbox.tencent_control.faults.add([Fault("create_group", times=4, status=404)])  # which nobody can read
    ticket_id = (await relay.open_ticket(key="k")).json()["ticketId"]
    for _ in range(20):
        await relay.open_ticket(key="k")

    assert (await relay.settled(ticket_id)).status_code == 200


MENDABLE: Json = {"times": 1, "status": 403, "errorCode": "API_DISABLED_FOR_ORG"}


async def test_what_fails_while_the_answer_is_made_does_not_end_what_it_promises(
    start_relay: StartRelay, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay, failed = await start_relay(RELAY_CREATE_WAIT="0.1"), asyncio.Event()
    find, log_failure = Ledger.find_ticket, Tickets._record_failure

    async def find_slowly(ledger: Ledger, ticket_id: str) -> Ticket | None:
        found = await find(ledger, ticket_id)
        monkeypatch.setattr(Ledger, "find_ticket", find)  # the first one is the answer's
        await asyncio.wait_for(failed.wait(), 5)
        return found

    async def record(tickets: Tickets, ticket: Ticket, error: RelayError) -> tuple[bool, Ticket]:
        try:
            return await log_failure(tickets, ticket, error)
        finally:
            failed.set()

    monkeypatch.setattr(Ledger, "find_ticket", find_slowly)
    monkeypatch.setattr(Tickets, "_record_failure", record)
    sandbox.salesforce_control.faults.add([Fault(CASE, delayMs=300, **MENDABLE)])
    promised = await relay.open_ticket(key="k")

    assert promised.status_code == 202
    assert (await relay.settled(promised.json()["ticketId"])).status_code == 200


async def test_who_is_kept_until_a_ticket_is_just_ending_is_told_its_end(
    start_relay: StartRelay, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay, fail = await start_relay(RELAY_CREATE_WAIT="0.3"), Ledger.fail_ticket

    async def fail_slowly(ledger: Ledger, *what: Any) -> bool:
        await asyncio.sleep(0.6)
        return await fail(ledger, *what)

    monkeypatch.setattr(Ledger, "fail_ticket", fail_slowly)
    sandbox.salesforce_control.faults.add([Fault(CASE, **MENDABLE)])
    answer = await relay.open_ticket(key="k")

    assert (answer.status_code, answer.json()["code"]) == (502, "crm_misconfigured")


async def test_what_one_caller_was_promised_is_not_ended_because_another_still_waits(
    start_relay: StartRelay, sandbox: Sandbox
) -> None:
    relay = await start_relay(RELAY_CREATE_WAIT="0.5")
    sandbox.salesforce_control.faults.add([Fault(CASE, delayMs=750, **MENDABLE)])
    first = asyncio.create_task(relay.open_ticket(key="k"))
    await asyncio.sleep(0.4)
    second = asyncio.create_task(relay.open_ticket(key="k"))

    assert (await first).status_code == 202
    assert (await second).status_code in (200, 202), (await second).text
    assert (await relay.settled((await first).json()["ticketId"])).status_code == 200


@pytest.fixture
def alarm() -> Iterator[None]:
    """A process that does nothing else any more is interrupted after five seconds."""

    def interrupt(*_: object) -> None:
        raise AssertionError("the relay has stopped to listen")

    former = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 5)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, former)


async def test_who_asks_in_the_moment_in_which_an_attempt_ends_does_not_stop_the_relay(
    start_relay: StartRelay, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, alarm: None
) -> None:
    """His request goes on before anybody hears that the attempt, which has failed for now, is over."""
    relay, postponed = await start_relay(RELAY_CREATE_WAIT="0.1"), asyncio.Event()
    accept, postpone = Ledger.accept_ticket, Ledger.postpone_ticket

    async def accept_and_wait(ledger: Ledger, **ticket: Any) -> Ticket:
        accepted = await accept(ledger, **ticket)
        if not sandbox.salesforce_control.faults.pending():  # the second one; the first one's attempt is under way
            await postponed.wait()
        return accepted

    async def postpone_and_say_so(ledger: Ledger, ticket: Ticket, until: float) -> bool:
        written = await postpone(ledger, ticket, until)
        postponed.set()
        return written

    monkeypatch.setattr(Ledger, "accept_ticket", accept_and_wait)
    monkeypatch.setattr(Ledger, "postpone_ticket", postpone_and_say_so)
    sandbox.salesforce_control.faults.add([Fault(CASE, delayMs=300, status=503)])
    first = await relay.open_ticket(key="k")

    second = await relay.open_ticket(key="k")

    assert (first.status_code, second.status_code) == (202, 202)
    assert (await relay.client.get("/healthz")).status_code == 200
