"""Ledgers that the benchmark fills are what a relay leaves there, and arrive in PostgreSQL as they were."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bench import ledgers
from bench.cases import Cases
from bench.scenarios import AGENTS
from relay.models import Room
from relay.store import move_to_postgresql, open_ledger
from tests.bench.fill import half_done, open_rooms


def a_new_ledger(directory: Path) -> str:
    return f"sqlite:///{directory}/ledger.db"


async def rooms_of(url: str) -> list[Room]:
    ledger = await open_ledger(url)
    try:
        return await ledger.rooms()
    finally:
        await ledger.close()


def test_an_open_room_has_its_customer_and_its_agent_and_nothing_is_to_be_done(tmp_path: Path) -> None:
    url = a_new_ledger(tmp_path)
    filled = asyncio.run(open_rooms(url, 7))
    rooms = asyncio.run(rooms_of(url))
    assert {room.state.case_id: sorted(room.customers | room.synced) for room in rooms} == {
        group: sorted(members) for group, members in filled.groups.items()
    }
    assert len(rooms) == 7
    assert ledgers.undone(url) == 0


def test_half_done_tickets_and_commands_are_open(tmp_path: Path) -> None:
    url = a_new_ledger(tmp_path)
    filled = asyncio.run(half_done(url, tickets=20, commands=4))
    assert ledgers.undone(url) == 24
    assert len(filled.groups) == 4, "groups that the commands are for"


@pytest.mark.anyio
async def test_a_ledger_moves_to_postgresql_and_goes_on_there(tmp_path: Path, postgresql: str) -> None:
    old = a_new_ledger(tmp_path)
    await half_done(old, tickets=6, commands=3)
    list(move_to_postgresql(old, postgresql))
    assert ledgers.undone(postgresql) == ledgers.undone(old) == 9
    assert await rooms_of(postgresql) == await rooms_of(old)

    ledger = await open_ledger(postgresql)
    try:
        group = (await ledger.rooms())[0].state.case_id
        command = await ledger.add_command(
            verb="join", group_id=group, user_id=AGENTS[0], holder="me", now=0.0, until=1.0
        )
        assert command.command_id > 3, "numbers go on where the old ledger's ended"
        assert command.holder is None, "the copied command to this group comes first"
    finally:
        await ledger.close()


def test_the_stand_in_tells_of_the_filled_cases_as_salesforce_would(tmp_path: Path) -> None:
    filled = asyncio.run(open_rooms(a_new_ledger(tmp_path), 3))
    cases = Cases()
    cases.rows = filled.cases
    first = str(filled.cases[0]["Id"])
    assert f'"{first}"'.encode() in cases.answer(
        f"/services/data/v67.0/queryAll/?q=SELECT+Id+FROM+Case+WHERE+Id+IN+('{first}')"
    )
    stamp = str(filled.cases[1]["SystemModstamp"]).removesuffix("+0000")
    later = cases.answer(f"/services/data/v67.0/queryAll/?q=SELECT+Id+FROM+Case+WHERE+SystemModstamp+%3E=+{stamp}Z")
    assert first.encode() not in later
    assert str(filled.cases[2]["Id"]).encode() in later


def test_many_cases_come_page_by_page() -> None:
    cases = Cases()
    cases.rows = [{"Id": str(number), "SystemModstamp": "2026-01-01T00:00:00.000+0000"} for number in range(2500)]
    answer = cases.answer(
        "/services/data/v67.0/queryAll/?q=SELECT+Id+FROM+Case+WHERE+SystemModstamp+%3E=+2025-01-01T00:00:00.000Z"
    )
    assert b'"done": false' in answer
    assert b'"nextRecordsUrl": "/services/data/v67.0/queryAll/01g5g000000bench-2000"' in answer
    last = cases.answer("/services/data/v67.0/queryAll/01g5g000000bench-2000")
    assert b'"done": true' in last
    assert b'"Id": "2499"' in last
