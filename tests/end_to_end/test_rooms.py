"""Whoever gets a Case in Salesforce is in its room at Tencent, because the org's Apex says so."""

from __future__ import annotations

import pytest

from sandbox.faults import Fault
from tests.end_to_end.office import Office
from tests.scenarios.conftest import Relay, cases, commands, eventually

pytestmark = pytest.mark.anyio


async def test_an_agent_whom_the_orgs_rule_gives_a_new_case_is_in_its_room(relay: Relay, office: Office) -> None:
    maria = office.agents[0]
    await office.do(switch={"assignTo": maria})

    case_id = str((await relay.open_ticket("alice")).json()["caseId"])

    await office.room_has(case_id, "alice", maria)


async def test_an_agent_comes_another_takes_over_and_a_queue_takes_it_back(office: Office, case_id: str) -> None:
    maria, wei, _ = office.agents

    await office.change(case_id, OwnerId=maria)
    await office.room_has(case_id, "alice", maria)
    await office.change(case_id, OwnerId=wei)
    await office.room_has(case_id, "alice", wei)
    await office.change(case_id, OwnerId=office.queue)
    await office.room_has(case_id, "alice")

    moves = commands(office.sandbox, "add_group_member", "delete_group_member")
    assert moves == ["add_group_member", "add_group_member", "delete_group_member", "delete_group_member"]
    assert [(asked.path, len(asked.case_ids)) for asked in office.line.asked] == [("/synccases", 1)] * 3


async def test_the_old_agent_stays_as_long_as_the_new_one_cannot_come(office: Office, case_id: str) -> None:
    maria, wei, _ = office.agents
    await office.change(case_id, OwnerId=maria)
    await office.room_has(case_id, "alice", maria)
    office.sandbox.tencent_control.faults.add([Fault("add_group_member", times=1, errorCode=10037)])

    await office.change(case_id, OwnerId=wei)

    async def was_refused() -> bool:
        return len(commands(office.sandbox, "add_group_member")) == 2

    await eventually(was_refused)
    assert office.room(case_id) == {"alice", maria}


async def test_an_agent_who_saves_without_any_right_to_call_out_is_followed_all_the_same(
    office: Office, case_id: str
) -> None:
    maria, wei, _ = office.agents
    for row in await office.query(f"SELECT Id FROM PermissionSetAssignment WHERE AssigneeId = '{maria}'"):
        await office.remove(f"PermissionSetAssignment/{row['Id']}")

    await office.change(case_id, OwnerId=wei, by=office.username(maria))

    await office.room_has(case_id, "alice", wei)
    assert await office.problems() == []


async def test_whom_an_assignment_rule_gives_an_old_case_the_relay_finds_when_it_looks_itself(
    relay: Relay, office: Office, case_id: str
) -> None:
    """Assignment rules run after the last trigger, so none hears of it."""
    maria = office.agents[0]
    await office.do(switch={"assignTo": maria})
    await office.change(case_id, Priority="High", with_rules=True)
    await office.idle()
    assert (office.line.asked, office.room(case_id)) == ([], {"alice"})

    await relay.reconciler.catch_up()

    await office.room_has(case_id, "alice", maria)


async def test_what_is_no_business_of_the_chat_is_not_announced(office: Office, case_id: str) -> None:
    await office.change(case_id, Subject="It broke again", Priority="High", Status="Working")
    await office.idle()

    assert (office.line.asked, len(office.jobs())) == ([], 1)


async def test_work_that_an_agent_accepts_brings_him_in_and_declined_work_takes_him_out(
    office: Office, case_id: str
) -> None:
    maria, wei, _ = office.agents

    await office.do(omni={"caseId": case_id, "userId": maria, "action": "assign"})
    await office.do(omni={"caseId": case_id, "userId": maria, "action": "accept"})
    await office.room_has(case_id, "alice", maria)
    await office.do(omni={"caseId": case_id, "userId": wei, "action": "accept"})
    await office.room_has(case_id, "alice", wei)
    await office.do(switch={"omniAssignsOwner": "assign"})
    await office.do(omni={"caseId": case_id, "userId": maria, "action": "assign"})
    await office.room_has(case_id, "alice", maria)
    await office.do(omni={"caseId": case_id, "userId": maria, "action": "decline"})

    await office.room_has(case_id, "alice")


async def test_work_whose_case_stays_where_it_is_changes_nothing(office: Office, case_id: str) -> None:
    await office.do(switch={"omniAssignsOwner": "never"})
    await office.do(omni={"caseId": case_id, "userId": office.agents[0], "action": "accept"})
    await office.idle()

    assert {asked.path for asked in office.line.asked} == {"/synccases"}
    assert office.room(case_id) == {"alice"}


async def test_a_case_of_another_channel_costs_no_callout_whatever_happens_to_it(relay: Relay, office: Office) -> None:
    maria, wei, _ = office.agents
    by_phone, other = [await office.insert(Subject="By phone", OwnerId=maria) for _ in range(2)]
    await office.change(by_phone, OwnerId=wei)
    await office.do(omni={"caseId": by_phone, "userId": maria, "action": "accept"})
    await office.change(by_phone, Status="Closed")
    await office.change(by_phone, Status="Working")
    await office.do(merge={"master": by_phone, "losers": [other]})
    await office.remove(f"Case/{by_phone}")
    await office.do(undelete=[by_phone])
    await office.idle()

    assert (office.line.asked, office.sandbox.salesforce.state()["jobs"]) == ([], [])
    assert cases(office.sandbox) == []
