"""What Salesforce commands while Tencent Chat is away: promised, killed over, and carried out in order in the end."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from sandbox.faults import FOREVER, Fault
from tests.chaos.count import Count
from tests.chaos.tap import Call
from tests.chaos.world import World

Order = tuple[str, str | None]
"""What is to be done to a group, and to whom: join or leave with a User, delete with nobody."""

_STORIES: tuple[tuple[str, ...], ...] = (
    ("join 0", "leave 0", "join 1"),
    ("join 0", "join 1", "leave 0"),
    ("leave 0", "join 0", "delete"),
    ("join 1", "delete", "leave 1"),
)
_CALLS = {"join": "add_group_member", "leave": "delete_group_member", "delete": "destroy_group"}


@dataclass(slots=True)
class Story:
    """What a group is to live through, and how much of it the relay has promised."""

    group_id: str
    orders: Sequence[Order]
    promised: int = 0
    refusals: list[str] = field(default_factory=list)


def stories(groups: Sequence[str], agents: Sequence[str], length: int) -> list[Story]:
    """One for each group, so many orders long."""
    told = zip(groups, itertools.cycle(_STORIES))
    return [Story(group_id, [_order(text, agents) for text in texts[:length]]) for group_id, texts in told]


def _order(text: str, agents: Sequence[str]) -> Order:
    verb, _, number = text.partition(" ")
    return verb, agents[int(number)] if number else None


def take_tencent_away(world: World) -> None:
    world.sandbox.tencent_control.faults.add([Fault(name, times=FOREVER, status=503) for name in _CALLS.values()])


async def command(world: World, story: Story, number: int) -> None:
    """Send one order until it is acknowledged, as Apex does."""
    verb, user_id = story.orders[number]
    body = {"groupId": story.group_id} | ({} if user_id is None else {"userId": user_id})
    while True:
        try:
            answer = await world.post(f"/{verb}group", body, as_org=True)
        except httpx.TransportError:
            await asyncio.sleep(0.05)
            continue
        if answer.is_success:
            story.promised += 1
        else:
            story.refusals.append(f"{verb}: {answer.status_code} {answer.json().get('detail')}")
        return


async def all_are_carried_out(world: World, told: Sequence[Story]) -> bool:
    done = _done_at_tencent(world.seen)
    return all(len(done.get(story.group_id, [])) >= len(story.orders) for story in told)


def count_commands(world: World, told: Sequence[Story]) -> Count:
    """Whether Tencent Chat was asked for the orders of each group in their order, and who is in it now."""
    count = Count(sum(len(story.orders) for story in told))
    done, members = _done_at_tencent(world.seen), _members(world)
    for story in told:
        found = done.get(story.group_id, [])
        count.exact += sum(order == right for order, right in zip(found, story.orders, strict=False))
        count.promised += story.promised
        count.lost += max(story.promised - len(found), 0)
        count.refused += len(story.refusals)
        count.wrong += int(found != list(story.orders)) + int(members.get(story.group_id) != _expected(story.orders))
        if found != list(story.orders) or members.get(story.group_id) != _expected(story.orders) or story.refusals:
            count.complaints.append(
                f"{story.group_id}: ordered {list(story.orders)}, done {found}, agents {members.get(story.group_id)}"
                f" {story.refusals or ''}"
            )
    return count


def _done_at_tencent(calls: Sequence[Call]) -> dict[str, list[Order]]:
    """The orders of each group as they arrived; the same one again is a repetition."""
    done: dict[str, list[Order]] = {}
    for call in calls:
        for verb, name in _CALLS.items():
            if name in call.names:
                orders, order = done.setdefault(call.body["GroupId"], []), (verb, _whom(call.body))
                if orders[-1:] != [order]:
                    orders.append(order)
    return done


def _whom(body: dict[str, Any]) -> str | None:
    if "MemberList" in body:
        return str(body["MemberList"][0]["Member_Account"])
    return str(body["MemberToDel_Account"][0]) if "MemberToDel_Account" in body else None


def _members(world: World) -> dict[str, set[str]]:
    """The agents in each group that there is."""
    return {
        group["GroupId"]: {member for member in group["members"] if member.startswith("005")}
        for group in world.groups()
    }


def _expected(orders: Sequence[Order]) -> set[str] | None:
    agents: set[str] | None = set()
    for verb, user_id in orders:
        if verb == "delete":
            agents = None
        elif agents is not None and user_id is not None:
            agents = agents | {user_id} if verb == "join" else agents - {user_id}
    return agents
