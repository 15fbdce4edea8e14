"""A relay that does not hear: what the org wants to say waits for it, and what is lost is there for people to see."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.up import Sandbox
from tests.end_to_end.conftest import StartRelay, opened
from tests.end_to_end.office import RELAY_USER, Office
from tests.scenarios.conftest import Json, Relay, commands

pytestmark = pytest.mark.anyio


async def only_problem(office: Office) -> Json:
    [problem] = await office.problems()
    return problem


async def test_what_five_attempts_could_not_deliver_arrives_with_the_sixth(office: Office, case_id: str) -> None:
    maria = office.agents[0]
    await office.line.cut()
    await office.change(case_id, OwnerId=maria)
    for minutes in (0, 1, 2):
        await office.later(minutes)
    await office.line.mend()
    office.line.status = 503
    for minutes in (4, 8):
        await office.later(minutes)
    assert [asked.status for asked in office.line.asked] == [503, 503]
    assert (office.room(case_id), await office.problems()) == ({"alice"}, [])

    office.line.status = None
    await office.later(10)

    await office.room_has(case_id, "alice", maria)
    assert [job["delayMinutes"] for job in office.jobs()][1:] == [0, 1, 2, 4, 8, 10]
    assert await office.problems() == []


async def test_a_late_attempt_says_how_the_case_is_then(office: Office, case_id: str) -> None:
    maria, wei, _ = office.agents
    office.line.status = 503
    await office.change(case_id, OwnerId=maria)
    await office.idle()
    office.line.status = None
    await office.change(case_id, OwnerId=wei)
    await office.room_has(case_id, "alice", wei)

    await office.later(1)

    assert [asked.status for asked in office.line.asked] == [503, 202, 202]
    await office.room_has(case_id, "alice", wei)


async def test_an_answer_that_is_lost_makes_the_org_say_it_again_which_does_no_harm(
    office: Office, case_id: str
) -> None:
    maria = office.agents[0]
    office.line.loses_answers = True
    await office.change(case_id, OwnerId=maria)
    await office.room_has(case_id, "alice", maria)
    await office.idle()
    office.line.loses_answers = False

    await office.later(1)

    first, again = office.line.asked
    assert first.body == again.body
    assert commands(office.sandbox, "add_group_member") == ["add_group_member"]
    assert await office.problems() == []


async def test_a_relay_that_never_comes_back_leaves_a_problem_which_a_later_success_resolves(
    relay: Relay, office: Office, case_id: str
) -> None:
    maria, wei, _ = office.agents
    other = await opened(relay, office, "bob")
    await office.line.cut()
    await office.change_all([case_id, other], OwnerId=maria)
    for minutes in (0, 1, 2, 4, 8, 10, 60):
        await office.later(minutes)

    problem = await only_problem(office)
    assert (problem["Kind__c"], problem["HttpStatus__c"], problem["Attempts__c"]) == ("Unreachable", None, 6)
    assert set(problem["CaseIds__c"].split()) == {case_id, other}
    assert (problem["CaseCount__c"], problem["Message__c"]) == (2, "Connection refused")

    await office.line.mend()
    await office.change(case_id, OwnerId=wei)
    await office.room_has(case_id, "alice", wei)
    problem = await only_problem(office)
    assert (problem["CaseIds__c"], problem["Resolved__c"]) == (other, None)
    await office.change(other, OwnerId=wei)
    await office.room_has(other, "bob", wei)
    problem = await only_problem(office)
    assert (problem["CaseCount__c"], problem["CaseIds__c"]) == (0, None)
    assert problem["Resolved__c"] is not None


async def test_the_wrong_secret_is_a_problem_that_names_the_refusal(start_relay: StartRelay, office: Office) -> None:
    relay = await start_relay(RELAY_CALLOUT_SECRETS="quite-another-secret-than-the-one-of-the-org")
    case_id = str((await relay.open_ticket("alice")).json()["caseId"])

    await office.change(case_id, OwnerId=office.agents[0])

    problem = await only_problem(office)
    assert (problem["Kind__c"], problem["HttpStatus__c"], problem["CaseIds__c"]) == ("Refused", 401, case_id)
    assert problem["Message__c"].startswith("HTTP 401: ")
    assert office.sandbox.environment["RELAY_CALLOUT_SECRETS"] not in str(problem)
    assert office.room(case_id) == {"alice"}


async def test_a_missing_permission_set_is_a_problem_that_names_the_user_and_the_cure(
    office: Office, case_id: str
) -> None:
    user_id = office.sandbox.salesforce.app_settings.run_as
    for row in await office.query(f"SELECT Id FROM PermissionSetAssignment WHERE AssigneeId = '{user_id}'"):
        await office.remove(f"PermissionSetAssignment/{row['Id']}")

    await office.change(case_id, OwnerId=office.agents[0])

    problem = await only_problem(office)
    assert (problem["Kind__c"], problem["CaseIds__c"]) == ("Permission", case_id)
    assert f"Assign {RELAY_USER} the permission set Chat Relay Integration" in problem["Message__c"]
    assert office.line.asked == []


async def test_the_relay_of_another_org_refuses_and_that_is_a_problem(
    start_relay: StartRelay, office: Office, tmp_path: Path
) -> None:
    """As in a sandbox that was copied from production and still points at production's relay."""
    async with Sandbox() as production:
        authorities = [Path(each.environment["SSL_CERT_FILE"]) for each in (office.sandbox, production)]
        (both := tmp_path / "both.pem").write_text("\n".join(each.read_text() for each in authorities))
        names = ("SALESFORCE_LOGIN_URL", "SALESFORCE_CLIENT_ID", "SALESFORCE_CLIENT_SECRET")
        login = {name: production.environment[name] for name in names}
        await start_relay(**login, SSL_CERT_FILE=str(both), REQUESTS_CA_BUNDLE=str(both))
        case_id = await office.insert(Subject="Copied", ChatTicket__c="a-ticket-of-production")
        await office.idle()
        office.line.asked.clear()

        await office.change(case_id, OwnerId=office.agents[0])

        problem = await only_problem(office)
        assert (problem["Kind__c"], problem["HttpStatus__c"], problem["CaseIds__c"]) == ("Refused", 403, case_id)
        [asked] = office.line.asked
        assert asked.body["orgId"] == office.sandbox.salesforce.org.org_id
