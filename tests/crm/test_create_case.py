"""The Case of a ticket: one, whatever is repeated, cut off or refused."""

from __future__ import annotations

import asyncio
import logging
import traceback

import httpx
import pytest

from relay.crm import SalesforceCrm
from relay.errors import (
    CrmAuthFailed,
    CrmError,
    CrmMisconfigured,
    CrmNonsense,
    CrmOutcomeUnknown,
    CrmRejected,
    CrmUnavailable,
    titled,
)
from relay.models import CaseInfo
from relay.retry import Patience
from tests.crm.conftest import (
    CASE,
    TOKEN,
    Entry,
    MakeCrm,
    Naps,
    SalesforceSandbox,
    Script,
    created,
    errors,
    expired,
    scripted_crm,
)

pytestmark = pytest.mark.anyio

INFO = CaseInfo(subject="Printer on fire")
CASES = "/services/data/v67.0/sobjects/Case"
POST, FIND = "POST /sobjects/Case", "GET /sobjects/Case/ChatTicket__c/T1"
LOST = httpx.ReadTimeout("TimeoutError")
NO_FIELD = errors(400, ("INVALID_FIELD", "No such column 'ChatTicket__c' on sobject of type Case"))
DUPLICATE = f"duplicate value found: ChatTicket__c duplicates value on record with id: {CASE}"


async def test_the_case_holds_what_the_customer_said(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    info = CaseInfo(
        subject="打印机着火了",
        desc="Since this morning.",
        name="Ana",
        email="ana@example.com",
        phone="+1 555",
        priority="High",
    )
    case_id = await crm.create_case("T1", info)
    [case] = sandbox.cases()
    assert case["Id"] == case_id
    assert len(case_id) == 18
    wanted = {
        "Subject": "打印机着火了",
        "Description": "Since this morning.",
        "SuppliedName": "Ana",
        "SuppliedEmail": "ana@example.com",
        "SuppliedPhone": "+1 555",
        "Priority": "High",
        "Origin": "Chat",
        "ChatTicket__c": "T1",
    }
    assert {name: case[name] for name in wanted} == wanted


async def test_the_orgs_assignment_rules_route_the_new_case(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    await crm.create_case("T1", INFO)
    [case] = sandbox.cases()
    assert case["OwnerId"].startswith("00G")


async def test_a_repeated_create_case_finds_the_first_and_changes_nothing(
    sandbox: SalesforceSandbox, crm: SalesforceCrm
) -> None:
    first = await crm.create_case("T1", INFO)
    before = sandbox.cases()
    assert await crm.create_case("T1", CaseInfo(subject="Something else")) == first
    assert sandbox.cases() == before


async def test_fifty_at_once_make_fifty_cases_and_one_login(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    made = await asyncio.gather(*(crm.create_case(f"T{number}", INFO) for number in range(50)))
    assert len(set(made)) == 50
    assert sandbox.logins() == 1
    assert len(sandbox.cases()) == 50


async def test_fifty_at_once_of_one_ticket_make_one_case(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    made = await asyncio.gather(*(crm.create_case("T1", INFO) for _ in range(50)))
    assert len(set(made)) == 1
    assert len(sandbox.cases()) == 1


async def test_a_case_that_was_made_before_the_connection_broke_is_found(
    sandbox: SalesforceSandbox, crm: SalesforceCrm
) -> None:
    sandbox.fail(CASES, times=1, after=True, drop=True)
    case_id = await crm.create_case("T1", INFO)
    assert [case["Id"] for case in sandbox.cases()] == [case_id]
    assert sandbox.calls().count(f"POST {CASES}") == 2


@pytest.mark.parametrize("ticket_id", ["a/b", "a?b#c", "../../query", "50% & more", "ünï", "a'b"])
async def test_any_ticket_id_is_found_again(sandbox: SalesforceSandbox, crm: SalesforceCrm, ticket_id: str) -> None:
    first = await crm.create_case(ticket_id, INFO)
    assert await crm.create_case(ticket_id, INFO) == first
    assert [case["ChatTicket__c"] for case in sandbox.cases()] == [ticket_id]


async def test_a_session_that_ended_is_renewed_once_for_all_callers(
    sandbox: SalesforceSandbox, crm: SalesforceCrm
) -> None:
    sandbox.revoke((await crm.connection.token()).value)
    made = await asyncio.gather(*(crm.create_case(f"T{number}", INFO) for number in range(20)))
    assert len(set(made)) == 20
    assert sandbox.logins() == 2


async def test_a_session_refused_for_good_ends_after_one_replay(naps: Naps) -> None:
    script = Script(expired(), expired())
    with pytest.raises(CrmAuthFailed) as caught:
        await scripted_crm(script, naps).create_case("T1", INFO)
    assert caught.value.vendor_code == "INVALID_SESSION_ID"
    assert script.lines() == [POST, POST]
    assert script.logins == 2


async def test_a_session_refused_for_good_makes_no_storm_of_logins_and_no_error_of_two_callers(naps: Naps) -> None:
    script = Script(expired(), expired())
    crm = scripted_crm(script, naps)
    caught = []
    for number in range(20):
        with pytest.raises(CrmAuthFailed) as one, titled("Case creation failed", case_id=f"case {number}"):
            await crm.create_case("T1", INFO)
        caught.append(one.value)
    assert [error.case_id for error in caught] == [f"case {number}" for number in range(20)]
    assert (script.logins, len(script.requests)) == (2, 2)


async def test_the_replay_after_a_renewal_carries_the_same_headers_and_the_new_token(naps: Naps) -> None:
    script = Script(expired(), created())
    await scripted_crm(script, naps).create_case("T1", INFO)
    first, second = ({**request.headers} for request in script.requests)
    assert (first.pop("authorization"), second.pop("authorization")) == (f"Bearer {TOKEN}-1", f"Bearer {TOKEN}-2")
    assert first == second
    assert first["sforce-auto-assign"] == "TRUE"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(401, text="<html>log in</html>"), CrmNonsense),
        (httpx.Response(401, json={"error": "Bad_OAuth_Token"}), CrmNonsense),
        (errors(401, ("INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")), CrmAuthFailed),
        (httpx.Response(503, text="<html>maintenance</html>"), CrmUnavailable),
        (httpx.Response(201, text="<html>"), CrmNonsense),
        (httpx.Response(201, json={"id": "001D000000IqhSLIAZ", "success": True}), CrmNonsense),
        (httpx.Response(201, json={"success": True}), CrmNonsense),
        (httpx.Response(200, json=[]), CrmNonsense),
        (errors(404, ("NOT_FOUND", "The requested resource does not exist")), CrmMisconfigured),
        (httpx.Response(302, headers={"Location": "https://elsewhere"}), CrmMisconfigured),
    ],
)
async def test_strange_answers_become_errors_of_ours(naps: Naps, answer: httpx.Response, kind: type[CrmError]) -> None:
    crm = scripted_crm(Script(answer), naps, patience=Patience(budget=0.0, sleep=naps))
    with pytest.raises(kind):
        await crm.create_case("T1", INFO)


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ConnectError("ClientConnectorError"),
        LOST,
        httpx.RemoteProtocolError("ServerDisconnectedError"),
        httpx.Response(503, text="<html>"),
        errors(500, ("UNKNOWN_EXCEPTION", "An unexpected error occurred")),
        errors(400, ("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")),
        httpx.Response(201, text="cut of"),
    ],
)
async def test_what_may_pass_is_tried_again(naps: Naps, failure: Entry) -> None:
    script = Script(failure, created())
    assert await scripted_crm(script, naps).create_case("T1", INFO) == CASE
    assert script.bodies()[0] == script.bodies()[1]
    assert len(naps.seconds) == 1


@pytest.mark.parametrize("code", ["REQUIRED_FIELD_MISSING", "FIELD_CUSTOM_VALIDATION_EXCEPTION", "SOMETHING_NEW"])
async def test_what_will_not_pass_is_not_tried_again(naps: Naps, code: str) -> None:
    script = Script(errors(400, (code, "no", ["Foo__c"])))
    with pytest.raises(CrmRejected) as caught:
        await scripted_crm(script, naps).create_case("T1", INFO)
    assert caught.value.vendor_code == code
    assert [path for path, _ in caught.value.fields] == ["caseInfo.fields.Foo__c"]


async def test_a_refused_field_is_named_as_the_caller_knows_it(naps: Naps) -> None:
    text = "Email: invalid email address: me@"
    script = Script(errors(400, ("INVALID_EMAIL_ADDRESS", text, ["SuppliedEmail"])))
    with pytest.raises(CrmRejected) as caught:
        await scripted_crm(script, naps).create_case("T1", INFO)
    assert [path for path, _ in caught.value.fields] == ["caseInfo.email"]


async def test_a_duplicate_that_cannot_be_read_is_known_by_the_message(naps: Naps) -> None:
    script = Script(errors(400, ("DUPLICATE_VALUE", DUPLICATE)), errors(404, ("NOT_FOUND", "no")))
    assert await scripted_crm(script, naps).create_case("T1", INFO) == CASE
    assert script.lines() == [POST, FIND]


async def test_a_duplicate_whose_field_cannot_be_read_makes_no_second_case(naps: Naps) -> None:
    hidden = "Provided external ID field does not exist or is not accessible: ChatTicket__c"
    script = Script(errors(400, ("DUPLICATE_VALUE", DUPLICATE)), errors(404, ("NOT_FOUND", hidden)))
    assert await scripted_crm(script, naps).create_case("T1", INFO) == CASE


async def test_a_duplicate_of_an_unnamed_field_is_looked_up(naps: Naps) -> None:
    unnamed = "duplicate value found: <unknown> duplicates value on record with id: <unknown>"
    script = Script(errors(400, ("DUPLICATE_VALUE", unnamed, [])), httpx.Response(200, json={"Id": CASE[:15]}))
    assert await scripted_crm(script, naps).create_case("T1", INFO) == CASE


async def test_a_duplicate_of_another_field_is_refused(naps: Naps) -> None:
    other = f"duplicate value found: Serial__c duplicates value on record with id: {CASE}"
    script = Script(errors(400, ("DUPLICATE_VALUE", other)))
    with pytest.raises(CrmRejected) as caught:
        await scripted_crm(script, naps).create_case("T1", INFO)
    assert [path for path, _ in caught.value.fields] == ["caseInfo.fields.Serial__c"]
    assert script.lines() == [POST]


@pytest.mark.parametrize(
    "refusal",
    [
        NO_FIELD,
        errors(
            400,
            (
                "INVALID_FIELD_FOR_INSERT_UPDATE",
                "Unable to create/update fields: ChatTicket__c. Please check the security settings of this field",
                ["ChatTicket__c"],
            ),
        ),
    ],
)
async def test_without_the_field_the_case_is_made_and_the_log_says_what_to_do(
    naps: Naps, caplog: pytest.LogCaptureFixture, refusal: httpx.Response
) -> None:
    script = Script(refusal, created())
    assert await scripted_crm(script, naps).create_case("T1", INFO) == CASE
    assert [sorted(body) for body in script.bodies()] == [["ChatTicket__c", "Origin", "Subject"], ["Origin", "Subject"]]
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert "permission set" in record.getMessage()


async def test_the_missing_field_is_remembered_for_minutes_and_told_once_an_hour(
    naps: Naps, caplog: pytest.LogCaptureFixture
) -> None:
    script = Script(NO_FIELD, created(), created())
    crm = scripted_crm(script, naps)
    await crm.create_case("T1", INFO)
    await crm.create_case("T2", INFO)
    assert ["ChatTicket__c" in body for body in script.bodies()] == [True, False, False]
    naps.now += 301
    script.entries += [NO_FIELD, created()]
    await crm.create_case("T3", INFO)
    assert len(caplog.records) == 1
    naps.now += 3601
    script.entries += [NO_FIELD, created()]
    await crm.create_case("T4", INFO)
    assert len(caplog.records) == 2
    naps.now += 301
    script.entries += [created()]
    await crm.create_case("T5", INFO)
    assert script.bodies()[-1]["ChatTicket__c"] == "T5"


@pytest.mark.parametrize(
    "failure", [LOST, httpx.Response(502, text="<html>"), httpx.Response(201, text="cut of"), errors(500, ("X", "x"))]
)
async def test_without_the_field_an_unknown_outcome_is_final(naps: Naps, failure: Entry) -> None:
    script = Script(NO_FIELD, failure)
    with pytest.raises(CrmOutcomeUnknown) as caught:
        await scripted_crm(script, naps).create_case("T1", INFO)
    assert not caught.value.retryable
    assert caught.value.problem()["retryable"] is False
    assert "not tried again" in caught.value.detail
    assert len(script.requests) == 2
    assert CrmOutcomeUnknown.retryable, "only this one is final"


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ConnectError("ClientConnectorError"),
        errors(503, ("SERVER_UNAVAILABLE", "busy")),
        errors(400, ("UNABLE_TO_LOCK_ROW", "x")),
    ],
)
async def test_without_the_field_what_surely_was_not_done_is_tried_again(naps: Naps, failure: Entry) -> None:
    script = Script(NO_FIELD, failure, created())
    assert await scripted_crm(script, naps).create_case("T1", INFO) == CASE


async def test_a_field_that_vanishes_after_an_unknown_outcome_makes_no_second_case(naps: Naps) -> None:
    script = Script(LOST, NO_FIELD)
    with pytest.raises(CrmOutcomeUnknown) as caught:
        await scripted_crm(script, naps).create_case("T1", INFO)
    assert not caught.value.retryable


async def test_without_the_field_an_attempt_that_was_cut_off_is_not_repeated(naps: Naps) -> None:
    script = Script(NO_FIELD)
    with pytest.raises(CrmOutcomeUnknown) as caught:
        await scripted_crm(script, naps).create_case("T1", INFO, may_exist=True)
    assert not caught.value.retryable


async def test_another_missing_field_is_a_misconfiguration(naps: Naps) -> None:
    script = Script(errors(400, ("INVALID_FIELD", "No such column 'Foo__c' on sobject of type Case")))
    with pytest.raises(CrmMisconfigured, match="Foo__c"):
        await scripted_crm(script, naps).create_case("T1", INFO)
    assert script.lines() == [POST]


async def test_a_full_day_of_requests_is_waited_for_by_others(naps: Naps) -> None:
    full = errors(
        403, ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), Sforce_Limit_Info="api-usage=15000/15000"
    )
    crm = scripted_crm(Script(full), naps)
    with pytest.raises(CrmUnavailable) as caught:
        await crm.create_case("T1", INFO)
    assert caught.value.retry_after == 300
    assert crm.connection.api_usage == (15000, 15000)
    assert naps.seconds == []


async def test_a_version_going_away_is_told_once(naps: Naps, caplog: pytest.LogCaptureFixture) -> None:
    def warned(_: httpx.Request) -> httpx.Response:
        answer = created()
        answer.headers["Warning"] = '299 - "This API version is deprecated"'
        return answer

    crm = scripted_crm(Script(warned, warned), naps)
    await crm.create_case("T1", INFO)
    await crm.create_case("T2", INFO)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "deprecated" in caplog.text


@pytest.mark.parametrize(
    "entries", [[LOST], [expired(), expired()], [httpx.Response(500, text="x")], [httpx.Response(201, text="x")]]
)
async def test_no_token_is_in_an_error_or_the_log(
    naps: Naps, caplog: pytest.LogCaptureFixture, entries: list[Entry]
) -> None:
    caplog.set_level(logging.DEBUG)
    crm = scripted_crm(Script(*entries), naps, patience=Patience(budget=0.0, sleep=naps))
    with pytest.raises(CrmError) as caught:
        await crm.create_case("T1", INFO)
    said = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value)) + caplog.text
    assert TOKEN not in said
    assert caught.value.__cause__ is None


async def test_ping_raises_what_is_wrong(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    await crm.ping()
    sandbox.fail("/services/data/v67.0/", times=1, status=403, errorCode="API_DISABLED_FOR_ORG")
    with pytest.raises(CrmMisconfigured):
        await crm.ping()


async def test_ping_of_an_org_without_the_version_names_the_setting(
    sandbox: SalesforceSandbox, make_crm: MakeCrm
) -> None:
    with pytest.raises(CrmMisconfigured, match="SALESFORCE_API_VERSION"):
        await make_crm(api_version="99.0").ping()
