"""Everything that may happen to a Case, each done in the org and seen in the group, whether announced or found out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from relay.models import DeadLetter
from relay.store import open_ledger
from sandbox.up import Sandbox
from tests.scenarios.conftest import Relay, StartRelay
from tests.scenarios.org import Org, members, open_cases, quiet, tell, undone
from tests.scenarios.test_reconcile import long_after

pytestmark = pytest.mark.anyio


@dataclass
class Stage:
    """A Case of customer-0 that Maria owns, and how the relay learns what becomes of it."""

    relay: Relay
    sandbox: Sandbox
    org: Org
    announced: bool
    case_id: str = ""

    def __post_init__(self) -> None:
        self.maria, self.wei = self.org.users[:2]

    async def learns(self, *case_ids: str) -> None:
        if self.announced:
            await tell(self.relay, *[self.org.state(case_id) for case_id in case_ids or [self.case_id]])
        else:
            await self.relay.reconciler.catch_up()
        await quiet(self.relay)

    async def change(self, **fields: object) -> None:
        self.org.change(self.case_id, **fields)
        await self.learns()

    async def delete(self) -> None:
        self.org.delete(self.case_id)
        await self.learns()

    async def later(self, seconds: float) -> None:
        self.relay.clock.advance(seconds)
        await self.relay.worker.look()
        await quiet(self.relay)


async def user_to_user(stage: Stage) -> set[str] | None:
    await stage.change(OwnerId=stage.wei)
    return {"customer-0", stage.wei}


async def user_to_queue(stage: Stage) -> set[str] | None:
    await stage.change(OwnerId=stage.org.queue)
    return {"customer-0"}


async def queue_to_user(stage: Stage) -> set[str] | None:
    await stage.change(OwnerId=stage.org.queue)
    await stage.change(OwnerId=stage.wei)
    return {"customer-0", stage.wei}


async def inserted_with_an_owner(stage: Stage) -> set[str] | None:
    await stage.sandbox.salesforce.do({"switch": {"assignTo": stage.wei}})
    stage.case_id = (await stage.relay.open_ticket("customer-0", key="another")).json()["caseId"]
    await stage.learns()
    return {"customer-0", stage.wei}


async def closed_just_now(stage: Stage) -> set[str] | None:
    await stage.change(Status="Closed")
    return {"customer-0", stage.maria}


async def closed_for_longer_than_the_grace(stage: Stage) -> set[str] | None:
    await stage.change(Status="Closed")
    await stage.later(700)
    return None


async def closed_and_edited_within_the_grace(stage: Stage) -> set[str] | None:
    """The grace counts from the close."""
    await stage.change(Status="Closed")
    await stage.later(400)
    await stage.change(Subject="Still of interest")
    await stage.later(300)
    return None


async def reopened_within_the_grace(stage: Stage) -> set[str] | None:
    await stage.change(Status="Closed")
    await stage.later(300)
    await stage.change(Status="New", OwnerId=stage.wei)
    await stage.later(700)
    return {"customer-0", stage.wei}


async def reopened_after_the_grace(stage: Stage) -> set[str] | None:
    await stage.change(Status="Closed")
    await stage.later(700)
    await stage.change(Status="New")
    return {"customer-0", stage.maria}


async def closed_reopened_and_closed_while_the_relay_does_not_look(stage: Stage) -> set[str] | None:
    """The grace counts from the last close."""
    await stage.change(Status="Closed")
    stage.relay.clock.advance(500)
    stage.org.change(stage.case_id, Status="New")
    reopened = stage.org.state(stage.case_id)
    stage.org.change(stage.case_id, Status="Closed")
    await tell(stage.relay, reopened, stage.org.state(stage.case_id))
    await stage.later(200)
    return {"customer-0", stage.maria}


async def deleted(stage: Stage) -> set[str] | None:
    await stage.delete()
    return None


async def undeleted(stage: Stage) -> set[str] | None:
    await stage.delete()
    await stage.org.undelete(stage.case_id)
    await stage.learns()
    return {"customer-0", stage.maria}


async def lost_a_merge(stage: Stage) -> set[str] | None:
    loser = stage.case_id
    stage.case_id = (await stage.relay.open_ticket("customer-1")).json()["caseId"]
    await stage.change(OwnerId=stage.wei)
    await stage.org.merge(stage.case_id, loser)
    await stage.learns(loser, stage.case_id)
    assert members(stage.sandbox, loser) is None
    return {"customer-0", "customer-1", stage.wei}


async def lost_a_merge_to_a_case_without_a_chat(stage: Stage) -> set[str] | None:
    """Apex announces marked Cases only, and so the master gets a mark; its owner stays."""
    loser, stage.case_id = stage.case_id, stage.org.insert(Subject="Written by mail", OwnerId=stage.wei)
    await stage.org.merge(stage.case_id, loser)
    await stage.learns(loser)
    assert members(stage.sandbox, stage.case_id) == {"customer-0", stage.wei}
    assert stage.org.row(stage.case_id)["ChatTicket__c"]
    await stage.change(OwnerId=stage.maria)
    return {"customer-0", stage.maria}


async def agent_deactivated(stage: Stage) -> set[str] | None:
    """No trigger of the Case fires, so it is never announced; and the stamp of the Case does not move."""
    await long_after(stage.relay, stage.sandbox, stage.org)
    await stage.sandbox.salesforce.do({"deactivate": stage.maria})
    await stage.relay.reconciler.catch_up()
    await quiet(stage.relay)
    return {"customer-0"}


Transition = Callable[[Stage], Awaitable[set[str] | None]]
TRANSITIONS: list[Transition] = [
    user_to_user,
    user_to_queue,
    queue_to_user,
    inserted_with_an_owner,
    closed_just_now,
    closed_for_longer_than_the_grace,
    closed_and_edited_within_the_grace,
    reopened_within_the_grace,
    reopened_after_the_grace,
    closed_reopened_and_closed_while_the_relay_does_not_look,
    deleted,
    undeleted,
    lost_a_merge,
    lost_a_merge_to_a_case_without_a_chat,
    agent_deactivated,
]


async def set_the_stage(relay: Relay, sandbox: Sandbox, *, announced: bool) -> Stage:
    stage = Stage(relay, sandbox, Org(sandbox), announced)
    [stage.case_id] = await open_cases(relay, 1)
    await stage.change(OwnerId=stage.maria)
    await relay.reconciler.catch_up()
    await quiet(relay)
    assert members(sandbox, stage.case_id) == {"customer-0", stage.maria}
    return stage


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "found out"])
@pytest.mark.parametrize("transition", TRANSITIONS, ids=lambda transition: transition.__name__)
async def test_the_group_follows(relay: Relay, sandbox: Sandbox, transition: Transition, announced: bool) -> None:
    stage = await set_the_stage(relay, sandbox, announced=announced)

    wanted = await transition(stage)

    assert members(sandbox, stage.case_id) == wanted
    assert undone(relay, "failed") == []


def agent_in_too_many_groups(stage: Stage) -> Callable[[], None]:
    stage.sandbox.tencent.chat.accounts[stage.wei].groups.update(f"other-{number}" for number in range(1000))
    return stage.sandbox.tencent.chat.accounts[stage.wei].groups.clear


def group_full(stage: Stage) -> Callable[[], None]:
    group = stage.sandbox.tencent.chat.groups[stage.case_id]
    group.max_members = len(group.members)
    return lambda: setattr(group, "max_members", 500)


@pytest.mark.parametrize("full, code", [(agent_in_too_many_groups, 10037), (group_full, 10014)])
@pytest.mark.parametrize("announced", [True, False], ids=["announced", "found out"])
async def test_if_the_new_agent_cannot_come_the_old_one_stays_and_it_is_said_why(
    relay: Relay, sandbox: Sandbox, full: Callable[[Stage], Callable[[], None]], code: int, announced: bool
) -> None:
    stage = await set_the_stage(relay, sandbox, announced=announced)
    await relay.org("/joingroup", groupId=stage.case_id, userId=stage.wei)  # so that Tencent knows the account
    await relay.org("/leavegroup", groupId=stage.case_id, userId=stage.wei)
    make_room = full(stage)

    await stage.change(OwnerId=stage.wei)

    assert members(sandbox, stage.case_id) == {"customer-0", stage.maria}
    [letter] = await dead_letters(relay)
    assert (letter.case_id, letter.problem["vendorCode"]) == (stage.case_id, code)

    make_room()
    await relay.reconciler.repair()
    await quiet(relay)
    assert members(sandbox, stage.case_id) == {"customer-0", stage.wei}
    assert await dead_letters(relay) == []


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "found out"])
async def test_a_group_that_its_owner_dismissed_is_made_again(
    start_relay: StartRelay, sandbox: Sandbox, announced: bool
) -> None:
    relay = await start_relay(TENCENT_GROUP_OWNER="user")
    stage = await set_the_stage(relay, sandbox, announced=announced)
    await sandbox.tencent.do({"dismiss": {"groupId": stage.case_id, "userId": "customer-0"}})
    assert members(sandbox, stage.case_id) is None

    await (stage.change(OwnerId=stage.wei) if announced else relay.reconciler.repair())
    await quiet(relay)

    assert members(sandbox, stage.case_id) == {"customer-0", stage.wei if announced else stage.maria}
    assert sandbox.tencent.chat.groups[stage.case_id].name == "It broke"
    assert sandbox.tencent.chat.groups[stage.case_id].owner == "customer-0"


async def dead_letters(relay: Relay) -> list[DeadLetter]:
    ledger = await open_ledger(str(relay.settings.relay_database_url), alone=False)
    try:
        return await ledger.dead_letters()
    finally:
        await ledger.close()
