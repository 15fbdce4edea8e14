"""Tencent Chat refuses, loses answers, or is away: one group all the same, or a problem that says what to do."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from relay.retry import Patience
from sandbox.faults import Fault
from sandbox.up import Sandbox
from tests.scenarios.conftest import Json, Naps, Relay, StartRelay, cases, commands, eventually, groups, posted

pytestmark = pytest.mark.anyio


@pytest.fixture
def naps() -> Naps:
    return Naps()


@pytest.fixture
async def patient(start_relay: StartRelay, naps: Naps) -> Relay:
    """A relay that tries again within the request, without taking time for it."""
    return await start_relay(patience=Patience(sleep=naps))


def tencent_fails(sandbox: Sandbox, *faults: Fault) -> None:
    sandbox.tencent_control.faults.add(faults)


def one_ticket(sandbox: Sandbox, answer: httpx.Response) -> bool:
    """Whether the answer is a ticket, and all that the vendors hold is its Case and its group with the customer."""
    assert answer.status_code == 200, answer.text
    [case], [group] = cases(sandbox), groups(sandbox)
    return bool(answer.json()["caseId"] == case["Id"] == group["GroupId"] and group["members"] == ["alice"])


def assert_refused(answer: httpx.Response, sandbox: Sandbox, status: int, vendor_code: int | None) -> None:
    """A problem that names the vendor's code and the Case that stays behind."""
    problem = answer.json()
    assert (answer.status_code, problem["title"]) == (status, "Group creation failed"), answer.text
    assert problem.get("vendorCode") == vendor_code
    assert problem["caseId"] == cases(sandbox)[0]["Id"]
    assert problem["retryable"] is False


def assert_pending(answer: httpx.Response, sandbox: Sandbox) -> None:
    assert answer.status_code == 202, answer.text
    assert answer.json()["status"] == "pending"
    assert answer.json()["caseId"] == cases(sandbox)[0]["Id"]
    assert answer.headers["location"] == f"/tickets/{answer.json()['ticketId']}"


PASSING: dict[str, Json] = {
    "the group's answer is lost": {"match": "create_group", "after": True, "drop": True},
    "the group's answer is lost by the gateway": {"match": "create_group", "after": True, "status": 502},
    "the group is made, then 60008": {"match": "create_group", "after": True, "errorCode": 60008},
    "the group is made, then nonsense": {"match": "create_group", "after": True, "status": 200},
    "the line breaks before the group": {"match": "create_group", "drop": True},
    "the gateway is ill": {"match": "create_group", "status": 502},
    "nonsense": {"match": "create_group", "status": 200},
    "an internal error": {"match": "create_group", "errorCode": 10002},
    "the import's answer is lost": {"match": "account_import", "after": True, "drop": True},
    "the import fails": {"match": "account_import", "errorCode": 70500},
    "the import fails at the gateway": {"match": "account_import", "status": 503},
    "the signature has expired": {"match": "create_group", "errorCode": 70001},
    "the signature was revoked": {"match": "create_group", "errorCode": 70052},
    "the account is not known": {"match": "create_group", "errorCode": 10019},
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
async def test_what_passes_is_not_noticed(patient: Relay, sandbox: Sandbox, fault: Json) -> None:
    tencent_fails(sandbox, Fault(**fault))

    assert one_ticket(sandbox, await patient.open_ticket(key="k"))
    assert posted(sandbox, "sobjects/Case") == 1


@pytest.mark.parametrize("same_id", ["10021", "10025"])
async def test_a_group_made_before_is_used_whatever_tencent_calls_it(
    patient: Relay, sandbox: Sandbox, same_id: str
) -> None:
    await sandbox.tencent.do({"switch": {"same_id": same_id}})
    tencent_fails(sandbox, Fault("create_group", after=True, drop=True))

    assert one_ticket(sandbox, await patient.open_ticket())


async def test_a_late_import_is_waited_for(relay: Relay, sandbox: Sandbox) -> None:
    tencent_fails(sandbox, Fault("account_import", delayMs=400))

    assert one_ticket(sandbox, await relay.open_ticket())
    assert commands(sandbox) == ["account_import", "create_group"]


async def test_a_customer_that_tencent_forgot_is_imported_again(relay: Relay, sandbox: Sandbox) -> None:
    await relay.open_ticket()
    group_ids = [group["GroupId"] for group in groups(sandbox)]
    for group_id in group_ids:
        sandbox.tencent.chat.leave(sandbox.tencent.chat.groups[group_id], "alice")
    del sandbox.tencent.chat.accounts["alice"]

    answer = await relay.open_ticket()

    assert answer.status_code == 200
    assert groups(sandbox)[-1]["members"] == ["alice"]
    assert commands(sandbox)[-3:] == ["create_group", "account_import", "create_group"]


async def test_an_owner_that_tencent_forgot_is_imported_again(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(TENCENT_GROUP_OWNER="user")
    await relay.open_ticket()
    sandbox.tencent.chat.leave(sandbox.tencent.chat.groups[groups(sandbox)[0]["GroupId"]], "alice")
    del sandbox.tencent.chat.accounts["alice"]

    answer = await relay.open_ticket()

    assert answer.status_code == 200
    assert groups(sandbox)[-1]["Owner_Account"] == "alice"


async def test_the_customer_owns_the_group_if_so_wished(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(patience=Patience(sleep=Naps()), TENCENT_GROUP_OWNER="user")
    tencent_fails(sandbox, Fault("create_group", after=True, drop=True))

    assert one_ticket(sandbox, await relay.open_ticket())
    assert groups(sandbox)[0]["Owner_Account"] == "alice"


async def test_nobody_owns_the_group_and_nobody_may_ask_to_join(relay: Relay, sandbox: Sandbox) -> None:
    """A Case id can be guessed."""
    assert one_ticket(sandbox, await relay.open_ticket(name="Alice Liddell"))

    [group] = groups(sandbox)
    assert group.get("Owner_Account", "") == ""
    assert (group["Type"], group["ApplyJoinOption"]) == ("Public", "DisableApply")


async def test_the_group_has_the_type_of_the_settings(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(TENCENT_GROUP_TYPE="ChatRoom")

    assert one_ticket(sandbox, await relay.open_ticket())
    assert groups(sandbox)[0]["Type"] == "ChatRoom"


async def test_the_customers_name_is_his_nick(relay: Relay, sandbox: Sandbox) -> None:
    await relay.open_ticket(name="Alice Liddell")

    accounts: Any = sandbox.tencent.state()["accounts"]
    assert {"UserID": "alice", "Nick": "Alice Liddell"} in accounts


async def test_somebody_elses_group_is_left_alone(start_relay: StartRelay, sandbox: Sandbox, tmp_path: Path) -> None:
    """The Case's id is taken by a group that bob is in: nothing is given to alice, and the Case is told."""
    relay = await start_relay(RELAY_CREATE_WAIT="5")
    await relay.open_ticket("bob")
    taken = sandbox.tencent.chat.groups.pop(groups(sandbox)[0]["GroupId"])
    sandbox.salesforce_control.faults.add([Fault("POST sobjects/Case", after=True, delayMs=300)])
    opening = asyncio.create_task(relay.open_ticket("alice", key="k"))
    await eventually(lambda: has_cases(sandbox, 2))
    taken.id = cases(sandbox)[1]["Id"]
    sandbox.tencent.chat.groups[taken.id] = taken

    answer, again = await opening, await relay.open_ticket("alice", key="k")

    for refused in (answer, again):
        assert (refused.status_code, refused.json()["title"]) == (422, "Group creation failed")
        assert refused.json()["vendorCode"] == 10021
        assert refused.json()["caseId"] == taken.id
    assert [group["members"] for group in groups(sandbox)] == [["bob"]]
    assert len(commands(sandbox, "create_group")) == 2


async def has_cases(sandbox: Sandbox, count: int) -> bool:
    return len(cases(sandbox)) >= count


@pytest.mark.parametrize("code", [60007, 10006, 10023])
async def test_what_is_too_fast_slows_down(patient: Relay, sandbox: Sandbox, naps: Naps, code: int) -> None:
    tencent_fails(sandbox, Fault("create_group", times=2, errorCode=code))

    assert one_ticket(sandbox, await patient.open_ticket())
    assert len(commands(sandbox, "create_group")) == 3
    assert len(naps.seconds) == 2
    assert min(naps.seconds) >= 1


async def test_a_signature_is_made_anew_once_only(patient: Relay, sandbox: Sandbox) -> None:
    tencent_fails(sandbox, Fault("create_group", times=-1, errorCode=70001))

    answer = await patient.open_ticket()

    assert_refused(answer, sandbox, 502, 70001)
    assert len(commands(sandbox, "create_group")) == 2


@pytest.mark.parametrize("code", [60020, 10058, 60010, 10036, 80001, 10004, 99999])
async def test_what_will_not_pass_ends_with_the_code_and_the_case(patient: Relay, sandbox: Sandbox, code: int) -> None:
    tencent_fails(sandbox, Fault("create_group", errorCode=code))

    answer = await patient.open_ticket(key="k")
    again = await patient.open_ticket(key="k")

    for refused in (answer, again):
        assert_refused(refused, sandbox, refused.status_code, code)
        assert refused.status_code in (422, 502)
    assert len(commands(sandbox, "create_group")) == 1
    assert posted(sandbox, "sobjects/Case") == 1


async def test_a_used_up_plan_ends_the_import(patient: Relay, sandbox: Sandbox) -> None:
    tencent_fails(sandbox, Fault("account_import", errorCode=70398))

    assert_refused(await patient.open_ticket(), sandbox, 502, 70398)
    assert len(commands(sandbox, "account_import")) == 1
    assert groups(sandbox) == []


async def test_a_wrong_secret_key_is_named_and_tencent_is_not_hammered(
    start_relay: StartRelay, sandbox: Sandbox
) -> None:
    """Ten wrong signatures within a minute lock the app."""
    relay = await start_relay(TENCENT_SECRET_KEY="0" * 64)

    answer = await relay.open_ticket()

    assert_refused(answer, sandbox, 502, 70009)
    assert "TENCENT_SECRET_KEY" in answer.json()["detail"]
    assert len(commands(sandbox)) == 1


async def test_while_signatures_are_locked_nothing_is_sent(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(RELAY_CREATE_WAIT="0.3")
    tencent_fails(sandbox, Fault("create_group", errorCode=70050))
    ticket_id = (await relay.open_ticket(key="k")).json()["ticketId"]
    await eventually(lambda: put_down(relay))
    before = len(commands(sandbox))

    for _ in range(5):
        relay.clock.advance(10)
        await relay.worker.look()
    others = await asyncio.gather(*(relay.open_ticket() for _ in range(5)))

    assert {answer.status_code for answer in others} == {202}
    assert len(commands(sandbox)) == before
    assert_pending(await relay.ticket(ticket_id), sandbox)


async def put_down(relay: Relay) -> bool:
    """Whether every attempt has ended."""
    return not relay.worker._tickets.held


async def test_a_slow_answer_is_waited_for(relay: Relay, sandbox: Sandbox) -> None:
    """The vendor itself gives up after 3 seconds only."""
    tencent_fails(sandbox, Fault("create_group", delayMs=3200))

    assert one_ticket(sandbox, await relay.open_ticket())
    assert len(commands(sandbox, "create_group")) == 1


async def test_a_ticket_is_finished_when_tencent_is_back(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(RELAY_CREATE_WAIT="0.3")
    tencent_fails(sandbox, Fault("*", times=-1, drop=True))
    ticket_id = (await relay.open_ticket(key="k")).json()["ticketId"]
    for _ in range(3):
        relay.clock.advance(60)
        await relay.worker.look()
        await eventually(lambda: put_down(relay))
    assert_pending(await relay.ticket(ticket_id), sandbox)
    sandbox.tencent_control.faults.clear()

    answer = await relay.settled(ticket_id)

    assert one_ticket(sandbox, answer)
    assert posted(sandbox, "sobjects/Case") == 1


SUBJECTS = {
    "ASCII": ("x" * 31, "x" * 30),
    "Chinese": ("灯泡坏了请帮帮我谢谢", "灯泡坏了请帮帮我谢谢"),
    "more Chinese": ("灯泡坏了请帮帮我谢谢你", "灯泡坏了请帮帮我谢谢"),
    "one byte, then Chinese": ("x灯泡坏了请帮帮我谢谢", "x灯泡坏了请帮帮我谢"),
    "emoji": ("🔥" * 8, "🔥" * 7),
    "a family at the end": ("x" * 20 + "👩‍👩‍👧", "x" * 20),
    "two lines": ("one\ntwo", "one two"),
}


@pytest.mark.parametrize(("subject", "name"), SUBJECTS.values(), ids=SUBJECTS)
async def test_a_groups_name_is_cut_between_characters(relay: Relay, sandbox: Sandbox, subject: str, name: str) -> None:
    assert one_ticket(sandbox, await relay.open_ticket(subject=subject))

    assert groups(sandbox)[0]["Name"] == name
    assert len(name.encode()) <= 30
