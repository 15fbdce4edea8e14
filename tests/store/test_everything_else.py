"""What SQLite and PostgreSQL could understand differently: each of the ledger's other statements, run on both."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from relay.models import Agent, CaseState
from relay.store import Ledger, rooms
from relay.store.migrate import migrate_sqlite
from tests.store.conftest import LEASE_END, NOW, accept

pytestmark = pytest.mark.anyio

CASE, MASTER, USER = "500000000000001AAA", "500000000000002AAA", "005000000000001AAA"
LATER = LEASE_END + 1
STATE = CaseState(
    case_id=CASE, agents=(Agent(USER, "Ann"),), is_closed=False, is_deleted=False, merged_into=None, modstamp=5.5
)


async def test_the_newest_state_is_kept_and_applied_once(ledger: Ledger) -> None:
    newer, other = replace(STATE, modstamp=6.25, agents=()), replace(STATE, modstamp=6.25, is_closed=True)

    assert await ledger.accept_states([STATE], NOW) == ["unknown"]
    assert await ledger.record_case(await accept(ledger), CASE, NOW)
    between = replace(STATE, modstamp=6.0)
    at_once = await ledger.accept_states([between, newer, STATE, newer, between], NOW)
    assert at_once == ["accepted", "accepted", "stale", "accepted", "stale"]
    [command] = await ledger.claim_commands(holder="b", now=LATER, until=LATER + 9, limit=9)
    assert (command.verb, command.group_id, command.user_id) == ("sync", CASE, None)
    assert await ledger.accept_states([other], NOW) == ["accepted"]

    room = await ledger.find_room(CASE)
    assert room is not None
    assert (room.state, room.ask, room.customers) == (other, True, frozenset({"alice"}))
    await ledger.overrule(newer)
    assert (await ledger.rooms())[0].state == newer


async def test_what_salesforce_was_asked_for_holds_and_names_make_no_difference(ledger: Ledger) -> None:
    await ledger.record_case(await accept(ledger), CASE, NOW)
    renamed = replace(STATE, agents=(Agent(USER, "A{nn"),))
    unowned = replace(STATE, agents=())
    await ledger.accept_states([renamed, STATE], NOW)
    room = await ledger.find_room(CASE)
    assert room is not None and not room.ask and room.state == renamed

    await ledger.accept_states([unowned], NOW + 1, asked_for=True)
    there = await ledger.find_room(CASE)
    assert there is not None and not there.ask and there.state == unowned
    assert not await ledger.settle_room(room, dismiss_at=None, gone=False)

    await ledger.accept_states([STATE], NOW + 2)
    there = await ledger.find_room(CASE)
    assert there is not None and there.ask and there.state == STATE


async def test_an_open_state_ends_the_wait_for_a_dismissal(ledger: Ledger) -> None:
    await ledger.record_case(await accept(ledger), CASE, NOW)
    closed = replace(STATE, is_closed=True)
    await ledger.accept_states([closed], NOW)
    room = await ledger.find_room(CASE)
    assert room is not None and await ledger.settle_room(room, dismiss_at=NOW + 600, gone=False)

    await ledger.accept_states([replace(closed, modstamp=6)], NOW + 1)
    room = await ledger.find_room(CASE)
    assert room is not None and room.dismiss_at == NOW + 600
    await ledger.accept_states([replace(STATE, modstamp=7), replace(closed, modstamp=8)], NOW + 2)
    room = await ledger.find_room(CASE)
    assert room is not None and room.dismiss_at is None


async def test_a_room_knows_what_its_tickets_are_about_while_all_of_them_do(ledger: Ledger) -> None:
    ticket = await accept(ledger)
    await ledger.record_case(ticket, CASE, NOW)
    assert await ledger.cases_without_state() == {CASE: NOW}
    await ledger.accept_states([STATE], NOW)
    assert await ledger.cases_without_state() == {}
    assert ticket.case_info is not None
    assert [room.subjects for room in await ledger.rooms()] == [(ticket.case_info.subject,)]

    assert await ledger.finish_ticket(ticket, CASE, NOW)
    await ledger.mark_gone(CASE, NOW)
    await ledger.blank_case_infos(NOW + 1)
    room = await ledger.find_room(CASE)

    assert room is not None and room.subjects == ()


async def test_a_closed_room_is_dismissed_when_its_time_has_come(ledger: Ledger) -> None:
    await ledger.record_case(await accept(ledger), CASE, NOW)
    await ledger.accept_states([STATE], NOW)
    [applied] = await ledger.claim_commands(holder="b", now=LATER, until=LATER + 9, limit=9)
    room = await ledger.find_room(CASE)
    assert room is not None
    assert await ledger.settle_room(room, dismiss_at=NOW + 600, gone=False)
    assert await ledger.finish_command(applied)

    assert await ledger.enqueue_dismissals(NOW + 599) == 0
    assert await ledger.enqueue_dismissals(NOW + 600) == 1
    assert len(await ledger.claim_commands(holder="b", now=NOW + 700, until=NOW + 709, limit=9)) == 1
    await ledger.mark_gone(CASE, NOW + 700)
    room = await ledger.find_room(CASE)
    assert room is not None
    assert (room.gone, room.dismiss_at) == (True, NOW + 700)


async def test_of_all_rooms_those_are_read_whose_group_is_there_however_many(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "_PAGE", 2)
    cases = [f"50000000000000{number}AAA" for number in range(1, 8)]
    for number, case_id in enumerate(cases):
        await ledger.record_case(await accept(ledger, f"t{number}"), case_id, NOW)
    await ledger.accept_states([replace(STATE, case_id=case_id) for case_id in cases], NOW)
    for gone in (cases[0], cases[2], cases[3]):
        await ledger.mark_gone(gone, NOW)

    there = [room.state.case_id for room in await ledger.rooms()]

    assert there == [cases[1], *cases[4:]]


def test_nobody_looks_through_all_rooms_that_ever_were(path: Path) -> None:
    """Once a second, and at each deep pass: there may be hundreds of thousands of them."""
    migrate_sqlite(path)
    with closing(sqlite3.connect(path)) as connection:
        for where, arguments in ((rooms._IS_DUE, (NOW,)), (rooms._THERE, ("", 500))):
            statement = f"explain query plan select case_id from rooms where {where}".replace("$", "?")
            plan = [str(row[-1]) for row in connection.execute(statement, arguments)]
            assert any("USING" in step and "INDEX rooms_" in step for step in plan), plan


def test_what_nobody_claims_is_found_without_looking_through_all_rooms(path: Path) -> None:
    migrate_sqlite(path)
    with closing(sqlite3.connect(path)) as connection:
        plan = [
            str(row[-1]) for row in connection.execute(f"explain query plan {rooms._FORGET}".replace("$", "?"), (NOW,))
        ]
    assert any("INDEX rooms_pending" in step for step in plan), plan


async def test_cases_are_looked_through_a_few_at_a_time(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "_MORE", 2)
    monkeypatch.setattr(rooms, "_PAGE", 2)
    cases = [f"50000000000000{number}AAA" for number in range(3, 10)]
    for number, case_id in enumerate([*cases, cases[0], cases[0], cases[0]]):
        await ledger.record_case(await accept(ledger, f"t{number}"), case_id, NOW)
    await accept(ledger, "without a Case")
    known = [cases[0], cases[2], cases[3]]
    await ledger.accept_states([replace(STATE, case_id=case_id) for case_id in [*known, MASTER]], NOW)

    assert [*await ledger.cases_without_state()] == [case_id for case_id in cases if case_id not in known]
    assert await ledger.open_groups() == dict.fromkeys(cases, 0)
    await ledger.mark_gone(cases[2], NOW)
    assert await ledger.open_groups() == dict.fromkeys([*cases[:2], *cases[3:]], 0)


async def test_the_state_of_a_case_that_lost_its_ticket_is_forgotten(ledger: Ledger) -> None:
    await ledger.record_case(await accept(ledger), CASE, NOW)
    await ledger.accept_states([STATE, replace(STATE, case_id=MASTER)], NOW)
    [command] = await ledger.claim_commands(holder="b", now=LATER, until=LATER + 9, limit=9)
    room = await ledger.find_room(CASE)
    assert room is not None
    await ledger.move_tickets(CASE, MASTER, NOW)
    assert await ledger.settle_room(room, dismiss_at=None, gone=True)
    await ledger.finish_command(command)
    await ledger.forget_unclaimed(NOW + 1)

    assert await ledger.find_room(CASE) is None
    [command] = await ledger.claim_commands(holder="b", now=LATER, until=LATER + 9, limit=9)
    room = await ledger.find_room(MASTER)
    assert room is not None and await ledger.settle_room(room, dismiss_at=None, gone=True)
    await ledger.finish_command(command)
    await ledger.forget_unclaimed(NOW + 1)
    assert await ledger.find_room(MASTER) is not None
    await ledger.erase("alice")
    await ledger.forget_unclaimed(NOW + 1)
    assert await ledger.find_room(MASTER) is None


async def test_what_was_given_up_is_no_dead_letter_any_more_once_it_is_done(ledger: Ledger) -> None:
    """By a command that had been claimed before the other one was given up."""
    await ledger.record_case(await accept(ledger), CASE, NOW)
    await ledger.accept_states([STATE], NOW)
    [command] = await ledger.claim_commands(holder="b", now=LATER, until=LATER + 9, limit=9)
    room = await ledger.find_room(CASE)
    assert room is not None and await ledger.fail_command(command, {"title": "Matching the group failed"})
    assert [letter.what for letter in await ledger.dead_letters()] == ["sync"]

    assert await ledger.settle_room(room, dismiss_at=None, gone=False)

    assert await ledger.dead_letters() == []


async def test_a_master_whose_group_had_gone_has_one_again_when_tickets_move_there(ledger: Ledger) -> None:
    await ledger.record_case(await accept(ledger), CASE, NOW)
    await ledger.accept_states([replace(STATE, case_id=MASTER)], NOW)
    await ledger.mark_gone(MASTER, NOW)
    await ledger.move_tickets(CASE, MASTER, NOW)

    assert [(room.state.case_id, room.gone) for room in await ledger.rooms()] == [(MASTER, False)]


async def test_members_are_noted_and_forgotten(ledger: Ledger) -> None:
    await ledger.accept_states([STATE], NOW)
    await ledger.note_member(CASE, USER, "synced")
    await ledger.note_member(CASE, USER, "joined")
    await ledger.note_member(CASE, MASTER, "left")

    room = await ledger.find_room(CASE)
    assert room is not None
    assert (room.synced, room.joined, room.left) == (frozenset(), frozenset({USER}), frozenset({MASTER}))
    await ledger.forget_members(CASE, [USER])
    await ledger.forget_members(CASE, [])
    await ledger.forget_unclaimed(NOW + 1)
    assert await ledger.find_room(CASE) is None


async def test_who_was_sent_away_before_the_newest_state_does_not_stay_out(ledger: Ledger) -> None:
    await ledger.record_case(await accept(ledger), CASE, NOW)
    command = await ledger.add_command(verb="leave", group_id=CASE, user_id=USER, holder="a", now=NOW, until=LEASE_END)
    assert not await ledger.is_outdated(command)
    await ledger.accept_states([STATE], NOW + 1)

    assert await ledger.is_outdated(command)
    assert await ledger.finish_command(command)
    room = await ledger.find_room(CASE)
    assert room is not None
    assert (room.synced, room.left) == (frozenset({USER}), frozenset())


async def test_a_merge_moves_the_tickets(ledger: Ledger) -> None:
    await ledger.record_case(await accept(ledger), CASE, NOW)
    await ledger.accept_states([replace(STATE, case_id=MASTER)], NOW)

    await ledger.move_tickets(CASE, MASTER, NOW)
    await ledger.reapply(MASTER, NOW)

    [command] = await ledger.claim_commands(holder="b", now=LATER, until=LATER + 9, limit=9)
    assert command.group_id == MASTER
    ticket = await ledger.find_ticket("t1")
    assert ticket is not None
    assert ticket.case_id == MASTER


async def test_a_ticket_that_was_moved_while_it_was_worked_on_stays_with_the_master(ledger: Ledger) -> None:
    ticket = await accept(ledger)
    await ledger.record_case(ticket, CASE, NOW)
    await ledger.move_tickets(CASE, MASTER, NOW)

    assert await ledger.record_case(ticket, CASE, NOW)
    assert await ledger.finish_ticket(ticket, CASE, NOW) == MASTER

    moved = await ledger.find_ticket(ticket.ticket_id)
    assert moved is not None and moved.case_id == MASTER


async def test_dead_letters_are_listed_replayed_and_dropped(ledger: Ledger) -> None:
    ticket = await accept(ledger)
    await ledger.record_case(ticket, CASE, NOW)
    await ledger.postpone_ticket(ticket, NOW)
    await ledger.fail_ticket(ticket, {"status": 422}, NOW)
    for _ in range(2):
        command = await ledger.add_command(
            verb="join", group_id=CASE, user_id=USER, holder="a", now=NOW, until=LEASE_END
        )
        await ledger.fail_command(command, {"status": 422})

    names = [letter.name for letter in await ledger.dead_letters()]
    assert len(names) == 3
    assert [await ledger.replay(name, LATER) for name in names[:2]] == [True, True]
    assert await ledger.drop(names[2])
    assert await ledger.dead_letters() == []
    for nothing in ("ticket-x", "command-x", "command-", "command-" + "9" * 30, "command-12345", "what-ever"):
        assert not await ledger.replay(nothing, LATER)
        assert not await ledger.drop(nothing)
    [again] = await ledger.claim_commands(holder="b", now=LATER + 1, until=LATER + 9, limit=9)
    assert (again.group_id, again.attempts) == (CASE, 0)
    [ticket] = await ledger.claim_tickets(holder="b", now=LATER + 1, until=LATER + 9, limit=9)
    assert ticket.attempts == 0


async def test_tickets_with_a_case_are_known_and_forget_their_content(ledger: Ledger) -> None:
    assert await ledger.is_ticket_open_for(CASE, NOW) is False
    ticket = await accept(ledger, desc="\u0000 \u4f60 \U0001f600")
    assert await ledger.is_ticket_open_for(CASE, NOW) is None
    await ledger.record_case(ticket, CASE, NOW)
    assert await ledger.is_ticket_open_for(CASE, NOW) is True
    await ledger.renew([ticket], [], LATER)
    assert await ledger.postpone_ticket(ticket, NOW)
    [again] = await ledger.claim_tickets(holder="b", now=NOW + 1, until=LATER, limit=1)
    assert again.case_info == ticket.case_info
    assert (again.attempts, again.abandoned) == (1, False)
    await ledger.finish_ticket(again, CASE, NOW)

    await ledger.accept_states([STATE], NOW)
    await ledger.mark_gone(CASE, NOW + 7)
    await ledger.mark_gone(CASE, NOW + 700)
    room = await ledger.find_room(CASE)
    assert room is not None and await ledger.settle_room(room, dismiss_at=None, gone=True)
    assert await ledger.blank_case_infos(NOW + 7) == 0
    assert await ledger.blank_case_infos(NOW + 8) == 1
    assert await ledger.blank_case_infos(NOW + 8) == 0
    await ledger.ping()
    assert await ledger.recall("nothing") is None
