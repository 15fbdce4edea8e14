"""An end user opens a ticket: one Case, one group, once."""

from __future__ import annotations

import asyncio

import pytest

from sandbox.faults import Fault
from sandbox.up import Sandbox
from tests.scenarios.conftest import Relay, StartRelay, cases, groups

pytestmark = pytest.mark.anyio


async def test_a_ticket_becomes_a_case_and_a_group_with_its_id(relay: Relay, sandbox: Sandbox) -> None:
    answer = await relay.open_ticket(name="Alice Liddell", email="alice@example.com", desc="The lamp is dark")

    assert answer.status_code == 200
    [case], [group] = cases(sandbox), groups(sandbox)
    assert answer.json()["caseId"] == answer.json()["GroupId"] == case["Id"] == group["GroupId"]
    assert case["Subject"] == group["Name"] == "It broke"
    assert case["SuppliedName"] == "Alice Liddell"
    assert group["members"] == ["alice"]


async def test_fifty_identical_requests_at_once_make_one_case(relay: Relay, sandbox: Sandbox) -> None:
    answers = await asyncio.gather(*(relay.open_ticket(key="k") for _ in range(50)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["caseId"] for answer in answers}) == 1
    assert len(cases(sandbox)) == len(groups(sandbox)) == 1


async def test_a_ticket_is_finished_after_salesforce_was_away(start_relay: StartRelay, sandbox: Sandbox) -> None:
    relay = await start_relay(RELAY_CREATE_WAIT="0.05")
    sandbox.salesforce_control.faults.add([Fault("POST sobjects/Case", times=3, status=503)])

    pending = await relay.open_ticket()

    assert pending.status_code == 202
    assert pending.headers["location"] == f"/tickets/{pending.json()['ticketId']}"
    answer = await relay.settled(pending.json()["ticketId"])
    assert answer.status_code == 200
    assert len(cases(sandbox)) == len(groups(sandbox)) == 1
