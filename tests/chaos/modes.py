"""The six ways in which the relay is killed, each in a world of its own."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from tests.chaos import commands, histories
from tests.chaos.count import Count, count_tickets
from tests.chaos.customers import Customers, Wish
from tests.chaos.killer import ANY_MOMENT, LIFE, Killer
from tests.chaos.steps import STEPS, Step
from tests.chaos.waiting import until
from tests.chaos.world import World, open_world

_WAIT = 0.5
"""Seconds of RELAY_CREATE_WAIT, so that many a customer is told that his ticket is pending."""
_SETTLING = 45.0
"""Seconds after which what is not done counts as not done."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of it. tickets: in each mode. kills: at any moment. rounds: kills at each step. orders: to a group.

    server: the address of a PostgreSQL for the ledgers; None is SQLite.
    """

    seed: int
    tickets: int = 300
    kills: int = 20
    rounds: int = 3
    orders: int = 3
    server: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    mode: str
    count: Count
    kills: Counter[str]
    failed_calls: int
    seconds: float


Watcher = Callable[[str, Sequence[Wish], World], None]
"""Told once in the beginning what to look at while a mode runs."""
Mode = Callable[[Plan, Path, Watcher], Awaitable[Outcome]]


async def at_any_moment(plan: Plan, directory: Path, watch: Watcher) -> Outcome:
    """customers come back; the relay dies after 0.3 to 1.5 s of life"""
    schedule = [None] * plan.kills
    return await _open_tickets("random", plan, directory, watch, schedule, latency=0.15)


async def at_each_step(plan: Plan, directory: Path, watch: Watcher) -> Outcome:
    """customers come back; the relay dies between each two steps of a ticket"""
    schedule = STEPS * plan.rounds
    return await _open_tickets("steps", plan, directory, watch, schedule, latency=0.02)


async def in_bad_weather(plan: Plan, directory: Path, watch: Watcher) -> Outcome:
    """as random, and of the vendors' calls one in five fails, before or after its work is done"""
    schedule = [None] * plan.kills
    return await _open_tickets("faults", plan, directory, watch, schedule, latency=0.1, bad_weather=0.2)


async def without_retry(plan: Plan, directory: Path, watch: Watcher) -> Outcome:
    """customers ask once and are gone, every second one without a key; the relay dies at each step and at any moment"""
    schedule = [*STEPS * (plan.rounds // 2), *[None] * (plan.kills // 2)]
    return await _open_tickets("once", plan, directory, watch, schedule, latency=0.1, patient=False, wait=0.1)


async def _open_tickets(
    mode: str,
    plan: Plan,
    directory: Path,
    watch: Watcher,
    schedule: Sequence[Step | None],
    *,
    latency: float,
    bad_weather: float = 0.0,
    patient: bool = True,
    wait: float = _WAIT,
) -> Outcome:
    chance, began = random.Random(f"{plan.seed} {mode}"), time.monotonic()
    schedule = chance.sample(schedule, len(schedule))
    keyed = [patient or number % 2 == 0 for number in range(plan.tickets)]
    wishes = [Wish(f"{mode}-{number:04}", f"key-{number}" if key else None) for number, key in enumerate(keyed)]
    settings = {"RELAY_CREATE_WAIT": str(wait)}
    async with open_world(
        directory, chance, settings, latency=latency, bad_weather=bad_weather, server=plan.server
    ) as world:
        watch(mode, wishes, world)
        async with _customers(world, wishes, patient) as customers:
            killer = Killer(world, customers)
            await killer.work_off(schedule)
            world.clear_up()
            await customers.leave(_SETTLING)
        await _settle(world, wishes)
        if patient:
            await customers.ask_again(wishes)
        count = count_tickets(wishes, world.cases(), world.groups(), all_promised=patient)
        count.complaints += killer.complaints
        return Outcome(mode, count, killer.kills, world.failed_calls, time.monotonic() - began)


@contextlib.asynccontextmanager
async def _customers(world: World, wishes: Sequence[Wish], patient: bool) -> AsyncIterator[Customers]:
    customers = Customers(world, wishes, patient=patient)
    try:
        yield customers
    finally:
        await customers.send_away()


async def _settle(world: World, wishes: Sequence[Wish]) -> None:
    """Until everything promised is there and nothing is under way, or it has taken too long."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_SETTLING):
            await until(world.is_quiet, seconds=_SETTLING, every=0.1)
            for wish in wishes:
                if wish.ticket_id and not wish.ended:
                    await until(lambda wish=wish: _is_ended(world, wish), seconds=_SETTLING, every=0.1)  # type: ignore[misc]
            await until(world.is_quiet, seconds=_SETTLING, every=0.1)


async def _is_ended(world: World, wish: Wish) -> bool:
    wish.hear(await world.ticket(wish.ticket_id or ""))
    return wish.ended


async def with_tencent_away(plan: Plan, directory: Path, watch: Watcher) -> Outcome:
    """join, leave and delete are promised while Tencent Chat is away; the relay dies before and while it catches up"""
    chance, began = random.Random(f"{plan.seed} commands"), time.monotonic()
    wishes = [Wish(f"commands-{number:04}", f"key-{number}") for number in range(min(plan.tickets, 40))]
    async with open_world(directory, chance, {}, latency=0.05, server=plan.server) as world:
        watch("commands", wishes, world)
        await world.relay.start()
        await _admit_all(world, wishes)
        agents = [user["Id"] for user in world.users() if user["IsActive"]]
        told = commands.stories([wish.groups[0] for wish in wishes], agents, plan.orders)
        commands.take_tencent_away(world)
        for number in range(plan.orders):
            await asyncio.gather(*(commands.command(world, story, number) for story in told))
            await _kill_and_start(world)
        world.clear_up()
        for _ in range(plan.rounds):
            await asyncio.sleep(chance.uniform(0.05, 0.5))  # somewhere in the middle of catching up
            await _kill_and_start(world)
        with contextlib.suppress(TimeoutError):
            await until(lambda: commands.all_are_carried_out(world, told), seconds=_SETTLING, every=0.1)
        await until(world.is_quiet, seconds=_SETTLING, every=0.1)
        count = commands.count_commands(world, told)
        return Outcome("commands", count, Counter({ANY_MOMENT: world.kills}), 0, time.monotonic() - began)


async def while_cases_change(plan: Plan, directory: Path, watch: Watcher) -> Outcome:
    """Cases change hands, are closed and reopened, and Apex tells; the relay dies after 0.3 to 1.5 s of life"""
    chance, began = random.Random(f"{plan.seed} cases"), time.monotonic()
    wishes = [Wish(f"cases-{number:04}", f"key-{number}") for number in range(min(plan.tickets, 40))]
    async with open_world(directory, chance, histories.SETTINGS, latency=0.05, server=plan.server) as world:
        watch("cases", wishes, world)
        await world.relay.start()
        await _admit_all(world, wishes)
        told = [histories.History(wish.groups[0], wish.mark) for wish in wishes]
        apex = histories.Apex(world, told, chance)
        working = asyncio.create_task(apex.work())
        for _ in range(plan.kills):
            await asyncio.sleep(chance.uniform(*LIFE))
            await _kill_and_start(world)
        working.cancel()
        await asyncio.wait([working])
        await asyncio.wait_for(apex.tell_how_it_ended(), _SETTLING)
        with contextlib.suppress(TimeoutError):
            await until(lambda: histories.all_are_right(world, apex, told), seconds=_SETTLING, every=0.1)
        await until(world.is_quiet, seconds=_SETTLING, every=0.1)
        count = histories.count_histories(world, apex, told)
        return Outcome("cases", count, Counter({ANY_MOMENT: world.kills}), 0, time.monotonic() - began)


async def _admit_all(world: World, wishes: Sequence[Wish]) -> None:
    """Everybody has his ticket."""
    async with _customers(world, wishes, patient=True) as customers:
        customers.admit(len(wishes))
        await customers.leave(_SETTLING)


async def _kill_and_start(world: World) -> None:
    world.kill()
    await world.relay.start()


MODES: Mapping[str, Mode] = MappingProxyType(
    {
        "random": at_any_moment,
        "steps": at_each_step,
        "faults": in_bad_weather,
        "once": without_retry,
        "commands": with_tencent_away,
        "cases": while_cases_change,
    }
)
