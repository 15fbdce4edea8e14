"""What ended without being done can be seen, tried again and dropped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from relay.cli.dead_letters import dead_letters
from sandbox.faults import Fault
from sandbox.up import Sandbox
from tests.scenarios.conftest import Json, Relay, agents, cases, eventually, groups

pytestmark = pytest.mark.anyio


async def letters(relay: Relay, capsys: pytest.CaptureFixture[str]) -> list[Json]:
    capsys.readouterr()
    assert await dead_letters(relay.settings.relay_database_url, "list", [], as_json=True) == 0
    found: list[Json] = json.loads(capsys.readouterr().out)
    return found


async def test_a_ticket_whose_chat_was_refused_is_a_dead_letter_and_replaying_it_makes_its_key_answer(
    relay: Relay, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.tencent_control.faults.add([Fault("create_group", times=1, errorCode=10058)])
    refused = await relay.open_ticket(key="k")
    assert refused.status_code == 502

    [letter] = await letters(relay, capsys)
    assert (letter["caseId"], letter["problem"]["vendorCode"]) == (cases(sandbox)[0]["Id"], 10058)
    assert await dead_letters(relay.settings.relay_database_url, "replay", [letter["name"]], as_json=False) == 0
    await relay.settled(letter["name"].removeprefix("ticket-"))

    assert (await relay.open_ticket(key="k")).status_code == 200
    assert len(cases(sandbox)) == len(groups(sandbox)) == 1
    assert await letters(relay, capsys) == []


async def test_staff_read_on_the_case_that_it_has_no_chat(relay: Relay, sandbox: Sandbox) -> None:
    sandbox.tencent_control.faults.add([Fault("create_group", times=1, errorCode=10058)])
    await relay.open_ticket(key="k")

    async def comments() -> list[Json]:
        await relay.worker.look()
        held: Any = sandbox.salesforce.state()["comments"]
        return list(held)

    [comment] = await eventually(comments)
    assert comment["ParentId"] == cases(sandbox)[0]["Id"]
    assert "10058" in comment["CommentBody"]


async def test_a_dropped_ticket_is_gone_from_the_list_and_keeps_its_answer(
    relay: Relay, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.tencent_control.faults.add([Fault("create_group", times=1, errorCode=10058)])
    refused = await relay.open_ticket(key="k")
    [letter] = await letters(relay, capsys)

    assert await dead_letters(relay.settings.relay_database_url, "drop", [letter["name"]], as_json=False) == 0

    assert await letters(relay, capsys) == []
    again = await relay.open_ticket(key="k")
    assert (again.status_code, again.json()["detail"]) == (502, refused.json()["detail"])


async def test_a_command_that_nobody_waited_for_is_a_dead_letter(
    relay: Relay, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    case_id, agent = (await relay.open_ticket()).json()["caseId"], agents(sandbox)[0]
    sandbox.tencent_control.faults.add([Fault("add_group_member", times=1, errorCode=10037)])
    entry = {"caseId": case_id, "agents": [{"id": agent}], "isClosed": False, "isDeleted": False}
    await relay.org("/synccases", cases=[{**entry, "modstamp": "2026-11-20T06:43:41.000Z"}])

    async def listed() -> list[Json]:
        await relay.worker.look()
        return await letters(relay, capsys)

    [letter] = await eventually(listed)
    assert (letter["what"], letter["problem"]["vendorCode"]) == ("sync", 10037)
    await dead_letters(relay.settings.relay_database_url, "replay", [letter["name"]], as_json=False)

    async def inside() -> list[Json]:
        await relay.worker.look()
        return [group for group in groups(sandbox) if agent in group["members"]]

    assert await eventually(inside)
    assert await letters(relay, capsys) == []


async def test_a_ticket_that_is_forgotten_can_only_be_dropped(
    relay: Relay, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    url = relay.settings.relay_database_url
    sandbox.tencent_control.faults.add([Fault("create_group", times=1, errorCode=10058)])
    await relay.open_ticket(key="k")
    relay.clock.advance(8 * 86_400)
    await relay.worker.look()
    [letter] = await letters(relay, capsys)
    name = letter["name"]

    assert await dead_letters(url, "replay", [name], as_json=False) == 1
    assert "no longer kept (RELAY_CASE_INFO_DAYS)" in capsys.readouterr().err
    assert await dead_letters(url, "drop", [name, "ticket-none"], as_json=True) == 1
    assert json.loads(capsys.readouterr().out) == [
        {"name": name, "done": True, "outcome": "dropped"},
        {"name": "ticket-none", "done": False, "outcome": "not there"},
    ]
    assert await letters(relay, capsys) == []


async def test_what_is_not_there_is_said(relay: Relay, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for action in ("show", "replay", "drop"):
        assert await dead_letters(relay.settings.relay_database_url, action, ["command-99"], as_json=False) == 1
        assert capsys.readouterr() == ("", "command-99: not there\n")


async def test_a_ticket_that_may_have_a_case_is_a_dead_letter(
    relay: Relay, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    """In an org without the field that tells, nobody dares to try again."""
    await sandbox.salesforce.do({"field": {"ChatTicket__c": "missing"}})
    await relay.open_ticket("bob")  # by which the relay learns of it
    sandbox.salesforce_control.faults.add([Fault("POST sobjects/Case", after=True, drop=True)])

    unknown = await relay.open_ticket(key="k")

    [letter] = await letters(relay, capsys)
    assert unknown.status_code == 504
    assert (letter["userId"], letter["caseId"]) == ("alice", None)
