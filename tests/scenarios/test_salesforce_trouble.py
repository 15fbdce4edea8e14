"""Salesforce refuses, loses answers, or is away: one Case all the same, or a problem that says what to do."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import httpx
import pytest

from relay.retry import Patience
from sandbox.faults import Fault
from sandbox.up import Sandbox
from tests.scenarios.conftest import Json, Naps, Relay, StartRelay, cases, commands, eventually, groups, posted

pytestmark = pytest.mark.anyio

CASE = "POST sobjects/Case"


@pytest.fixture
async def patient(start_relay: StartRelay) -> Relay:
    """A relay that tries again within the request, without taking time for it."""
    return await start_relay(patience=Patience(sleep=Naps()))


def salesforce_fails(sandbox: Sandbox, *faults: Fault) -> None:
    sandbox.salesforce_control.faults.add(faults)


def queue(sandbox: Sandbox) -> str:
    """To which the org's assignment rule gives new Cases."""
    return sandbox.salesforce.org.queue_id


def one_ticket(sandbox: Sandbox, answer: httpx.Response) -> bool:
    """Whether the answer is a ticket, and all that the vendors hold is its Case, routed by the org, and its group."""
    assert answer.status_code == 200, answer.text
    [case], [group] = cases(sandbox), groups(sandbox)
    return bool(answer.json()["caseId"] == case["Id"] == group["GroupId"] and case["OwnerId"] == queue(sandbox))


UNKNOWN = {
    "the line breaks": Fault(CASE, after=True, drop=True),
    "a gateway gives up": Fault(CASE, after=True, status=504),
    "the server fails inside": Fault(CASE, after=True, errorCode="UNKNOWN_EXCEPTION"),
    "nonsense comes back": Fault(CASE, after=True, status=200),
}


@pytest.mark.parametrize("fault", UNKNOWN.values(), ids=UNKNOWN)
async def test_a_case_whose_answer_was_lost_is_found(patient: Relay, sandbox: Sandbox, fault: Fault) -> None:
    salesforce_fails(sandbox, Fault(**vars_of(fault)))

    assert one_ticket(sandbox, await patient.open_ticket(key="k"))


def vars_of(fault: Fault) -> dict[str, Any]:
    """Faults are used up, so each test takes its own."""
    return {name: getattr(fault, name) for name in ("match", "after", "status", "errorCode", "delayMs", "drop")}


async def test_a_case_that_salesforce_makes_too_late_is_found(start_relay: StartRelay, sandbox: Sandbox) -> None:
    """The relay goes on; what arrives at last is refused as a duplicate by the org."""
    relay = await start_relay(RELAY_CREATE_WAIT="0.3")
    salesforce_fails(sandbox, Fault(CASE, delayMs=1500), Fault(CASE, drop=True))
    pending = await relay.open_ticket(key="k")
    restarted = await start_relay()

    answer = await restarted.settled(pending.json()["ticketId"])

    assert one_ticket(sandbox, answer)
    await eventually(lambda: received(sandbox, 3))
    assert len(cases(sandbox)) == 1


async def received(sandbox: Sandbox, times: int) -> bool:
    return posted(sandbox, "sobjects/Case") >= times


async def test_an_expired_session_is_renewed_and_the_rules_still_route_the_case(
    patient: Relay, sandbox: Sandbox
) -> None:
    await patient.open_ticket()
    await sandbox.salesforce.do({"expireSessions": True})
    logins = posted(sandbox, "oauth2/token")

    answer = await patient.open_ticket()

    assert answer.status_code == 200
    assert [case["OwnerId"] for case in cases(sandbox)] == [queue(sandbox)] * 2
    assert posted(sandbox, "oauth2/token") == logins + 1


async def test_a_session_refused_once_is_renewed_once_and_the_request_replayed(relay: Relay, sandbox: Sandbox) -> None:
    await relay.open_ticket()
    logins = posted(sandbox, "oauth2/token")
    salesforce_fails(sandbox, Fault(CASE, errorCode="INVALID_SESSION_ID"))

    answer = await relay.open_ticket()

    assert answer.status_code == 200
    assert [case["OwnerId"] for case in cases(sandbox)] == [queue(sandbox)] * 2
    assert posted(sandbox, "oauth2/token") == logins + 1
    assert posted(sandbox, "sobjects/Case") == 3


async def test_many_tickets_after_the_session_ended_log_in_once(relay: Relay, sandbox: Sandbox) -> None:
    await relay.open_ticket()
    await sandbox.salesforce.do({"expireSessions": True})
    logins = posted(sandbox, "oauth2/token")

    answers = await asyncio.gather(*(relay.open_ticket() for _ in range(20)))

    assert {answer.status_code for answer in answers} == {200}
    assert posted(sandbox, "oauth2/token") == logins + 1
    assert len(cases(sandbox)) == 21


async def test_a_session_that_is_refused_for_good_ends_the_ticket(relay: Relay, sandbox: Sandbox) -> None:
    salesforce_fails(sandbox, Fault(CASE, times=-1, errorCode="INVALID_SESSION_ID"))

    answer = await relay.open_ticket()

    assert_problem(answer, 502, "Salesforce auth error", "INVALID_SESSION_ID")
    assert posted(sandbox, "sobjects/Case") == 2
    assert cases(sandbox) == groups(sandbox) == []


async def test_a_wrong_client_secret_is_named_and_salesforce_is_not_hammered(
    start_relay: StartRelay, sandbox: Sandbox
) -> None:
    relay = await start_relay(SALESFORCE_CLIENT_SECRET="not-the-orgs-secret-0123456789abcdef")

    answers = await asyncio.gather(*(relay.open_ticket() for _ in range(100)))

    for answer in answers:
        assert_problem(answer, 502, "Salesforce auth error", "invalid_client")
        assert "0123456789abcdef" not in answer.text
    assert posted(sandbox, "oauth2/token") <= 2
    assert posted(sandbox, "sobjects/Case") == 0
    assert groups(sandbox) == []


PASSING = {
    "a locked row": Fault(CASE, errorCode="UNABLE_TO_LOCK_ROW"),
    "too busy": Fault(CASE, errorCode="SERVER_UNAVAILABLE"),
    "a maintenance page": Fault(CASE, status=503),
    "a gateway's 502": Fault(CASE, status=502),
    "too many requests": Fault(CASE, status=429),
    "a login that is not answered": Fault("token", drop=True),
    "a login page of a gateway": Fault("token", status=503),
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
async def test_what_passes_is_tried_again_until_the_ticket_is_done(
    start_relay: StartRelay, sandbox: Sandbox, fault: Fault
) -> None:
    await sandbox.salesforce.do({"expireSessions": True})
    relay = await start_relay(RELAY_CREATE_WAIT="0.2")
    salesforce_fails(sandbox, Fault(**vars_of(fault)))

    pending = await relay.open_ticket(key="k")

    assert_pending(pending)
    assert one_ticket(sandbox, await relay.settled(pending.json()["ticketId"]))


async def test_a_day_without_requests_left_ends_with_tickets_done(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(RELAY_CREATE_WAIT="0.2")
    await sandbox.salesforce.do({"dailyLimit": 0})
    pending = await relay.open_ticket(key="k")
    assert_pending(pending)
    await sandbox.salesforce.do({"dailyLimit": 1000})

    answer = await relay.settled(pending.json()["ticketId"])

    assert one_ticket(sandbox, answer)


async def test_a_row_locked_for_a_moment_is_not_noticed(patient: Relay, sandbox: Sandbox) -> None:
    salesforce_fails(sandbox, Fault(CASE, times=3, errorCode="UNABLE_TO_LOCK_ROW"))

    assert one_ticket(sandbox, await patient.open_ticket())


def assert_pending(answer: httpx.Response) -> None:
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert body["status"] == "pending"
    assert answer.headers["location"] == f"/tickets/{body['ticketId']}"
    assert int(answer.headers["retry-after"]) >= 1


def assert_problem(answer: httpx.Response, status: int, title: str, vendor_code: str | None) -> Json:
    problem: Json = answer.json()
    assert (answer.status_code, problem["title"]) == (status, title), answer.text
    assert problem["status"] == status
    assert problem.get("vendorCode") == vendor_code
    assert problem["retryable"] is False
    assert answer.headers["content-type"] == "application/problem+json"
    return problem


REFUSALS = {
    "validation rule": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
    "trigger": "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
    "picklist": "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
    "required field": "REQUIRED_FIELD_MISSING",
    "a code nobody knows": "SOMETHING_NEW",
}


@pytest.mark.parametrize("code", REFUSALS.values(), ids=REFUSALS)
async def test_a_refused_case_is_told_with_salesforces_code_and_not_tried_again(
    patient: Relay, sandbox: Sandbox, code: str
) -> None:
    salesforce_fails(sandbox, Fault(CASE, errorCode=code))

    answer = await patient.open_ticket(key="k")
    patient.clock.advance(300)
    await patient.worker.look()

    assert_problem(answer, 422, "Case creation failed", code)
    assert code in answer.json()["detail"]
    assert "caseId" not in answer.json()
    assert posted(sandbox, "sobjects/Case") == 1
    assert commands(sandbox, "create_group") == []


async def test_an_admins_rule_refuses_and_its_words_are_for_the_log_alone(
    relay: Relay, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    await sandbox.salesforce.do({"validationRule": {"message": "Tier 3 customers call Bob", "fields": ["Subject"]}})

    answer = await relay.open_ticket()

    problem = assert_problem(answer, 422, "Case creation failed", "FIELD_CUSTOM_VALIDATION_EXCEPTION")
    assert problem["errors"][0]["field"] == "caseInfo.subject"
    assert "Bob" not in answer.text
    assert cases(sandbox) == groups(sandbox) == []


async def test_a_priority_that_the_org_does_not_have_is_named(relay: Relay, sandbox: Sandbox) -> None:
    await sandbox.salesforce.do({"switch": {"restrictedPicklists": True}})

    answer = await relay.open_ticket(priority="Extremely high")

    problem = assert_problem(answer, 422, "Case creation failed", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST")
    assert problem["errors"][0]["field"] == "caseInfo.priority"


@pytest.mark.parametrize("how", ["missing", "hidden"])
async def test_an_org_without_the_field_still_gets_its_tickets(
    relay: Relay, sandbox: Sandbox, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    await sandbox.salesforce.do({"field": {"ChatTicket__c": how}})
    own = len(all_cases(sandbox))

    answers = [await relay.open_ticket(key=key) for key in ("k", "k", "other")]

    assert [answer.status_code for answer in answers] == [200] * 3
    assert len(all_cases(sandbox)) - own == len(groups(sandbox)) == 2
    assert any(
        record.levelno >= logging.WARNING and "ChatTicket__c" in record.getMessage() for record in caplog.records
    )


async def test_without_the_field_an_unknown_outcome_is_told_and_stays_one_case(
    patient: Relay, sandbox: Sandbox
) -> None:
    await sandbox.salesforce.do({"field": {"ChatTicket__c": "missing"}})
    await patient.open_ticket("bob")
    own = len(all_cases(sandbox))
    salesforce_fails(sandbox, Fault(CASE, after=True, drop=True))

    answer = await patient.open_ticket(key="k")
    patient.clock.advance(300)
    await patient.worker.look()
    again = await patient.open_ticket(key="k")

    problem = assert_problem(answer, 504, "Case creation failed", None)
    assert "ChatTicket__c" in problem["detail"]
    assert again.status_code == 504
    assert len(all_cases(sandbox)) - own == 1


def all_cases(sandbox: Sandbox) -> list[Json]:
    held: Any = sandbox.salesforce.state()["cases"]
    return list(held)


LONG = {
    "subject": "S" * 300 + "end of subject",
    "name": "N" * 100 + "end of name",
    "phone": "5" * 60 + "end of phone",
    "email": "e" * 90 + "@example.com",
    "desc": "D" * 33_000 + "end of description",
    "a Chinese subject": "灯" * 256,
    "an emoji subject": "👩‍🚒" * 100,
    "an emoji description": "👩" * 16_100 + "end",
    "a Chinese name": "名" * 81,
}


@pytest.mark.parametrize("what", LONG)
async def test_no_word_of_the_customer_is_lost(relay: Relay, sandbox: Sandbox, what: str) -> None:
    key, text = what.rpartition(" ")[2], LONG[what]
    key = {"description": "desc"}.get(key, key)

    answer = await relay.open_ticket(**{key: text})

    assert one_ticket(sandbox, answer)
    assert text in whole_text(sandbox)


async def test_all_fields_too_long_at_once_lose_nothing(relay: Relay, sandbox: Sandbox) -> None:
    said = {key: LONG[key] for key in ("subject", "name", "phone", "email", "desc")}

    answer = await relay.open_ticket(**said)

    assert one_ticket(sandbox, answer)
    assert [text for text in said.values() if text not in whole_text(sandbox)] == []
    files: Any = sandbox.salesforce.state()["files"]
    assert len(files) == 1


async def test_the_file_for_what_did_not_fit_is_attached_once(patient: Relay, sandbox: Sandbox) -> None:
    salesforce_fails(sandbox, Fault("POST sobjects/ContentVersion", after=True, drop=True))

    answer = await patient.open_ticket(desc=LONG["desc"])

    assert one_ticket(sandbox, answer)
    files: Any = sandbox.salesforce.state()["files"]
    assert [file["FirstPublishLocationId"] for file in files] == [answer.json()["caseId"]]


def whole_text(sandbox: Sandbox) -> str:
    """All that the org holds of the ticket: the Case's fields and its files."""
    [case] = cases(sandbox)
    files: Any = sandbox.salesforce.state()["files"]
    return "\n".join([*(str(value) for value in case.values()), *(str(file["text"]) for file in files)])


async def test_who_waits_too_long_is_told_where_to_ask(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(RELAY_CREATE_WAIT="0.2")
    salesforce_fails(sandbox, Fault(CASE, after=True, delayMs=600))

    pending = await relay.open_ticket(key="k")
    asked = await relay.ticket(pending.json()["ticketId"], relay.token("alice"))
    again = await relay.open_ticket(key="k")

    for answer in (pending, asked, again):
        assert_pending(answer)
        assert answer.json()["ticketId"] == pending.json()["ticketId"]
    done = await relay.settled(pending.json()["ticketId"])
    assert one_ticket(sandbox, done)
    assert done.json()["chat"]["userId"] == "alice"
    assert posted(sandbox, "sobjects/Case") == 1
    assert same_answer(done, await relay.open_ticket(key="k", credential=relay.api_key))


def same_answer(first: httpx.Response, second: httpx.Response) -> bool:
    return {**first.json(), "chat": None} == {**second.json(), "chat": None}


async def test_a_pending_answer_names_the_case_once_it_is_known(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(RELAY_CREATE_WAIT="0.1")
    sandbox.tencent_control.faults.add([Fault("create_group", delayMs=700)])
    pending = await relay.open_ticket(key="k")

    async def with_case() -> httpx.Response | None:
        answer = await relay.ticket(pending.json()["ticketId"])
        return answer if "caseId" in answer.json() else None

    answer: httpx.Response = await eventually(with_case)

    assert_pending(answer)
    assert answer.json()["caseId"] == cases(sandbox)[0]["Id"]
    assert one_ticket(sandbox, await relay.settled(pending.json()["ticketId"]))


async def test_the_orgs_rules_may_give_the_case_to_an_agent(relay: Relay, sandbox: Sandbox) -> None:
    users: Any = sandbox.salesforce.state()["users"]
    await sandbox.salesforce.do({"switch": {"assignTo": users[0]["Id"]}})

    await relay.open_ticket()

    assert cases(sandbox)[0]["OwnerId"] == users[0]["Id"]
