"""Even if every callout is lost, the relay finds out by itself what Salesforce wants; see test_damaged_rooms, too."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from relay.cli.dead_letters import dead_letters
from relay.cli.reconcile import reconcile
from relay.errors import CrmUnavailable, StoreUnavailable
from relay.models import Room
from relay.retry import Patience
from relay.store import Ledger
from sandbox.faults import FOREVER, Fault
from sandbox.up import Sandbox
from tests.scenarios.conftest import Relay, StartRelay, cases, commands, eventually
from tests.scenarios.org import Org, members, open_cases, quiet, tell, undone
from tests.scenarios.test_damaged_rooms import writing
from tests.scenarios.test_rooms import group_goes
from tests.store.outside import rows

pytestmark = pytest.mark.anyio


@pytest.fixture
def org(sandbox: Sandbox) -> Org:
    return Org(sandbox)


@pytest.fixture
async def case_id(relay: Relay) -> str:
    """A ticket's Case; its customer is customer-0."""
    [case_id] = await open_cases(relay, 1)
    return case_id


async def test_without_any_callout_the_room_is_right_after_one_look(
    relay: Relay, sandbox: Sandbox, org: Org, case_id: str
) -> None:
    for owner in org.users[:2]:
        org.change(case_id, OwnerId=owner)
        await relay.reconciler.catch_up()
        await quiet(relay)

        assert members(sandbox, case_id) == {"customer-0", owner}


async def test_a_new_ledger_does_not_have_itself_told_of_every_case_there_ever_was(
    relay: Relay, sandbox: Sandbox, org: Org, case_id: str
) -> None:
    assert await relay.reconciler.catch_up() == 1

    relay.clock.advance(3 * 86400)
    await relay.reconciler._store.remember("reconcile cursor", "")

    assert await relay.reconciler.catch_up() == 0


async def test_a_running_relay_looks_by_itself(start_relay: StartRelay, sandbox: Sandbox, org: Org) -> None:
    relay = await start_relay(RELAY_RECONCILE_INTERVAL="1", RELAY_DEEP_INTERVAL="1")
    here, damaged = await open_cases(relay, 2)
    sandbox.tencent.chat.dismiss(sandbox.tencent.chat.groups[damaged])
    org.change(here, OwnerId=org.users[0])

    async def right() -> bool:
        return members(sandbox, here) == {"customer-0", org.users[0]} and members(sandbox, damaged) == {"customer-1"}

    await eventually(right)


async def test_a_deep_pass_goes_on_where_salesforce_cannot_tell_what_changed(
    start_relay: StartRelay, sandbox: Sandbox, org: Org
) -> None:
    """Without the ticket field nobody can ask for the Cases that changed, but for those that the ledger knows."""
    await sandbox.salesforce.do({"field": {"ChatTicket__c": "hidden"}})
    relay = await start_relay(RELAY_RECONCILE_INTERVAL="1", RELAY_DEEP_INTERVAL="1")
    [case_id] = await open_cases(relay, 1)
    org.change(case_id, OwnerId=org.users[0])

    async def right() -> bool:
        return members(sandbox, case_id) == {"customer-0", org.users[0]}

    await eventually(right)


async def test_a_second_look_changes_nothing(relay: Relay, sandbox: Sandbox, org: Org, case_id: str) -> None:
    org.change(case_id, OwnerId=org.users[0])
    await relay.reconciler.catch_up()
    await quiet(relay)
    before = writing(sandbox)

    await relay.reconciler.catch_up()
    assert await relay.reconciler.repair() == []
    await quiet(relay)

    assert writing(sandbox) == before


async def long_after(relay: Relay, sandbox: Sandbox, org: Org) -> None:
    """Time passes in the org, and another Case moves the cursor on."""
    other = (await relay.open_ticket("somebody-else")).json()["caseId"]
    await sandbox.salesforce.do({"clockSkew": 1000})
    org.change(other, Subject="Later")
    await relay.reconciler.catch_up()
    await quiet(relay)


@pytest.mark.parametrize("deep", [False, True])
async def test_an_owner_who_was_deactivated_long_after_the_last_change_goes(
    relay: Relay, sandbox: Sandbox, org: Org, case_id: str, deep: bool
) -> None:
    """A deactivation does not stamp the Case."""
    org.change(case_id, OwnerId=org.users[0])
    await tell(relay, org.state(case_id))
    await quiet(relay)
    announced = org.state(case_id)
    await long_after(relay, sandbox, org)

    await sandbox.salesforce.do({"deactivate": org.users[0]})
    await (relay.reconciler.repair() if deep else relay.reconciler.catch_up())
    await quiet(relay)
    assert members(sandbox, case_id) == {"customer-0"}

    await tell(relay, announced)  # once more, from before, with the same stamp
    await quiet(relay)
    assert members(sandbox, case_id) == {"customer-0"}


async def test_for_one_who_was_deactivated_all_rooms_are_read_once(
    relay: Relay, sandbox: Sandbox, org: Org, case_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long no Case changes; but once more if he came back and goes again."""
    read, rooms = [], Ledger.rooms

    async def counted(ledger: Ledger) -> list[Room]:
        read.append(ledger)
        return await rooms(ledger)

    monkeypatch.setattr(Ledger, "rooms", counted)
    org.change(case_id, OwnerId=org.users[0])
    await sandbox.salesforce.do({"deactivate": org.users[0]})
    for _ in range(3):
        await relay.reconciler.catch_up()
    await quiet(relay)
    assert (len(read), members(sandbox, case_id)) == (1, {"customer-0"})

    await sandbox.salesforce.do({"activate": org.users[0]})
    await relay.reconciler.repair()
    await quiet(relay)
    assert members(sandbox, case_id) == {"customer-0", org.users[0]}
    read.clear()
    await sandbox.salesforce.do({"deactivate": org.users[0]})
    for _ in range(2):
        await relay.reconciler.catch_up()
    await quiet(relay)
    assert (len(read), members(sandbox, case_id)) == (1, {"customer-0"})


async def test_an_owner_who_is_activated_again_comes_back_with_the_deep_pass(
    relay: Relay, sandbox: Sandbox, org: Org, case_id: str
) -> None:
    org.change(case_id, OwnerId=org.users[0])
    await sandbox.salesforce.do({"deactivate": org.users[0]})
    await relay.reconciler.catch_up()
    await quiet(relay)
    assert members(sandbox, case_id) == {"customer-0"}

    await sandbox.salesforce.do({"activate": org.users[0]})
    await relay.reconciler.repair()
    await quiet(relay)

    assert members(sandbox, case_id) == {"customer-0", org.users[0]}


async def test_who_was_told_to_leave_stays_out_until_the_next_state(
    relay: Relay, sandbox: Sandbox, org: Org, case_id: str
) -> None:
    org.change(case_id, OwnerId=org.users[0])
    await relay.reconciler.catch_up()
    await quiet(relay)
    await relay.org("/leavegroup", groupId=case_id, userId=org.users[0])

    assert await relay.reconciler.repair() == []
    await quiet(relay)
    assert members(sandbox, case_id) == {"customer-0"}

    sandbox.tencent.chat.enter(sandbox.tencent.chat.groups[case_id], org.users[0])
    await relay.reconciler.repair()
    await quiet(relay)
    assert members(sandbox, case_id) == {"customer-0"}

    org.change(case_id, Subject="Still broken")
    await relay.reconciler.catch_up()
    await quiet(relay)
    assert members(sandbox, case_id) == {"customer-0", org.users[0]}


async def test_who_was_invited_belongs_to_the_group_whatever_becomes_of_it(
    relay: Relay, sandbox: Sandbox, org: Org, case_id: str
) -> None:
    chat, (owner, supervisor) = sandbox.tencent.chat, org.users[:2]
    org.change(case_id, OwnerId=owner)
    await relay.reconciler.catch_up()
    await quiet(relay)
    await relay.org("/joingroup", groupId=case_id, userId=supervisor)
    assert await relay.reconciler.repair() == []

    chat.dismiss(chat.groups[case_id])
    await relay.reconciler.repair()
    await quiet(relay)
    assert members(sandbox, case_id) == {"customer-0", owner, supervisor}

    chat.dismiss(chat.groups[case_id])
    for next_owner in (supervisor, owner):  # that he was the agent for a while makes no difference
        org.change(case_id, OwnerId=next_owner)
        await relay.reconciler.catch_up()
        await quiet(relay)
    assert members(sandbox, case_id) == {"customer-0", owner, supervisor}


async def test_a_former_agent_whom_somebody_else_brought_back_is_a_stranger(
    relay: Relay, sandbox: Sandbox, org: Org, case_id: str
) -> None:
    former, owner = org.users[:2]
    for next_owner in (former, owner):
        org.change(case_id, OwnerId=next_owner)
        await relay.reconciler.catch_up()
        await quiet(relay)
    sandbox.tencent.chat.enter(sandbox.tencent.chat.groups[case_id], former)

    found = await relay.reconciler.repair()
    await quiet(relay)

    assert [(drift.what, drift.who) for drift in found] == [("stranger", former)]
    assert members(sandbox, case_id) == {"customer-0", former, owner}


async def test_names_are_no_difference(relay: Relay, sandbox: Sandbox, org: Org, case_id: str) -> None:
    org.change(case_id, OwnerId=org.users[0])
    state = org.state(case_id)
    await tell(relay, state)
    await quiet(relay)
    asked = len(sandbox.salesforce_control.journal.entries())

    await tell(relay, {**state, "agents": [{"id": org.users[0], "name": "Mary"}]})
    await quiet(relay)

    assert len(sandbox.salesforce_control.journal.entries()) == asked


async def test_a_group_that_is_made_again_has_its_name(relay: Relay, sandbox: Sandbox, org: Org, case_id: str) -> None:
    """Its ticket's subject; or the Case's, once the ticket has forgotten what it was about."""
    chat = sandbox.tencent.chat
    org.change(case_id, Subject="Renamed by an agent")
    await relay.reconciler.catch_up()
    await quiet(relay)

    async def made_again() -> str:
        chat.dismiss(chat.groups[case_id])
        await relay.reconciler.repair()
        await quiet(relay)
        return chat.groups[case_id].name

    assert await made_again() == "It broke"
    org.change(case_id, Status="Closed")
    await relay.reconciler.catch_up()
    await quiet(relay)
    relay.clock.advance(601)
    await group_goes(relay, sandbox, case_id)
    relay.clock.advance(8 * 86_400)
    await relay.worker.look()
    org.change(case_id, Status="New")
    await relay.reconciler.catch_up()
    await quiet(relay)
    assert chat.groups[case_id].name == "Renamed by an agent"
    org.change(case_id, Subject=None)
    assert await made_again() == org.row(case_id)["CaseNumber"]
    chat.groups[case_id].name = "Anything"
    assert await relay.reconciler.repair() == []


async def test_the_fewer_requests_are_left_the_rarer_are_the_looks(
    relay: Relay, sandbox: Sandbox, case_id: str
) -> None:
    usage = sandbox.salesforce.org.usage
    for used, stretch in ((100, 1.0), (850, 5.0), (970, 30.0)):
        usage.used, usage.limit = used, 1000
        await relay.reconciler.catch_up()
        assert relay.reconciler._stretch() == stretch


async def test_a_relay_that_has_few_requests_left_looks_rarely_by_itself(
    start_relay: StartRelay, sandbox: Sandbox
) -> None:
    sandbox.salesforce.org.usage.used, sandbox.salesforce.org.usage.limit = 970, 1000
    relay = await start_relay(RELAY_RECONCILE_INTERVAL="1", RELAY_DEEP_INTERVAL="1")
    turn = "select value from notes where name = 'repair turn'"

    async def has_looked() -> list[tuple[str]]:
        return rows(relay.settings.relay_database_url, turn)

    [(until,)] = await eventually(has_looked)
    assert float(until) - relay.clock() > 20
    asked = len(sandbox.salesforce_control.journal.entries())
    await asyncio.sleep(1.5)
    assert len(sandbox.salesforce_control.journal.entries()) == asked


async def test_a_change_that_shows_late_is_seen(relay: Relay, sandbox: Sandbox, org: Org, case_id: str) -> None:
    """A transaction is stamped when it begins; others that began after it may be committed before."""
    other = (await relay.open_ticket("somebody-else")).json()["caseId"]
    tables, before = org._org.tables, org.row(case_id)
    org.change(case_id, OwnerId=org.users[0])
    changed = org.row(case_id)
    tables._replace("Case", case_id, before)
    await sandbox.salesforce.do({"clockSkew": 60})
    org.change(other, Subject="Begun later, seen earlier")
    await relay.reconciler.catch_up()

    tables._replace("Case", case_id, changed)
    await relay.reconciler.catch_up()
    await quiet(relay)

    assert members(sandbox, case_id) == {"customer-0", org.users[0]}


async def test_what_could_not_be_taken_in_is_asked_for_again(
    relay: Relay, sandbox: Sandbox, org: Org, case_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = (await relay.open_ticket("somebody-else")).json()["caseId"]
    org.change(case_id, OwnerId=org.users[0])
    await sandbox.salesforce.do({"clockSkew": 1000})
    org.change(other, Subject="Much later")

    async def refuse(*_: object, **__: object) -> None:
        raise StoreUnavailable("The ledger did not take it")

    with monkeypatch.context() as patch:
        patch.setattr(relay.reconciler._store, "accept_states", refuse)
        with pytest.raises(StoreUnavailable):
            await relay.reconciler.catch_up()
    await relay.reconciler.catch_up()
    await quiet(relay)

    assert members(sandbox, case_id) == {"customer-0", org.users[0]}


async def test_of_several_relays_one_looks_at_a_time(start_relay: StartRelay) -> None:
    relays, looked = [await start_relay() for _ in range(2)], []

    async def everybody_would_look() -> int:
        for relay in relays:

            async def look(relay: Relay = relay) -> None:
                looked.append(relay)

            await relay.reconciler._in_turn("reconcile", 60, look)
        return len(looked)

    assert await everybody_would_look() == 1
    for relay in relays:
        relay.clock.advance(60)
    assert await everybody_would_look() == 2


async def test_while_one_relay_takes_long_no_other_joins_it(start_relay: StartRelay) -> None:
    """A comparison of very many groups takes longer than the pause between two."""
    relays, looked = [await start_relay() for _ in range(2)], []

    async def look(relay: Relay) -> None:
        looked.append(relay)
        await asyncio.sleep(3 if len(looked) == 1 else 0)

    slow = asyncio.create_task(relays[0].reconciler._in_turn("repair", 1, partial(look, relays[0])))
    while not slow.done():
        await asyncio.sleep(0.1)
        if looked and not slow.done():
            await relays[1].reconciler._in_turn("repair", 1, partial(look, relays[1]))
    assert looked == [relays[0]]

    relays[1].clock.advance(1)
    await relays[1].reconciler._in_turn("repair", 1, partial(look, relays[1]))
    assert looked == relays


async def test_a_pass_costs_few_calls(relay: Relay, sandbox: Sandbox) -> None:
    await open_cases(relay, 51)  # a call reads 50 groups
    await relay.reconciler.catch_up()
    await quiet(relay)
    before, asked = len(sandbox.salesforce_control.journal.entries()), len(commands(sandbox))

    assert await relay.reconciler.repair() == []

    assert len(sandbox.salesforce_control.journal.entries()) - before == 1  # nobody owns them, so no User is asked for
    assert commands(sandbox)[asked:] == ["get_appid_group_list", "get_group_info", "get_group_info"]


async def test_a_group_that_cannot_be_read_keeps_nobody_from_reading_the_others(relay: Relay, sandbox: Sandbox) -> None:
    broken, damaged = await open_cases(relay, 2)
    await relay.reconciler.catch_up()
    await quiet(relay)
    await sandbox.tencent.do({"leave": {"groupId": damaged, "userId": "customer-1"}})
    sandbox.tencent_control.faults.add([Fault("get_group_info", times=2, errorCode=10018)])

    found = await relay.reconciler.repair()
    await quiet(relay)

    assert [(drift.case_id, drift.what) for drift in found] == [(broken, "unreadable"), (damaged, "missing")]
    assert members(sandbox, damaged) == {"customer-1"}


async def test_the_command_says_that_all_is_well(
    relay: Relay, sandbox: Sandbox, case_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await relay.reconciler.catch_up()
    await quiet(relay)

    assert await reconcile(relay.settings, dry_run=True, as_json=False) == 0
    assert capsys.readouterr().out == "Every group is as its Case asks for.\n"
    assert await reconcile(relay.settings, dry_run=True, as_json=True) == 0
    assert capsys.readouterr().out == "[]\n"


async def test_the_command_has_everything_mended_by_the_running_relay(
    relay: Relay, sandbox: Sandbox, org: Org, case_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await relay.reconciler.catch_up()
    await quiet(relay)
    org.change(case_id, OwnerId=org.users[0])

    assert await reconcile(relay.settings, dry_run=True, as_json=False) == 1
    told = capsys.readouterr().out
    assert await reconcile(relay.settings, dry_run=False, as_json=False) == 1
    await quiet(relay)

    assert f"{case_id}  missing {org.users[0]}: is put into the group" in told
    assert capsys.readouterr().out == told  # however quick the running relay is
    assert members(sandbox, case_id) == {"customer-0", org.users[0]}


async def test_the_command_does_not_take_an_outage_for_a_finding(
    relay: Relay, sandbox: Sandbox, case_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay.cli.reconcile.Patience", partial(Patience, budget=0))
    sandbox.salesforce_control.faults.add([Fault("queryAll", times=FOREVER, status=503)])

    with pytest.raises(CrmUnavailable):
        await reconcile(relay.settings, dry_run=True, as_json=False)


async def test_of_a_ticket_that_has_ended_with_an_error_nothing_more_is_made_until_it_is_replayed(
    relay: Relay, sandbox: Sandbox, org: Org, capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.tencent_control.faults.add([Fault("create_group", errorCode=10058)])
    refused = await relay.open_ticket()
    [case] = cases(sandbox)
    org.change(case["Id"], OwnerId=org.users[0])

    await relay.reconciler.catch_up()
    await quiet(relay)
    assert await relay.reconciler.repair() == []
    await quiet(relay)

    assert refused.status_code >= 400
    assert members(sandbox, case["Id"]) is None
    assert undone(relay, "failed") == []

    url = relay.settings.relay_database_url
    assert await dead_letters(url, "replay", [f"ticket-{case['ChatTicket__c']}"], as_json=False) == 0
    capsys.readouterr()

    async def there() -> bool:
        relay.clock.advance(10)
        await relay.worker.look()
        return members(sandbox, case["Id"]) == {"alice", org.users[0]}

    await eventually(there)
