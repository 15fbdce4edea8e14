"""One key, one ticket: whatever is repeated, cut off or lost, there is one Case and one group for it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from relay.retry import Patience
from sandbox.faults import Fault
from sandbox.up import Sandbox
from tests.scenarios.conftest import Naps, Relay, StartRelay, cases, commands, eventually, groups, posted
from tests.scenarios.talking import called_back, heard, history, opened, say
from tests.scenarios.test_rooms import group_goes, state, sync
from tests.scenarios.test_transcript import transcripts
from tests.store.outside import content

pytestmark = pytest.mark.anyio

DAY = 86_400


async def send(relay: Relay, body: str, key: str) -> httpx.Response:
    """POST /createticket with these very characters as the body."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": key, "Authorization": f"Bearer {relay.api_key}"}
    return await relay.client.post("/createticket", content=body, headers=headers)


def same(first: httpx.Response, second: httpx.Response) -> bool:
    """Whether both are the same answer but for the login, which is signed anew."""
    bodies = [{**answer.json(), "chat": None} for answer in (first, second)]
    return (first.status_code, bodies[0]) == (second.status_code, bodies[1])


async def test_the_same_key_and_body_get_the_same_answer(relay: Relay, sandbox: Sandbox) -> None:
    first = await relay.open_ticket(key="k", desc="The lamp is dark")
    relay.clock.advance(2)

    second = await relay.open_ticket(key="k", desc="The lamp is dark")

    assert first.status_code == 200
    assert same(first, second)
    assert len(cases(sandbox)) == len(groups(sandbox)) == 1
    assert posted(sandbox, "sobjects/Case") == len(commands(sandbox, "create_group")) == 1


async def test_each_answer_has_a_login_that_tencent_accepts_and_nobody_keeps(relay: Relay, sandbox: Sandbox) -> None:
    for _ in range(2):
        chat = (await relay.open_ticket(key="k")).json()["chat"]

        await sandbox.tencent.do({"login": {"userId": chat["userId"], "userSig": chat["userSig"]}})
        assert chat["sdkAppId"] == sandbox.tencent.sdk_app_id
        assert isinstance(chat["expiresAt"], int)
        assert chat["userSig"] not in content(relay.settings.relay_database_url)


async def test_the_same_body_in_other_words_is_the_same_body(relay: Relay, sandbox: Sandbox) -> None:
    first = await send(relay, '{"userId":"alice","caseInfo":{"subject":"Größe","name":"Al","desc":"x"}}', "k")

    second = await send(
        relay,
        ' { "caseInfo" : {"desc": "x", "name": "Al",\n "subject": "Gr\\u00f6\\u00dfe", "phone": null},'
        ' "userId": "alice", "unknown": 1 } ',
        "k",
    )

    assert first.status_code == 200
    assert same(first, second)
    assert len(cases(sandbox)) == 1


async def test_another_body_with_the_same_key_is_a_conflict(relay: Relay, sandbox: Sandbox) -> None:
    await relay.open_ticket(key="k", desc="one")

    answer = await relay.open_ticket(key="k", desc="two")

    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "idempotency_conflict"
    assert answer.json()["retryable"] is False
    assert [case["Description"] for case in cases(sandbox)] == ["one"]


async def test_a_key_belongs_to_its_user(relay: Relay, sandbox: Sandbox) -> None:
    alice, bob = await asyncio.gather(relay.open_ticket("alice", key="k"), relay.open_ticket("bob", key="k"))

    assert (alice.status_code, bob.status_code) == (200, 200)
    assert alice.json()["ticketId"] != bob.json()["ticketId"]
    assert sorted(group["members"] for group in groups(sandbox)) == [["alice"], ["bob"]]


async def test_a_users_name_and_key_cannot_be_cut_differently(relay: Relay, sandbox: Sandbox) -> None:
    first = await relay.open_ticket("alice", key="1k")
    second = await relay.open_ticket("alice1", key="k")

    assert first.json()["ticketId"] != second.json()["ticketId"]
    assert len(cases(sandbox)) == 2


async def test_without_a_key_each_request_is_a_ticket(relay: Relay, sandbox: Sandbox) -> None:
    answers = [await relay.open_ticket() for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200] * 3
    assert len({answer.json()["ticketId"] for answer in answers}) == 3
    assert len(cases(sandbox)) == len(groups(sandbox)) == 3


async def test_fifty_at_once_are_one_request_to_each_vendor(relay: Relay, sandbox: Sandbox) -> None:
    answers = await asyncio.gather(*(relay.open_ticket(key="k") for _ in range(50)))

    assert {answer.status_code for answer in answers} == {200}
    assert posted(sandbox, "sobjects/Case") == 1
    assert commands(sandbox, "create_group", "account_import") == ["account_import", "create_group"]
    assert len(cases(sandbox)) == len(groups(sandbox)) == 1


async def test_fifty_at_once_while_both_vendors_lose_answers_are_one_ticket(
    start_relay: StartRelay, sandbox: Sandbox
) -> None:
    relay = await start_relay(patience=Patience(sleep=Naps()))
    sandbox.salesforce_control.faults.add([Fault("POST sobjects/Case", times=2, after=True, drop=True)])
    sandbox.tencent_control.faults.add([Fault("create_group", times=2, after=True, drop=True)])

    answers = await asyncio.gather(*(relay.open_ticket(key="k") for _ in range(50)))

    assert {answer.status_code for answer in answers} == {200}
    assert len(cases(sandbox)) == len(groups(sandbox)) == 1


async def test_a_client_that_hung_up_gets_its_answer_by_asking_again(relay: Relay, sandbox: Sandbox) -> None:
    sandbox.salesforce_control.faults.add([Fault("POST sobjects/Case", delayMs=300)])
    body = json.dumps({"userId": "alice", "caseInfo": {"subject": "It broke"}}).encode()
    request = (
        f"POST /createticket HTTP/1.1\r\nHost: relay\r\nAuthorization: Bearer {relay.api_key}\r\nIdempotency-Key: k\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    _, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(relay.url).port)
    writer.write(request + body)
    await writer.drain()
    await eventually(lambda: is_met(sandbox))
    writer.transport.abort()

    answer = await relay.open_ticket(key="k")

    assert answer.status_code == 200
    assert [group["GroupId"] for group in groups(sandbox)] == [answer.json()["caseId"]]
    assert len(cases(sandbox)) == posted(sandbox, "sobjects/Case") == 1


async def is_met(sandbox: Sandbox) -> bool:
    """Whether all faults on order have been met."""
    return not sandbox.salesforce_control.faults.pending()


async def test_a_restarted_relay_knows_the_key(start_relay: StartRelay, sandbox: Sandbox) -> None:
    first = await (await start_relay()).open_ticket(key="k")

    restarted = await start_relay()
    again, other = await restarted.open_ticket(key="k"), await restarted.open_ticket(key="k", desc="other")

    assert first.status_code == 200
    assert same(first, again)
    assert other.status_code == 409
    assert posted(sandbox, "sobjects/Case") == len(commands(sandbox, "create_group")) == 1


async def test_a_lost_ledger_makes_no_second_case(start_relay: StartRelay, sandbox: Sandbox, tmp_path: Path) -> None:
    first = await (await start_relay()).open_ticket(key="k")

    ledgerless = await start_relay(RELAY_DATABASE_URL=f"sqlite:///{tmp_path / 'another.db'}")
    again = await ledgerless.open_ticket(key="k")

    assert first.status_code == 200
    assert same(first, again)
    assert len(cases(sandbox)) == len(groups(sandbox)) == 1


async def test_the_key_of_a_failed_ticket_gives_the_same_problem(relay: Relay, sandbox: Sandbox) -> None:
    await sandbox.salesforce.do({"validationRule": {"message": "No lamps"}})
    first = await relay.open_ticket(key="k")
    await sandbox.salesforce.do({"validationRule": None})

    again = await relay.open_ticket(key="k")
    other = await relay.open_ticket(key="k", desc="other")

    assert first.status_code == again.status_code == 422
    problems = [{**answer.json(), "requestId": None} for answer in (first, again)]
    assert problems[0] == problems[1]
    assert first.json()["retryable"] is False
    assert other.status_code == 409
    assert cases(sandbox) == groups(sandbox) == []
    assert posted(sandbox, "sobjects/Case") == 1


async def test_what_passes_in_the_end_leaves_no_problem_behind(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(RELAY_CREATE_WAIT="0")
    sandbox.salesforce_control.faults.add([Fault("POST sobjects/Case", times=2, status=503)])
    pending = await relay.open_ticket(key="k")

    await relay.settled(pending.json()["ticketId"])

    assert pending.status_code == 202
    assert (await relay.open_ticket(key="k", credential=relay.api_key)).status_code == 200


async def test_the_content_is_forgotten_but_the_key_is_not(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(RELAY_CASE_INFO_DAYS="2", RELAY_CLOSE_GRACE="0")
    first = await relay.open_ticket(key="k", desc="a secret illness")
    await sync(relay, state(first.json()["caseId"], 1, isClosed=True))
    await group_goes(relay, sandbox, first.json()["caseId"])
    assert "a secret illness" in content(relay.settings.relay_database_url)
    relay.clock.advance(2 * DAY + 7200)
    await relay.worker.look()

    again = await relay.open_ticket(key="k", desc="a secret illness", credential=relay.api_key)
    other = await relay.open_ticket(key="k", desc="other", credential=relay.api_key)

    assert same(first, again)
    assert other.status_code == 409
    assert "a secret illness" not in content(relay.settings.relay_database_url)
    assert (len(cases(sandbox)), len(groups(sandbox))) == (1, 0)


async def test_the_content_is_kept_as_long_as_the_settings_say(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(RELAY_CASE_INFO_DAYS="2")
    case_id = (await relay.open_ticket(key="k", desc="a secret illness")).json()["caseId"]
    relay.clock.advance(20 * DAY)
    await relay.worker.look()
    await sync(relay, state(case_id, 1, isDeleted=True))
    await group_goes(relay, sandbox, case_id)
    relay.clock.advance(2 * DAY - 3600)

    await relay.worker.look()

    assert "a secret illness" in content(relay.settings.relay_database_url)


async def test_a_customer_has_his_name_for_as_long_as_his_case_is_open(
    start_relay: StartRelay, sandbox: Sandbox
) -> None:
    relay = await start_relay(RELAY_CASE_INFO_DAYS="2", RELAY_CLOSE_GRACE="0")
    case_id = await opened(relay, name="Alice Liddell")
    relay.clock.advance(20 * DAY)
    await relay.worker.look()
    with called_back(sandbox, relay):
        await say(sandbox, case_id, "alice", "Still dark")
        await heard(sandbox)
    assert [one["name"] for one in (await history(relay, case_id))["messages"]] == ["Alice Liddell"]

    await sync(relay, state(case_id, 1, isClosed=True))
    await group_goes(relay, sandbox, case_id)
    [transcript] = transcripts(sandbox, case_id)
    assert "Alice Liddell: Still dark" in transcript["text"]


async def test_what_a_failed_ticket_said_is_forgotten_as_many_days_later(
    start_relay: StartRelay, sandbox: Sandbox
) -> None:
    relay = await start_relay(RELAY_CASE_INFO_DAYS="2")
    sandbox.tencent_control.faults.add([Fault("create_group", times=1, errorCode=10004)])
    assert (await relay.open_ticket(key="k", desc="a secret illness")).status_code == 422
    relay.clock.advance(2 * DAY - 3600)
    await relay.worker.look()
    assert "a secret illness" in content(relay.settings.relay_database_url)
    relay.clock.advance(7200)
    await relay.worker.look()

    assert "a secret illness" not in content(relay.settings.relay_database_url)
