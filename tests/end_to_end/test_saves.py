"""Chat never breaks Salesforce: nobody's save fails or waits, whatever the relay and other people's Apex do."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.end_to_end.office import ADMIN, Office
from tests.scenarios.conftest import eventually

pytestmark = pytest.mark.anyio


async def test_a_relay_that_does_not_answer_keeps_nobody_waiting_who_saves(office: Office, case_id: str) -> None:
    maria, wei, priya = office.agents
    office.line.hung = asyncio.Event()
    await office.change(case_id, OwnerId=maria)

    async def it_hangs() -> bool:
        return office.line.waiting > 0

    await eventually(it_hangs)
    began = time.monotonic()
    for agent in (wei, priya, maria, wei):
        await office.change(case_id, OwnerId=agent)
    took = time.monotonic() - began
    assert office.line.waiting == 1
    office.line.hung.set()

    assert took < 3
    await office.room_has(case_id, "alice", wei)


async def test_where_other_apex_has_used_up_all_writes_a_job_of_whoever_saved_tells_the_relay(
    office: Office, case_id: str
) -> None:
    maria, wei, _ = office.agents
    await office.change(case_id, OwnerId=wei, Subject="eats DML", by=office.username(maria))

    await office.room_has(case_id, "alice", wei)
    assert office.jobs()[-1]["userId"] == maria


async def test_where_other_apex_has_written_all_the_rows_that_it_may_the_save_goes_through(
    office: Office, case_id: str
) -> None:
    maria, wei, _ = office.agents
    await office.change(case_id, OwnerId=wei, Subject="eats rows", by=office.username(maria))

    await office.room_has(case_id, "alice", wei)


async def test_that_job_needs_the_right_to_call_out_and_its_lack_is_a_problem_not_a_failed_save(
    office: Office, case_id: str
) -> None:
    await office.change(case_id, OwnerId=office.agents[0], Subject="eats DML")

    [problem] = await office.problems()
    assert (problem["Kind__c"], problem["CaseIds__c"]) == ("Permission", case_id)
    assert ADMIN in problem["Message__c"]


async def test_where_nothing_at_all_is_left_the_save_goes_through_and_the_next_one_tells(
    office: Office, case_id: str
) -> None:
    maria, wei, _ = office.agents
    await office.change(case_id, OwnerId=maria, Subject="eats DML and jobs")
    await office.idle()
    assert (office.line.asked, office.room(case_id)) == ([], {"alice"})

    await office.change(case_id, OwnerId=wei, Subject="It broke")

    await office.room_has(case_id, "alice", wei)


async def test_what_other_apex_has_left_for_itself_is_still_there_after_our_trigger(
    office: Office, case_id: str
) -> None:
    await office.change(case_id, OwnerId=office.agents[0], Subject="eats all but one of DML and jobs")

    assert len(await office.query("SELECT Id FROM Account WHERE Name = 'the last'")) == 1
    assert len(office.jobs("OwnNothing")) == 50


async def test_where_other_apex_has_used_up_all_queries_cases_and_work_are_saved_and_told(
    office: Office, case_id: str
) -> None:
    maria, wei, _ = office.agents
    await office.change(case_id, OwnerId=maria, Subject="eats SOQL")
    await office.room_has(case_id, "alice", maria)

    work = await office.do(omni={"caseId": case_id, "userId": wei, "action": "accept"})

    assert work["agentWork"]["Status"] == "Opened"
    await office.room_has(case_id, "alice", wei)
