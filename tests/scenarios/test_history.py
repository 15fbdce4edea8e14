"""What was said is there for who comes later: all of it, once, in order, and only for those it concerns."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from sandbox.faults import Fault
from sandbox.up import Sandbox
from tests.scenarios.conftest import Relay, StartRelay, agents, commands, eventually
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
    say_elements,
    tencent,
    texts,
    whole_history,
)
from tests.scenarios.wire import assert_problem

pytestmark = pytest.mark.anyio

PICTURE = {
    "MsgType": "TIMImageElem",
    "MsgContent": {
        "UUID": "u1",
        "ImageFormat": 1,
        "ImageInfoArray": [{"Type": 1, "Size": 9, "Width": 3, "Height": 3, "URL": "https://rich.my-imcloud.com/u1"}],
    },
}


async def test_a_late_agent_reads_what_was_said_before(relay: Relay, sandbox: Sandbox) -> None:
    group_id, agent = await opened(relay, name="Alice Adams"), agents(sandbox)[0]
    with called_back(sandbox, relay):
        await say(sandbox, group_id, "alice", "Hello?", "你好 🙂 مرحبا", "=1+1\u0007\u202e")
        await heard(sandbox)
        await relay.org("/joingroup", groupId=group_id, userId=agent)
        await say(sandbox, group_id, agent, "Good day")
        await say_elements(sandbox, group_id, "alice", PICTURE)
        await heard(sandbox)

    found = await history(relay, group_id)

    assert found["complete"] is True
    assert as_log(found) == room_log(sandbox, group_id)
    first = found["messages"][0]
    assert (first["from"], first["name"], first["elements"][0]["MsgContent"]["Text"]) == (
        "alice",
        "Alice Adams",
        "Hello?",
    )
    assert isinstance(first["time"], int)
    [agent_name] = [one["name"] for one in found["messages"] if one["from"] == agent]
    assert agent_name == next(user["Name"] for user in sandbox.salesforce.state()["users"] if user["Id"] == agent)  # type: ignore[attr-defined]


async def test_what_no_callback_told_is_asked_for(relay: Relay, sandbox: Sandbox) -> None:
    group_id = await opened(relay)
    await say(sandbox, group_id, "alice", *(f"line {number}" for number in range(450)))

    found = await whole_history(relay, group_id)

    assert found == room_log(sandbox, group_id)
    assert len(found) >= 450
    assert len(commands(sandbox, "group_msg_get_simple")) > 20


async def test_any_character_can_be_said(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(RELAY_FIRST_MESSAGE="on")
    answer = await relay.open_ticket(subject="It\0broke")
    assert answer.status_code == 200, answer.text
    group_id = answer.json()["caseId"]
    await eventually(partial(_something_said, sandbox, group_id))
    with called_back(sandbox, relay):
        await say(sandbox, group_id, "alice", "a\0b", "c")
        await heard(sandbox)

    told = [one["elements"][0]["MsgContent"]["Text"] for one in (await history(relay, group_id))["messages"]]

    assert [text.replace("\ufffd", "\0") for text in told[1:]] == ["a\0b", "c"]


async def _something_said(sandbox: Sandbox, group_id: str) -> bool:
    return bool(room_log(sandbox, group_id))


async def test_nothing_said_of_a_page_is_the_newest_page(relay: Relay, sandbox: Sandbox) -> None:
    group_id = await opened(relay)
    await say(sandbox, group_id, "alice", *(f"line {number}" for number in range(60)))

    for absent in ({}, {"before": None, "limit": None}):
        answer = await relay.org("/history", groupId=group_id, **absent)
        assert (answer.status_code, len(answer.json()["messages"])) == (200, 50)


async def test_it_is_read_in_pages(relay: Relay, sandbox: Sandbox) -> None:
    group_id = await opened(relay)
    await say(sandbox, group_id, "alice", *"abcdefg")
    log = room_log(sandbox, group_id)

    assert as_log(await history(relay, group_id, limit=3)) == log[-3:]
    assert as_log(await history(relay, group_id, limit=3, before=log[-3][0])) == log[-6:-3]
    assert as_log(await history(relay, group_id, before=log[0][0])) == []
    asked = len(commands(sandbox, "group_msg_get_simple"))
    assert (await history(relay, group_id, before=3))["complete"] is True
    assert len(commands(sandbox, "group_msg_get_simple")) == asked


async def test_while_tencent_is_away_it_says_what_it_knows_and_that_it_is_not_all(
    relay: Relay, sandbox: Sandbox
) -> None:
    group_id = await opened(relay)
    await call_back(relay, sandbox, said(group_id, 1, "first"))
    await call_back(relay, sandbox, said(group_id, 3, "third"))
    sandbox.tencent_control.faults.add([Fault("group_msg_get_simple", times=-1, delayMs=60_000)])

    began = asyncio.get_running_loop().time()
    found = await history(relay, group_id)

    assert asyncio.get_running_loop().time() - began < 4.5
    assert [one["seq"] for one in found["messages"]] == [1, 3]
    assert found["complete"] is False


async def test_of_a_group_that_went_before_anything_was_heard_not_even_that_is_said_to_be_all(
    relay: Relay, sandbox: Sandbox
) -> None:
    group_id = await opened(relay)
    await say(sandbox, group_id, "alice", "Nobody listens")
    sandbox.tencent.chat.dismiss(sandbox.tencent.chat.groups[group_id])

    assert await history(relay, group_id) == {"messages": [], "complete": False}


async def test_a_gap_is_filled_without_anybody_asking(relay: Relay, sandbox: Sandbox) -> None:
    group_id = await opened(relay)
    await say(sandbox, group_id, "alice", *(f"line {number}" for number in range(50)))
    newest = room_log(sandbox, group_id)[-1][0]
    with called_back(sandbox, relay):
        await say(sandbox, group_id, "alice", "the last")
        await heard(sandbox)
    sandbox.tencent_control.journal.clear()
    relay.clock.advance(10)

    async def is_asked() -> bool:
        return len(commands(sandbox, "group_msg_get_simple")) >= 3

    await eventually(is_asked)
    await asyncio.sleep(0.3)
    asked = len(commands(sandbox, "group_msg_get_simple"))
    assert as_log(await history(relay, group_id, before=newest + 1))[-1][0] == newest
    assert len(commands(sandbox, "group_msg_get_simple")) == asked


async def test_what_was_said_while_the_relay_was_away_is_read_before_tencent_forgets_it(
    start_relay: StartRelay, sandbox: Sandbox
) -> None:
    relay = await start_relay()
    group_id, quiet_id = await opened(relay), await opened(relay, "bob")
    await relay.stop()
    await say(sandbox, group_id, "alice", "anybody there?")

    other = await start_relay(RELAY_DEEP_INTERVAL="1")

    async def is_read() -> bool:
        return "group_msg_get_simple" in commands(sandbox)

    await eventually(is_read)
    await asyncio.sleep(2.5)
    assert len(commands(sandbox, "group_msg_get_simple")) == 1
    sandbox.tencent_control.faults.add([Fault("group_msg_get_simple", times=-1, status=502)])
    assert as_log(await history(other, group_id)) == room_log(sandbox, group_id)
    assert as_log(await history(other, quiet_id)) == []


async def test_a_message_that_is_merely_late_is_not_asked_for(relay: Relay, sandbox: Sandbox) -> None:
    group_id = await opened(relay)
    for seq in (1, 3, 2):
        await call_back(relay, sandbox, said(group_id, seq))
    relay.clock.advance(10)

    await asyncio.sleep(1.5)

    assert commands(sandbox, "group_msg_get_simple") == []


@pytest.mark.parametrize("takes_seq", [True, False])
async def test_signals_are_not_part_of_it(relay: Relay, sandbox: Sandbox, takes_seq: bool) -> None:
    """Nobody knows whether a message for those online takes up a number."""
    sandbox.tencent.switches.set({"online_only_takes_seq": takes_seq})
    group_id = await opened(relay)
    with called_back(sandbox, relay):
        for text in ("one", "two"):
            await say_elements(
                sandbox,
                group_id,
                "alice",
                {"MsgType": "TIMTextElem", "MsgContent": {"Text": "typing"}},
                OnlineOnlyFlag=1,
            )
            await say(sandbox, group_id, "alice", text)
        await heard(sandbox)

    found = await history(relay, group_id)

    assert as_log(found) == room_log(sandbox, group_id)
    assert found["complete"] is True


async def test_the_customer_reads_his_own_and_a_stranger_nothing(relay: Relay, sandbox: Sandbox) -> None:
    group_id = await opened(relay, "alice")
    await opened(relay, "mallory")
    await say(sandbox, group_id, "alice", "Hello?")

    assert as_log(await history(relay, group_id, relay.token("alice"))) == room_log(sandbox, group_id)
    assert as_log(await history(relay, group_id, relay.api_key)) == room_log(sandbox, group_id)
    body = {"groupId": group_id}
    assert_problem(await relay.post("/history", body, relay.token("mallory")), 403)
    assert_problem(await relay.post("/history", body, None), 401)
    assert_problem(await relay.post("/history", {**body, "orgId": "00D000000000001EAA"}, relay.callout_secret), 403)
    other = {"groupId": "5005g00000ABCdeAAH"}
    assert_problem(await relay.post("/history", other, relay.token("mallory")), 404)
    assert_problem(await relay.post("/history", other, relay.callout_secret), 404)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"before": 2**53 + 1}, "before"),
        ({"before": -(2**53) - 1}, "before"),
        ({"before": "7"}, "before"),
    ],
)
async def test_what_is_out_of_bounds_is_named(relay: Relay, body: dict[str, object], field: str) -> None:
    whole = {"groupId": "5005g00000ABCdeAAH", **body}
    problem = assert_problem(await relay.post("/history", whole, relay.callout_secret), 400, f"Invalid {field}")
    assert problem["errors"][0]["field"] == field


async def test_what_has_expired_at_tencent_is_said_to_be_missing(relay: Relay, sandbox: Sandbox) -> None:
    group_id = await opened(relay)
    await say(sandbox, group_id, "alice", "long ago", "now")
    sandbox.tencent.chat.groups[group_id].messages[0].time -= 8 * 86400

    found = await history(relay, group_id)

    assert [one["elements"][0]["MsgContent"]["Text"] for one in found["messages"]] == ["now"]
    assert found["complete"] is False


async def test_what_has_expired_before_all_that_tencent_shows_is_missing_too(relay: Relay, sandbox: Sandbox) -> None:
    """It shows twenty places of messages that were there, and says that older ones have expired."""
    group_id = await opened(relay)
    await say(sandbox, group_id, "alice", *(f"line {number}" for number in range(50)))
    for message in sandbox.tencent.chat.groups[group_id].messages[:45]:
        message.time -= 8 * 86400
    assert (await history(relay, group_id))["complete"] is False

    assert (await history(relay, group_id, before=5)) == {"messages": [], "complete": False}


async def test_what_tencent_has_not_even_a_place_for_is_missing_once_it_is_old(relay: Relay, sandbox: Sandbox) -> None:
    group_id = await opened(relay)
    await say(sandbox, group_id, "alice", "long ago", "now")
    del sandbox.tencent.chat.groups[group_id].messages[0]
    assert (await history(relay, group_id))["complete"] is True

    other_id = await opened(relay, "bob")
    relay.clock.advance(8 * 86400)
    await say(sandbox, other_id, "bob", "long ago", "now")
    del sandbox.tencent.chat.groups[other_id].messages[0]
    found = await history(relay, other_id)

    assert (texts(found), found["complete"]) == ([(2, "now")], False)


async def test_recalled_and_edited_messages_are_marked(relay: Relay, sandbox: Sandbox) -> None:
    group_id = await opened(relay)
    with called_back(sandbox, relay):
        await say(sandbox, group_id, "alice", "my password is 1234", "teh lamp", "third")
        await heard(sandbox)
    now = 1000 * (int(relay.clock()) + 5)
    edit = {"CallbackCommand": "Group.CallbackAfterModifyMsg", "GroupId": group_id, "MsgSeq": "2"}
    new, old = (
        {**edit, "EventTime": at, "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}]}
        for at, text in ((now, "the lamp"), (str(now - 1000), "th lamp"))
    )
    recall = {"CallbackCommand": "Group.CallbackAfterRecallMsg", "GroupId": group_id, "MsgSeqList": [{"MsgSeq": 1}]}
    for body in (new, old, {**recall, "EventTime": now}):
        assert (await call_back(relay, sandbox, body)).status_code == 200

    found = (await history(relay, group_id))["messages"]

    assert (found[0]["recalled"], found[0]["elements"]) == (True, [])
    assert (found[1]["edited"], found[1]["elements"][0]["MsgContent"]["Text"]) == (True, "the lamp")
    assert "edited" not in found[2]


async def test_several_are_recalled_at_once(relay: Relay, sandbox: Sandbox) -> None:
    group_id = await opened(relay)
    with called_back(sandbox, relay):
        await say(sandbox, group_id, "alice", "one", "two", "three", "four")
        await heard(sandbox)
        await tencent(sandbox, "group_msg_recall", {"GroupId": group_id, "MsgSeqList": [{"MsgSeq": 2}, {"MsgSeq": 4}]})
        await heard(sandbox)
    sandbox.tencent_control.faults.add([Fault("group_msg_get_simple", times=-1, status=502)])

    found = (await history(relay, group_id))["messages"]

    assert [(one["seq"], one.get("recalled")) for one in found] == [(1, None), (2, True), (3, None), (4, True)]


@pytest.mark.parametrize("was_heard", [True, False])
async def test_a_recall_that_no_callback_told_is_seen(relay: Relay, sandbox: Sandbox, was_heard: bool) -> None:
    group_id = await opened(relay)
    await say(sandbox, group_id, "alice", "one", "my password is 1234")
    if was_heard:
        assert "1234" in str(await history(relay, group_id))
    await tencent(sandbox, "group_msg_recall", {"GroupId": group_id, "MsgSeqList": [{"MsgSeq": 2}]})
    await heard(sandbox)

    found = await history(relay, group_id)

    assert [(one.get("recalled"), len(one["elements"])) for one in found["messages"]] == [(None, 1), (True, 0)]
    assert (found["messages"][1]["from"], found["complete"]) == ("alice", True)


async def test_a_message_told_without_its_random_is_known_by_its_time(relay: Relay, sandbox: Sandbox) -> None:
    group_id = await opened(relay)
    await say(sandbox, group_id, "alice", "one", "two")
    told = sandbox.tencent.chat.groups[group_id].messages[1]
    assert (
        await call_back(relay, sandbox, said(group_id, 2, "two", MsgTime=told.time, Random=None))
    ).status_code == 200

    assert texts(await history(relay, group_id)) == [(1, "one"), (2, "two")]


async def test_when_it_was_said_counts_and_not_when_it_was_told(relay: Relay, sandbox: Sandbox) -> None:
    group_id = await opened(relay)
    at = int(relay.clock()) - 100
    await call_back(relay, sandbox, said(group_id, 1, MsgTime=at))
    [message] = (await history(relay, group_id))["messages"]
    assert message["time"] == at


async def test_what_is_longer_than_tencent_takes_is_not_kept(relay: Relay, sandbox: Sandbox) -> None:
    group_id = await opened(relay)
    await call_back(relay, sandbox, said(group_id, 1, "x" * 70_000))
    await call_back(relay, sandbox, said(group_id, 2, "short"))
    edit = {**said(group_id, 2, "y" * 70_000), "CallbackCommand": "Group.CallbackAfterModifyMsg"}
    assert (await call_back(relay, sandbox, edit)).status_code == 200

    found = await history(relay, group_id)

    assert texts(found) == [(2, "short")]
    assert found["complete"] is False


async def test_topics_of_a_community_have_numbers_of_their_own(relay: Relay, sandbox: Sandbox) -> None:
    group_id = await opened(relay)
    await call_back(relay, sandbox, said(group_id, 1, "in a topic", TopicId="@TGS#_1"))
    await call_back(relay, sandbox, said(group_id, 1, "in the group", TopicId=""))
    assert texts(await history(relay, group_id)) == [(1, "in the group")]


async def test_a_recall_of_the_same_moment_as_an_edit_holds(relay: Relay, sandbox: Sandbox) -> None:
    group_id = await opened(relay)
    at = 1000 * int(relay.clock())
    await call_back(relay, sandbox, said(group_id, 1, "secret"))
    edit = {"CallbackCommand": "Group.CallbackAfterModifyMsg", "GroupId": group_id, "MsgSeq": 1, "EventTime": at}
    await call_back(relay, sandbox, {**edit, "MsgBody": said(group_id, 1, "still secret")["MsgBody"]})
    recall = {"CallbackCommand": "Group.CallbackAfterRecallMsg", "GroupId": group_id, "MsgSeqList": [{"MsgSeq": 1}]}
    await call_back(relay, sandbox, {**recall, "EventTime": at})
    sandbox.tencent_control.faults.add([Fault("group_msg_get_simple", times=-1, status=502)])

    [found] = (await history(relay, group_id))["messages"]

    assert (found["recalled"], found["elements"]) == (True, [])


async def test_a_recall_that_comes_before_its_message_holds(relay: Relay, sandbox: Sandbox) -> None:
    group_id = await opened(relay)
    at = 1000 * int(relay.clock())
    recall = {"CallbackCommand": "Group.CallbackAfterRecallMsg", "GroupId": group_id, "MsgSeqList": [{"MsgSeq": 1}]}
    await call_back(relay, sandbox, {**recall, "EventTime": at})
    await call_back(relay, sandbox, said(group_id, 1, "secret"))
    sandbox.tencent_control.faults.add([Fault("group_msg_get_simple", times=-1, status=502)])

    [found] = (await history(relay, group_id))["messages"]

    assert (found["from"], found["recalled"], found["elements"]) == ("alice", True, [])
