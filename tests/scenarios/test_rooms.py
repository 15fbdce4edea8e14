"""Salesforce says how its Cases are, and their groups follow, whatever comes late, twice or in another order."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from sandbox.faults import Fault
from sandbox.up import Sandbox
from tests.scenarios.conftest import Json, Relay, StartRelay, agents, cases, commands, eventually, groups
from tests.scenarios.org import Org, quiet, undone
from tests.scenarios.talking import opened
from tests.scenarios.wire import assert_problem

pytestmark = pytest.mark.anyio


def stamp(second: int) -> str:
    return f"2026-11-20T06:43:{second:02d}.000+0000"


def state(case_id: str, second: int, *agent_ids: str, **more: Any) -> Json:
    """What Apex posts of a Case that was changed at that second."""
    named = [{"id": agent_id, "name": f"Agent {agent_id[-4:]}"} for agent_id in agent_ids]
    return {
        "caseId": case_id,
        "agents": named,
        "isClosed": False,
        "isDeleted": False,
        "modstamp": stamp(second),
        **more,
    }


async def sync(relay: Relay, *states: Json) -> list[Json]:
    """What became of each state."""
    answer: httpx.Response = await relay.org("/synccases", cases=list(states))
    assert answer.status_code == 202, answer.text
    results: list[Json] = answer.json()["results"]
    return results


async def members_become(relay: Relay, sandbox: Sandbox, group_id: str, *wanted: str) -> None:
    async def so() -> bool:
        await relay.worker.look()
        found = [set(group["members"]) for group in groups(sandbox) if group["GroupId"] == group_id]
        return found == [set(wanted)]

    await eventually(so)


async def group_goes(relay: Relay, sandbox: Sandbox, group_id: str) -> None:
    async def so() -> bool:
        await relay.worker.look()
        return group_id not in {group["GroupId"] for group in groups(sandbox)}

    await eventually(so)


@pytest.fixture
async def case_id(relay: Relay) -> str:
    """A ticket's Case."""
    return str((await relay.open_ticket()).json()["caseId"])


async def test_an_agent_comes_another_takes_over_and_a_queue_takes_it_back(
    relay: Relay, sandbox: Sandbox, case_id: str
) -> None:
    first, second = agents(sandbox)[:2]

    await sync(relay, state(case_id, 1, first))
    await members_become(relay, sandbox, case_id, "alice", first)
    await sync(relay, state(case_id, 2, second))
    await members_become(relay, sandbox, case_id, "alice", second)
    await sync(relay, state(case_id, 3))
    await members_become(relay, sandbox, case_id, "alice")

    changes = [command for command in commands(sandbox) if command in ("add_group_member", "delete_group_member")]
    assert changes == ["add_group_member", "add_group_member", "delete_group_member", "delete_group_member"]


async def test_an_agent_is_known_by_his_name(relay: Relay, sandbox: Sandbox, case_id: str) -> None:
    agent = agents(sandbox)[0]

    await sync(relay, state(case_id, 1, agent))
    await members_become(relay, sandbox, case_id, "alice", agent)

    accounts: Any = sandbox.tencent.state()["accounts"]
    assert {"UserID": agent, "Nick": f"Agent {agent[-4:]}"} in accounts


async def test_late_and_repeated_states_change_nothing(relay: Relay, sandbox: Sandbox, case_id: str) -> None:
    first, second = agents(sandbox)[:2]
    await sync(relay, state(case_id, 5, second))
    await members_become(relay, sandbox, case_id, "alice", second)

    [late] = await sync(relay, state(case_id, 4, first))
    [again] = await sync(relay, state(case_id, 5, second))
    await relay.worker.look()

    assert (late["status"], again["status"]) == ("stale", "accepted")
    await members_become(relay, sandbox, case_id, "alice", second)


async def test_each_state_of_a_batch_is_judged_by_itself(relay: Relay, sandbox: Sandbox, case_id: str) -> None:
    agent = agents(sandbox)[0]
    broken = {**state(case_id, 1, agent), "isClosed": "no"}

    results = await sync(
        relay, broken, state("500000000000001", 1, agent), {}, state(case_id[:15], 2, agent), state(case_id, 1)
    )

    assert [result["status"] for result in results] == ["invalid", "unknown", "invalid", "accepted", "stale"]
    assert "isClosed" in results[0]["detail"]
    assert results[3]["caseId"] == case_id
    await members_become(relay, sandbox, case_id, "alice", agent)


async def test_who_was_invited_stays_when_the_agent_changes(relay: Relay, sandbox: Sandbox, case_id: str) -> None:
    first, second, supervisor = agents(sandbox)[:3]
    await sync(relay, state(case_id, 1, first))
    await relay.org("/joingroup", groupId=case_id, userId=supervisor)

    await sync(relay, state(case_id, 2, second))
    await members_become(relay, sandbox, case_id, "alice", second, supervisor)
    await relay.org("/leavegroup", groupId=case_id, userId=supervisor)

    await members_become(relay, sandbox, case_id, "alice", second)


async def test_the_old_agent_stays_until_the_new_one_is_in(relay: Relay, sandbox: Sandbox, case_id: str) -> None:
    first, second = agents(sandbox)[:2]
    await sync(relay, state(case_id, 1, first))
    await members_become(relay, sandbox, case_id, "alice", first)
    sandbox.tencent_control.faults.add([Fault("add_group_member", times=2, errorCode=10037)])

    await sync(relay, state(case_id, 2, second))
    await relay.worker.look()

    await members_become(relay, sandbox, case_id, "alice", first)


async def test_a_state_that_comes_before_its_ticket_is_kept_for_it(start_relay: StartRelay, sandbox: Sandbox) -> None:
    agent = agents(sandbox)[0]
    relay = await start_relay(RELAY_CREATE_WAIT="0")
    sandbox.tencent_control.faults.add([Fault("create_group", times=3, status=502)])
    pending = (await relay.open_ticket()).json()

    async def made() -> list[Json]:
        return cases(sandbox)

    [case] = await eventually(made)
    [result] = await sync(relay, state(case["Id"], 1, agent))
    await relay.settled(pending["ticketId"])

    assert result["status"] in ("unknown", "accepted")
    await members_become(relay, sandbox, case["Id"], "alice", agent)


async def test_a_state_that_no_ticket_claims_is_kept_for_ten_minutes(relay: Relay) -> None:
    nobodys, store = "500000000000001AAA", relay.reconciler._store
    relay.clock.advance(590)
    [result] = await sync(relay, state(nobodys, 1))
    for _ in range(2):
        relay.clock.advance(290)
        await relay.worker.look()
        assert await store.find_room(nobodys) is not None
    relay.clock.advance(650)
    await relay.worker.look()

    assert result["status"] == "unknown"
    assert await store.find_room(nobodys) is None


async def test_what_an_operator_can_mend_is_tried_until_he_has(relay: Relay, sandbox: Sandbox, case_id: str) -> None:
    agent = agents(sandbox)[0]
    sandbox.tencent_control.faults.add([Fault("add_group_member", times=5, errorCode=70003)])

    await sync(relay, state(case_id, 1, agent))
    await quiet(relay)

    await members_become(relay, sandbox, case_id, "alice", agent)
    assert undone(relay, "failed") == []


async def test_a_closed_case_keeps_its_group_for_a_while(relay: Relay, sandbox: Sandbox, case_id: str) -> None:
    agent = agents(sandbox)[0]
    await sync(relay, state(case_id, 1, agent))
    await members_become(relay, sandbox, case_id, "alice", agent)

    await sync(relay, state(case_id, 2, agent, isClosed=True))
    relay.clock.advance(500)
    await relay.worker.look()
    await members_become(relay, sandbox, case_id, "alice", agent)
    relay.clock.advance(200)

    await group_goes(relay, sandbox, case_id)


async def test_a_case_reopened_in_time_loses_nothing(relay: Relay, sandbox: Sandbox, case_id: str) -> None:
    agent = agents(sandbox)[0]
    await sync(relay, state(case_id, 1, agent, isClosed=True))
    relay.clock.advance(300)
    await sync(relay, state(case_id, 2, agent))
    await members_become(relay, sandbox, case_id, "alice", agent)
    relay.clock.advance(700)
    await relay.worker.look()

    await members_become(relay, sandbox, case_id, "alice", agent)
    assert "destroy_group" not in commands(sandbox)


async def test_a_case_reopened_too_late_gets_a_new_group(relay: Relay, sandbox: Sandbox, case_id: str) -> None:
    agent = agents(sandbox)[0]
    await sync(relay, state(case_id, 1, agent, isClosed=True))
    await relay.worker.look()
    relay.clock.advance(700)
    await group_goes(relay, sandbox, case_id)

    await sync(relay, state(case_id, 2, agent))

    await members_become(relay, sandbox, case_id, "alice", agent)


async def test_a_deleted_case_loses_its_group_and_an_undeleted_one_gets_it_back(
    relay: Relay, sandbox: Sandbox, case_id: str
) -> None:
    agent = agents(sandbox)[0]
    await sync(relay, state(case_id, 1, agent, isDeleted=True))
    await group_goes(relay, sandbox, case_id)

    await sync(relay, state(case_id, 2, agent))

    await members_become(relay, sandbox, case_id, "alice", agent)


async def test_the_customer_of_a_case_that_lost_a_merge_moves_into_the_masters_room(
    relay: Relay, sandbox: Sandbox
) -> None:
    master = (await relay.open_ticket("bob")).json()
    loser = (await relay.open_ticket("alice", key="k")).json()
    await sandbox.salesforce.do({"merge": {"master": master["caseId"], "losers": [loser["caseId"]]}})

    await sync(relay, state(loser["caseId"], 9, isDeleted=True, mergedInto=master["caseId"]))

    await members_become(relay, sandbox, master["caseId"], "bob", "alice")
    await group_goes(relay, sandbox, loser["caseId"])
    assert (await relay.ticket(loser["ticketId"])).json()["GroupId"] == master["caseId"]


async def test_a_merged_ticket_leads_to_the_master_before_its_old_group_goes(relay: Relay, sandbox: Sandbox) -> None:
    master, loser = (await relay.open_ticket("bob")).json(), (await relay.open_ticket("alice", key="k")).json()
    sandbox.tencent_control.faults.add([Fault("destroy_group", delayMs=1500)])
    await sandbox.salesforce.do({"merge": {"master": master["caseId"], "losers": [loser["caseId"]]}})
    await sync(relay, state(loser["caseId"], 9, isDeleted=True, mergedInto=master["caseId"]))

    async def leads_there() -> bool:
        return bool((await relay.ticket(loser["ticketId"])).json()["GroupId"] == master["caseId"])

    await eventually(leads_there)
    assert {group["GroupId"] for group in groups(sandbox)} == {master["caseId"], loser["caseId"]}
    await group_goes(relay, sandbox, loser["caseId"])


async def test_a_ticket_whose_case_loses_a_merge_while_it_is_still_being_opened_answers_with_the_masters_group(
    start_relay: StartRelay, sandbox: Sandbox
) -> None:
    relay = await start_relay(RELAY_CREATE_WAIT="2")
    master = (await relay.open_ticket("bob")).json()
    sandbox.salesforce_control.faults.add([Fault("POST sobjects/ContentVersion", after=True, delayMs=4000)])
    loser = (await relay.open_ticket("alice", desc="x" * 40_000)).json()
    assert loser["status"] == "pending", "the file with the whole text is being written"
    await sandbox.salesforce.do({"merge": {"master": master["caseId"], "losers": [loser["caseId"]]}})

    await sync(relay, state(loser["caseId"], 9, isDeleted=True, mergedInto=master["caseId"]))

    await group_goes(relay, sandbox, loser["caseId"])
    assert (await relay.ticket(loser["ticketId"])).status_code == 202, "it was moved before it was opened"
    assert (await relay.settled(loser["ticketId"])).json()["GroupId"] == master["caseId"]
    await members_become(relay, sandbox, master["caseId"], "bob", "alice")


@pytest.mark.parametrize("fate", ["merge", "delete"])
async def test_a_case_that_goes_before_its_ticket_has_written_what_was_cut_ends_nothing(
    start_relay: StartRelay, sandbox: Sandbox, fate: str
) -> None:
    relay = await start_relay(RELAY_CREATE_WAIT="0.1")
    master = await opened(relay, "bob")
    sandbox.tencent_control.faults.add([Fault("create_group", delayMs=1500)])
    going = (await relay.open_ticket("alice", desc="x" * 40_000)).json()
    case_id = await eventually(lambda: _case_of(relay, going["ticketId"]))
    if fate == "merge":
        await sandbox.salesforce.do({"merge": {"master": master, "losers": [case_id]}})
        await sync(relay, state(case_id, 9, isDeleted=True, mergedInto=master))
    else:
        Org(sandbox).delete(case_id)

    answer = await relay.settled(going["ticketId"])

    assert answer.status_code == 200, answer.text
    held: Any = sandbox.salesforce.state()["files"]
    assert [(one["FirstPublishLocationId"], len(one["text"]) > 40_000) for one in held] == (
        [(master, True)] if fate == "merge" else []
    )


async def _case_of(relay: Relay, ticket_id: str) -> str | None:
    answer: Json = (await relay.ticket(ticket_id)).json()
    return answer.get("caseId")


async def test_a_group_that_somebody_dismissed_is_made_again(relay: Relay, sandbox: Sandbox, case_id: str) -> None:
    agent = agents(sandbox)[0]
    sandbox.tencent.chat.groups.pop(case_id)

    await sync(relay, state(case_id, 1, agent))

    await members_become(relay, sandbox, case_id, "alice", agent)


@pytest.mark.parametrize("gone_for", ["add_group_member", "get_group_info"])
async def test_a_group_that_goes_or_comes_between_two_calls_is_looked_at_again(
    relay: Relay, sandbox: Sandbox, case_id: str, gone_for: str
) -> None:
    """It is dismissed just now, or just made by whoever else works on it and has not let the customer in yet."""
    agent = agents(sandbox)[0]
    await sync(relay, state(case_id, 1, agent))
    await quiet(relay)
    await sandbox.tencent.do({"leave": {"groupId": case_id, "userId": "alice"}})
    sandbox.tencent_control.faults.add([Fault(gone_for, errorCode=10010)])

    await sync(relay, state(case_id, 2, agent))
    await quiet(relay)

    await members_become(relay, sandbox, case_id, "alice", agent)
    assert undone(relay, "failed") == []


async def test_two_states_of_one_moment_are_decided_by_salesforce(relay: Relay, sandbox: Sandbox, case_id: str) -> None:
    first, second = agents(sandbox)[:2]
    await sync(relay, state(case_id, 1, first))
    await members_become(relay, sandbox, case_id, "alice", first)

    [result] = await sync(relay, state(case_id, 1, second))

    assert result["status"] == "accepted"
    await members_become(relay, sandbox, case_id, "alice")  # in Salesforce a queue owns it
    await quiet(relay)
    room = await relay.reconciler._store.find_room(case_id)
    assert room is not None and not room.ask and not room.state.agents


async def test_of_a_case_that_salesforce_does_not_show_nobody_loses_the_group(
    relay: Relay, sandbox: Sandbox, case_id: str
) -> None:
    first, second = agents(sandbox)[:2]
    await sync(relay, state(case_id, 1, first))
    await members_become(relay, sandbox, case_id, "alice", first)
    sandbox.salesforce.org.tables._replace("Case", case_id, None)

    await sync(relay, state(case_id, 1, second))

    await members_become(relay, sandbox, case_id, "alice", second)


async def test_what_was_accepted_is_applied_after_a_restart(start_relay: StartRelay, sandbox: Sandbox) -> None:
    agent = agents(sandbox)[0]
    relay = await start_relay()
    case_id = (await relay.open_ticket()).json()["caseId"]
    sandbox.tencent_control.faults.add([Fault("add_group_member", times=3, status=502)])
    await sync(relay, state(case_id, 1, agent))
    await relay.stop()

    again = await start_relay()
    again.clock.advance(60)

    await members_become(again, sandbox, case_id, "alice", agent)


@pytest.mark.parametrize(
    ("named", "status", "title"),
    [
        ({"orgId": "00D000000000001"}, 403, "Forbidden"),
        ({"orgId": None}, 400, "Missing orgId"),
        ({}, 400, "Missing orgId"),
    ],
    ids=["another", "null", "none"],
)
async def test_states_of_any_org_that_does_not_say_it_is_ours_are_refused(
    relay: Relay, case_id: str, named: Json, status: int, title: str
) -> None:
    body = {**named, "cases": [state(case_id, 1)]}
    assert_problem(await relay.post("/synccases", body, relay.callout_secret), status, title, "orgId")


async def test_who_was_refused_is_not_remembered_as_invited(relay: Relay, sandbox: Sandbox, case_id: str) -> None:
    first, supervisor = agents(sandbox)[:2]
    sandbox.tencent_control.faults.add([Fault("add_group_member", times=1, errorCode=10037)])
    refused = await relay.org("/joingroup", groupId=case_id, userId=supervisor)

    await sync(relay, state(case_id, 1, first))
    await members_become(relay, sandbox, case_id, "alice", first)

    assert refused.status_code == 422
    room = await relay.reconciler._store.find_room(case_id)
    assert room is not None and not room.joined
    assert undone(relay, "failed") == []  # who was told need not read it in the list of dead letters


async def test_an_agent_who_is_named_twice_is_one(relay: Relay, sandbox: Sandbox, case_id: str) -> None:
    agent = agents(sandbox)[0]
    twice = {**state(case_id, 1), "agents": [{"id": agent}, {"id": agent, "name": "Wei"}]}

    [result] = await sync(relay, twice)

    assert result["status"] == "accepted"
    await members_become(relay, sandbox, case_id, "alice", agent)
