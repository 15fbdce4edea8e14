"""Who holds a ticket or a command writes it, and nobody else: an older claim does nothing."""

from __future__ import annotations

import pytest

from relay.models import Command
from relay.store import Ledger
from tests.store.conftest import LEASE_END, NOW, OpenLedger, accept

pytestmark = pytest.mark.anyio

CASE, GROUP, USER = "500000000000001AAA", "500000000000002AAA", "005000000000001AAA"
LATER = LEASE_END + 1


async def add(ledger: Ledger, holder: str = "a") -> Command:
    return await ledger.add_command(verb="join", group_id=GROUP, user_id=USER, holder=holder, now=NOW, until=LEASE_END)


async def test_whoever_lost_a_ticket_can_no_longer_write_it(ledger: Ledger) -> None:
    ours = await accept(ledger, holder="a")
    [theirs] = await ledger.claim_tickets(holder="b", now=LATER, until=LATER + 10, limit=9)

    assert (theirs.holder, theirs.claim, theirs.abandoned) == ("b", ours.claim + 1, True)
    assert not await ledger.record_case(ours, CASE, LATER)
    assert not await ledger.finish_ticket(ours, CASE, LATER)
    assert not await ledger.fail_ticket(ours, {"status": 502}, LATER)
    assert not await ledger.postpone_ticket(ours, LATER)
    assert await ledger.find_ticket(ours.ticket_id) == theirs


async def test_whoever_lost_a_ticket_cannot_renew_it(ledger: Ledger) -> None:
    ours = await accept(ledger, holder="a")
    [theirs] = await ledger.claim_tickets(holder="b", now=LATER, until=LATER + 10, limit=9)

    await ledger.renew([ours], [], until=LATER + 1000)

    [again] = await ledger.claim_tickets(holder="c", now=LATER + 11, until=LATER + 20, limit=9)
    assert again.claim == theirs.claim + 1


async def test_a_ticket_that_is_held_is_given_to_nobody_else(ledger: Ledger) -> None:
    await accept(ledger, holder="a")

    again = await accept(ledger, holder="b")

    assert again.holder == "a"
    assert await ledger.claim_tickets(holder="b", now=NOW + 1, until=LEASE_END, limit=9) == []


async def test_a_ticket_that_has_ended_is_written_by_nobody(ledger: Ledger) -> None:
    ours = await accept(ledger)
    assert await ledger.finish_ticket(ours, CASE, NOW)

    assert not await ledger.fail_ticket(ours, {"status": 502}, LATER)
    assert await ledger.claim_tickets(holder="b", now=LATER, until=LATER + 10, limit=9) == []
    ended = await accept(ledger, holder="b")
    assert (ended.state, ended.case_id, ended.claim) == ("done", CASE, ours.claim)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_a_restart_takes_over_at_once_what_a_dead_process_held(ledger: Ledger, reopen: OpenLedger) -> None:
    ticket, command = await accept(ledger), await add(ledger)

    after_it = await reopen()

    [taken] = await after_it.claim_tickets(holder="b", now=NOW + 1, until=LEASE_END, limit=9)
    assert (taken.ticket_id, taken.abandoned) == (ticket.ticket_id, True)
    [ordered] = await after_it.claim_commands(holder="b", now=NOW + 1, until=LEASE_END, limit=9)
    assert ordered.command_id == command.command_id


async def test_whoever_lost_a_command_can_no_longer_write_it(ledger: Ledger) -> None:
    ours = await add(ledger)
    [theirs] = await ledger.claim_commands(holder="b", now=LATER, until=LATER + 10, limit=9)

    assert (theirs.holder, theirs.claim) == ("b", ours.claim + 1)
    assert not await ledger.finish_command(ours)
    assert not await ledger.fail_command(ours, {"status": 502})
    assert not await ledger.postpone_command(ours, LATER)
    assert await ledger.finish_command(theirs)


async def test_a_command_waits_for_the_earlier_ones_to_its_group(ledger: Ledger) -> None:
    first, second = await add(ledger), await add(ledger)

    assert (first.holder, second.holder) == ("a", None)
    [claimed] = await ledger.claim_commands(holder="b", now=LATER, until=LATER + 10, limit=9)
    assert claimed.command_id == first.command_id
    assert await ledger.finish_command(claimed)
    [next_one] = await ledger.claim_commands(holder="b", now=LATER, until=LATER + 10, limit=9)
    assert next_one.command_id == second.command_id


async def test_a_command_that_failed_lets_the_next_one_go_on(ledger: Ledger) -> None:
    first, second = await add(ledger), await add(ledger)

    assert await ledger.fail_command(first, {"status": 422})

    [next_one] = await ledger.claim_commands(holder="b", now=LATER, until=LATER + 10, limit=9)
    assert next_one.command_id == second.command_id


async def test_only_one_of_all_takes_a_turn(ledger: Ledger) -> None:
    first = await ledger.take_turn("work", now=100.0, until=160.0)
    second = await ledger.take_turn("work", now=120.0, until=180.0)
    third = await ledger.take_turn("work", now=160.0, until=220.0)

    assert (first, second, third) == (True, False, True)


async def test_whose_turn_it_is_may_have_it_for_longer(ledger: Ledger) -> None:
    await ledger.take_turn("work", now=100.0, until=160.0)
    extended = await ledger.extend_turn("work", until=160.0, longer=200.0)
    by_another = await ledger.extend_turn("work", until=160.0, longer=300.0)
    of_nothing = await ledger.extend_turn("other", until=160.0, longer=300.0)

    assert (extended, by_another, of_nothing) == (True, False, False)
    assert not await ledger.take_turn("work", now=190.0, until=250.0)
    assert await ledger.take_turn("work", now=200.0, until=260.0)
