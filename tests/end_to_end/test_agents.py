"""What an agent's utility bar and his Flows ask for goes through to the relay, for himself and for what he may see."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.end_to_end.conftest import StartRelay, opened
from tests.end_to_end.office import ADMIN, Office
from tests.scenarios.conftest import Json, Relay, eventually

pytestmark = pytest.mark.anyio


def value(answer: Json) -> Any:
    assert answer["state"] == "SUCCESS", answer
    return answer["returnValue"]


def failure(answer: Json) -> Json:
    """What the component is told, which is JSON."""
    assert answer["state"] == "ERROR", answer
    told: Json = json.loads(answer["error"][0]["message"])
    return told


async def sign_in(office: Office, login: Json, **other: str) -> Json:
    """What the chat app answers to a client that has this login."""
    wish = {"userId": login["userId"], "userSig": login["userSig"], **other}
    answer = await office.tencent.post("/__sandbox__/do", json={"login": wish})
    found: Json = answer.json()
    return found


async def test_an_agents_session_is_a_login_to_the_chat_as_himself(relay: Relay, office: Office) -> None:
    maria, wei, _ = office.agents

    login = value(await office.aura(wei, "ChatSession.session"))

    assert login["userId"] == wei
    assert await sign_in(office, login) == {"login": {}}
    assert "70013" in (await sign_in(office, login, userId=maria))["error"]


async def test_nobody_gets_a_session_in_another_users_name(relay: Relay, office: Office) -> None:
    maria, wei, _ = office.agents
    action = {"aura": {"userId": wei, "method": "ChatSession.session", "params": {"userId": maria}}}
    refused = await office.http.post("/__sandbox__/do", json=action)
    assert (refused.status_code, office.line.asked) == (400, [])


async def test_who_may_not_call_out_is_told_what_to_ask_the_admin_for(relay: Relay, office: Office) -> None:
    told = failure(await office.aura(office.admin, "ChatSession.session"))
    assert f"Assign {ADMIN} the permission set" in told["message"]
    assert "Chat Relay Agent" in told["message"]
    assert (told["retryable"], office.line.asked) == (False, [])


async def test_a_relay_that_is_away_is_told_as_such(relay: Relay, office: Office) -> None:
    await office.line.cut()
    told = failure(await office.aura(office.agents[0], "ChatSession.session"))
    assert told == {"message": "Connection refused", "retryable": True}


async def test_who_comes_later_reads_what_the_customer_said_first(start_relay: StartRelay, office: Office) -> None:
    maria = office.agents[0]
    case_id = await opened(await start_relay(RELAY_FIRST_MESSAGE="on"), office, desc="Since yesterday.")
    await office.sandbox.tencent.do({"say": {"groupId": case_id, "from": "alice", "text": "Hello?"}})
    await office.change(case_id, OwnerId=maria)

    async def read(**before: int) -> list[tuple[str, str]]:
        found = value(await office.aura(maria, "ChatSession.history", caseId=case_id, **before))
        return [(one["from"], one["elements"][0]["MsgContent"]["Text"]) for one in found["messages"]]

    async def both() -> bool:
        return len(await read()) == 2

    await eventually(both)
    assert await read() == [("alice", "It broke\n\nSince yesterday."), ("alice", "Hello?")]
    assert await read(before=2) == [("alice", "It broke\n\nSince yesterday.")]


async def test_nobody_reads_the_chat_of_a_case_that_he_cannot_see(office: Office, case_id: str) -> None:
    wei = office.agents[1]
    await office.do(visible={"userId": wei, "caseIds": []})

    told = failure(await office.aura(wei, "ChatSession.history", caseId=case_id))

    assert told == {"message": "There is no such Case, or you cannot see it.", "retryable": False}
    assert office.line.asked == []


async def test_an_agents_list_has_his_own_open_cases_with_a_chat(relay: Relay, office: Office, case_id: str) -> None:
    maria, wei, _ = office.agents
    mine, closed = [await opened(relay, office, "bob", subject=subject) for subject in ("Mine", "Closed")]
    await office.change_all([mine, closed], OwnerId=wei)
    await office.change(closed, Status="Closed")
    await office.change(case_id, OwnerId=maria)
    await office.insert(Subject="By phone", OwnerId=wei)

    listed = value(await office.aura(wei, "ChatSession.cases"))

    assert [(one["id"], one["subject"], one["ownerId"]) for one in listed] == [(mine, "Mine", wei)]


async def test_a_flow_lets_a_supervisor_in_and_out_and_ends_the_chat(office: Office, case_id: str) -> None:
    maria, _, priya = office.agents
    await office.change(case_id, OwnerId=maria)
    await office.room_has(case_id, "alice", maria)

    supervisor = {"caseId": case_id, "userId": priya}
    done = [{"success": True, "message": None}]

    assert await office.flow(maria, "ChatAddAgent", supervisor) == done
    await office.room_has(case_id, "alice", maria, priya)
    assert await office.flow(maria, "ChatRemoveAgent", supervisor) == done
    await office.room_has(case_id, "alice", maria)
    assert await office.flow(maria, "ChatDismiss", {"caseId": case_id}) == done
    await office.room_is_gone(case_id)


async def test_a_flow_of_many_gets_at_the_cases_only_that_its_user_sees(
    relay: Relay, office: Office, case_id: str
) -> None:
    _, wei, priya = office.agents
    hidden = await opened(relay, office, "bob")
    await office.do(visible={"userId": wei, "caseIds": [case_id]})

    wishes = [{"caseId": each, "userId": priya} for each in (hidden, case_id)]
    refused, done = await office.flow(wei, "ChatAddAgent", *wishes)

    assert (refused["success"], refused["message"]) == (False, "There is no such Case, or you cannot see it")
    assert done["success"]
    await office.room_has(case_id, "alice", priya)
    assert office.room(hidden) == {"bob"}


async def test_a_flow_is_told_why_the_relay_refuses(office: Office, relay: Relay) -> None:
    without_chat = await office.insert(Subject="By phone")
    [result] = await office.flow(office.agents[0], "ChatAddAgent", {"caseId": without_chat, "userId": office.agents[1]})
    assert not result["success"]
    assert result["message"].startswith("HTTP 404: ")
