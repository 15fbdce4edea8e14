"""Two hundred Cases change owner at once, in every context: one job, one callout, and every save as it would be."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.end_to_end.conftest import serving
from tests.end_to_end.office import Office
from tests.scenarios.conftest import Relay

pytestmark = pytest.mark.anyio
MANY = 200


@pytest.fixture(scope="module")
async def many(
    open_office: Office, tmp_path_factory: pytest.TempPathFactory, empty_ledger: Path
) -> AsyncIterator[dict[str, str]]:
    """The customers of 200 tickets, by Case; they are made once, and each test goes on where the last one ended."""
    office = open_office
    await office.line.restore()
    office.sandbox.reset()
    ledger = Path(shutil.copy(empty_ledger, tmp_path_factory.mktemp("bulk")))
    async with serving(office, ledger) as relay:
        numbered = [f"customer-{number}" for number in range(MANY)]
        answers = [each for start in range(0, MANY, 20) for each in await _opened(relay, numbered[start : start + 20])]
        await office.idle()
        yield dict(zip(answers, numbered, strict=True))


async def _opened(relay: Relay, user_ids: list[str]) -> list[str]:
    answers = await asyncio.gather(*(relay.open_ticket(user_id) for user_id in user_ids))
    return [str(answer.json()["caseId"]) for answer in answers]


@pytest.fixture
async def office(open_office: Office, many: dict[str, str]) -> Office:
    await open_office.line.restore()
    return open_office


async def another_agent(office: Office, case_id: str) -> tuple[str, str]:
    """Who has the Case, and an agent who has not."""
    [row] = await office.query(f"SELECT OwnerId FROM Case WHERE Id = '{case_id}'")
    return row["OwnerId"], next(agent for agent in office.agents if agent != row["OwnerId"])


def told_once(office: Office, jobs_before: int) -> set[str]:
    """The Cases of the one callout of the one job."""
    [asked] = office.line.asked
    assert (asked.path, asked.status, len(asked.body["cases"])) == ("/synccases", 202, len(asked.case_ids))
    assert len(office.jobs()) == jobs_before + 1
    return asked.case_ids


async def test_a_transfer_over_the_rest_api(office: Office, many: dict[str, str]) -> None:
    maria, before = office.agents[0], len(office.jobs())

    results = await office.change_all(many, OwnerId=maria)
    await office.idle()

    assert [result["success"] for result in results] == [True] * MANY
    assert told_once(office, before) == set(many)
    await office.rooms_have(many, maria)


@pytest.mark.parametrize("context", ["inBatch", "inFuture", "inQueueable"])
async def test_a_transfer_by_the_customers_own_apex(office: Office, many: dict[str, str], context: str) -> None:
    (_, agent), before = await another_agent(office, next(iter(many))), len(office.jobs())

    answer = await office.aura(office.admin, f"OwnTransfer.{context}", ownerId=agent)
    await office.idle()

    assert answer["state"] == "SUCCESS"
    owners = await office.query("SELECT OwnerId FROM Case WHERE ChatTicket__c != NULL")
    assert [row["OwnerId"] for row in owners] == [agent] * MANY
    assert told_once(office, before) == set(many)
    await office.rooms_have(many, agent)


async def test_the_rows_that_can_be_saved_when_a_validation_rule_refuses_one(
    office: Office, many: dict[str, str]
) -> None:
    await _all_but_one(office, many, "locked")


async def test_the_rows_that_can_be_saved_when_somebodys_trigger_refuses_one_after_ours_ran(
    office: Office, many: dict[str, str]
) -> None:
    await _all_but_one(office, many, "refused")


async def _all_but_one(office: Office, many: dict[str, str], subject: str) -> None:
    await office.do(validationRule={"message": "Locked", "subjectContains": "locked"})
    before, (one, *others) = len(office.jobs()), many
    old, agent = await another_agent(office, one)
    records: list[dict[str, object]] = [
        {"attributes": {"type": "Case"}, "Id": case_id, "OwnerId": agent} for case_id in others
    ]
    records.insert(99, {"attributes": {"type": "Case"}, "Id": one, "OwnerId": agent, "Subject": subject})

    results = await office.change_records(records)
    await office.idle()

    assert [place for place, result in enumerate(results) if not result["success"]] == [99]
    assert told_once(office, before) == set(others)
    await office.rooms_have({case_id: many[case_id] for case_id in others}, agent)
    await office.room_has(one, many[one], old)
    await office.change_all([one], OwnerId=agent)
    await office.room_has(one, many[one], agent)
