"""What was said stays on the Case: every message, once, before its group goes, or the group does not go."""

from __future__ import annotations

import asyncio
import random
import re
from pathlib import Path
from typing import Any

import pytest

from sandbox.faults import FOREVER, Fault
from sandbox.up import Sandbox
from tests.scenarios.conftest import Json, Relay, StartRelay, agents, cases, commands, eventually, groups, posted
from tests.scenarios.processes import environment, relay_command
from tests.scenarios.talking import (
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
)
from tests.scenarios.test_rooms import group_goes, members_become, state, sync
from tests.store.outside import rows

pytestmark = pytest.mark.anyio

FILE = {
    "MsgType": "TIMFileElem",
    "MsgContent": {
        "Url": "https://cos.ap-shanghai.myqcloud.com/f1",
        "UUID": "f1",
        "FileSize": 1234,
        "FileName": '=HYPERLINK("http://evil")\u0000/../../\u202etxt.exe',
        "Download_Flag": 2,
    },
}


def transcripts(sandbox: Sandbox, case_id: str) -> list[Json]:
    """The transcripts on the Case, oldest first."""
    held: Any = sandbox.salesforce.state()["files"]
    return [
        one for one in held if one["FirstPublishLocationId"] == case_id and one["Title"].startswith("Chat transcript")
    ]


def posts(sandbox: Sandbox, case_id: str) -> list[str]:
    """What the Case's feed holds."""
    held: Any = sandbox.salesforce.state()["feedItems"]
    return [one["Body"] for one in held if one["ParentId"] == case_id]


def entries(text: str) -> list[str]:
    """The messages of a transcript, each in one piece."""
    body = text.partition("\n\n")[2]
    return [
        entry.replace("\n    ", "\n").rstrip("\n")
        for entry in re.split(r"^(?=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  )", body, flags=re.MULTILINE)
        if entry
    ]


def as_read(sandbox: Sandbox, group_id: str, names: dict[str, str]) -> list[tuple[str, str]]:
    """Who said what in the group, as Tencent has it."""
    log = room_log(sandbox, group_id)
    return [(names.get(sender, sender), body[0]["MsgContent"].get("Text", "")) for _, sender, body in log]


async def close(relay: Relay, case_id: str, second: int = 50) -> None:
    await sync(relay, state(case_id, second, isClosed=True))


async def test_a_closed_case_keeps_all_that_was_said(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(RELAY_CLOSE_GRACE="0", RELAY_TIME_ZONE="Asia/Shanghai")
    case_id, [ann, bob, *_] = await opened(relay, name="Alice Adams"), agents(sandbox)
    names = {user["Id"]: user["Name"] for user in sandbox.salesforce.state()["users"]} | {"alice": "Alice Adams"}  # type: ignore[attr-defined]
    with called_back(sandbox, relay):
        await say(sandbox, case_id, "alice", "Hello?\n2026-01-01 00:00:00  Ann: I promise a refund", "你好 🙂 مرحبا")
        for second, agent in ((1, ann), (2, bob)):
            await sync(relay, state(case_id, second, agent))
            await members_become(relay, sandbox, case_id, "alice", agent)
            await say(sandbox, case_id, agent, f"I am {agent}")
        await heard(sandbox)
    log = as_read(sandbox, case_id, names)

    await close(relay, case_id)
    await group_goes(relay, sandbox, case_id)

    [file] = transcripts(sandbox, case_id)
    found = entries(file["text"])
    spoken = [entry for entry in found if not entry[21:].startswith("* ")]
    assert [tuple(entry[21:].split(": ", 1)) for entry in spoken] == log
    assert [entry[21:] for entry in found if entry not in spoken] == [
        f"* {names[ann]} joined",
        f"* {names[bob]} joined",
        f"* {names[ann]} left",
    ]
    head = file["text"].partition("\n\n")[0]
    assert "Times: Asia/Shanghai" in head
    assert f"{names[bob]} ({bob})" in head
    assert "Alice Adams, customer (alice)" in head
    [post] = posts(sandbox, case_id)
    assert post.startswith(file["Title"])
    assert "مرحبا" in post


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_becomes_of_the_callbacks_it_is_the_rooms_log(
    start_relay: StartRelay, sandbox: Sandbox, seed: int
) -> None:
    """Each is heard, lost, or heard twice, in any order; with seed 0 none is heard, and there are many."""
    relay, fate = await start_relay(RELAY_CLOSE_GRACE="0"), random.Random(seed)
    case_id = await opened(relay)
    callbacks: list[Json] = []
    for number in range(450 if seed == 0 else fate.randrange(1, 80)):
        text = f"{number} {fate.choice(['🙂', 'مرحبا', '你好', 'a' * 900, '', '=1+1'])}"
        await say(sandbox, case_id, "alice", text)
        message = sandbox.tencent.chat.groups[case_id].messages[-1]
        one = said(case_id, message.seq, text, Random=message.random, MsgTime=message.time)
        callbacks += [one] * (0 if seed == 0 else fate.choice([0, 1, 1, 2]))
    fate.shuffle(callbacks)
    await asyncio.gather(*(call_back(relay, sandbox, one) for one in callbacks))
    log = [text.rstrip() for _, text in as_read(sandbox, case_id, {})]

    await close(relay, case_id)
    await group_goes(relay, sandbox, case_id)

    [file] = transcripts(sandbox, case_id)
    assert [entry[21:].removeprefix("alice: ") for entry in entries(file["text"])] == log
    [post] = posts(sandbox, case_id)
    assert len(post.encode("utf-16-le")) <= 20_000


async def test_it_is_written_once_however_often_the_group_is_to_go(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(RELAY_CLOSE_GRACE="0")
    case_id = await opened(relay)
    await say(sandbox, case_id, "alice", "Hello?")
    await relay.org("/deletegroup", groupId=case_id)
    await relay.org("/deletegroup", groupId=case_id)
    await close(relay, case_id)
    await group_goes(relay, sandbox, case_id)

    assert len(transcripts(sandbox, case_id)) == len(posts(sandbox, case_id)) == 1
    assert [one["seq"] for one in (await history(relay, case_id))["messages"]] == [1]


@pytest.mark.parametrize("how", ["closed", "deletegroup"])
async def test_a_case_that_does_not_take_it_keeps_its_group(
    start_relay: StartRelay, sandbox: Sandbox, how: str
) -> None:
    relay = await start_relay(RELAY_CLOSE_GRACE="0")
    case_id = await opened(relay)
    await say(sandbox, case_id, "alice", "Hello?")
    path = "POST sobjects/ContentVersion"
    sandbox.salesforce_control.faults.add(
        [Fault(path, times=-1, status=400, errorCode="FIELD_CUSTOM_VALIDATION_EXCEPTION")]
    )

    if how == "closed":
        await close(relay, case_id)

        async def is_dead() -> bool:
            await relay.worker.look()
            return bool(await _dead_letters(relay))

        await eventually(is_dead)
    else:
        answer = await relay.org("/deletegroup", groupId=case_id)
        assert (answer.status_code, answer.json()["title"]) == (422, "Delete group failed")
    assert [group["GroupId"] for group in groups(sandbox)] == [case_id]
    assert transcripts(sandbox, case_id) == []

    sandbox.salesforce_control.faults.clear()
    if how == "closed":
        [name] = await _dead_letters(relay)
        assert await _replay(relay, name)
    else:
        await relay.org("/deletegroup", groupId=case_id)
    await group_goes(relay, sandbox, case_id)
    assert len(transcripts(sandbox, case_id)) == 1


async def test_what_is_said_while_it_is_written_is_written_too(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(RELAY_CLOSE_GRACE="0")
    case_id = await opened(relay)
    await say(sandbox, case_id, "alice", "Hello?")
    sandbox.salesforce_control.faults.add([Fault("POST sobjects/FeedItem", times=1, after=True, delayMs=1500)])
    await close(relay, case_id)

    async def is_being_written() -> bool:
        await relay.worker.look()
        return bool(posts(sandbox, case_id))

    await eventually(is_being_written)
    await say(sandbox, case_id, "alice", "and thank you!")
    await group_goes(relay, sandbox, case_id)

    texts = "".join(one["text"] for one in transcripts(sandbox, case_id))
    assert texts.count("Hello?") == texts.count("and thank you!") == 1


async def test_what_somebody_else_asked_for_a_moment_ago_is_not_enough(
    start_relay: StartRelay, sandbox: Sandbox
) -> None:
    """A page that is on its way to an agent does not hold what was said since."""
    relay = await start_relay(RELAY_CLOSE_GRACE="0")
    case_id = await opened(relay)
    sandbox.tencent_control.faults.add([Fault("group_msg_get_simple", times=1, after=True, delayMs=1500)])
    reading = asyncio.create_task(history(relay, case_id))

    async def is_on_its_way() -> bool:
        return not sandbox.tencent_control.faults.pending()

    await eventually(is_on_its_way)
    await asyncio.sleep(0.3)
    await say(sandbox, case_id, "alice", "and thank you!")

    await relay.org("/deletegroup", groupId=case_id)

    await reading
    assert "and thank you!" in "".join(one["text"] for one in transcripts(sandbox, case_id))


async def test_what_is_said_while_the_group_goes_is_written_too(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay()
    case_id = await opened(relay)
    await say(sandbox, case_id, "alice", "Hello?")
    sandbox.tencent_control.faults.add([Fault("destroy_group", times=1, delayMs=1500)])
    leaving = asyncio.create_task(relay.org("/deletegroup", groupId=case_id))

    async def is_going() -> bool:
        return not sandbox.tencent_control.faults.pending()

    with called_back(sandbox, relay):
        await eventually(is_going)
        await say(sandbox, case_id, "alice", "and thank you!")
        await heard(sandbox)
        assert (await leaving).status_code == 200
        await heard(sandbox)

    assert "and thank you!" in "".join(one["text"] for one in transcripts(sandbox, case_id))


@pytest.mark.parametrize("seconds", [0, 30])
async def test_what_is_told_after_the_group_has_gone_is_written_too(
    start_relay: StartRelay, sandbox: Sandbox, seconds: int
) -> None:
    """It was said when everything had been read, and its callback came after the dismissal."""
    relay = await start_relay(RELAY_CLOSE_GRACE="0")
    case_id = await opened(relay)
    await say(sandbox, case_id, "alice", "Hello?")
    sandbox.tencent.chat.groups[case_id].messages[0].time -= seconds
    await close(relay, case_id)
    await group_goes(relay, sandbox, case_id)
    for one in (said(case_id, 2, "and thank you!"), said(case_id, 3, "bye")):
        assert (await call_back(relay, sandbox, one)).status_code == 200
        await call_back(relay, sandbox, one)

    async def is_written() -> bool:
        relay.clock.advance(1)
        await relay.worker.look()
        return "bye" in "".join(one["text"] for one in transcripts(sandbox, case_id))

    await eventually(is_written)
    whole = "".join(one["text"] for one in transcripts(sandbox, case_id))
    assert [whole.count(text) for text in ("Hello?", "and thank you!", "bye", "could not be read")] == [1, 1, 1, 0]
    found = await history(relay, case_id)
    assert ([one["seq"] for one in found["messages"]], found["complete"]) == ([1, 2, 3], True)


@pytest.mark.parametrize("what", ["ContentVersion", "FeedItem"])
async def test_a_lost_answer_doubles_nothing(start_relay: StartRelay, sandbox: Sandbox, what: str) -> None:
    relay = await start_relay(RELAY_CLOSE_GRACE="0")
    case_id = await opened(relay)
    await say(sandbox, case_id, "alice", "Hello?")
    sandbox.salesforce_control.faults.add([Fault(f"POST sobjects/{what}", times=2, after=True, drop=True)])
    await close(relay, case_id)
    await group_goes(relay, sandbox, case_id)

    assert len(transcripts(sandbox, case_id)) == len(posts(sandbox, case_id)) == 1


async def test_while_salesforce_is_away_the_group_stays(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(RELAY_CLOSE_GRACE="0")
    case_id = await opened(relay)
    await say(sandbox, case_id, "alice", "Hello?")
    sandbox.salesforce_control.faults.add([Fault("*", times=-1, status=503)])

    answer = await relay.org("/deletegroup", groupId=case_id)
    assert answer.status_code == 202
    assert len(groups(sandbox)) == 1
    await say(sandbox, case_id, "alice", "One more thing")
    sandbox.salesforce_control.faults.clear()
    relay.clock.advance(60)
    await group_goes(relay, sandbox, case_id)

    texts = "".join(one["text"] for one in transcripts(sandbox, case_id))
    assert texts.count("Hello?") == texts.count("One more thing") == 1


async def test_of_a_deleted_case_it_stays_in_the_ledger(relay: Relay, sandbox: Sandbox) -> None:
    """Also what no callback told."""
    case_id = await opened(relay)
    await say(sandbox, case_id, "alice", "Hello?")
    await sync(relay, state(case_id, 3, isDeleted=True))
    await group_goes(relay, sandbox, case_id)

    assert posted(sandbox, "ContentVersion") == 0
    [message] = (await history(relay, case_id))["messages"]
    assert message["elements"][0]["MsgContent"]["Text"] == "Hello?"


async def test_an_operator_reads_what_stays_in_the_ledger(
    start_relay: StartRelay, sandbox: Sandbox, tmp_path: Path
) -> None:
    relay = await start_relay()
    case_id, ann = await opened(relay, name="Alice Adams"), agents(sandbox)[0]
    with called_back(sandbox, relay):
        await relay.org("/joingroup", groupId=case_id, userId=ann)
        await say(sandbox, case_id, "alice", "Hello?\nAnybody?", "你好 🙂")
        await heard(sandbox)
    await history(relay, case_id)
    await sync(relay, state(case_id, 3, isDeleted=True))
    await group_goes(relay, sandbox, case_id)
    await sync(relay, state(case_id, 4))
    await members_become(relay, sandbox, case_id, "alice")
    await say(sandbox, case_id, "alice", "Here again")
    sandbox.tencent.chat.groups[case_id].messages[-1].time += 60
    await history(relay, case_id)
    url = relay.settings.relay_database_url
    env = environment(sandbox, tmp_path, RELAY_DATABASE_URL=url, RELAY_TIME_ZONE="Asia/Shanghai")

    ended = await relay_command("transcript", case_id[:15], env=env, directory=tmp_path)

    assert (ended.code, ended.err) == (0, "")
    assert ended.out.count("Times: Asia/Shanghai") == 2
    first, second = ended.out.split(f"Chat transcript {case_id} (group 2), messages 1-1\n")
    assert first.startswith(f"Chat transcript {case_id}, messages 1-2\n")
    names = {user["Id"]: user["Name"] for user in sandbox.salesforce.state()["users"]}  # type: ignore[attr-defined]
    joined = f"* {names[ann]} joined"  # between two messages of one second, or after both
    assert sorted(entry[21:] for entry in entries(first) + entries(second)) == [
        joined,
        "Alice Adams: Hello?\nAnybody?",
        "Alice Adams: Here again",
        "Alice Adams: 你好 🙂",
    ]
    assert "Here again" in second

    for name, code, complaint in (("5005g00000ABCdeAAH", 1, "holds nothing"), ("nonsense", 2, "caseId")):
        ended = await relay_command("transcript", name, env=env, directory=tmp_path)
        assert (ended.code, ended.out) == (code, "")
        assert complaint in ended.err


async def test_a_case_that_was_deleted_in_the_meantime_does_not_keep_its_group(
    start_relay: StartRelay, sandbox: Sandbox
) -> None:
    relay = await start_relay(RELAY_CLOSE_GRACE="0")
    case_id = await opened(relay)
    await say(sandbox, case_id, "alice", "Hello?")
    await _delete_case(sandbox, case_id)

    await relay.org("/deletegroup", groupId=case_id)
    await group_goes(relay, sandbox, case_id)
    assert await _dead_letters(relay) == []


async def test_a_file_that_the_loser_had_before_the_merge_is_not_written_again(
    start_relay: StartRelay, sandbox: Sandbox
) -> None:
    """What Salesforce moves to the master keeps the place where it was published first."""
    relay = await start_relay(RELAY_CLOSE_GRACE="0")
    master, loser = await opened(relay, "alice"), await opened(relay, "bob")
    await say(sandbox, loser, "bob", "my old chat")
    sandbox.salesforce_control.faults.add([Fault("POST sobjects/FeedItem", times=FOREVER, status=503)])
    await close(relay, loser)

    async def is_written() -> bool:
        return bool(transcripts(sandbox, loser))

    await eventually(is_written)
    await sandbox.salesforce.do({"merge": {"master": master, "losers": [loser]}})
    await sync(relay, state(loser, 55, isDeleted=True, mergedInto=master))
    sandbox.salesforce_control.faults.clear()
    relay.clock.advance(60)
    await group_goes(relay, sandbox, loser)

    async def is_posted() -> list[str]:
        return posts(sandbox, master)

    [post] = await eventually(is_posted)
    assert "my old chat" in post
    assert len(transcripts(sandbox, loser) + transcripts(sandbox, master)) == 1


async def test_the_losers_transcript_is_saved_on_the_master(relay: Relay, sandbox: Sandbox) -> None:
    master, loser = await opened(relay, "alice"), await opened(relay, "bob", name="Bob Brown")
    await say(sandbox, loser, "bob", "my old chat")
    await sandbox.salesforce.do({"merge": {"master": master, "losers": [loser]}})
    await sync(relay, state(loser, 9, isDeleted=True, mergedInto=master))
    await group_goes(relay, sandbox, loser)

    [file] = transcripts(sandbox, master)
    assert "Bob Brown: my old chat" in file["text"]
    assert transcripts(sandbox, loser) == []


async def test_what_is_said_during_a_merge_is_saved_under_its_name(relay: Relay, sandbox: Sandbox) -> None:
    """Salesforce is slow while the customer is in both groups, and he goes on in the old one."""
    master, loser = await opened(relay, "alice"), await opened(relay, "bob", name="Bob Brown")
    await say(sandbox, loser, "bob", "my old chat")
    await sandbox.salesforce.do({"merge": {"master": master, "losers": [loser]}})
    slow = Fault(f"GET sobjects/Case/{master}", times=1, delayMs=2500)
    sandbox.salesforce_control.faults.add([slow])
    await sync(relay, state(loser, 9, isDeleted=True, mergedInto=master))

    async def is_saved() -> bool:
        await relay.worker.look()
        return bool(posts(sandbox, master))

    await eventually(is_saved)
    await asyncio.sleep(1)
    await say(sandbox, loser, "bob", "one more thing")
    await group_goes(relay, sandbox, loser)

    assert [
        [entry[21:] for entry in entries(file["text"]) if "Bob" in entry] for file in transcripts(sandbox, master)
    ] == [["Bob Brown: my old chat"], ["Bob Brown: one more thing"]]
    assert (await relay.open_ticket("bob")).status_code == 200


async def test_what_is_said_after_a_merged_ticket_moved_is_saved_under_its_name(relay: Relay, sandbox: Sandbox) -> None:
    """The ticket is the master's already, and its old group is about to go."""
    master, ticket = await opened(relay, "bob"), (await relay.open_ticket("alice", name="Alice Moreau")).json()
    loser = ticket["caseId"]
    sandbox.tencent_control.faults.add([Fault("destroy_group", delayMs=1500)])
    await sandbox.salesforce.do({"merge": {"master": master, "losers": [loser]}})
    await sync(relay, state(loser, 9, isDeleted=True, mergedInto=master))

    async def has_moved() -> bool:
        return bool((await relay.ticket(ticket["ticketId"])).json()["GroupId"] == master)

    await eventually(has_moved)
    assert (await call_back(relay, sandbox, said(loser, 1, "the last word"))).status_code == 200
    await group_goes(relay, sandbox, loser)

    async def is_saved() -> bool:
        return any("Alice Moreau: the last word" in file["text"] for file in transcripts(sandbox, master))

    await eventually(is_saved)


async def test_what_was_never_heard_of_a_group_that_is_gone_is_said_to_be_missing(
    start_relay: StartRelay, sandbox: Sandbox
) -> None:
    relay = await start_relay(RELAY_CLOSE_GRACE="0")
    case_id = await opened(relay)
    for seq in (2, 3, 6):
        await call_back(relay, sandbox, said(case_id, seq, f"text {seq}"))
    await tencent(sandbox, "destroy_group", {"GroupId": case_id})
    await relay.org("/deletegroup", groupId=case_id)

    [file] = transcripts(sandbox, case_id)
    body = file["text"].partition("\n\n")[2]
    assert [line.partition("  ")[2] or line for line in body.splitlines()] == [
        "* Message 1 could not be read any more",
        "alice: text 2",
        "alice: text 3",
        "* Messages 4 to 5 could not be read any more",
        "alice: text 6",
    ]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("{agent}", "{agent} (alice)"),
        ("{AGENT}\u200b\u2063!", "{AGENT}\u200b\u2063! (alice)"),
        ("* {agent} has left", "{agent} has left"),
        ("Al\nice", "Al ice"),
        ("*", "alice"),
        ("n" * 1000, "n" * 80),
    ],
    ids=["the same", "it looks the same", "like a line of the relay", "two lines", "nothing but a mark", "long"],
)
async def test_nobody_is_taken_for_somebody_else(
    start_relay: StartRelay, sandbox: Sandbox, name: str, shown: str
) -> None:
    relay = await start_relay(RELAY_CLOSE_GRACE="0")
    ann = agents(sandbox)[0]
    agent = next(user["Name"] for user in sandbox.salesforce.state()["users"] if user["Id"] == ann)  # type: ignore[attr-defined]
    name, shown = (text.replace("{agent}", agent).replace("{AGENT}", agent.upper()) for text in (name, shown))
    case_id = await opened(relay, name=name)
    await relay.org("/joingroup", groupId=case_id, userId=ann)
    await say(sandbox, case_id, "alice", "I promise a refund")
    await say(sandbox, case_id, ann, "Good day")
    await close(relay, case_id)
    await group_goes(relay, sandbox, case_id)

    [file] = transcripts(sandbox, case_id)
    first, second = (entry[21:] for entry in entries(file["text"]))
    assert first == f"{shown}: I promise a refund"
    assert second in (f"{agent}: Good day", f"{agent} ({ann}): Good day")


async def test_what_is_said_after_a_reopening_is_a_file_of_its_own(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(RELAY_CLOSE_GRACE="0")
    case_id = await opened(relay)
    for second, text in ((10, "first life"), (20, "second life")):
        await say(sandbox, case_id, "alice", text)
        sandbox.tencent.chat.groups[case_id].messages[-1].time += second
        await close(relay, case_id, second)
        await group_goes(relay, sandbox, case_id)
        await sync(relay, state(case_id, second + 1))
        await members_become(relay, sandbox, case_id, "alice")

    first, second_file = transcripts(sandbox, case_id)
    assert "first life" in first["text"]
    assert "second life" in second_file["text"]
    assert "first life" not in second_file["text"]
    assert first["Title"] != second_file["Title"]


async def test_at_a_transfer_it_is_written_too_if_wanted(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(RELAY_CLOSE_GRACE="0", RELAY_TRANSCRIPT="transfer")
    case_id, [ann, bob, *_] = await opened(relay), agents(sandbox)
    await sync(relay, state(case_id, 1, ann))
    await members_become(relay, sandbox, case_id, "alice", ann)
    await say(sandbox, case_id, ann, "with Ann")
    await sync(relay, state(case_id, 2, bob))
    await members_become(relay, sandbox, case_id, "alice", bob)

    async def is_written() -> bool:
        await relay.worker.look()
        return len(transcripts(sandbox, case_id)) == 1

    await eventually(is_written)
    await say(sandbox, case_id, bob, "with Bob")
    await close(relay, case_id)
    await group_goes(relay, sandbox, case_id)
    texts = [one["text"] for one in transcripts(sandbox, case_id)]
    assert [("with Ann" in text, "with Bob" in text) for text in texts] == [(True, False), (False, True)]


async def test_who_came_is_told_once_even_if_the_relay_said_so(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(RELAY_CLOSE_GRACE="0", RELAY_JOINED_LINE="Welcome {name}!")
    case_id, ann = await opened(relay), agents(sandbox)[0]
    name = next(user["Name"] for user in sandbox.salesforce.state()["users"] if user["Id"] == ann)  # type: ignore[attr-defined]
    with called_back(sandbox, relay):
        await relay.org("/joingroup", groupId=case_id, userId=ann)

        async def is_welcome() -> bool:
            return bool(room_log(sandbox, case_id))

        await eventually(is_welcome)
        await relay.org("/leavegroup", groupId=case_id, userId=ann)
        await heard(sandbox)
    await close(relay, case_id)
    await group_goes(relay, sandbox, case_id)

    [file] = transcripts(sandbox, case_id)
    assert [entry[21:] for entry in entries(file["text"])] == [f"* Welcome {name}!", f"* {name} left"]


async def test_without_transcripts_groups_just_go(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(RELAY_CLOSE_GRACE="0", RELAY_TRANSCRIPT="off")
    case_id = await opened(relay)
    await say(sandbox, case_id, "alice", "Hello?")
    await close(relay, case_id)
    await group_goes(relay, sandbox, case_id)
    assert posted(sandbox, "ContentVersion") == 0


async def test_a_room_in_which_nothing_was_said_costs_salesforce_nothing(
    start_relay: StartRelay, sandbox: Sandbox
) -> None:
    relay = await start_relay(RELAY_CLOSE_GRACE="0")
    case_id = await opened(relay)
    sandbox.salesforce_control.journal.clear()
    await relay.org("/deletegroup", groupId=case_id)
    assert commands(sandbox)[-1] == "destroy_group"
    assert [one for one in sandbox.salesforce_control.journal.entries() if "ContentVersion" in one["path"]] == []
    assert len(cases(sandbox)) == 1


async def test_what_an_attachment_is_called_does_no_harm(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(RELAY_CLOSE_GRACE="0")
    case_id = await opened(relay)
    await say_elements(sandbox, case_id, "alice", FILE)
    await close(relay, case_id)
    await group_goes(relay, sandbox, case_id)

    [file] = transcripts(sandbox, case_id)
    assert (
        "alice: [file _=HYPERLINK(_http___evil_)_.._.._txt.exe] https://cos.ap-shanghai.myqcloud.com/f1" in file["text"]
    )
    assert not re.search("[\x00-\x08\u202e]", file["text"])


async def _dead_letters(relay: Relay) -> list[str]:
    from relay.store import open_ledger

    ledger = await open_ledger(relay.settings.relay_database_url, alone=False)
    try:
        return [letter.name for letter in await ledger.dead_letters()]
    finally:
        await ledger.close()


async def _replay(relay: Relay, name: str) -> bool:
    from relay.store import open_ledger

    ledger = await open_ledger(relay.settings.relay_database_url, alone=False)
    try:
        return await ledger.replay(name, relay.clock())
    finally:
        await ledger.close()


async def _delete_case(sandbox: Sandbox, case_id: str) -> None:
    import httpx

    login = {
        "grant_type": "client_credentials",
        "client_id": sandbox.environment["SALESFORCE_CLIENT_ID"],
        "client_secret": sandbox.environment["SALESFORCE_CLIENT_SECRET"],
    }
    async with httpx.AsyncClient(base_url=sandbox.salesforce_url) as org:
        token = (await org.post("/services/oauth2/token", data=login)).json()["access_token"]
        path = f"/services/data/v67.0/sobjects/Case/{case_id}"
        answer = await org.delete(path, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 204, answer.text


@pytest.mark.parametrize(("trouble", "on_its_way"), [({"drop": True}, 1), ({"status": 429}, 0)], ids=["cut", "busy"])
async def test_only_a_file_of_which_nobody_knows_may_be_on_its_way(
    start_relay: StartRelay, sandbox: Sandbox, trouble: Json, on_its_way: int
) -> None:
    relay = await start_relay(RELAY_CLOSE_GRACE="0")
    url, case_id = relay.settings.relay_database_url, await opened(relay)
    await say(sandbox, case_id, "alice", "one")
    sandbox.salesforce_control.faults.add([Fault("POST sobjects/ContentVersion", times=FOREVER, **trouble)])
    await sync(relay, state(case_id, 5, isClosed=True))

    async def was_tried() -> bool:
        return bool(rows(url, "select 1 from commands where attempts > 0"))

    await eventually(was_tried)
    assert len(rows(url, "select 1 from archiving")) == on_its_way
