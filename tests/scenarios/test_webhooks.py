"""Tencent's callbacks: only Tencent's are taken, stored before they are answered, whatever they look like."""

from __future__ import annotations

import asyncio
import hashlib
import random
import sqlite3
import time

import httpx
import pytest

from sandbox.faults import Fault
from sandbox.up import Sandbox
from tests.scenarios.conftest import Json, Relay, StartRelay, agents, cases, eventually
from tests.scenarios.talking import (
    as_log,
    call_back,
    called_back,
    heard,
    history,
    opened,
    room_log,
    said,
    say,
    whole_history,
)
from tests.scenarios.wire import assert_problem
from tests.store.outside import content, locked

pytestmark = pytest.mark.anyio

OK = {"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0}
CASE = "5005g00000ABCdeAAH"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"Sign": "0" * 64}, 401),
        ({"Sign": ""}, 401),
        ({"Sign": None}, 401),
        ({"Sign": "é\ud800"[:1]}, 401),
        ({"RequestTime": None}, 401),
        ({"RequestTime": "soon"}, 401),
        ({"RequestTime": "-1"}, 401),
        ({"RequestTime": "9" * 30}, 401),
        ({"SdkAppid": 1}, 403),
        ({"SdkAppid": None}, 403),
    ],
)
async def test_who_is_not_tencent_gets_nowhere(
    relay: Relay, sandbox: Sandbox, query: dict[str, object], status: int
) -> None:
    group_id = await opened(relay)
    assert_problem(await call_back(relay, sandbox, said(group_id, 1), **query), status)
    assert (await history(relay, group_id))["messages"] == []


@pytest.mark.parametrize(("away", "status"), [(-58, 200), (58, 200), (-63, 401), (63, 401)])
async def test_a_signature_is_good_for_a_minute(relay: Relay, sandbox: Sandbox, away: int, status: int) -> None:
    answer = await call_back(relay, sandbox, said(CASE, 1), RequestTime=int(time.time()) + away)
    assert answer.status_code == status


async def test_tencents_own_example_of_a_signature_is_right() -> None:
    from relay.im import Callbacks

    sign = "17773bc39a671d7b9aa835458704d2a6db81360a5940292b587d6d760d484061"
    callbacks = Callbacks(1400000000, "xxxxyyyy", lambda: 1669872112.0)
    callbacks.check([("SdkAppid", "1400000000"), ("Sign", sign), ("RequestTime", "1669872112")])


async def test_without_a_token_nobody_is_believed(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(TENCENT_CALLBACK_TOKEN="")
    now = str(int(time.time()))
    unsigned = hashlib.sha256(now.encode()).hexdigest()

    answer = await call_back(relay, sandbox, said(CASE, 1), Sign=unsigned, RequestTime=now)

    assert_problem(answer, 401, None, "TENCENT_CALLBACK_TOKEN")


async def test_spellings_may_differ(relay: Relay, sandbox: Sandbox) -> None:
    group_id = await opened(relay)
    now = str(int(time.time()))
    sign = hashlib.sha256(f"{sandbox.tencent.callback_token}{now}".encode()).hexdigest().upper()
    query = {"sdkappid": str(sandbox.tencent.sdk_app_id), "sign": sign, "REQUESTTIME": now, "OptPlatform": "iOS"}
    body = {
        **said(group_id, 1),
        "CallbackCommand": "group.callbackafterSendMsg",
        "MsgSeq": "1",
        "MsgTime": now,
        "Random": "7",
        "OnlineOnlyFlag": "0",
        "EventTime": f"{now}123",
    }

    answer = await relay.client.post("/webhooks/im", params=query, json=body)

    assert (answer.status_code, answer.json()) == (200, OK)
    [message] = (await history(relay, group_id))["messages"]
    assert (message["seq"], message["time"]) == (1, int(now))


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"CallbackCommand": "State.StateChange", "Info": {"Action": "Login"}},
        {"CallbackCommand": "Group.CallbackOfTomorrow", "GroupId": CASE},
        {"CallbackCommand": ["Group.CallbackAfterSendMsg"], "GroupId": {"a": 1}},
        {"CallbackCommand": "Group.CallbackBeforeSendMsg", "GroupId": CASE, "MsgBody": []},
        {"CallbackCommand": "Group.CallbackAfterSendMsg"},
        {"CallbackCommand": "Group.CallbackAfterSendMsg", "GroupId": CASE, "MsgSeq": None, "MsgBody": "text"},
        {"CallbackCommand": "Group.CallbackAfterSendMsg", "GroupId": CASE, "MsgSeq": 10**40, "MsgTime": -1},
        {"CallbackCommand": "Group.CallbackAfterSendMsg", "GroupId": CASE, "MsgSeq": "9" * 5000, "Random": 1e300},
        {"CallbackCommand": "Group.CallbackAfterRecallMsg", "GroupId": CASE, "MsgSeqList": {"MsgSeq": 1}},
        {"CallbackCommand": "Group.CallbackAfterModifyMsg", "GroupId": CASE},
        {"CallbackCommand": "Group.CallbackAfterMemberExit", "GroupId": CASE, "ExitMemberList": [None, {}]},
        {"CallbackCommand": "Group.CallbackAfterGroupDestroyed", "GroupId": CASE, "EventTime": "yesterday"},
    ],
)
async def test_what_is_unknown_or_odd_is_answered_all_the_same(relay: Relay, sandbox: Sandbox, body: Json) -> None:
    group_id = await opened(relay)
    own = {**body, "GroupId": group_id} if isinstance(body.get("GroupId"), str) else body
    for one in (body, own):
        answer = await call_back(relay, sandbox, one)
        assert (answer.status_code, answer.json()) == (200, OK), answer.text


async def test_an_element_nobody_knows_is_kept_as_it_is(relay: Relay, sandbox: Sandbox) -> None:
    group_id = await opened(relay)
    elements = [{"MsgType": "TIMHologramElem", "MsgContent": {"x\u0000": ["\ud800", None, 1.5]}}, {"no": "type"}]
    await call_back(relay, sandbox, said(group_id, 1, MsgBody=elements))
    sandbox.tencent_control.faults.add([Fault("group_msg_get_simple", times=-1, status=502)])

    [message] = (await history(relay, group_id))["messages"]

    assert [element.get("MsgType") for element in message["elements"]] == ["TIMHologramElem", None]


async def test_a_body_that_is_no_json_or_too_long_is_refused(relay: Relay, sandbox: Sandbox) -> None:
    now = str(int(time.time()))
    sign = hashlib.sha256(f"{sandbox.tencent.callback_token}{now}".encode()).hexdigest()
    query = {"SdkAppid": str(sandbox.tencent.sdk_app_id), "Sign": sign, "RequestTime": now}
    for text, status in ((b"{", 400), (b"[]", 400), (b"", 400), (b" " * 1_048_577, 413), (b"[" * 100_000, 400)):
        assert_problem(await relay.client.post("/webhooks/im", params=query, content=text), status)


async def test_groups_that_are_not_ours_leave_no_trace(relay: Relay, sandbox: Sandbox) -> None:
    assert (await call_back(relay, sandbox, said(CASE, 1, "not our business"))).status_code == 200
    assert (await call_back(relay, sandbox, said("@TGS#3NVNZ5HEJ", 1, "not our business"))).status_code == 200
    assert "not our business" not in content(relay.settings.relay_database_url)


async def test_it_is_answered_while_salesforce_and_tencent_hang(relay: Relay, sandbox: Sandbox) -> None:
    group_id = await opened(relay)
    sandbox.salesforce_control.faults.add([Fault("*", times=-1, delayMs=60_000)])
    sandbox.tencent_control.faults.add([Fault("*", times=-1, delayMs=60_000)])
    for seq in (1, 5, 9):
        began = time.monotonic()
        assert (await call_back(relay, sandbox, said(group_id, seq))).status_code == 200
        assert time.monotonic() - began < 1


async def test_what_was_answered_survives_the_relay(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay()
    group_id = await opened(relay)
    await asyncio.gather(*(call_back(relay, sandbox, said(group_id, seq, f"text {seq}")) for seq in range(1, 40)))
    await relay.stop()
    sandbox.tencent_control.faults.add([Fault("group_msg_get_simple", times=-1, status=502)])

    found = await history(await start_relay(), group_id)

    assert [one["seq"] for one in found["messages"]] == list(range(1, 40))


async def test_who_came_and_went_is_kept(relay: Relay, sandbox: Sandbox) -> None:
    group_id, agent = await opened(relay), agents(sandbox)[0]
    with called_back(sandbox, relay):
        await relay.org("/joingroup", groupId=group_id, userId=agent)
        await relay.org("/leavegroup", groupId=group_id, userId=agent)
        await heard(sandbox)
    assert agent in content(relay.settings.relay_database_url)


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_becomes_of_the_callbacks_history_is_the_rooms_log(
    relay: Relay, sandbox: Sandbox, seed: int
) -> None:
    """Each is heard, lost, or heard twice, and they come in any order."""
    fate = random.Random(seed)
    group_id = await opened(relay)
    callbacks = []
    for number in range(fate.randrange(1, 60)):
        await say(sandbox, group_id, "alice", f"{number} 🙂")
        seq, sender, body = room_log(sandbox, group_id)[-1]
        message = sandbox.tencent.chat.groups[group_id].messages[-1]
        one = said(group_id, seq, From_Account=sender, MsgBody=body, Random=message.random, MsgTime=message.time)
        callbacks += [one] * fate.choice([0, 1, 1, 2])
    fate.shuffle(callbacks)
    await asyncio.gather(*(call_back(relay, sandbox, one) for one in callbacks))

    assert await whole_history(relay, group_id) == room_log(sandbox, group_id)
    assert (await history(relay, group_id))["complete"] is True


@pytest.mark.parametrize("switch", ["callbacks_duplicate", "callbacks_reorder", "callbacks_drop_every"])
async def test_the_consoles_switches_change_nothing(relay: Relay, sandbox: Sandbox, switch: str) -> None:
    sandbox.tencent.switches.set({switch: 3 if switch == "callbacks_drop_every" else True})
    group_id = await opened(relay)
    with called_back(sandbox, relay):
        await say(sandbox, group_id, "alice", *(f"line {number}" for number in range(60)))
        await heard(sandbox)

    async def is_whole() -> bool:
        relay.clock.advance(5)
        found = await history(relay, group_id, limit=100, before=room_log(sandbox, group_id)[-1][0])
        return as_log(found) == room_log(sandbox, group_id)[:-1]

    await eventually(is_whole)
    assert len(cases(sandbox)) == 1


async def test_while_the_ledger_is_busy_tencent_is_told_in_time(relay: Relay, sandbox: Sandbox) -> None:
    """Who waits behind others who wait is answered within two seconds, too."""
    if not relay.settings.relay_database_url.startswith("sqlite:"):
        pytest.skip("nobody else locks a whole ledger on PostgreSQL")
    group_id = await opened(relay)
    other = sqlite3.connect(relay.settings.relay_database_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("begin immediate")
    try:
        for answer, took in await asyncio.gather(*(_timed(relay, sandbox, said(group_id, seq)) for seq in range(1, 9))):
            assert_problem(answer, 503)
            assert took < 2
    finally:
        other.execute("rollback")
        other.close()
    assert (await call_back(relay, sandbox, said(group_id, 1))).status_code == 200


async def _timed(relay: Relay, sandbox: Sandbox, body: Json) -> tuple[httpx.Response, float]:
    began = time.monotonic()
    return await call_back(relay, sandbox, body), time.monotonic() - began


@pytest.mark.parametrize(
    "times",
    [
        {"MsgTime": 10**13},
        {"MsgTime": 2**53 - 1, "EventTime": 2**53 - 1},
        {"MsgTime": -5, "EventTime": "tomorrow"},
        {"MsgTime": None, "EventTime": None},
        {"MsgTime": "tomorrow as a number"},
        {"MsgTime": "now in milliseconds"},
        {"MsgTime": 0, "EventTime": "now"},
    ],
)
async def test_a_moment_that_cannot_be_is_now(relay: Relay, sandbox: Sandbox, times: Json) -> None:
    group_id = await opened(relay)
    now = int(time.time())
    moments = {"tomorrow as a number": now + 86_400, "now in milliseconds": now * 1000, "now": now}
    times = {name: moments.get(str(moment), moment) for name, moment in times.items()}
    assert (await call_back(relay, sandbox, said(group_id, 1, **times))).status_code == 200
    [message] = (await history(relay, group_id))["messages"]
    assert abs(message["time"] - time.time()) < 30


async def test_while_the_ledger_is_away_tencent_is_told_to_try_again(
    start_relay: StartRelay, sandbox: Sandbox, hasty_ledger: None
) -> None:
    relay = await start_relay()
    group_id = await opened(relay)
    async with locked(relay.settings.relay_database_url):
        problem = assert_problem(await call_back(relay, sandbox, said(group_id, 1)), 503)

    assert problem["retryable"] is True
    assert (await call_back(relay, sandbox, said(group_id, 1))).status_code == 200
