"""Agents join and leave groups as Salesforce commands, in order for each group, whatever Tencent does meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from relay.app import LEASE
from relay.errors import StoreUnavailable
from relay.retry import Patience
from relay.store import Ledger
from sandbox.faults import Fault
from sandbox.salesforce import ids
from sandbox.up import Sandbox
from tests.scenarios.conftest import Json, Naps, Relay, StartRelay, agents, cases, commands, eventually, groups
from tests.scenarios.org import Org, open_cases, quiet, tell, undone
from tests.store.outside import commands_so_far

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("is_told_to_leave", [True, False])
async def test_whom_a_paused_relay_lets_in_when_it_wakes_stays_only_if_he_is_still_wanted(
    start_relay: StartRelay, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, is_told_to_leave: bool
) -> None:
    """Another has carried his coming out meanwhile, then his going, and then the Case's next state came."""
    monkeypatch.setattr("relay.app.COMMAND_WAIT", 0.05)
    paused, living, org, wakes = await start_relay(), await start_relay(), Org(sandbox), asyncio.Event()
    [case_id] = await open_cases(living, 1)
    agent, guest = org.users[:2]
    im: Any = paused.worker._commands._membership._im
    add = im.add_group_member

    async def add_when_awake(*who: str) -> bool:
        await wakes.wait()
        return bool(await add(*who))

    monkeypatch.setattr(im, "add_group_member", add_when_awake)
    monkeypatch.setattr(paused.worker, "look", asyncio.Event().wait)
    assert (await paused.org("/joingroup", groupId=case_id, userId=guest)).status_code == 202
    living.clock.advance(LEASE + 1)
    await quiet(living)
    assert set(members(sandbox, case_id)) == {"customer-0", guest}
    if is_told_to_leave:
        await living.org("/leavegroup", groupId=case_id, userId=guest)
    org.change(case_id, OwnerId=agent)
    await tell(living, org.state(case_id))
    await quiet(living)

    wakes.set()
    await paused.worker._commands.finish_running()
    await quiet(living)

    assert set(members(sandbox, case_id)) == {"customer-0", agent, *([] if is_told_to_leave else [guest])}


NOBODYS_CASES = [str(ids.canonical(f"500Ws00000{name}")) for name in ("AAAAA", "aBcDe")]
NOBODYS_CASE = NOBODYS_CASES[0]
MEMBERSHIP = ("add_group_member", "delete_group_member")


async def open_group(relay: Relay, user_id: str = "alice") -> str:
    answer = await relay.open_ticket(user_id, credential=relay.api_key)
    assert answer.status_code == 200
    group_id: str = answer.json()["GroupId"]
    return group_id


async def join(relay: Relay, group_id: str, user_id: str) -> httpx.Response:
    return await relay.org("/joingroup", groupId=group_id, userId=user_id)


async def leave(relay: Relay, group_id: str, user_id: str) -> httpx.Response:
    return await relay.org("/leavegroup", groupId=group_id, userId=user_id)


async def delete(relay: Relay, group_id: str) -> httpx.Response:
    return await relay.org("/deletegroup", groupId=group_id)


def members(sandbox: Sandbox, group_id: str) -> list[str]:
    [group] = [group for group in groups(sandbox) if group["GroupId"] == group_id]
    return sorted(group["members"])


def tencent_fails(sandbox: Sandbox, *faults: Fault) -> None:
    sandbox.tencent_control.faults.add(faults)


def tencent_is_back(sandbox: Sandbox) -> None:
    sandbox.tencent_control.faults.clear()


async def catches_up(relay: Relay, sandbox: Sandbox, group_id: str, wanted: list[str]) -> None:
    """Background work leads to these members; the clock runs ahead meanwhile."""

    async def there() -> bool:
        relay.clock.advance(60)
        await relay.worker.look()
        return members(sandbox, group_id) == sorted(wanted)

    await eventually(there)


@contextlib.asynccontextmanager
async def refusing_app(sandbox: Sandbox, user_id: str) -> AsyncIterator[None]:
    """While it lasts, the callback that Tencent asks before adding members refuses this user."""
    verdict = json.dumps({"ErrorCode": 0, "RefusedMembers_Account": [user_id]})
    text = f"HTTP/1.1 200 OK\r\nContent-Length: {len(verdict)}\r\nConnection: close\r\n\r\n{verdict}"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(text.encode())
        writer.close()

    usual = sandbox.tencent.callbacks.relay_url
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        sandbox.tencent.callbacks.relay_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await sandbox.tencent.do({"switch": {"before_callbacks": True}})
        try:
            yield
        finally:
            sandbox.tencent.callbacks.relay_url = usual


def done(answer: httpx.Response, group_id: str, user_id: str | None = None) -> bool:
    expected: Json = {"ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": "", "GroupId": group_id}
    if user_id is not None:
        expected["userId"] = user_id
    return answer.status_code == 200 and answer.json() == expected


async def test_an_agent_joins_and_leaves(relay: Relay, sandbox: Sandbox) -> None:
    group_id, agent = await open_group(relay), agents(sandbox)[0]

    joined = await join(relay, group_id, agent)
    inside = members(sandbox, group_id)
    left = await leave(relay, group_id, agent)

    assert done(joined, group_id, agent)
    assert inside == sorted([agent, "alice"])
    assert done(left, group_id, agent)
    assert members(sandbox, group_id) == ["alice"]


async def test_an_agent_is_imported_before_he_is_added(relay: Relay, sandbox: Sandbox) -> None:
    group_id, agent = await open_group(relay), agents(sandbox)[0]

    await join(relay, group_id, agent)

    assert commands(sandbox)[-2:] == ["account_import", "add_group_member"]
    accounts = sandbox.tencent.state()["accounts"]
    assert isinstance(accounts, list)
    assert agent in [account["UserID"] for account in accounts]


async def test_a_group_is_dismissed(relay: Relay, sandbox: Sandbox) -> None:
    group_id = await open_group(relay)

    answer = await delete(relay, group_id)

    assert done(answer, group_id)
    assert groups(sandbox) == []


async def test_joining_and_leaving_twice_is_joining_and_leaving(relay: Relay, sandbox: Sandbox) -> None:
    group_id, agent = await open_group(relay), agents(sandbox)[0]

    assert [(await join(relay, group_id, agent)).status_code for _ in range(2)] == [200, 200]
    assert members(sandbox, group_id) == sorted([agent, "alice"])
    assert [(await leave(relay, group_id, agent)).status_code for _ in range(2)] == [200, 200]
    assert members(sandbox, group_id) == ["alice"]


async def test_nobody_joins_a_group_that_does_not_exist(relay: Relay, sandbox: Sandbox) -> None:
    agent = agents(sandbox)[0]

    joined = await join(relay, NOBODYS_CASE, agent)

    assert joined.status_code == 404
    assert joined.json()["title"] == "Join group failed"
    assert joined.json()["vendorCode"] in (10010, 10015)
    assert joined.json()["caseId"] == NOBODYS_CASE
    assert joined.json()["retryable"] is False


async def test_leaving_and_dismissing_a_group_that_does_not_exist_is_done(relay: Relay, sandbox: Sandbox) -> None:
    agent = agents(sandbox)[0]

    assert done(await leave(relay, NOBODYS_CASE, agent), NOBODYS_CASE, agent)
    assert done(await delete(relay, NOBODYS_CASE), NOBODYS_CASE)


async def test_a_dismissed_group_is_gone_for_all_commands(relay: Relay, sandbox: Sandbox) -> None:
    group_id, agent = await open_group(relay), agents(sandbox)[0]
    await delete(relay, group_id)

    assert (await delete(relay, group_id)).status_code == 200
    assert (await leave(relay, group_id, agent)).status_code == 200
    assert (await join(relay, group_id, agent)).status_code == 404


async def test_ids_of_fifteen_characters_mean_the_same(relay: Relay, sandbox: Sandbox) -> None:
    group_id, agent = await open_group(relay), agents(sandbox)[0]

    joined = await join(relay, group_id[:15], agent[:15])
    inside = members(sandbox, group_id)
    left = await leave(relay, group_id, agent[:15])

    assert done(joined, group_id, agent)
    assert inside == sorted([agent, "alice"])
    assert done(left, group_id, agent)
    assert members(sandbox, group_id) == ["alice"]
    assert done(await delete(relay, group_id[:15]), group_id)
    assert groups(sandbox) == []


async def test_an_agent_in_as_many_groups_as_the_plan_allows_is_refused(relay: Relay, sandbox: Sandbox) -> None:
    group_id, agent = await open_group(relay), agents(sandbox)[0]
    tencent_fails(sandbox, Fault("add_group_member", errorCode=10037))

    answer = await join(relay, group_id, agent)

    assert answer.status_code == 422
    assert answer.json()["title"] == "Join group failed"
    assert answer.json()["vendorCode"] == 10037
    assert answer.json()["caseId"] == group_id
    assert members(sandbox, group_id) == ["alice"]
    assert len(commands(sandbox, "add_group_member")) == 1


async def test_a_full_group_is_a_refusal(relay: Relay, sandbox: Sandbox) -> None:
    await sandbox.tencent.do({"plan": "Trial"})
    group_id, agent = await open_group(relay), agents(sandbox)[0]
    group = sandbox.tencent.chat.groups[group_id]
    group.max_members = 1

    answer = await join(relay, group_id, agent)

    assert answer.status_code == 422
    assert answer.json()["vendorCode"] == 10014
    assert members(sandbox, group_id) == ["alice"]


async def test_a_member_that_was_not_added_is_a_failure_even_inside_a_success(relay: Relay, sandbox: Sandbox) -> None:
    """The app's own callback refuses the agent: Tencent says OK, and Result 0 for him."""
    group_id, agent = await open_group(relay), agents(sandbox)[0]
    async with refusing_app(sandbox, agent):
        answer = await join(relay, group_id, agent)

    assert answer.status_code == 422
    assert answer.json()["title"] == "Join group failed"
    assert members(sandbox, group_id) == ["alice"]


async def test_an_account_that_tencent_lost_is_imported_again(relay: Relay, sandbox: Sandbox) -> None:
    """The relay remembers whom it imported, so it must believe Tencent when that says otherwise."""
    group_id, agent = await open_group(relay), agents(sandbox)[0]
    await join(relay, group_id, agent)
    await leave(relay, group_id, agent)
    del sandbox.tencent.chat.accounts[agent]

    answer = await join(relay, group_id, agent)

    assert answer.status_code == 200
    assert members(sandbox, group_id) == sorted([agent, "alice"])


async def test_an_agent_may_come_before_the_group_is_made(relay: Relay, sandbox: Sandbox) -> None:
    agent = agents(sandbox)[0]
    sandbox.tencent_control.faults.add([Fault("create_group", delayMs=300)])
    opening = asyncio.create_task(relay.open_ticket())
    await eventually(lambda: has_case(sandbox))
    group_id = cases(sandbox)[0]["Id"]

    joined = await join(relay, group_id, agent)

    assert joined.status_code in (200, 202)
    assert (await opening).status_code == 200
    await catches_up(relay, sandbox, group_id, ["alice", agent])


async def test_an_agent_may_come_before_the_relay_knows_the_case(relay: Relay, sandbox: Sandbox) -> None:
    """Salesforce's triggers run before it answers: /joingroup can overtake the answer with the Case's id."""
    agent = agents(sandbox)[0]
    sandbox.salesforce_control.faults.add([Fault("POST sobjects/Case", after=True, delayMs=300)])
    opening = asyncio.create_task(relay.open_ticket())
    await eventually(lambda: has_case(sandbox))
    group_id = cases(sandbox)[0]["Id"]

    joined = await join(relay, group_id, agent)

    assert joined.status_code in (200, 202)
    assert (await opening).status_code == 200
    await catches_up(relay, sandbox, group_id, ["alice", agent])


async def has_case(sandbox: Sandbox) -> bool:
    return bool(cases(sandbox))


class Queue:
    """Commands that the relay was given while Tencent is away, by callers that do not wait for the answer."""

    def __init__(self, relay: Relay) -> None:
        self._relay, self._ledger = relay, relay.settings.relay_database_url
        self._callers: list[asyncio.Task[httpx.Response]] = []

    async def add(self, path: str, group_id: str, user_id: str | None = None) -> asyncio.Task[httpx.Response]:
        """Return as soon as the ledger has it, so that the order is known."""
        body = {"groupId": group_id} if user_id is None else {"groupId": group_id, "userId": user_id}
        before = commands_so_far(self._ledger)
        self._callers.append(asyncio.create_task(self._relay.org(path, **body)))

        async def stored() -> bool:
            return commands_so_far(self._ledger) > before

        await eventually(stored)
        return self._callers[-1]

    async def hang_up(self) -> None:
        for caller in self._callers:
            caller.cancel()
        await asyncio.gather(*self._callers, return_exceptions=True)


async def test_what_comes_while_tencent_is_away_is_queued_and_done_in_order_even_after_a_restart(
    start_relay: StartRelay, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay.app.COMMAND_WAIT", 0.5)
    relay = await start_relay()
    group_id, [ann, bob, *_] = await open_group(relay), agents(sandbox)
    await join(relay, group_id, bob)
    queue, before = Queue(relay), len(commands(sandbox))
    tencent_fails(sandbox, Fault("*", times=-1, status=502))
    wished = [("/joingroup", ann), ("/leavegroup", ann), ("/joingroup", ann), ("/leavegroup", bob)]

    answers = await asyncio.gather(*[await queue.add(path, group_id, agent) for path, agent in wished])
    await relay.stop()
    tencent_is_back(sandbox)
    await catches_up(await start_relay(), sandbox, group_id, ["alice", ann])

    assert [(answer.status_code, answer.json()) for answer in answers] == [(202, {"status": "queued"})] * 4
    in_order = ["add_group_member", "delete_group_member", "add_group_member", "delete_group_member"]
    called = [name for name in commands(sandbox)[before:] if name in MEMBERSHIP]
    # the clock runs ahead, so that a claim may end before its answer is there: what is done is done once more
    assert [name for name, _ in itertools.groupby(called)] == in_order


async def test_a_group_that_an_open_ticket_may_yet_become_is_not_waited_for_for_ever(
    start_relay: StartRelay, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay.app.COMMAND_WAIT", 0.05)
    relay = await start_relay(RELAY_CREATE_WAIT="0")
    sandbox.salesforce_control.faults.add([Fault("POST sobjects/Case", times=-1, status=503)])
    await relay.open_ticket()

    queued = await join(relay, NOBODYS_CASE, agents(sandbox)[0])
    await quiet(relay)

    assert queued.status_code == 202
    assert undone(relay, "failed") == [("join", NOBODYS_CASE)]


async def test_a_patient_relay_answers_queued_in_time(start_relay: StartRelay, sandbox: Sandbox) -> None:
    """Apex gives up after 10 seconds."""
    relay = await start_relay(patience=Patience())
    group_id, agent, started = await open_group(relay), agents(sandbox)[0], time.monotonic()
    tencent_fails(sandbox, Fault("*", times=-1, drop=True))

    joined, left, deleted = await asyncio.gather(
        join(relay, group_id, agent), leave(relay, NOBODYS_CASE, agent), delete(relay, NOBODYS_CASES[1])
    )

    assert {answer.status_code for answer in (joined, left, deleted)} == {202}
    assert time.monotonic() - started < 8
    tencent_is_back(sandbox)
    await catches_up(relay, sandbox, group_id, ["alice", agent])


async def test_a_command_that_fails_for_good_lets_the_next_one_through(relay: Relay, sandbox: Sandbox) -> None:
    group_id, [ann, bob, *_] = await open_group(relay), agents(sandbox)
    queue = Queue(relay)
    tencent_fails(sandbox, Fault("*", times=-1, status=502))
    await queue.add("/joingroup", group_id, ann)
    await queue.add("/joingroup", group_id, bob)
    await queue.hang_up()
    tencent_is_back(sandbox)
    tencent_fails(sandbox, Fault("add_group_member", errorCode=10037))

    await catches_up(relay, sandbox, group_id, ["alice", bob])


async def test_who_is_told_of_an_error_can_rely_on_it_even_if_the_ledger_fails_in_that_moment(
    relay: Relay, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    group_id, agent = await open_group(relay), agents(sandbox)[0]
    tencent_fails(sandbox, Fault("add_group_member", errorCode=10014))

    async def fail(*_: object) -> bool:
        raise StoreUnavailable("The disk is full")

    with monkeypatch.context() as failing:
        failing.setattr(Ledger, "fail_command", fail)
        failing.setattr(Ledger, "forget_command", fail)
        answer = await join(relay, group_id, agent)

    assert answer.status_code == 202, "it is not known to have ended, so it goes on"
    await catches_up(relay, sandbox, group_id, ["alice", agent])


async def test_a_group_does_not_wait_for_another(relay: Relay, sandbox: Sandbox) -> None:
    slow, quick = await open_group(relay, "alice"), await open_group(relay, "bob")
    agent = agents(sandbox)[0]
    await join(relay, slow, agent)
    tencent_fails(sandbox, Fault("delete_group_member", delayMs=1500))
    leaving = asyncio.create_task(leave(relay, slow, agent))
    await eventually(lambda: are_met(sandbox))

    joined = await join(relay, quick, agent)

    assert joined.status_code == 200
    assert members(sandbox, quick) == sorted([agent, "bob"])
    assert not leaving.done()
    assert (await leaving).status_code == 200


async def are_met(sandbox: Sandbox) -> bool:
    return not sandbox.tencent_control.faults.pending()


async def test_the_next_command_to_a_group_waits_for_the_one_before(relay: Relay, sandbox: Sandbox) -> None:
    group_id, agent = await open_group(relay), agents(sandbox)[0]
    tencent_fails(sandbox, Fault("add_group_member", delayMs=500))
    joining = asyncio.create_task(join(relay, group_id, agent))
    await eventually(lambda: are_met(sandbox))

    left = await leave(relay, group_id, agent)

    assert left.status_code == (await joining).status_code == 200
    assert commands(sandbox, *MEMBERSHIP) == ["add_group_member", "delete_group_member"]
    assert members(sandbox, group_id) == ["alice"]


async def test_thirty_at_once_end_as_the_last_that_was_acknowledged(relay: Relay, sandbox: Sandbox) -> None:
    group_id, people = await open_group(relay), agents(sandbox)[:3]
    tencent_fails(sandbox, Fault("*", times=-1, delayMs=5))
    acknowledged: list[tuple[str, bool]] = []

    async def command(number: int) -> None:
        agent, joins = people[number % 3], number % 2 == 0
        answer = await (join if joins else leave)(relay, group_id, agent)
        assert answer.status_code == 200
        acknowledged.append((agent, joins))

    await asyncio.gather(*(command(number) for number in range(30)))

    inside = [agent for agent, joins in dict(acknowledged).items() if joins]
    assert members(sandbox, group_id) == sorted(["alice", *inside])
    assert len(commands(sandbox, *MEMBERSHIP)) == 30


async def test_a_lost_answer_of_tencent_changes_nothing(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(patience=Patience(sleep=Naps()))
    group_id, agent = await open_group(relay), agents(sandbox)[0]
    tencent_fails(sandbox, *(Fault(name, after=True, drop=True) for name in (*MEMBERSHIP, "destroy_group")))

    joined = await join(relay, group_id, agent)
    inside = members(sandbox, group_id)
    left = await leave(relay, group_id, agent)
    outside = members(sandbox, group_id)
    deleted = await delete(relay, group_id)

    assert (joined.status_code, left.status_code, deleted.status_code) == (200, 200, 200)
    assert (inside, outside) == (sorted(["alice", agent]), ["alice"])
    assert groups(sandbox) == []
