"""Even if every callout is lost and groups are damaged, the relay finds out and mends what it may."""

from __future__ import annotations

import json

import pytest

from relay.reconcile_command import reconcile
from sandbox.up import Sandbox
from tests.scenarios.conftest import Relay, agents, commands, groups
from tests.scenarios.test_rooms import members_become, state, sync

pytestmark = pytest.mark.anyio

READING = {"get_group_info", "get_group_member_info", "get_appid_group_list", "account_check"}


@pytest.fixture
async def case_id(relay: Relay) -> str:
    """A ticket's Case."""
    return str((await relay.open_ticket()).json()["caseId"])


async def assign(sandbox: Sandbox, case_id: str, owner: str) -> None:
    """In Salesforce, which tells nobody."""
    await sandbox.salesforce.do({"omni": {"caseId": case_id, "userId": owner, "action": "accept"}})


async def test_without_any_callout_the_room_is_right_after_one_look(
    relay: Relay, sandbox: Sandbox, case_id: str
) -> None:
    first, second = agents(sandbox)[:2]
    await assign(sandbox, case_id, first)
    await relay.reconciler.catch_up()
    await members_become(relay, sandbox, case_id, "alice", first)

    await assign(sandbox, case_id, second)
    await relay.reconciler.catch_up()

    await members_become(relay, sandbox, case_id, "alice", second)


async def test_a_second_look_changes_nothing(relay: Relay, sandbox: Sandbox, case_id: str) -> None:
    await assign(sandbox, case_id, agents(sandbox)[0])
    await relay.reconciler.catch_up()
    await members_become(relay, sandbox, case_id, "alice", agents(sandbox)[0])
    before = len(commands(sandbox))

    await relay.reconciler.catch_up()
    await relay.reconciler.repair()
    await relay.worker.look()

    assert set(commands(sandbox)[before:]) <= READING


@pytest.mark.parametrize("damage", ["no group", "no customer", "no agent", "an agent too many"])
async def test_damage_is_mended(relay: Relay, sandbox: Sandbox, case_id: str, damage: str) -> None:
    agent, former = agents(sandbox)[:2]
    await sync(relay, state(case_id, 1, former))
    await members_become(relay, sandbox, case_id, "alice", former)
    await sync(relay, state(case_id, 2, agent))
    await members_become(relay, sandbox, case_id, "alice", agent)
    chat = sandbox.tencent.chat
    if damage == "no group":
        chat.groups.pop(case_id)
    elif damage == "no customer":
        await sandbox.tencent.do({"leave": {"groupId": case_id, "userId": "alice"}})
    elif damage == "no agent":
        await sandbox.tencent.do({"leave": {"groupId": case_id, "userId": agent}})
    else:
        await relay.org("/joingroup", groupId=case_id, userId=former)
        await relay.org("/leavegroup", groupId=case_id, userId=former)

    await relay.reconciler.repair()

    await members_become(relay, sandbox, case_id, "alice", agent)
    assert await relay.reconciler.drifts() == []


async def test_a_stranger_is_reported_and_left_alone(relay: Relay, sandbox: Sandbox, case_id: str) -> None:
    await sync(relay, state(case_id, 1))
    await relay.worker.look()
    await relay.open_ticket("mallory")
    await sandbox.tencent.do({"switch": {"callbacks": False}})
    sandbox.tencent.chat.groups[case_id].apply_join_option = "FreeAccess"
    await sandbox.tencent.do({"join": {"groupId": case_id, "userId": "mallory"}})

    [drift] = await relay.reconciler.repair()
    await relay.worker.look()

    assert drift.strangers == {"mallory"}
    assert set(groups(sandbox)[0]["members"]) == {"alice", "mallory"}


async def test_who_was_told_to_leave_stays_out_until_the_next_state(
    relay: Relay, sandbox: Sandbox, case_id: str
) -> None:
    agent = agents(sandbox)[0]
    await sync(relay, state(case_id, 1, agent))
    await members_become(relay, sandbox, case_id, "alice", agent)
    await relay.org("/leavegroup", groupId=case_id, userId=agent)

    assert await relay.reconciler.repair() == []
    await members_become(relay, sandbox, case_id, "alice")
    await sync(relay, state(case_id, 2, agent))

    await members_become(relay, sandbox, case_id, "alice", agent)


async def test_a_dry_run_prints_the_drift_and_changes_nothing(
    relay: Relay, sandbox: Sandbox, case_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await sync(relay, state(case_id, 1))
    await relay.worker.look()
    await sandbox.tencent.do({"leave": {"groupId": case_id, "userId": "alice"}})
    before = len(commands(sandbox))

    code = await reconcile(relay.settings, dry_run=True, as_json=True)

    found = json.loads(capsys.readouterr().out)
    assert code == 1
    assert [drift["missing"] for drift in found["drifts"]] == [["alice"]]
    assert set(commands(sandbox)[before:]) <= READING
