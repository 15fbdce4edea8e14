"""A group that is made again under its id begins anew, and what was said in its former lives is still there."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sandbox.up import Sandbox
from tests.scenarios.conftest import Relay, StartRelay, eventually
from tests.scenarios.talking import (
    call_back,
    called_back,
    heard,
    history,
    opened,
    room_log,
    said,
    say,
    tencent,
    texts,
)
from tests.scenarios.test_rooms import group_goes, members_become, state, sync
from tests.scenarios.wire import assert_problem

pytestmark = pytest.mark.anyio


async def test_a_group_that_was_made_again_begins_anew(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay()
    group_id = await opened(relay)
    with called_back(sandbox, relay):
        await say(sandbox, group_id, "alice", "one", "two", "three")
        await heard(sandbox)
        await tencent(sandbox, "destroy_group", {"GroupId": group_id})
        await heard(sandbox)
        assert [one["seq"] for one in (await history(relay, group_id))["messages"]] == [1, 2, 3]
        await tencent(
            sandbox,
            "create_group",
            {"Type": "Public", "GroupId": group_id, "Name": "again", "MemberList": [{"Member_Account": "alice"}]},
        )
        await asyncio.sleep(1.1)
        await say(sandbox, group_id, "alice", "four", "five")
        await heard(sandbox)

    found = await history(relay, group_id)

    assert texts(found) == [(-2, "one"), (-1, "two"), (0, "three"), *room_texts(sandbox, group_id)]
    assert found["complete"] is True


async def test_a_group_that_was_made_again_behind_our_back_is_noticed(relay: Relay, sandbox: Sandbox) -> None:
    group_id = await opened(relay)
    await say(sandbox, group_id, "alice", "one", "two", "three")
    for message in sandbox.tencent.chat.groups[group_id].messages:
        message.time -= 60
    assert len((await history(relay, group_id))["messages"]) == 3
    await tencent(sandbox, "destroy_group", {"GroupId": group_id})
    await tencent(
        sandbox,
        "create_group",
        {"Type": "Public", "GroupId": group_id, "Name": "again", "MemberList": [{"Member_Account": "alice"}]},
    )
    await say(sandbox, group_id, "alice", "four", "five")

    found = await history(relay, group_id)

    assert texts(found) == [(-2, "one"), (-1, "two"), (0, "three"), *room_texts(sandbox, group_id)]
    assert found["complete"] is True


async def test_a_late_callback_finds_the_life_that_was_noticed(relay: Relay, sandbox: Sandbox) -> None:
    group_id = await opened(relay)
    await say(sandbox, group_id, "alice", "one")
    sandbox.tencent.chat.groups[group_id].messages[0].time -= 60
    await history(relay, group_id)
    await tencent(sandbox, "destroy_group", {"GroupId": group_id})
    again = {"Type": "Public", "GroupId": group_id, "Name": "again", "MemberList": [{"Member_Account": "alice"}]}
    await tencent(sandbox, "create_group", again)
    await say(sandbox, group_id, "alice", "two", "three", "four")
    for second, message in enumerate(told := sandbox.tencent.chat.groups[group_id].messages):
        message.time -= 9 - second
    await history(relay, group_id)
    await call_back(relay, sandbox, said(group_id, 2, "three", MsgTime=told[1].time, Random=told[1].random))

    assert texts(await history(relay, group_id)) == [(0, "one"), (1, "two"), (2, "three"), (3, "four")]


async def reopen_too_late(relay: Relay, sandbox: Sandbox, case_id: str, second: int) -> None:
    """The Case is closed, its group goes after the grace, and then the Case is opened again."""
    await sync(relay, state(case_id, second, isClosed=True))
    await relay.worker.look()
    relay.clock.advance(700)
    await group_goes(relay, sandbox, case_id)
    await sync(relay, state(case_id, second + 1))
    await members_become(relay, sandbox, case_id, "alice")


async def said_in_four_lives(relay: Relay, sandbox: Sandbox) -> str:
    """A group that was made again three times; the messages of a life are told from the next one's by their time."""
    group_id = await opened(relay)
    for second, words in ((0, ("z",)), (15, ("a", "b")), (30, ("c", "d", "e")), (45, ("f", "g"))):
        if second:
            await reopen_too_late(relay, sandbox, group_id, second)
        await say(sandbox, group_id, "alice", *words)
        for message in sandbox.tencent.chat.groups[group_id].messages:
            message.time += second
    return group_id


def room_texts(sandbox: Sandbox, group_id: str) -> list[tuple[int, str]]:
    return [(seq, body[0]["MsgContent"]["Text"]) for seq, _, body in room_log(sandbox, group_id)]


ALL = [(-5, "z"), (-4, "a"), (-3, "b"), (-2, "c"), (-1, "d"), (0, "e"), (1, "f"), (2, "g")]


@pytest.mark.parametrize("reader", ["org", "alice"])
async def test_after_a_late_reopening_the_earlier_conversations_are_there(
    relay: Relay, sandbox: Sandbox, reader: str
) -> None:
    group_id = await said_in_four_lives(relay, sandbox)

    found = await history(relay, group_id, None if reader == "org" else relay.token(reader))

    assert texts(found) == ALL
    assert found["complete"] is True
    assert room_texts(sandbox, group_id) == ALL[-2:]  # Tencent itself has only what was said last
    assert_problem(await relay.post("/history", {"groupId": group_id, "before": 0}, relay.token("mallory")), 403)


async def test_pages_go_on_from_one_life_into_the_one_before(relay: Relay, sandbox: Sandbox) -> None:
    group_id = await said_in_four_lives(relay, sandbox)

    pages: list[list[tuple[int, str]]] = []
    before: dict[str, Any] = {}
    while page := texts(await history(relay, group_id, limit=2, **before)):
        pages.append(page)
        before = {"before": page[0][0]}

    assert pages == [ALL[6:], ALL[4:6], ALL[2:4], ALL[:2]]
    for number in range(-6, 4):
        found = await history(relay, group_id, limit=3, before=number)
        assert texts(found) == [one for one in ALL if one[0] < number][-3:]
        assert found["complete"] is True
    assert texts(await history(relay, group_id, before=-(2**53))) == []


async def test_the_numbers_stay_until_something_can_be_said_in_the_new_group(relay: Relay, sandbox: Sandbox) -> None:
    """While the group is gone its messages keep their numbers; made again, it may be empty for a while."""
    group_id = await opened(relay)
    await say(sandbox, group_id, "alice", "one", "two")
    await sync(relay, state(group_id, 1, isClosed=True))
    await relay.worker.look()
    relay.clock.advance(700)
    await group_goes(relay, sandbox, group_id)
    assert texts(await history(relay, group_id)) == [(1, "one"), (2, "two")]
    assert texts(await history(relay, group_id, before=2)) == [(1, "one")]
    assert texts(await history(relay, group_id, before=1)) == []

    await sync(relay, state(group_id, 2))
    await members_become(relay, sandbox, group_id, "alice")

    assert room_log(sandbox, group_id) == []
    assert texts(await history(relay, group_id)) == [(-1, "one"), (0, "two")]
    assert texts(await history(relay, group_id, before=1)) == [(-1, "one"), (0, "two")]


async def test_what_is_missing_in_a_former_life_is_said_to_be_missing(relay: Relay, sandbox: Sandbox) -> None:
    group_id = await opened(relay)
    await say(sandbox, group_id, "alice", "long ago", "one", "two")
    sandbox.tencent.chat.groups[group_id].messages[0].time -= 8 * 86400
    await reopen_too_late(relay, sandbox, group_id, 20)
    await say(sandbox, group_id, "alice", "three")

    found = await history(relay, group_id)

    assert texts(found) == [(-1, "one"), (0, "two"), (1, "three")]
    assert found["complete"] is False
    assert (await history(relay, group_id, before=0))["complete"] is False
    assert (await history(relay, group_id, before=-2))["complete"] is True  # nothing is older than what is lost


async def test_what_was_forgotten_is_said_to_be_missing(relay: Relay, sandbox: Sandbox) -> None:
    group_id = await opened(relay)
    await say(sandbox, group_id, "alice", "one", "two")
    await sync(relay, state(group_id, 1, isClosed=True))
    await relay.worker.look()
    relay.clock.advance(700)
    await group_goes(relay, sandbox, group_id)
    relay.clock.advance(60 * 86400)

    async def is_forgotten() -> bool:
        return texts(await history(relay, group_id)) == []

    await eventually(is_forgotten)
    await sync(relay, state(group_id, 2))
    await members_become(relay, sandbox, group_id, "alice")
    await say(sandbox, group_id, "alice", "three")

    found = await history(relay, group_id)

    assert [text for _, text in texts(found)] == ["three"]
    assert found["complete"] is False
