"""The customer's question is the first that is said in the group, and everybody sees who comes and goes."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path

import httpx
import pytest

from relay.talk.sayings import pieces, stable_random
from sandbox.faults import Fault
from sandbox.up import Sandbox
from tests.scenarios.conftest import QUIET, Relay, StartRelay, agents, eventually, groups
from tests.scenarios.dying import TALKING
from tests.scenarios.processes import environment, serving
from tests.scenarios.talking import history, opened, room_log
from tests.scenarios.test_rooms import members_become, state, sync

pytestmark = pytest.mark.anyio


def test_what_is_said_of_two_tickets_is_told_apart_wherever_their_ids_end() -> None:
    assert stable_random("first words", "ab", "c") != stable_random("first words", "a", "bc")
    assert stable_random("first words", "a", "1") == stable_random("first words", "a", "1")


TALKATIVE = dict.fromkeys(QUIET, "")


def texts(sandbox: Sandbox, group_id: str) -> list[tuple[str, str]]:
    return [(sender, body[0]["MsgContent"]["Text"]) for _, sender, body in room_log(sandbox, group_id)]


async def said(sandbox: Sandbox, group_id: str, *wanted: tuple[str, str]) -> None:
    async def so() -> bool:
        return texts(sandbox, group_id) == list(wanted)

    try:
        await eventually(so, 10)
    except TimeoutError:
        assert texts(sandbox, group_id) == list(wanted)


async def test_the_ticket_is_the_first_message(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(**TALKATIVE)
    group_id = await opened(relay, subject="My lamp is dark", desc="Since yesterday.\nمرحبا 🙂")
    await said(sandbox, group_id, ("alice", "My lamp is dark\n\nSince yesterday.\nمرحبا 🙂"))
    [message] = (await history(relay, group_id))["messages"]
    assert message["from"] == "alice"


async def test_a_character_that_not_every_ledger_takes_holds_up_nobody(
    start_relay: StartRelay, sandbox: Sandbox
) -> None:
    relay = await start_relay(**TALKATIVE)
    assert (await relay.open_ticket(subject="My\0lamp")).status_code == 200


async def test_braces_of_the_customers_own_stay(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(**TALKATIVE)
    group_id = await opened(relay, subject="Dear {name},", desc="{name} {0} {} stands in my letter")
    await said(sandbox, group_id, ("alice", "Dear {name},\n\n{name} {0} {} stands in my letter"))


async def test_a_long_text_is_said_in_pieces_of_which_none_is_lost(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(**TALKATIVE)
    desc = "".join(f'line {number}: 漢字 🙂 "quoted"\\\n' for number in range(600)).strip()
    group_id = await opened(relay, subject="S", desc=desc)
    whole = f"S\n\n{desc}"

    async def so() -> bool:
        return "".join(text for _, text in texts(sandbox, group_id)) == whole

    await eventually(so)
    assert len(texts(sandbox, group_id)) > 3


@pytest.mark.parametrize("text", ["", "a", "ab " * 5000, "x" * 12_345, "é" * 9999, "👩‍👩‍👧‍👦" * 999, "e\u0301" * 6000])
def test_pieces_are_the_whole(text: str) -> None:
    found = pieces(text, 5000)
    assert "".join(found) == text
    assert all(0 < len(piece.encode()) <= 5000 for piece in found)
    assert not any(piece.startswith(("\u0301", "\u200d")) for piece in found)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("send_group_msg", times=2, after=True, drop=True),
        Fault("send_group_msg", times=2, status=502),
        Fault("send_group_msg", times=1, after=True, errorCode=60008),
        Fault("send_group_msg", times=1, errorCode=10023),
    ],
)
async def test_tencents_trouble_delays_it_and_does_not_double_it(
    start_relay: StartRelay, sandbox: Sandbox, fault: Fault
) -> None:
    relay = await start_relay(**TALKATIVE)
    sandbox.tencent_control.faults.add([fault])
    began = time.monotonic()
    group_id = await opened(relay)
    assert time.monotonic() - began < 1.5

    async def is_done() -> bool:
        relay.clock.advance(2)
        return not await _waiting(relay)

    await eventually(is_done)
    assert texts(sandbox, group_id) == [("alice", "It broke")]


async def test_it_is_not_doubled_by_a_relay_that_died_long_ago(start_relay: StartRelay, sandbox: Sandbox) -> None:
    """Tencent forgets a Random after five minutes; the relay looks into the group."""
    relay = await start_relay(**TALKATIVE)
    sandbox.tencent_control.faults.add([Fault("send_group_msg", times=1, after=True, delayMs=3000)])
    group_id = await opened(relay)
    await said(sandbox, group_id, ("alice", "It broke"))
    await relay.stop()
    sandbox.tencent.chat.groups[group_id].sent.clear()

    other = await start_relay(**TALKATIVE)
    other.clock.advance(3600)

    async def is_done() -> bool:
        return not await _waiting(other)

    await eventually(is_done)
    assert texts(sandbox, group_id) == [("alice", "It broke")]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", TALKING)
async def test_killed_at_a_step_it_says_it_once(sandbox: Sandbox, tmp_path: Path, step: str, when: str) -> None:
    env = environment(sandbox, tmp_path)
    body = {"userId": "alice", "caseInfo": {"subject": "It broke", "desc": "Yesterday."}}
    headers = {"Authorization": f"Bearer {env['RELAY_APP_API_KEYS']}", "Idempotency-Key": "k"}
    async with serving(env, tmp_path, ("-m", "tests.scenarios.dying", when, step)) as relay:
        async with httpx.AsyncClient(base_url=relay.url) as client:
            with contextlib.suppress(httpx.TransportError):
                await client.post("/createticket", json=body, headers=headers)
        assert await relay.ended() == -9
    async with serving(env, tmp_path) as relay, httpx.AsyncClient(base_url=relay.url) as client:
        answer = await client.post("/createticket", json=body, headers=headers)
        await said(sandbox, answer.json()["GroupId"], ("alice", "It broke\n\nYesterday."))
        await eventually(lambda: _is_empty(tmp_path), 40)
    assert texts(sandbox, answer.json()["GroupId"]) == [("alice", "It broke\n\nYesterday.")]


async def test_who_comes_and_goes_is_said_by_name(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(**TALKATIVE, RELAY_CLOSE_GRACE="600")
    group_id, [ann, bob, *_] = await opened(relay), agents(sandbox)
    names = {user["Id"]: user["Name"] for user in sandbox.salesforce.state()["users"]}  # type: ignore[attr-defined]
    expected = [("alice", "It broke")]
    await said(sandbox, group_id, *expected)
    for second, agent, lines in (
        (1, ann, [f"{names[ann]} has joined the chat."]),
        (2, bob, [f"{names[bob]} has joined the chat.", f"{names[ann]} has left the chat."]),
    ):
        await sync(relay, {**state(group_id, second), "agents": [{"id": agent, "name": names[agent]}]})
        await members_become(relay, sandbox, group_id, "alice", agent)
        expected += [("administrator", line) for line in lines]
        await said(sandbox, group_id, *expected)
    await relay.org("/joingroup", groupId=group_id, userId=bob)
    await relay.org("/joingroup", groupId=group_id, userId=ann)
    await relay.org("/leavegroup", groupId=group_id, userId=ann)
    expected += [("administrator", f"{names[ann]} has {what} the chat.") for what in ("joined", "left")]
    await sync(relay, {**state(group_id, 3, isClosed=True), "agents": [{"id": bob, "name": names[bob]}]})
    expected += [("administrator", "This case has been closed.")]
    await said(sandbox, group_id, *expected)
    data = [one["CloudCustomData"] for one in groups(sandbox)[0]["messages"]]
    assert data == ["", *['{"relay":"system"}'] * (len(expected) - 1)]


async def test_what_it_says_can_be_chosen(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(**{**QUIET, "RELAY_JOINED_LINE": "{name} 来了 {name}"})
    group_id, ann = await opened(relay), agents(sandbox)[0]
    await relay.org("/joingroup", groupId=group_id, userId=ann)
    name = next(user["Name"] for user in sandbox.salesforce.state()["users"] if user["Id"] == ann)  # type: ignore[attr-defined]
    await said(sandbox, group_id, ("administrator", f"{name} 来了 {name}"))
    await relay.org("/leavegroup", groupId=group_id, userId=ann)
    await asyncio.sleep(1.5)
    assert len(texts(sandbox, group_id)) == 1


async def test_a_group_that_is_gone_is_not_talked_to(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(**TALKATIVE)
    sandbox.tencent_control.faults.add([Fault("send_group_msg", times=1, status=502)])
    group_id = await opened(relay)
    await relay.org("/deletegroup", groupId=group_id)

    async def is_given_up() -> bool:
        relay.clock.advance(2)
        return not await _waiting(relay)

    await eventually(is_given_up)


async def _is_empty(directory: Path) -> bool:
    return not await _waiting_in(f"sqlite:///{directory / 'relay.db'}")


async def _waiting(relay: Relay) -> int:
    return await _waiting_in(relay.settings.relay_database_url)


async def _waiting_in(url: str) -> int:
    from relay.store import open_ledger

    ledger = await open_ledger(url, alone=False)
    try:
        [rows] = await ledger._database.run_together([("select count(*) from outbox", ())])
        return int(rows[0][0])
    finally:
        await ledger.close()
