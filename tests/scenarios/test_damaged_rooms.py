"""Everything that can be wrong with groups at once: one pass mends or reports each, a second one changes nothing."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from relay.cli.reconcile import reconcile
from sandbox.faults import FOREVER, Fault
from sandbox.tencent.chat import Group
from sandbox.up import Sandbox
from tests.scenarios.conftest import Json, Relay, agents
from tests.scenarios.org import Org, members, open_cases, quiet, tell
from tests.store.outside import age_tickets_of, content

pytestmark = pytest.mark.anyio

READING = {"get_group_info", "get_group_member_info", "get_appid_group_list", "account_check"}
STRAY = "500000000000009AAA"


@dataclass
class World:
    """A room per damage, each with its customer and Maria, its owner; everything as it should be until it is hurt."""

    relay: Relay
    sandbox: Sandbox
    org: Org
    cases: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.maria, self.wei, self.priya = self.org.users[:3]
        self.chat = self.sandbox.tencent.chat

    def group(self, case_id: str) -> Group:
        return self.chat.groups[case_id]

    def dismiss(self, case_id: str) -> None:
        self.chat.dismiss(self.group(case_id))

    async def change(self, case_id: str, **fields: object) -> None:
        """In Salesforce, which announces it, and the group follows."""
        self.org.change(case_id, **fields)
        await tell(self.relay, self.org.state(case_id))
        await quiet(self.relay)

    def named(self, text: str | None) -> str | None:
        """Whom or what an id stands for."""
        names = {self.maria: "Maria", self.wei: "Wei", self.priya: "Priya", STRAY: "stray"}
        names |= {case_id: damage for damage, case_id in self.cases.items()}
        return "customer" if text and text.startswith("customer-") else names.get(text or "", text)

    def members(self, damage: str) -> list[str] | None:
        group = self.chat.groups.get(self.cases[damage])
        return None if group is None else sorted(str(self.named(member)) for member in group.members)


Damage = Callable[[World, str], Awaitable[None]]


async def no_group(world: World, case_id: str) -> None:
    world.dismiss(case_id)


async def no_customer(world: World, case_id: str) -> None:
    customer = next(member for member in world.group(case_id).members if member.startswith("customer"))
    await world.sandbox.tencent.do({"leave": {"groupId": case_id, "userId": customer}})


async def no_agent(world: World, case_id: str) -> None:
    await world.sandbox.tencent.do({"leave": {"groupId": case_id, "userId": world.maria}})


async def nobody_at_all(world: World, case_id: str) -> None:
    await no_customer(world, case_id)
    await no_agent(world, case_id)


async def former_agent(world: World, case_id: str) -> None:
    world.sandbox.tencent_control.faults.add([Fault("delete_group_member", times=FOREVER, errorCode=10037)])
    await world.change(case_id, OwnerId=world.wei)
    world.sandbox.tencent_control.faults.clear()


async def stranger(world: World, case_id: str) -> None:
    world.chat.enter(world.group(case_id), world.wei)


async def wrong_name(world: World, case_id: str) -> None:
    world.group(case_id).name = "Free money"


async def another_owner(world: World, case_id: str) -> None:
    world.group(case_id).owner = world.maria


async def transfer_nobody_heard_of(world: World, case_id: str) -> None:
    world.org.change(case_id, OwnerId=world.wei)


async def close_nobody_heard_of(world: World, case_id: str) -> None:
    world.org.change(case_id, Status="Closed")


async def deletion_nobody_heard_of(world: World, case_id: str) -> None:
    world.org.delete(case_id)


async def merge_nobody_heard_of(world: World, case_id: str) -> None:
    await world.org.merge(world.cases["master"], case_id)


async def deactivated_agent(world: World, case_id: str) -> None:
    await world.change(case_id, OwnerId=world.priya)
    await world.sandbox.salesforce.do({"deactivate": world.priya})


async def closed_long_ago(world: World, case_id: str) -> None:
    left = world.group(case_id)
    await world.change(case_id, Status="Closed")
    world.relay.clock.advance(700)
    await quiet(world.relay)
    world.chat.groups[case_id] = left


async def ticket_nobody_told_of(world: World, case_id: str) -> None:
    """Made after the others, so that no look at Salesforce has seen it, though one is overdue."""
    answer = await world.relay.open_ticket("customer-late", credential=world.relay.api_key)
    world.cases["ticket_nobody_told_of"] = answer.json()["caseId"]
    world.org.change(answer.json()["caseId"], OwnerId=world.maria)
    world.dismiss(answer.json()["caseId"])
    age_tickets_of(world.relay.settings.relay_database_url, "customer-late", 3600)


async def orphan(world: World, case_id: str) -> None:
    world.chat.groups[STRAY] = Group(STRAY, "Public", "Left behind", "", 0, 500)


async def case_out_of_sight(world: World, case_id: str) -> None:
    world.org._org.tables._replace("Case", case_id, None)


async def master(world: World, case_id: str) -> None:
    """Only what another Case is merged into."""


BOTH = ["Maria", "customer"]
DAMAGES: list[tuple[Damage, list[tuple[str, str | None]], list[str] | None]] = [
    (no_group, [("no group", None), ("missing", "Maria"), ("missing", "customer")], BOTH),
    (no_customer, [("missing", "customer")], BOTH),
    (no_agent, [("missing", "Maria")], BOTH),
    (nobody_at_all, [("missing", "Maria"), ("missing", "customer")], BOTH),
    (former_agent, [("leftover", "Maria")], ["Wei", "customer"]),
    (stranger, [("stranger", "Wei")], ["Maria", "Wei", "customer"]),
    (wrong_name, [("wrong name", "It broke")], BOTH),
    (another_owner, [("foreign owner", "Maria")], BOTH),
    (
        transfer_nobody_heard_of,
        [("newer state", None), ("missing", "Wei"), ("leftover", "Maria")],
        ["Wei", "customer"],
    ),
    (close_nobody_heard_of, [("newer state", None)], BOTH),
    (deletion_nobody_heard_of, [("newer state", None), ("ended", None)], None),
    (merge_nobody_heard_of, [("newer state", None), ("merged", "master")], None),
    (master, [], ["Maria", "customer", "customer"]),
    (deactivated_agent, [("newer state", None), ("leftover", "Priya")], ["customer"]),
    (closed_long_ago, [("ended", None)], None),
    (case_out_of_sight, [("unknown Case", None)], BOTH),
    (ticket_nobody_told_of, [("no state", None)], BOTH),
    (orphan, [], BOTH),
]
"""What is done, what is found for it, and who is in the group when it was mended or reported."""


def writing(sandbox: Sandbox) -> list[str]:
    """Every call that changes something at a vendor."""
    tencent = [entry for entry in sandbox.tencent_control.journal.entries() if entry["direction"] == "in"]
    salesforce = [entry for entry in sandbox.salesforce_control.journal.entries() if entry["direction"] == "in"]
    commands = [entry["path"].rpartition("/")[2] for entry in tencent]
    return [command for command in commands if command not in READING] + [
        f"{entry['method']} {entry['path']}"
        for entry in salesforce
        if entry["method"] != "GET" and not entry["path"].endswith("oauth2/token")
    ]


def ledger(relay: Relay) -> str:
    """All that the relay remembers."""
    return content(relay.settings.relay_database_url)


async def test_one_pass_mends_or_reports_every_damage_and_the_second_changes_nothing(
    relay: Relay, sandbox: Sandbox, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    org = Org(sandbox)
    world = World(relay, sandbox, org)
    opened = await open_cases(relay, len(DAMAGES))
    for case_id, (damage, _, _) in zip(opened, DAMAGES, strict=True):
        world.cases[damage.__name__] = case_id
        org.change(case_id, OwnerId=world.maria)
    await relay.reconciler.catch_up()
    await quiet(relay)
    assert (await relay.reconciler.look()) == ([], [])
    for damage, _, _ in DAMAGES:
        await damage(world, world.cases[damage.__name__])
    expected = {damage.__name__: found for damage, found, _ in DAMAGES if found} | {"stray": [("orphan", None)]}

    before = writing(sandbox), ledger(relay)
    assert await reconcile(relay.settings, dry_run=True, as_json=False) == 1
    in_words = capsys.readouterr().out
    assert await reconcile(relay.settings, dry_run=True, as_json=True) == 1
    printed: list[Json] = json.loads(capsys.readouterr().out)
    assert (writing(sandbox), ledger(relay)) == before
    assert sorted(in_words.splitlines()) == sorted(
        f"{drift['caseId']}  {drift['what']}{' ' + drift['who'] if drift['who'] else ''}:"
        f" {drift['cure'] or 'only reported'}"
        for drift in printed
    )
    assert by_damage(world, [(drift["caseId"], drift["what"], drift["who"]) for drift in printed]) == expected

    found = await relay.reconciler.repair()
    await quiet(relay)

    assert by_damage(world, [(drift.case_id, drift.what, drift.who) for drift in found]) == expected
    assert {damage.__name__: world.members(damage.__name__) for damage, _, _ in DAMAGES} == {
        damage.__name__: members for damage, _, members in DAMAGES
    }
    assert {group.name for group in world.chat.groups.values() if group.id != STRAY} == {"It broke"}

    written = writing(sandbox)
    again = await relay.reconciler.repair()
    await relay.reconciler.catch_up()
    await quiet(relay)

    assert writing(sandbox) == written
    assert again == [drift for drift in found if drift.cure is None]
    assert "wrong name: the group gets this name" in caplog.text
    assert "It broke" not in caplog.text, "the subject is what an end user wrote"


def by_damage(
    world: World, drifts: list[tuple[str, str, str | None]]
) -> dict[str | None, list[tuple[str, str | None]]]:
    found: dict[str | None, list[tuple[str, str | None]]] = {}
    for case_id, what, who in drifts:
        found.setdefault(world.named(case_id), []).append((what, world.named(who)))
    return found


async def test_a_ticket_that_salesforce_has_had_no_time_to_tell_of_is_no_drift(
    relay: Relay, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    [case_id] = await open_cases(relay, 1)

    assert await reconcile(relay.settings, dry_run=True, as_json=False) == 0
    assert capsys.readouterr().out == "Every group is as its Case asks for.\n"

    Org(sandbox).change(case_id, OwnerId=agents(sandbox)[0])
    assert await relay.reconciler.repair() == [], "nothing was wrong"
    await quiet(relay)
    assert members(sandbox, case_id) == {"customer-0", agents(sandbox)[0]}, "and what the deep pass saw is used"

    [late] = await open_cases(relay, 1)
    age_tickets_of(relay.settings.relay_database_url, "customer-0", 3600)
    assert await reconcile(relay.settings, dry_run=True, as_json=False) == 1
    assert capsys.readouterr().out == f"{late}  no state: Salesforce is asked and the group follows\n"
