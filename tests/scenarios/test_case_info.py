"""What an app says about a ticket: who opens it, what about, and under which key."""

from __future__ import annotations

import uuid

import httpx
import pytest

from sandbox.up import Sandbox
from tests.scenarios.conftest import Json, Relay, StartRelay, cases, groups
from tests.scenarios.wire import accounts, assert_problem, untouched

pytestmark = pytest.mark.anyio

TEXTS = ("desc", "name", "email", "phone", "priority", "origin")


async def opened_with(relay: Relay, case_info: Json) -> httpx.Response:
    body = {"userId": "alice", "caseInfo": {"subject": "It broke", **case_info}}
    return await relay.post("/createticket", body, relay.api_key)


@pytest.mark.parametrize("field", ["subject", *TEXTS])
async def test_a_value_of_another_type_is_400_by_name(relay: Relay, sandbox: Sandbox, field: str) -> None:
    with untouched(sandbox):
        for value in (7, 1.5, True, [], ["a"], {}, {"a": "b"}):
            answer = await opened_with(relay, {field: value})
            assert_problem(answer, 400, f"Invalid caseInfo.{field}", f"caseInfo.{field}")


@pytest.mark.parametrize("field", TEXTS)
async def test_what_may_be_left_out_may_be_null(relay: Relay, sandbox: Sandbox, field: str) -> None:
    assert (await opened_with(relay, {field: None})).status_code == 200
    assert len(cases(sandbox)) == 1


@pytest.mark.parametrize("subject", [None, "", " ", "\t\r\n ", "\u2003"])
async def test_a_ticket_needs_a_subject(relay: Relay, sandbox: Sandbox, subject: str | None) -> None:
    with untouched(sandbox):
        assert_problem(await relay.open_ticket(subject=subject), 400, "Missing caseInfo.subject", "caseInfo.subject")
        body = {"userId": "alice", "caseInfo": {"desc": "no subject at all"}}
        assert_problem(await relay.post("/createticket", body, relay.api_key), 400, "Missing caseInfo.subject")


@pytest.mark.parametrize("case_info", [None, "It broke", 7, [], ["subject"], True])
async def test_case_info_must_be_an_object(relay: Relay, sandbox: Sandbox, case_info: object) -> None:
    with untouched(sandbox):
        body = {"userId": "alice", "caseInfo": case_info}
        assert_problem(await relay.post("/createticket", body, relay.api_key), 400, None, "caseInfo")
        assert_problem(await relay.post("/createticket", {"userId": "alice"}, relay.api_key), 400, "Missing caseInfo")


@pytest.mark.parametrize("email", ["alice", "alice@", "@example.com", "a b@example.com", "alice@example", "a@.", "\0"])
async def test_an_address_that_is_none_is_400(relay: Relay, sandbox: Sandbox, email: str) -> None:
    with untouched(sandbox):
        assert_problem(await relay.open_ticket(email=email), 400, "Invalid caseInfo.email", "caseInfo.email")


async def test_an_ordinary_address_reaches_the_case(relay: Relay, sandbox: Sandbox) -> None:
    assert (await relay.open_ticket(email="  alice+chat@mail.example.co.uk ")).status_code == 200
    assert [case["SuppliedEmail"] for case in cases(sandbox)] == ["alice+chat@mail.example.co.uk"]


@pytest.mark.parametrize(
    "key", ["Subject", "OwnerId", "ChatTicket__c", "IsClosed", "subject ", "", "fields.Type", "类型"]
)
async def test_a_key_that_case_info_does_not_have_is_400_by_name(relay: Relay, sandbox: Sandbox, key: str) -> None:
    with untouched(sandbox):
        assert_problem(await opened_with(relay, {key: "x"}), 400, f"Invalid caseInfo.{key}", f"caseInfo.{key}")


async def test_all_that_is_wrong_is_said_at_once(relay: Relay, sandbox: Sandbox) -> None:
    with untouched(sandbox):
        body = {"userId": "al ice", "caseInfo": {"subject": "", "email": "x", "desc": 7, "colour": "red"}}
        answer = await relay.post("/createticket", body, relay.api_key)
        names = ("userId", "caseInfo.subject", "caseInfo.email", "caseInfo.desc", "caseInfo.colour")
        assert_problem(answer, 400, None, *names)


@pytest.mark.parametrize("name", ["Priority", "OwnerId", "ChatTicket__c", "Id", "Subject", "", "Account.Name"])
async def test_a_field_that_is_not_allowed_is_400_by_name(start_relay: StartRelay, sandbox: Sandbox, name: str) -> None:
    relay = await start_relay(SALESFORCE_CASE_FIELDS="Status, Type")
    with untouched(sandbox):
        answer = await relay.open_ticket(fields={"Status": "New", name: "x"})
        assert_problem(answer, 400, f"Invalid caseInfo.fields.{name}", f"caseInfo.fields.{name}")


async def test_without_an_allow_list_no_field_is_allowed(relay: Relay, sandbox: Sandbox) -> None:
    with untouched(sandbox):
        assert_problem(await relay.open_ticket(fields={"Status": "New"}), 400, None, "caseInfo.fields.Status")
    assert (await relay.open_ticket(fields={})).status_code == 200
    assert (await relay.open_ticket(fields=None)).status_code == 200


async def test_a_field_that_is_allowed_reaches_the_case(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(SALESFORCE_CASE_FIELDS="Status,Type,Reason")
    assert (await relay.open_ticket(fields={"Status": "Working", "Reason": None})).status_code == 200
    assert [case["Status"] for case in cases(sandbox)] == ["Working"]


@pytest.mark.parametrize("value", [[], ["New"], {}, {"a": 1}])
async def test_a_fields_value_is_plain(start_relay: StartRelay, sandbox: Sandbox, value: object) -> None:
    relay = await start_relay(SALESFORCE_CASE_FIELDS="Status")
    with untouched(sandbox):
        assert_problem(await relay.open_ticket(fields={"Status": value}), 400, None, "caseInfo.fields.Status")
        assert_problem(await relay.open_ticket(fields=value or "Status"), 400, None, "caseInfo.fields")


UUID = str(uuid.UUID(int=2**127 + 7))


@pytest.mark.parametrize(
    "user_id",
    [
        UUID,
        "a" * 33,
        "al ice",
        " alice",
        "alice\n",
        "alice\0",
        "Zoë",
        "алиса",
        "灯",
        "a/b",
        "a,b",
        "a:b",
        "@TLS#/x",
        "a'",
    ],
)
async def test_a_user_id_that_the_chat_cannot_have_is_400(relay: Relay, sandbox: Sandbox, user_id: str) -> None:
    with untouched(sandbox):
        for credential in (relay.api_key, relay.token(user_id)):
            for answer in (
                await relay.open_ticket(user_id, credential=credential),
                await relay.post("/usersig", {"userId": user_id}, credential),
            ):
                assert_problem(answer, 400, "Invalid userId", "userId", "32", "UUID", "dashes")


@pytest.mark.parametrize(
    "user_id", [uuid.UUID(UUID).hex, "a" * 32, "a", "A-Z_0.9@x", "0", "-", "..", "@", "005", "null"]
)
async def test_any_other_user_id_may_open_a_ticket(relay: Relay, sandbox: Sandbox, user_id: str) -> None:
    answer = await relay.open_ticket(user_id)
    assert answer.status_code == 200, answer.text
    assert groups(sandbox)[0]["members"] == [user_id]


@pytest.mark.parametrize("path", ["/createticket", "/usersig"])
async def test_a_missing_user_id_is_said_before_anything_else(relay: Relay, sandbox: Sandbox, path: str) -> None:
    with untouched(sandbox):
        for body in ({}, {"userId": ""}, {"userId": None}, {"caseInfo": {"colour": "red"}}, {"UserId": "alice"}):
            assert_problem(await relay.post(path, body, relay.api_key), 400, "Missing userId", "userId")
        for user_id in (7, True, ["alice"], {"id": "alice"}):
            wrong = {"userId": user_id, "caseInfo": {}}
            assert_problem(await relay.post(path, wrong, relay.api_key), 400, "Invalid userId", "userId")


@pytest.mark.parametrize("key", [b"", b"x" * 256, b"two words", "ключ".encode(), b"\xff", b"a\tb"])
async def test_a_key_must_be_visible_ascii(relay: Relay, sandbox: Sandbox, key: bytes) -> None:
    headers = {b"Authorization": f"Bearer {relay.api_key}".encode(), b"Idempotency-Key": key}
    body = {"userId": "alice", "caseInfo": {"subject": "It broke"}}
    with untouched(sandbox):
        answer = await relay.client.post("/createticket", json=body, headers=headers)
        assert_problem(answer, 400, "Invalid Idempotency-Key", "Idempotency-Key", "255")


@pytest.mark.parametrize("second", [b"two", b"one"])
async def test_two_keys_are_none(relay: Relay, sandbox: Sandbox, second: bytes) -> None:
    headers = [
        (b"Authorization", f"Bearer {relay.api_key}".encode()),
        (b"Idempotency-Key", b"one"),
        (b"Idempotency-Key", second),
    ]
    with untouched(sandbox):
        body = {"userId": "alice", "caseInfo": {"subject": "It broke"}}
        answer = await relay.client.post("/createticket", json=body, headers=headers)
        assert_problem(answer, 400, "Invalid Idempotency-Key", "must be sent once")


@pytest.mark.parametrize("key", ["k", "x" * 255, "!~", "a:b/c?d=e&f#g%00", '{"a"}', "'; DROP TABLE tickets; --"])
async def test_any_visible_ascii_is_a_key(relay: Relay, sandbox: Sandbox, key: str) -> None:
    key = key.replace(" ", "_")
    first, second = await relay.open_ticket(key=key), await relay.open_ticket(key=key)
    assert first.status_code == second.status_code == 200
    assert first.json()["ticketId"] == second.json()["ticketId"]
    assert len(cases(sandbox)) == 1
    assert accounts(sandbox) == {"alice"}


async def test_keys_are_told_apart_by_case_and_by_user(relay: Relay, sandbox: Sandbox) -> None:
    for user_id, key in (("alice", "k"), ("alice", "K"), ("bob", "k"), ("alice", "k1")):
        assert (await relay.open_ticket(user_id, key)).status_code == 200
    assert len(cases(sandbox)) == 4


async def test_two_spellings_of_one_field_are_refused(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(SALESFORCE_CASE_FIELDS="Status")
    answer = await relay.open_ticket(fields={"Status": "New", "status": "Working"})
    assert answer.status_code in (400, 422), (answer.text[:80], [case["Status"] for case in cases(sandbox)])
