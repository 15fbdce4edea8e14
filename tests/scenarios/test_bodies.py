"""What callers send: bad bodies are refused by name before any vendor hears of them, odd but good ones are served."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from sandbox.salesforce.ids import to18
from sandbox.up import Sandbox
from tests.scenarios.conftest import Json, Relay, StartRelay, agents, cases, eventually, groups
from tests.scenarios.wire import AGENT, BODIES, CASE, assert_problem, untouched

pytestmark = pytest.mark.anyio

ROUTES = list(BODIES)
ORG_ROUTES = ["/joingroup", "/leavegroup", "/deletegroup"]


def headers(relay: Relay, path: str, content_type: str | None = "application/json") -> dict[str, str]:
    credential = relay.callout_secret if path in ORG_ROUTES else relay.api_key
    given = {"Authorization": f"Bearer {credential}"}
    return given if content_type is None else {**given, "Content-Type": content_type}


@pytest.mark.parametrize("path", ROUTES)
async def test_only_json_is_read(relay: Relay, sandbox: Sandbox, path: str) -> None:
    good = json.dumps(BODIES[path]).encode()
    with untouched(sandbox):
        for kind in (
            None,
            "",
            "text/plain",
            "text/json",
            "application/x-www-form-urlencoded",
            "application/jsonx",
            "json",
        ):
            answer = await relay.client.post(path, content=good, headers=headers(relay, path, kind))
            assert_problem(answer, 415, None, "Content-Type")
        answer = await relay.client.post(path, data={"userId": "alice"}, headers=headers(relay, path, None))
        assert_problem(answer, 415)


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "Application/JSON", " application/json ;charset=UTF-8"]
)
async def test_json_may_be_announced_with_its_charset(relay: Relay, kind: str) -> None:
    body = json.dumps({"userId": "alice"}).encode()
    answer = await relay.client.post("/usersig", content=body, headers=headers(relay, "/usersig", kind.strip()))
    assert answer.status_code == 200


MALFORMED: dict[str, bytes] = {
    "nothing": b"",
    "spaces": b"  \r\n ",
    "cut short": b'{"userId":"alice","caseInfo":{"subject":"x"',
    "single quotes": b"{'userId':'alice'}",
    "a comma too many": b'{"userId":"alice",}',
    "two documents": b'{"userId":"alice"}{"userId":"alice"}',
    "a byte order mark": b'\xef\xbb\xbf{"userId":"alice"}',
    "an array": b'[{"userId":"alice"}]',
    "a text": b'"alice"',
    "a number": b"7",
    "a huge number": b"9" * 5000,
    "true": b"true",
    "null": b"null",
    "NaN": b"NaN",
    "NaN where nobody reads": b'{"userId":"alice","caseInfo":{"subject":"x"},"more":[NaN]}',
    "Infinity where nobody reads": b'{"userId":"alice","caseInfo":{"subject":"x"},"more":Infinity}',
    "less than Infinity": b'{"userId":"alice","caseInfo":{"subject":"x"},"more":{"a":-Infinity}}',
    "invalid UTF-8": b'{"userId":"al\xffice"}',
    "UTF-8 cut short": b'{"userId":"alice\xc3',
    "an overlong encoding": b'{"userId":"\xc0\xaf"}',
    "UTF-16": '{"userId":"alice"}'.encode("utf-16"),
    "a raw surrogate": b'{"userId":"\xed\xa0\x80"}',
    "a lone surrogate": b'{"userId":"\\ud800"}',
    "a lone surrogate as a key": b'{"\\udfff":1,"userId":"alice"}',
    "a raw NUL": b'{"userId":"al\x00ice"}',
    "a raw newline": b'{"userId":"al\nice"}',
    "an unknown escape": b'{"userId":"al\\xice"}',
    "deep arrays": b"[" * 20_000,
    "deep objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "a form": b"userId=alice",
    "gzip": b"\x1f\x8b\x08\x00garbage",
}


@pytest.mark.parametrize("path", ROUTES)
async def test_what_is_no_json_object_is_400(relay: Relay, sandbox: Sandbox, path: str) -> None:
    with untouched(sandbox):
        for what, content in MALFORMED.items():
            answer = await relay.client.post(path, content=content, headers=headers(relay, path))
            assert answer.status_code == 400, what
            assert_problem(answer, 400)


@pytest.mark.parametrize(
    "text",
    [
        '{"userId":"alice","caseInfo":{"subject":"\\ud83d"}}',
        '{"userId":"alice","caseInfo":{"subject":"x","desc":"\\udc00\\ud800"}}',
        '{"userId":"alice","caseInfo":{"subject":"x","fields":{"Product__c":"\\ud800"}}}',
        '{"userId":"alice","caseInfo":{"subject":"x","fields":{"Product__c":NaN}}}',
        '{"userId":"alice","caseInfo":{"subject":"x","fields":{"Product__c":Infinity}}}',
        '{"userId":"alice","caseInfo":{"subject":"x","fields":{"Product__c":-Infinity}}}',
        '{"userId":"alice","caseInfo":{"subject":"x","fields":{"Product__c":1e999}}}',
        '{"userId":"alice","caseInfo":{"subject":"x","fields":{"Product__c":-1e999}}}',
    ],
)
async def test_what_json_cannot_carry_on_is_400(start_relay: StartRelay, sandbox: Sandbox, text: str) -> None:
    relay = await start_relay(SALESFORCE_CASE_FIELDS="Product__c")
    with untouched(sandbox):
        answer = await relay.client.post(
            "/createticket", content=text.encode(), headers=headers(relay, "/createticket")
        )
        assert_problem(answer, 400)


async def test_fields_that_are_not_allowed_are_named_with_whatever_else_is_wrong(
    start_relay: StartRelay, sandbox: Sandbox
) -> None:
    relay = await start_relay(SALESFORCE_CASE_FIELDS="Product__c")
    fields = {"Foo__c": 1, "Product__c": "lamp", "Bar__c": [], "Baz__c": {}}
    with untouched(sandbox):
        answer = await relay.client.post(
            "/createticket",
            json={"caseInfo": {"email": "nobody", "fields": fields}},
            headers=headers(relay, "/createticket"),
        )
    assert_problem(answer, 400)
    wrong = [error["field"] for error in answer.json()["errors"]]
    assert sorted(wrong) == [
        *("caseInfo.email", "caseInfo.fields.Bar__c", "caseInfo.fields.Baz__c", "caseInfo.fields.Foo__c"),
        *("caseInfo.subject", "userId"),
    ]
    assert answer.json()["title"] == "Missing userId"


async def test_numbers_of_any_length_make_no_fault(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(SALESFORCE_CASE_FIELDS="Priority")
    for number in ("1" + "0" * 30, "-" + "9" * 300, "0." + "1" * 400, "1e300", "-0", "1" * 4400):
        body = f'{{"userId":"alice","caseInfo":{{"subject":"x","fields":{{"Priority":{number}}}}}}}'
        answer = await relay.client.post(
            "/createticket", content=body.encode(), headers=headers(relay, "/createticket")
        )
        assert answer.status_code in (200, 400, 422), (number[:10], answer.text)


async def test_the_last_of_two_equal_keys_counts(relay: Relay, sandbox: Sandbox) -> None:
    text = b'{"userId":"bob","userId":"alice","caseInfo":{"subject":"first","subject":"second"}}'
    answer = await relay.client.post("/createticket", content=text, headers=headers(relay, "/createticket"))
    assert answer.json()["chat"]["userId"] == "alice"
    assert [case["Subject"] for case in cases(sandbox)] == ["second"]


LIMIT = 2048


@pytest.fixture
async def narrow(start_relay: StartRelay) -> Relay:
    """Takes bodies of LIMIT bytes."""
    return await start_relay(RELAY_MAX_BODY=str(LIMIT))


async def _in_pieces(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 512):
        yield content[start : start + 512]


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_over_the_limit_is_413(narrow: Relay, sandbox: Sandbox, path: str, announced: bool) -> None:
    """Whether its length is announced or not."""
    body = json.dumps({**BODIES[path], "more": ""}).encode()
    with untouched(sandbox):
        for size in (LIMIT + 1, LIMIT * 100):
            content = body.replace(b'"more": ""', b'"more": "%s"' % (b"x" * (size - len(body))))
            assert len(content) == size
            answer = await narrow.client.post(
                path, content=content if announced else _in_pieces(content), headers=headers(narrow, path)
            )
            assert_problem(answer, 413, None, str(LIMIT))


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_of_exactly_the_limit_is_read(narrow: Relay, announced: bool) -> None:
    body = json.dumps({"userId": "alice", "more": ""}).encode()
    content = body.replace(b'"more": ""', b'"more": "%s"' % (b"x" * (LIMIT - len(body))))
    answer = await narrow.client.post(
        "/usersig", content=content if announced else _in_pieces(content), headers=headers(narrow, "/usersig")
    )
    assert answer.status_code == 200


async def test_a_length_beyond_the_limit_is_refused_before_the_body_is_sent(narrow: Relay, sandbox: Sandbox) -> None:
    """And the body need never come."""
    with untouched(sandbox):
        head = await _raw(narrow, b"Content-Length: 999999999999\r\n", b"")
    assert head.startswith(b"HTTP/1.1 413 ")


async def _raw(relay: Relay, more: bytes, body: bytes) -> bytes:
    reader, writer = await _send(relay, more, body)
    try:
        return await asyncio.wait_for(reader.readline(), 10)
    finally:
        writer.close()


async def _send(relay: Relay, more: bytes, body: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(relay.url).port)
    head = "POST /createticket HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Authorization: Bearer {relay.api_key}\r\n".encode() + more + b"\r\n" + body)
    await writer.drain()
    return reader, writer


@pytest.mark.parametrize("path", ROUTES)
async def test_unknown_keys_outside_of_case_info_are_passed_over(relay: Relay, path: str) -> None:
    body = {"later": 1, "__proto__": {}, "": None, "a" * 1000: [[]], **BODIES[path]}
    answer = await relay.client.post(path, json=body, headers=headers(relay, path))
    assert answer.status_code in (200, 404), answer.text


async def test_text_of_any_script_reaches_the_case(relay: Relay, sandbox: Sandbox) -> None:
    answer = await relay.open_ticket(subject="灯が消えた 💡 \u202e', -- <b>", desc="line\nline\ttab \u0301", name="Zoë")
    assert answer.status_code == 200
    [case] = cases(sandbox)
    assert case["Subject"] == "灯が消えた 💡 \u202e', -- <b>"
    assert case["Description"] == "line\nline\ttab \u0301"
    assert case["SuppliedName"] == "Zoë"


async def test_a_nul_in_a_text_makes_no_fault(relay: Relay, sandbox: Sandbox) -> None:
    answer = await relay.open_ticket(subject="be\0fore", desc="\0", name="\0")
    assert answer.status_code in (200, 400, 422), answer.text
    assert len(groups(sandbox)) == len(cases(sandbox)) == (answer.status_code == 200)


async def test_ids_of_15_and_18_characters_are_the_same(relay: Relay, sandbox: Sandbox) -> None:
    group = (await relay.open_ticket()).json()["GroupId"]
    agent = agents(sandbox)[0]

    for group_id, user_id in ((group[:15], agent[:15]), (group, agent), (group[:15], agent)):
        answer = await relay.org("/joingroup", groupId=group_id, userId=user_id)
        assert answer.json() == {
            "ActionStatus": "OK",
            "ErrorCode": 0,
            "ErrorInfo": "",
            "GroupId": group,
            "userId": agent,
        }
    assert sorted(groups(sandbox)[0]["members"]) == sorted(["alice", agent])
    assert (await relay.org("/leavegroup", groupId=group[:15], userId=agent[:15])).json()["GroupId"] == group
    assert groups(sandbox)[0]["members"] == ["alice"]
    assert (await relay.org("/deletegroup", groupId=group[:15])).json()["GroupId"] == group
    assert groups(sandbox) == []


def _not_a(good: str, other: str) -> list[object]:
    """What is no id of this kind. other: a good id of another kind."""
    swapped = good[:3] + good[3:].swapcase()
    check = "A" if good[17] != "A" else "B"
    return [
        *(other, other[:15], good.lower(), swapped, good[:17] + check, good[:14], good[:16], good[:17], good + "A"),
        *(good + "\n", " " + good, good[:15] + " ", good.replace("A", "Α"), good[:14] + "é", good[:14] + "-", "500"),
        *("@TGS#1", "../../x", "", None, 500, 5.5, True, [good], {"id": good}),
    ]


@pytest.mark.parametrize("path", ORG_ROUTES)
async def test_what_is_no_id_is_400_by_name(relay: Relay, sandbox: Sandbox, path: str) -> None:
    fields = {"groupId": _not_a(CASE, AGENT), "userId": _not_a(AGENT, CASE)}
    with untouched(sandbox):
        for field in BODIES[path]:
            for value in fields[field]:
                answer = await relay.org(path, **{**BODIES[path], field: value})
                missing = value in ("", None)
                assert_problem(answer, 400, f"{'Missing' if missing else 'Invalid'} {field}", field)


@pytest.mark.parametrize("path", ORG_ROUTES)
async def test_what_is_missing_is_said_userid_first(relay: Relay, sandbox: Sandbox, path: str) -> None:
    body = BODIES[path]
    first = "Missing userId" if "userId" in body else "Missing groupId"
    without: Json = {name: value for name, value in body.items() if name != "groupId"}
    bodies: list[tuple[Json, str]] = [
        ({}, first),
        (dict.fromkeys(body, ""), first),
        (dict.fromkeys(body), first),
        ({**body, "groupId": None}, "Missing groupId"),
        ({**body, "groupId": ""}, "Missing groupId"),
        (without, "Missing groupId"),
    ]
    with untouched(sandbox):
        for wrong, title in bodies:
            assert_problem(await relay.org(path, **wrong), 400, title)


@pytest.mark.parametrize("path", [*ORG_ROUTES, "/usersig"])
async def test_only_our_org_is_served(relay: Relay, sandbox: Sandbox, path: str) -> None:
    ours = sandbox.salesforce.org.org_id
    body = {**BODIES[path], **({"userId": AGENT} if path == "/usersig" else {})}
    other = to18("00D5g00000Other")

    for org_id in (other, other[:15], to18(ours[:14] + ("a" if ours[14] != "a" else "b"))):
        answer = await relay.org(path, **body, orgId=org_id)
        assert_problem(answer, 403, None, "orgId")
        assert "userSig" not in answer.text
    with untouched(sandbox):
        for wrong in (AGENT, ours.swapcase(), ours[:17], "", 7, "org"):
            assert_problem(await relay.org(path, **body, orgId=wrong), 400, None, "orgId")
    for good in (ours, ours[:15], None):
        assert (await relay.org(path, **body, orgId=good)).status_code in (200, 404)
    assert cases(sandbox) == groups(sandbox) == []


async def test_another_org_changes_nothing_in_a_real_group(relay: Relay, sandbox: Sandbox) -> None:
    """A sandbox copied from production knows the same Case."""
    group = (await relay.open_ticket()).json()["GroupId"]
    before, other = groups(sandbox), to18("00D5g00000Other")

    for path in ORG_ROUTES:
        answer = await relay.org(path, groupId=group, userId=agents(sandbox)[0], orgId=other)
        assert_problem(answer, 403)

    assert groups(sandbox) == before


async def test_a_body_that_is_cut_off_makes_nothing(
    relay: Relay, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """And it is the caller's fault, not the relay's."""
    caplog.clear()
    with untouched(sandbox):
        _, writer = await _send(relay, b"Content-Length: 500\r\n", b'{"userId":"alice","caseInfo":{"subject":"x"}}')
        writer.close()
        await writer.wait_closed()

        async def noticed() -> bool:
            return any(record.name == "relay.requests" for record in caplog.records)

        caplog.set_level("INFO")
        await relay.client.get("/healthz")
        await eventually(noticed)
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []
