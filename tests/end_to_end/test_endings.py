"""Cases that are closed, deleted or merged, and those that come back: their rooms go and come with them."""

from __future__ import annotations

import pytest

from tests.end_to_end.conftest import opened
from tests.end_to_end.office import Office
from tests.scenarios.conftest import Relay, commands

pytestmark = pytest.mark.anyio


async def test_a_closed_case_keeps_its_room_for_the_grace_and_loses_it_then(
    relay: Relay, office: Office, case_id: str
) -> None:
    maria = office.agents[0]
    await office.change(case_id, OwnerId=maria)
    await office.room_has(case_id, "alice", maria)

    await office.change(case_id, Status="Closed")
    await office.idle()
    relay.clock.advance(590)
    await relay.worker.look()
    assert office.room(case_id) == {"alice", maria}
    relay.clock.advance(20)
    await relay.worker.look()

    await office.room_is_gone(case_id)


async def test_a_case_reopened_within_the_grace_keeps_its_room(relay: Relay, office: Office, case_id: str) -> None:
    maria = office.agents[0]
    await office.change(case_id, OwnerId=maria, Status="Closed")
    await office.idle()
    await office.change(case_id, Status="Working")
    await office.idle()
    relay.clock.advance(700)
    await relay.worker.look()

    await office.room_has(case_id, "alice", maria)
    assert "destroy_group" not in commands(office.sandbox)


async def test_a_case_reopened_after_the_grace_gets_a_room_again(relay: Relay, office: Office, case_id: str) -> None:
    maria = office.agents[0]
    await office.change(case_id, OwnerId=maria, Status="Closed")
    await office.idle()
    relay.clock.advance(700)
    await relay.worker.look()
    await office.room_is_gone(case_id)

    await office.change(case_id, Status="Working")

    await office.room_has(case_id, "alice", maria)


async def test_a_deleted_case_loses_its_room_and_an_undeleted_one_gets_it_back(office: Office, case_id: str) -> None:
    maria = office.agents[0]
    await office.change(case_id, OwnerId=maria)
    await office.room_has(case_id, "alice", maria)

    await office.remove(f"Case/{case_id}")
    await office.room_is_gone(case_id)
    await office.do(undelete=[case_id])

    await office.room_has(case_id, "alice", maria)


async def test_the_customer_of_a_merged_case_moves_into_the_masters_room(
    relay: Relay, office: Office, case_id: str
) -> None:
    maria, wei, _ = office.agents
    loser = await opened(relay, office, "bob")
    await office.change_all([case_id, loser], OwnerId=maria)
    await office.room_has(loser, "bob", maria)

    await office.do(merge={"master": case_id, "losers": [loser]})

    await office.room_has(case_id, "alice", "bob", maria)
    await office.room_is_gone(loser)
    await office.change(case_id, OwnerId=wei)
    await office.room_has(case_id, "alice", "bob", wei)


async def test_a_case_without_a_chat_that_wins_a_merge_gets_a_room_which_follows_it(
    office: Office, case_id: str
) -> None:
    maria, wei, _ = office.agents
    master = await office.insert(Subject="By phone", OwnerId=maria)

    await office.do(merge={"master": master, "losers": [case_id]})
    await office.room_has(master, "alice", maria)
    await office.room_is_gone(case_id)
    await office.idle()
    assert master in office.line.asked[-1].case_ids  # the mark that it has a chat now is news in itself
    await office.change(master, OwnerId=wei)

    await office.room_has(master, "alice", wei)
