"""What is added to a group's line waits for its turn, and what is done twice because an answer was lost counts once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from relay.errors import StoreUnavailable
from relay.models import CaseState, Ticket
from relay.store import Ledger
from tests import postgres
from tests.store.conftest import LEASE_END, NOW, accept
from tests.store.outside import rows

pytestmark = pytest.mark.anyio

CASE, MASTER, USER = "500000000000001AAA", "500000000000002AAA", "005000000000001AAA"
LATER = LEASE_END + 1
CLOSED = CaseState(case_id=CASE, agents=(), is_closed=True, is_deleted=False, merged_into=None, modstamp=5.0)
LINE = f"select pg_advisory_xact_lock(hashtextextended('{CASE}', 0))"
WAITING = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
PROBLEM: dict[str, object] = {"title": "Group creation failed"}


@pytest.fixture
def url(postgresql: str) -> str:
    """On SQLite everything waits for its turn, and no answer can be lost."""
    return postgresql


@pytest.fixture
async def ticket(ledger: Ledger) -> Ticket:
    """Whose Case is closed, so that its group is to be dismissed at NOW."""
    ticket = await accept(ledger)
    await ledger.record_case(ticket, CASE, NOW)
    await ledger.accept_states([CLOSED], NOW)
    [applied] = await ledger.claim_commands(holder="a", now=LATER, until=LATER + 9, limit=9)
    room = await ledger.find_room(CASE)
    assert room is not None
    await ledger.settle_room(room, dismiss_at=NOW, gone=False)
    await ledger.finish_command(applied)
    return ticket


async def add(ledger: Ledger, ticket: Ticket) -> Awaitable[object]:
    return ledger.add_command(verb="join", group_id=CASE, user_id=USER, holder="a", now=NOW, until=LEASE_END)


async def replay(ledger: Ledger, ticket: Ticket) -> Awaitable[object]:
    await ledger.fail_command(await (await add(ledger, ticket)), PROBLEM)  # type: ignore[arg-type]
    [letter] = await ledger.dead_letters()
    return ledger.replay(letter.name, NOW)


async def finish_leave(ledger: Ledger, ticket: Ticket) -> Awaitable[object]:
    """It notes who stays out, and the state that lets him back may be coming."""
    leave = await ledger.add_command(verb="leave", group_id=CASE, user_id=USER, holder="a", now=NOW, until=LEASE_END)
    return ledger.finish_command(leave)


async def comment(ledger: Ledger, ticket: Ticket) -> Awaitable[object]:
    return ledger.fail_ticket(ticket, PROBLEM, NOW)


async def record_case(ledger: Ledger, ticket: Ticket) -> Awaitable[object]:
    return ledger.record_case(ticket, CASE, NOW)


async def accept_states(ledger: Ledger, ticket: Ticket) -> Awaitable[object]:
    return ledger.accept_states([CLOSED], NOW)


async def reapply(ledger: Ledger, ticket: Ticket) -> Awaitable[object]:
    return ledger.reapply(CASE, NOW)


async def move_tickets(ledger: Ledger, ticket: Ticket) -> Awaitable[object]:
    return ledger.move_tickets(CASE, MASTER, NOW)


async def dismiss(ledger: Ledger, ticket: Ticket) -> Awaitable[object]:
    return ledger.enqueue_dismissals(NOW)


@pytest.mark.parametrize(
    "prepare",
    [add, replay, finish_leave, comment, record_case, accept_states, reapply, move_tickets, dismiss],
    ids=lambda prepare: prepare.__name__,
)
async def test_what_changes_a_groups_line_waits_for_its_turn(
    ledger: Ledger, url: str, ticket: Ticket, prepare: Callable[..., Awaitable[Awaitable[object]]]
) -> None:
    work = await prepare(ledger, ticket)
    with postgres.holding(url, LINE):
        doing = asyncio.ensure_future(work)
        await asyncio.wait([doing], timeout=0.3)
        assert not doing.done()

    await doing


async def test_a_dismissal_that_could_not_be_queued_is_queued_the_next_time(
    ledger: Ledger, url: str, ticket: Ticket
) -> None:
    with postgres.holding(url, LINE), pytest.raises(StoreUnavailable):
        await ledger.enqueue_dismissals(NOW)

    assert await ledger.enqueue_dismissals(NOW) == 1
    [command] = await ledger.claim_commands(holder="a", now=LATER, until=LATER + 9, limit=9)
    assert (command.verb, command.group_id) == ("sync", CASE)


@pytest.fixture
def lose_an_answer(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From then on, once: what is asked of the ledger is committed, and the connection is cut before it says so."""

    def lose() -> None:
        kind = "relay.store.postgresql._Attempt.make"
        from relay.store.postgresql import _Attempt

        make = _Attempt.make

        async def cut_off(attempt: _Attempt, connection: Any) -> Any:
            await make(attempt, connection)
            monkeypatch.setattr(kind, make)
            raise ConnectionResetError("cut off")

        monkeypatch.setattr(kind, cut_off)

    return lose


async def test_an_attempt_is_counted_once(ledger: Ledger, lose_an_answer: Callable[[], None], url: str) -> None:
    ticket = await accept(ledger)
    lose_an_answer()

    assert await ledger.postpone_ticket(ticket, LATER)

    assert rows(url, "select attempts from tickets") == [(1,)]


async def test_who_took_a_turn_knows_it(ledger: Ledger, lose_an_answer: Callable[[], None]) -> None:
    lose_an_answer()

    assert await ledger.take_turn("repair", now=NOW, until=LATER)
    assert not await ledger.take_turn("repair", now=NOW, until=LATER + 1)


async def test_a_ticket_that_ended_is_not_ended_twice(ledger: Ledger, lose_an_answer: Callable[[], None]) -> None:
    """Whoever is told that he did not end it reads how it ended."""
    ticket = await accept(ledger)
    lose_an_answer()

    await ledger.finish_ticket(ticket, CASE, NOW)

    ended = await ledger.find_ticket(ticket.ticket_id)
    assert ended is not None
    assert (ended.state, ended.case_id) == ("done", CASE)


@pytest.mark.parametrize("action", ["replay", "drop"])
async def test_nobody_is_told_that_there_is_no_such_dead_letter_because_it_was_just_dealt_with(
    ledger: Ledger, ticket: Ticket, lose_an_answer: Callable[[], None], action: str
) -> None:
    await ledger.fail_ticket(ticket, PROBLEM, NOW)
    [letter] = await ledger.dead_letters()
    lose_an_answer()

    with pytest.raises(StoreUnavailable, match="lost before it said"):
        await (ledger.replay(letter.name, NOW) if action == "replay" else ledger.drop(letter.name))

    assert await ledger.dead_letters() == []


async def test_a_state_that_came_while_the_command_before_it_was_being_claimed_is_applied(
    ledger: Ledger, ticket: Ticket, url: str
) -> None:
    """It relied on that command, which was claimed and read the state before it."""
    await ledger.accept_states([replace(CLOSED, modstamp=6.0)], NOW)
    given_up = "insert into commands (verb, group_id, state, claim, attempts, due, created_at)"
    postgres.execute(url, f"{given_up} values ('sync', '{CASE}', 'failed', 1, 0, 0, 0)")

    with postgres.holding(url, "select 1 from commands where state = 'failed' for update"):
        accepting = asyncio.ensure_future(ledger.accept_states([replace(CLOSED, modstamp=7.0)], NOW + 1))
        async with asyncio.timeout(5):
            while not rows(url, WAITING):  # noqa: ASYNC110 - the server cannot tell us
                await asyncio.sleep(0.01)
        [command] = await ledger.claim_commands(holder="a", now=LATER, until=LATER + 9, limit=9)
        room = await ledger.find_room(CASE)
        assert room is not None and room.state.modstamp == 6.0
        settling = asyncio.ensure_future(ledger.settle_room(room, dismiss_at=NOW, gone=False))
    await accepting
    assert not await settling
    await ledger.finish_command(command)

    [following] = await ledger.claim_commands(holder="a", now=LATER, until=LATER + 9, limit=9)
    assert (following.verb, following.group_id) == ("sync", CASE)
