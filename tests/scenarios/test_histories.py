"""Whatever happens to Cases, callouts, Tencent and the relay: when it is quiet, the rooms are right."""

from __future__ import annotations

import os
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from relay.app import LEASE
from relay.cli.dead_letters import dead_letters
from relay.store import is_shared
from sandbox.faults import FOREVER, Fault
from sandbox.up import Sandbox
from tests.scenarios.conftest import Json, Relay, StartRelay, eventually
from tests.scenarios.org import Org, People, members, open_cases, quiet, tell, undone
from tests.store.outside import rows

pytestmark = pytest.mark.anyio

SEEDS = (1, 2, 3)
LONG, SHORT, SHORT_ON_POSTGRESQL = 1000, 350, 120
"""Events in a history: the first is long, on every ledger."""
WANTED = [int(seed) for seed in os.environ.get("RELAY_TEST_SEEDS", "").split()]
"""Seeds that somebody wants to see, all of them long."""
STEADY = 3
"""So many Cases of a history stay open and go from User to User alone, so that somebody must always be there."""
MOST_AT_ONCE = 20
COMMANDS = ("add_group_member", "delete_group_member", "create_group", "destroy_group", "get_group_info", "*")
TROUBLES: tuple[Json, ...] = (
    {"status": 502},
    {"status": 502, "after": True},
    {"drop": True},
    {"drop": True, "after": True},
    {"errorCode": 60007},
    {"errorCode": 10002},
    {"errorCode": 10002, "after": True},
)


@dataclass
class Story:
    """One random history: what happened to the Cases, and who therefore belongs into each group.

    certain, possible: supervisors who must be in a group, and who may be: a group that was dismissed in between forgot
    them, and whether it was depends on which states arrived.
    told_to_leave: owners who were sent away, with the state of their Case at that time; they may stay out until the
    next one.
    """

    dice: random.Random
    sandbox: Sandbox
    start: Callable[[], Awaitable[Relay]]
    org: Org
    relay: Relay
    customers: dict[str, set[str]]
    held_back: list[Json] = field(default_factory=list)
    certain: dict[str, set[str]] = field(default_factory=dict)
    possible: dict[str, set[str]] = field(default_factory=dict)
    told_to_leave: dict[str, dict[str, str]] = field(default_factory=dict)
    merged: set[str] = field(default_factory=set)
    log: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cases = list(self.customers)
        self.steady, self.lively = self.cases[:STEADY], self.cases[STEADY:]
        self.certain = {case_id: set() for case_id in self.cases}
        self.possible = {case_id: set() for case_id in self.cases}
        self.told_to_leave = {case_id: {} for case_id in self.cases}

    async def begin(self) -> None:
        for case_id in self.steady:
            self.org.change(case_id, OwnerId=self.dice.choice(self.org.users[:3]))
            await tell(self.relay, self.org.state(case_id))
        await quiet(self.relay)

    async def step(self) -> None:
        happen = self.dice.choices(
            (self.transfer, self.close_or_open, self.delete_or_undelete, self.merge, self.invite, self.dismiss_agent,
             self.trouble, self.deliver, self.time_passes, self.restart, self.kill),
            (40, 10, 7, 0.5, 8, 8, 12, 10, 6, 1, 3),
        )[0]  # fmt: skip
        await happen()

    async def transfer(self) -> None:
        case_id = self.some_case()
        wanted = self.org.users[:3] if case_id in self.steady else [*self.org.users, self.org.queue]
        if not self.org.row(case_id)["IsDeleted"]:
            self.org.change(case_id, OwnerId=self.dice.choice(wanted))
            await self.announce(case_id)

    async def close_or_open(self) -> None:
        case_id = self.some_case(self.lively)
        if not (row := self.org.row(case_id))["IsDeleted"]:
            self.org.change(case_id, Status="New" if row["IsClosed"] else "Closed")
            self.forget_invited(case_id)
            await self.announce(case_id)

    async def delete_or_undelete(self) -> None:
        case_id = self.some_case(self.lively)
        if self.org.row(case_id)["IsDeleted"]:
            await self.org.undelete(case_id)
        else:
            self.org.delete(case_id)
        self.forget_invited(case_id)
        await self.announce(case_id)

    async def merge(self) -> None:
        both = [case_id for case_id in self.lively if not self.org.row(case_id)["IsDeleted"]]
        if len(both) < 2 or len(self.merged) > 1:
            return
        master, loser = self.dice.sample(both, 2)
        await self.org.merge(master, loser)
        self.merged.add(loser)
        self.lively.remove(loser)
        self.customers[master] |= self.customers.pop(loser)
        self.forget_invited(master)
        for case_id in self.dice.sample((master, loser), 2):
            await self.announce(case_id)

    async def invite(self) -> None:
        case_id = self.some_case()
        user_id = self.dice.choice(self.org.users[3:] if case_id in self.steady else self.org.users)
        answer = await self.relay.org("/joingroup", groupId=case_id, userId=user_id)
        self.note(f"join {case_id} {user_id} {answer.status_code}")
        assert answer.status_code in (200, 202, 404), answer.text
        if answer.status_code in (200, 202):
            (self.certain if case_id in self.steady else self.possible)[case_id].add(user_id)
            self.told_to_leave[case_id].pop(user_id, None)

    async def dismiss_agent(self) -> None:
        case_id = self.some_case()
        user_id = self.dice.choice(self.org.users[3:] if case_id in self.steady else self.org.users)
        answer = await self.relay.org("/leavegroup", groupId=case_id, userId=user_id)
        self.note(f"leave {case_id} {user_id} {answer.status_code}")
        assert answer.status_code in (200, 202), answer.text
        self.certain[case_id].discard(user_id)
        self.possible[case_id].discard(user_id)
        self.told_to_leave[case_id][user_id] = self.org.row(case_id)["SystemModstamp"]

    async def trouble(self) -> None:
        match = self.dice.choice(COMMANDS)
        fault = Fault(match, times=self.dice.randint(1, 3), **self.dice.choice(TROUBLES))
        self.note(str(fault))
        self.sandbox.tencent_control.faults.add([fault])

    async def deliver(self) -> None:
        """What was held back, in any order and number, some of it twice."""
        self.dice.shuffle(self.held_back)
        late = [self.held_back.pop() for _ in range(self.dice.randint(0, len(self.held_back)))]
        for state in late:
            self.note(f"late {state}")
            await tell(self.relay, *[state] * self.dice.randint(1, 2))

    async def time_passes(self) -> None:
        self.relay.clock.advance(self.dice.choice((1, 10, 60, 400)))
        await self.relay.worker.look()

    async def restart(self) -> None:
        self.note("restart")
        await self.relay.stop()
        await self.start_next()

    async def kill(self) -> None:
        """And what it held is free for the next one."""
        self.note(f"kill, while it holds {self.relay.worker._commands.held}")
        await self.relay.kill()
        await self.start_next()
        self.relay.clock.advance(LEASE + 1)

    async def start_next(self) -> None:
        ahead = self.relay.clock.ahead
        self.relay = await self.start()
        self.relay.clock.ahead = ahead

    async def announce(self, case_id: str) -> None:
        state = self.org.state(case_id)
        fate = self.dice.choices(("told", "twice", "late", "both", "lost"), (50, 10, 15, 10, 15))[0]
        self.note(f"{fate} {state}")
        if fate in ("told", "twice", "both"):
            await tell(self.relay, *[state] * (2 if fate == "twice" else 1))
        if fate in ("late", "both"):
            self.held_back.append(state)

    async def end(self) -> None:
        """Tencent is well, the last late states arrive, and Salesforce is asked."""
        self.sandbox.tencent_control.faults.clear()
        await self.deliver()
        await self.relay.reconciler.catch_up()
        await quiet(self.relay)
        self.relay.clock.advance(700)
        await quiet(self.relay)

    def wrong(self) -> list[str]:
        found = []
        for case_id in self.cases:
            row, there = self.org.row(case_id), members(self.sandbox, case_id)
            if row["IsDeleted"] or row["IsClosed"]:
                if there is not None:
                    found.append(f"{case_id} is closed or deleted and has {there}")
                continue
            owner = self.org.owner(case_id)
            must = self.customers[case_id] | self.certain[case_id]
            may = must | self.possible[case_id] | ({owner} if owner else set())
            if owner and self.told_to_leave[case_id].get(owner) != row["SystemModstamp"]:
                must = must | {owner}
            if there is None or not must <= there <= may:
                found.append(f"{case_id} has {there}, not {must} and perhaps {may - must}")
        return found

    def some_case(self, of: list[str] | None = None) -> str:
        return self.dice.choice(of or [*self.steady, *self.lively])

    def forget_invited(self, case_id: str) -> None:
        self.possible[case_id] |= self.certain[case_id]
        self.certain[case_id] = set()

    def note(self, what: str) -> None:
        self.log.append(what)


def length(seed: int, url: str) -> int:
    if WANTED or seed == SEEDS[0]:
        return LONG
    return SHORT_ON_POSTGRESQL if is_shared(url) else SHORT


@pytest.mark.parametrize("seed", WANTED or SEEDS)
async def test_when_it_is_quiet_the_rooms_are_right(
    start_relay: StartRelay, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr("relay.app.COMMAND_WAIT", 0.05)
    people = People().watch(sandbox, monkeypatch)
    relay = await start_relay()
    customers = {case_id: {customer} for case_id, customer in (await open_cases(relay, 8)).items()}
    story = Story(random.Random(seed), sandbox, start_relay, Org(sandbox), relay, customers)
    await story.begin()

    for _ in range(length(seed, relay.settings.relay_database_url)):
        await story.step()
    await story.end()

    told = "\n".join(story.log)
    assert story.wrong() == [], f"seed {seed}\n{told}"
    assert not set(people.left_alone) & set(story.steady), f"seed {seed}\n{told}"
    assert {verb for verb, _ in undone(story.relay, "failed")} <= {"join"}, f"seed {seed}\n{told}"


@pytest.mark.parametrize("seed", SEEDS)
async def test_no_moment_of_a_transfer_is_without_an_agent(
    start_relay: StartRelay, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    dice, org = random.Random(seed), Org(sandbox)
    relay = await start_relay()
    [case_id] = await open_cases(relay, 1)
    org.change(case_id, OwnerId=org.users[0])
    await tell(relay, org.state(case_id))
    await quiet(relay)
    people = People().watch(sandbox, monkeypatch)

    for _ in range(40):
        for command in dice.sample(COMMANDS, dice.randint(0, 2)):
            sandbox.tencent_control.faults.add([Fault(command, **dice.choice(TROUBLES))])
        org.change(case_id, OwnerId=dice.choice(org.users))
        await tell(relay, org.state(case_id))
        if dice.random() < 0.5:
            await quiet(relay)
    sandbox.tencent_control.faults.clear()
    await quiet(relay)

    assert people.left_alone == [], f"seed {seed}"
    assert members(sandbox, case_id) == {"customer-0", org.owner(case_id)}, f"seed {seed}"
    assert people.came


async def test_an_outage_loses_nothing_and_ends_without_a_stampede(
    start_relay: StartRelay, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice, org = random.Random(1), Org(sandbox)
    relay = await start_relay()
    customers = await open_cases(relay, 50)
    people = People().watch(sandbox, monkeypatch)
    faults, journal = sandbox.tencent_control.faults, sandbox.tencent_control.journal
    faults.add([Fault("*", times=FOREVER, status=502)])
    at_once = at_work(sandbox, monkeypatch)

    states = []
    for _ in range(10):
        for case_id in customers:
            org.change(case_id, OwnerId=dice.choice(org.users))
            states.append(org.state(case_id))
    dice.shuffle(states)
    for start in range(0, len(states), 25):
        assert set(await tell(relay, *states[start : start + 25])) <= {"accepted", "stale"}
        relay.clock.advance(5)
    assert len(undone(relay)) >= len(customers)
    faults.clear()
    faults.add([Fault("*", times=FOREVER, delayMs=5)])
    before = len(journal.entries())
    await quiet(relay, hurry=False)

    for case_id, customer in customers.items():
        assert members(sandbox, case_id) == {customer, org.owner(case_id)}
    assert sorted(people.came) == sorted((case_id, str(org.owner(case_id))) for case_id in customers)
    assert undone(relay, "failed") == []
    assert max(at_once) <= MOST_AT_ONCE
    assert len(journal.entries()) - before <= 6 * len(customers)


async def test_a_permanent_refusal_is_one_dead_letter_and_the_old_agent_stays(
    relay: Relay, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    org = Org(sandbox)
    [case_id] = await open_cases(relay, 1)
    old, new = org.users[:2]
    org.change(case_id, OwnerId=old)
    await tell(relay, org.state(case_id))
    await quiet(relay)
    sandbox.tencent_control.faults.add([Fault("add_group_member", times=FOREVER, errorCode=10037)])

    org.change(case_id, OwnerId=new)
    await tell(relay, org.state(case_id))
    await quiet(relay)
    given_up = rows(relay.settings.relay_database_url, "select command_id from commands where state = 'failed'")
    await tell(relay, org.state(case_id))  # which is no news
    await quiet(relay)
    assert rows(relay.settings.relay_database_url, "select command_id from commands where state = 'failed'") == given_up
    for _ in range(3):
        await tell(relay, org.state(case_id))
        await relay.reconciler.catch_up()
        await quiet(relay)
        await relay.reconciler.repair()
        await quiet(relay)

    assert members(sandbox, case_id) == {"customer-0", old}
    assert undone(relay, "failed") == [("sync", case_id)]
    sandbox.tencent_control.faults.clear()
    await replay_all(relay, capsys)
    await quiet(relay)
    assert members(sandbox, case_id) == {"customer-0", new}
    assert undone(relay, "failed") == []


@pytest.mark.parametrize("seed", SEEDS)
async def test_without_any_callout_one_look_is_enough(start_relay: StartRelay, sandbox: Sandbox, seed: int) -> None:
    dice = random.Random(seed)
    relay = await start_relay()
    customers = {case_id: {customer} for case_id, customer in (await open_cases(relay, 8)).items()}
    story = Story(dice, sandbox, start_relay, Org(sandbox), relay, customers)

    async def nobody_is_told(case_id: str) -> None: ...

    story.announce = nobody_is_told  # type: ignore[method-assign]
    for _ in range(60):
        await dice.choices((story.transfer, story.close_or_open, story.delete_or_undelete, story.merge), (6, 2, 2, 1))[
            0
        ]()
    await story.end()

    assert story.wrong() == [], f"seed {seed}"


async def test_an_agent_who_was_sent_away_before_he_became_the_owner_is_in(
    start_relay: StartRelay, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay.app.COMMAND_WAIT", 0.05)
    relay, org = await start_relay(), Org(sandbox)
    [case_id] = await open_cases(relay, 1)
    agent, other = org.users[:2]
    org.change(case_id, OwnerId=agent)
    await tell(relay, org.state(case_id))
    await quiet(relay)
    sandbox.tencent_control.faults.add([Fault("delete_group_member", times=2, status=502)])
    people = People().watch(sandbox, monkeypatch)

    queued = await relay.org("/leavegroup", groupId=case_id, userId=agent)
    org.change(case_id, OwnerId=other)
    await tell(relay, org.state(case_id))
    org.change(case_id, OwnerId=agent)
    await tell(relay, org.state(case_id))
    await quiet(relay)

    assert queued.status_code == 202
    assert members(sandbox, case_id) == {"customer-0", agent}
    assert people.left_alone == []


async def test_the_group_of_a_case_that_lost_a_merge_goes_even_if_tencent_is_long_away(
    relay: Relay, sandbox: Sandbox
) -> None:
    org = Org(sandbox)
    loser, master = await open_cases(relay, 2)
    sandbox.tencent_control.faults.add([Fault("destroy_group", times=FOREVER, status=502)])
    await org.merge(master, loser)
    await tell(relay, org.state(loser), org.state(master))

    async def both_inside() -> bool:
        await relay.worker.look()
        return members(sandbox, master) == {"customer-0", "customer-1"}

    await eventually(both_inside)
    for _ in range(20):
        relay.clock.advance(100)
        await relay.worker.look()
    sandbox.tencent_control.faults.clear()
    await quiet(relay)

    assert members(sandbox, loser) is None


@pytest.mark.parametrize("end", ["closed", "deleted", "merged"])
async def test_a_merge_into_a_case_that_has_ended_leaves_no_group_behind(
    relay: Relay, sandbox: Sandbox, end: str
) -> None:
    org = Org(sandbox)
    loser, master, last = await open_cases(relay, 3)
    await org.merge(master, loser)
    announced = org.state(loser)
    if end == "closed":
        org.change(master, Status="Closed")
    elif end == "deleted":
        org.delete(master)
    else:
        await org.merge(last, master)
    await tell(relay, org.state(master), org.state(last))
    await quiet(relay)
    relay.clock.advance(700)
    await quiet(relay)
    assert members(sandbox, master) is None

    await tell(relay, announced)
    await quiet(relay)
    relay.clock.advance(700)
    await quiet(relay)

    assert members(sandbox, loser) is None
    assert members(sandbox, master) is None
    everybody = {"customer-0", "customer-1", "customer-2"}
    assert members(sandbox, last) == (everybody if end == "merged" else {"customer-2"})


def at_work(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many calls Tencent was working on, at each call."""
    control, counted = sandbox.tencent_control, [0]
    serve, now = control._pass, 0

    async def counting(*call: Any) -> None:
        nonlocal now
        now += 1
        counted.append(now)
        try:
            await serve(*call)
        finally:
            now -= 1

    monkeypatch.setattr(control, "_pass", counting)
    return counted


async def replay_all(relay: Relay, capsys: pytest.CaptureFixture[str]) -> None:
    url = relay.settings.relay_database_url
    for (command_id,) in rows(url, "select command_id from commands where state = 'failed'"):
        assert await dead_letters(url, "replay", [f"command-{command_id}"], as_json=False) == 0
    capsys.readouterr()
