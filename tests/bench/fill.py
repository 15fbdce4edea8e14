"""Fills a ledger for the benchmark by the store's own methods, many at a time, instead of by requests.

`python -m tests.bench.fill open_rooms URL COUNT` or `half_done URL TICKETS COMMANDS` says as JSON what it put in.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from bench.cases import name_of
from bench.filling import SUBJECT, Filled
from bench.ids import record_id
from bench.scenarios import AGENTS, DESCRIPTION
from relay.models import Agent, CaseInfo, CaseState, Ticket
from relay.store import Ledger, open_ledger

T = TypeVar("T")

FIRST_CASE = 50_000_000
"""Far above the Cases that the stand-in gives new tickets."""
HOUR = 3600.0
TOGETHER = 200


async def open_rooms(url: str, count: int) -> Filled:
    """So many done tickets, each with an open Case, an agent and a group with the two in it."""
    ledger, now = await open_ledger(url), time.time()
    states = [_state(number, now - 2 * HOUR + number / 1000) for number in range(count)]
    for some in _chunks(states):
        await ledger.accept_states(some, now - HOUR)
    for pairs in _chunks(list(enumerate(states))):
        await _together(_done(ledger, number, state.case_id, now) for number, state in pairs)
    for some in _chunks(states):
        await _together(_settle(ledger, state) for state in some)
    while commands := await ledger.claim_commands(holder="dead", now=now, until=now, limit=TOGETHER):
        await _together(map(ledger.finish_command, commands))
    await ledger.remember("reconcile cursor", repr(now))
    await ledger.close()
    groups = {state.case_id: [_user(number), state.agents[0].user_id] for number, state in enumerate(states)}
    return Filled(groups, [_row(state) for state in states])


async def half_done(url: str, tickets: int, commands: int) -> Filled:
    """Tickets that a relay left when it died, half of them with a Case; and commands to groups of other tickets."""
    filled = await open_rooms(url, commands)
    ledger, now = await open_ledger(url), time.time()
    for numbers in _chunks(range(commands, commands + tickets)):
        await _together(_left(ledger, number, now - HOUR) for number in numbers)
    for groups in _chunks(list(filled.groups)):
        joining = [
            ledger.add_command(
                verb="join", group_id=group, user_id=AGENTS[-1], holder="dead", now=now - HOUR, until=now - HOUR
            )
            for group in groups
        ]
        await _together(joining)
    await ledger.close()
    return filled


def _state(number: int, modstamp: float) -> CaseState:
    user_id = AGENTS[number % (len(AGENTS) - 1)]
    agent = Agent(user_id, name_of(user_id))
    return CaseState(record_id("500", FIRST_CASE + number), (agent,), False, False, None, round(modstamp, 3))


def _user(number: int) -> str:
    return f"f{number:06d}"


def _row(state: CaseState) -> dict[str, object]:
    stamp = datetime.fromtimestamp(state.modstamp, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
    owner = state.agents[0].user_id
    row = {"Id": state.case_id, "OwnerId": owner, "IsClosed": False, "IsDeleted": False, "MasterRecordId": None}
    return {**row, "SystemModstamp": f"{stamp}+0000"}


async def _settle(ledger: Ledger, state: CaseState) -> None:
    room = await ledger.find_room(state.case_id)
    assert room is not None
    await ledger.note_member(state.case_id, state.agents[0].user_id, "synced")
    await ledger.settle_room(room, dismiss_at=None, gone=False)


async def _done(ledger: Ledger, number: int, case_id: str, now: float) -> None:
    await ledger.finish_ticket(await _accepted(ledger, number, now), case_id, now)


async def _left(ledger: Ledger, number: int, then: float) -> None:
    ticket = await _accepted(ledger, number, then)
    if number % 2:
        await ledger.record_case(ticket, record_id("500", FIRST_CASE + number), then)


async def _accepted(ledger: Ledger, number: int, now: float) -> Ticket:
    info = CaseInfo(subject=SUBJECT, desc=DESCRIPTION, name="Ann", email="ann@example.com")
    return await ledger.accept_ticket(
        ticket_id=f"{number:026d}",
        body_hash=f"{number:064x}",
        user_id=_user(number),
        case_info=info,
        holder="dead",
        now=now,
        until=now,
    )


async def _together(work: Iterable[Awaitable[object]]) -> None:
    await asyncio.gather(*work)


def _chunks(items: Sequence[T]) -> Iterable[Sequence[T]]:
    for start in range(0, len(items), TOGETHER):
        yield items[start : start + TOGETHER]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.bench.fill", description=__doc__)
    parser.add_argument("what", choices=["half_done", "open_rooms"])
    parser.add_argument("url", help="of the ledger")
    parser.add_argument("counts", type=int, nargs="+", help="of tickets, and of commands where they are half done")
    named = parser.parse_args()
    filling = (half_done if named.what == "half_done" else open_rooms)(named.url, *named.counts)
    sys.stdout.write(json.dumps(asyncio.run(filling)._asdict()))
