"""Cases in the emulated org: made once, read, changed, refused, deleted."""

import httpx
import pytest

from sandbox.salesforce import Salesforce
from tests.sandbox.salesforce_client import (
    CASES,
    DATA,
    agents,
    case_of,
    first_error,
    new_case,
    new_org,
    queue,
    signed_in,
)

pytestmark = pytest.mark.anyio
KEEP_OWNER = {"Sforce-Auto-Assign": "FALSE"}


async def refusals(org: Salesforce, fields: dict[str, object]) -> list[dict[str, object]]:
    async with signed_in(org) as http:
        answer = await http.post(CASES, json=fields)
    assert answer.status_code == 400, answer.text
    errors: list[dict[str, object]] = answer.json()
    return errors


async def test_a_created_case_has_its_number_its_defaults_and_a_place() -> None:
    org = new_org()
    async with signed_in(org) as http:
        answer = await http.post(CASES, json={"Subject": "Printer on fire", "Origin": "Chat"})
        case = (await http.get(answer.headers["Location"])).json()
    assert answer.status_code == 201
    assert answer.json() == {"id": case["Id"], "success": True, "errors": []}
    assert answer.headers["Location"] == f"{CASES}/{case['Id']}"
    assert case["attributes"] == {"type": "Case", "url": f"{CASES}/{case['Id']}"}
    assert (case["CaseNumber"], case["Status"], case["IsClosed"]) == ("00001001", "New", False)
    assert case["SystemModstamp"] == "2026-09-21T14:13:20.001+0000" or case["SystemModstamp"].endswith("+0000")
    assert answer.headers["sforce-limit-info"] == "api-usage=1/5000000"


async def test_the_same_ticket_makes_one_case_and_ticket_ids_mind_their_case() -> None:
    org = new_org()
    async with signed_in(org) as http:
        case_id = await new_case(http, ChatTicket__c="abc")
        again = await http.post(CASES, json={"ChatTicket__c": "abc"})
        await new_case(http, ChatTicket__c="ABC")
    assert again.status_code == 400
    message = f"duplicate value found: ChatTicket__c duplicates value on record with id: {case_id[:15]}"
    assert again.json() == [{"message": message, "errorCode": "DUPLICATE_VALUE", "fields": []}]


async def test_an_id_may_come_with_15_or_18_characters_but_not_with_wrong_check_characters() -> None:
    async with signed_in(new_org()) as http:
        case_id = await new_case(http)
        assert (await http.get(f"{CASES}/{case_id[:15]}?fields=Subject,Id")).json()["Id"] == case_id
        wrong = case_id[:15] + ("AAA" if not case_id.endswith("AAA") else "BAA")
        assert (await http.get(f"{CASES}/{wrong}")).status_code in {400, 404}
        assert first_error(await http.get(f"{CASES}/500000000000000AAA")) == (404, "NOT_FOUND")
        assert first_error(await http.get(f"{CASES}/nonsense")) == (404, "NOT_FOUND")
        assert first_error(await http.get(f"{CASES}/{case_id}?fields=Foo")) == (400, "INVALID_FIELD")


@pytest.mark.parametrize(
    ("fields", "code", "message"),
    [
        ({"Foo": 1}, "INVALID_FIELD", "No such column 'Foo' on sobject of type Case"),
        ({"Subject": "x" * 256}, "STRING_TOO_LONG", f"Subject: data value too large: {'x' * 256} (max length=255)"),
        ({"Subject": "\U0001f600" * 128}, "STRING_TOO_LONG", None),
        ({"SuppliedEmail": "not an email"}, "INVALID_EMAIL_ADDRESS", "Web Email: invalid email address: not an email"),
        ({"IsClosed": True}, "INVALID_FIELD_FOR_INSERT_UPDATE", None),
        ({"CaseNumber": "1"}, "INVALID_FIELD_FOR_INSERT_UPDATE", None),
        ({"OwnerId": "nobody"}, "MALFORMED_ID", "Owner ID: id value of incorrect type: nobody"),
        ({"OwnerId": "500000000000000AAA"}, "MALFORMED_ID", None),
        ({"OwnerId": "005000000000000AAA"}, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"),
        ({"Subject": 5}, "JSON_PARSER_ERROR", None),
        ({"Subject": ["x"]}, "JSON_PARSER_ERROR", None),
        ({"IsEscalated": "yes"}, "JSON_PARSER_ERROR", None),
    ],
)
async def test_a_case_is_refused_with_the_vendors_code(
    fields: dict[str, object], code: str, message: str | None
) -> None:
    error = (await refusals(new_org(), fields))[0]
    assert error["errorCode"] == code
    assert message is None or error["message"] == message


async def test_several_faults_are_told_at_once() -> None:
    errors = await refusals(new_org(), {"Subject": "x" * 256, "SuppliedEmail": "bad"})
    assert [error["errorCode"] for error in errors] == ["STRING_TOO_LONG", "INVALID_EMAIL_ADDRESS"]
    assert [error["fields"] for error in errors] == [["Subject"], ["SuppliedEmail"]]


async def test_switches_decide_what_the_documents_leave_open() -> None:
    org = new_org()
    await org.do({"switch": {"restrictedPicklists": True, "lengthUnit": "codepoint", "wholeSeconds": True}})
    async with signed_in(org) as http:
        refused = await http.post(CASES, json={"Origin": "Carrier pigeon"})
        assert first_error(refused) == (400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST")
        case_id = await new_case(http, Subject="\U0001f600" * 255)
        described = (await http.get(f"{CASES}/describe")).json()["fields"]
        assert [field["restrictedPicklist"] for field in described if field["name"] in {"Origin", "Subject"}] == [
            True,
            False,
        ]
    assert case_of(org, case_id)["SystemModstamp"] == "2026-09-21T14:13:20.000+0000"
    with pytest.raises(ValueError, match="lengthUnit takes one of utf16, codepoint"):
        await org.do({"switch": {"lengthUnit": "furlong"}})
    with pytest.raises(ValueError, match="there is no switch 'foo'"):
        await org.do({"switch": {"foo": True}})


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        (b'{"Subject": ', {"Content-Type": "application/json"}, (400, "JSON_PARSER_ERROR")),
        (b"[]", {"Content-Type": "application/json"}, (400, "JSON_PARSER_ERROR")),
        (b"\xff", {"Content-Type": "application/json"}, (400, "JSON_PARSER_ERROR")),
        (b"Subject=x", {"Content-Type": "application/x-www-form-urlencoded"}, (415, "UNSUPPORTED_MEDIA_TYPE")),
    ],
)
async def test_a_body_that_is_not_json_is_refused(
    body: bytes, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    async with signed_in(new_org()) as http:
        assert first_error(await http.post(CASES, content=body, headers=headers)) == expected


async def test_paths_methods_and_versions_that_are_not_there_are_refused() -> None:
    async with signed_in(new_org()) as http:
        assert first_error(await http.get(f"{DATA}/nothing")) == (404, "NOT_FOUND")
        assert first_error(await http.post(f"{DATA}/sobjects/Foo", json={})) == (404, "NOT_FOUND")
        assert first_error(await http.put(CASES, json={})) == (405, "METHOD_NOT_ALLOWED")
        assert first_error(await http.get("/services/data/v30.0/limits")) == (410, "GONE")
        assert first_error(await http.get("/services/data/v69.0/limits")) == (404, "NOT_FOUND")
        assert first_error(await http.get(f"{DATA}/query?q={'x' * 16_400}")) == (414, "URI_TOO_LONG")
        assert (await http.get("/services/data/v31.0/limits")).status_code == 200
        versions = (await http.get("/services/data")).json()
    assert versions[0]["version"] == "31.0"
    assert versions[-1] == {"label": "Winter '27", "url": "/services/data/v68.0", "version": "68.0"}
    assert [version["label"] for version in versions[-3:-1]] == ["Spring '26", "Summer '26"]


async def test_updates_route_the_case_anew_unless_told_not_to() -> None:
    org = new_org()
    async with signed_in(org) as http:
        case_id = await new_case(http)
        assert case_of(org, case_id)["OwnerId"] == queue(org)
        agent = agents(org)[0]
        assert (await http.patch(f"{CASES}/{case_id}", json={"OwnerId": agent})).status_code == 204
        assert case_of(org, case_id)["OwnerId"] == agent
        await http.patch(f"{CASES}/{case_id}", json={"Priority": "High"}, headers=KEEP_OWNER)
        assert case_of(org, case_id)["OwnerId"] == agent
        await http.patch(f"{CASES}/{case_id}", json={"Priority": "Low"})
        assert case_of(org, case_id)["OwnerId"] == queue(org)


async def test_without_assignment_the_creator_owns_the_case_and_the_rule_may_beat_a_named_owner() -> None:
    org = new_org()
    async with signed_in(org) as http:
        answer = await http.post(CASES, json={}, headers=KEEP_OWNER)
        assert case_of(org, answer.json()["id"])["OwnerId"] == org.app_settings.run_as
        await org.do({"switch": {"explicitOwnerWins": False, "assignTo": agents(org)[1]}})
        assert case_of(org, await new_case(http, OwnerId=agents(org)[0]))["OwnerId"] == agents(org)[1]


async def test_an_inactive_user_cannot_own_a_case() -> None:
    org = new_org()
    agent = agents(org)[0]
    await org.do({"deactivate": agent})
    assert (await refusals(org, {"OwnerId": agent}))[0]["errorCode"] == "INACTIVE_OWNER_OR_USER"


async def test_a_case_closes_by_its_status_and_opens_again() -> None:
    org = new_org()
    async with signed_in(org) as http:
        case_id = await new_case(http)
        before = str(case_of(org, case_id)["SystemModstamp"])
        await http.patch(f"{CASES}/{case_id}", json={"Status": "Closed"})
        closed = case_of(org, case_id)
        assert closed["IsClosed"] is True
        assert closed["ClosedDate"] == closed["SystemModstamp"]
        assert str(closed["SystemModstamp"]) > before
        await http.patch(f"{CASES}/{case_id}", json={"Status": "Working"})
    assert (case_of(org, case_id)["IsClosed"], case_of(org, case_id)["ClosedDate"]) == (False, None)


async def test_what_a_customer_supplied_cannot_be_changed_later() -> None:
    async with signed_in(new_org()) as http:
        case_id = await new_case(http, SuppliedName="Ada")
        answer = await http.patch(f"{CASES}/{case_id}", json={"SuppliedName": "Bob"})
    assert answer.json()[0]["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    assert answer.json()[0]["fields"] == ["SuppliedName"]


async def test_a_deleted_case_is_gone_and_can_be_undeleted() -> None:
    org = new_org()
    async with signed_in(org) as http:
        case_id = await new_case(http, ChatTicket__c="t")
        assert (await http.delete(f"{CASES}/{case_id}")).status_code == 204
        assert first_error(await http.get(f"{CASES}/{case_id}")) == (404, "ENTITY_IS_DELETED")
        assert first_error(await http.delete(f"{CASES}/{case_id}")) == (404, "ENTITY_IS_DELETED")
        assert first_error(await http.get(f"{CASES}/ChatTicket__c/t")) == (404, "NOT_FOUND")
        await org.do({"undelete": [case_id]})
        assert (await http.get(f"{CASES}/ChatTicket__c/t")).json()["Id"] == case_id


async def test_a_ticket_taken_meanwhile_keeps_a_deleted_case_deleted() -> None:
    org = new_org()
    async with signed_in(org) as http:
        case_id = await new_case(http, ChatTicket__c="t")
        await http.delete(f"{CASES}/{case_id}")
        await new_case(http, ChatTicket__c="t")
    with pytest.raises(ValueError, match="DUPLICATE_VALUE"):
        await org.do({"undelete": [case_id]})


async def upserted(http: httpx.AsyncClient, value: str, version: str = "67.0", query: str = "") -> httpx.Response:
    path = f"/services/data/v{version}/sobjects/Case/ChatTicket__c/{value}{query}"
    return await http.patch(path, json={"Subject": "x"})


async def test_an_upsert_says_whether_it_created_or_updated() -> None:
    async with signed_in(new_org()) as http:
        made, again, old = (
            await upserted(http, "a%2Fb"),
            await upserted(http, "a%2Fb"),
            await upserted(http, "a%2Fb", "45.0"),
        )
        assert (made.status_code, made.json()["created"]) == (201, True)
        assert (again.status_code, again.json()["created"]) == (200, False)
        assert (old.status_code, old.content) == (204, b"")
        assert first_error(await upserted(http, "new", query="?updateOnly=true")) == (404, "NOT_FOUND")
        found = await http.get(f"{CASES}/ChatTicket__c/a%2Fb")
        assert found.json()["ChatTicket__c"] == "a/b"
        wrong = await http.patch(f"{CASES}/ChatTicket__c/n", json={"ChatTicket__c": "n"})
        assert first_error(wrong) == (400, "INVALID_FIELD")


async def test_an_external_id_held_twice_answers_300_and_writes_nothing() -> None:
    org = new_org()
    await org.do({"switch": {"ticketUnique": False}})
    async with signed_in(org) as http:
        twins = [await new_case(http, ChatTicket__c="t") for _ in range(2)]
        answer = await upserted(http, "t")
        assert (await http.get(f"{CASES}/ChatTicket__c/t")).status_code == 300
    assert answer.status_code == 300
    assert answer.json() == [f"{CASES}/{case_id}" for case_id in twins]
    assert case_of(org, twins[0])["Subject"] is None


@pytest.mark.parametrize("how", ["missing", "hidden"])
async def test_a_field_that_is_missing_or_hidden_is_no_column(how: str) -> None:
    org = new_org()
    async with signed_in(org) as http:
        await new_case(http, ChatTicket__c="t")
        await org.do({"field": {"ChatTicket__c": how}})
        created = await http.post(CASES, json={"ChatTicket__c": "u"})
        assert created.json()[0]["message"] == "No such column 'ChatTicket__c' on sobject of type Case"
        found = await http.get(f"{CASES}/ChatTicket__c/t")
        assert found.json()[0]["message"].endswith("does not exist or is not accessible: ChatTicket__c")
        described = (await http.get(f"{CASES}/describe")).json()["fields"]
        assert "ChatTicket__c" not in {field["name"] for field in described}
        await org.do({"field": {"ChatTicket__c": "visible"}})
        assert (await http.get(f"{CASES}/ChatTicket__c/t")).status_code == (404 if how == "missing" else 200)


async def test_a_validation_rule_refuses_with_the_admins_own_words() -> None:
    org = new_org()
    await org.do({"validationRule": {"message": "Say please.", "subjectContains": "now"}})
    error = (await refusals(org, {"Subject": "Help now"}))[0]
    assert error == {"message": "Say please.", "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "fields": []}
    async with signed_in(org) as http:
        await new_case(http, Subject="Help")


async def test_a_full_day_of_requests_is_refused() -> None:
    org = new_org()
    async with signed_in(org) as http:
        await org.do({"dailyLimit": 1})
        limits = (await http.get(f"{DATA}/limits")).json()
        refused = await http.get(f"{DATA}/limits")
    assert limits["DailyApiRequests"] == {"Max": 1, "Remaining": 0}
    assert first_error(refused) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert refused.headers["sforce-limit-info"] == "api-usage=1/1"


async def test_describe_tells_what_a_client_may_write() -> None:
    async with signed_in(new_org()) as http:
        described = (await http.get(f"{CASES}/describe")).json()
        listed = (await http.get(f"{DATA}/sobjects/")).json()["sobjects"]
    fields = {field["name"]: field for field in described["fields"]}
    ticket = fields["ChatTicket__c"]
    assert (ticket["unique"], ticket["externalId"], ticket["caseSensitive"], ticket["length"]) == (True, True, True, 64)
    assert (fields["SuppliedName"]["createable"], fields["SuppliedName"]["updateable"]) == (True, False)
    statuses = {value["value"]: value["closed"] for value in fields["Status"]["picklistValues"]}
    assert statuses == {"New": False, "Working": False, "Escalated": False, "Closed": True}
    assert {"Case", "User", "Group", "CaseComment", "FeedItem", "ContentVersion"} <= {each["name"] for each in listed}


async def test_reset_brings_back_the_org_with_its_people_and_never_an_old_id() -> None:
    org = new_org()
    async with signed_in(org) as http:
        old = await new_case(http, ChatTicket__c="t")
        people = org.state()["users"]
        org.reset()
        assert org.state()["cases"] == []
        assert org.state()["users"] == people
        new = await new_case(http, ChatTicket__c="t")
    assert new != old
    assert case_of(org, new)["CaseNumber"] == "00001001"


async def test_half_a_surrogate_pair_becomes_a_replacement_character() -> None:
    org = new_org()
    async with signed_in(org) as http:
        answer = await http.post(
            CASES, content=b'{"Subject": "a\\ud83d"}', headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 201
        assert (await http.get(answer.headers["Location"])).json()["Subject"] == "a\ufffd"
        assert first_error(
            await http.post(CASES, content=b'{"\\ud83d": 1}', headers={"Content-Type": "application/json"})
        ) == (400, "INVALID_FIELD")
