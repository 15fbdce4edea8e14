"""What the org's Apex sends is what the relay's own OpenAPI document asks for, and so are the answers' statuses."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from tests.end_to_end.conftest import opened
from tests.end_to_end.office import Office
from tests.salesforce_package.test_routes import asked as paths_in_the_apex
from tests.scenarios.conftest import Json, Relay

pytestmark = pytest.mark.anyio


async def everything(relay: Relay, office: Office, case_id: str) -> None:
    """Each request that the Apex knows, and each kind of state."""
    maria, wei, priya = office.agents
    loser = await opened(relay, office, "bob")
    await office.change_all([case_id, loser], OwnerId=maria)
    await office.room_has(case_id, "alice", maria)
    for action in ("ChatAddAgent", "ChatRemoveAgent"):
        await office.flow(maria, action, {"caseId": case_id, "userId": priya})
    await office.aura(wei, "ChatSession.session")
    await office.aura(wei, "ChatSession.history", caseId=case_id)
    await office.aura(wei, "ChatSession.history", caseId=case_id, before=1)
    await office.do(merge={"master": case_id, "losers": [loser]})
    await office.idle()
    await office.flow(maria, "ChatDismiss", {"caseId": case_id})
    await office.change(case_id, OwnerId=office.queue, Status="Closed")
    await office.remove(f"Case/{case_id}")
    await office.idle()


async def test_every_request_is_as_the_relays_document_has_it(relay: Relay, office: Office, case_id: str) -> None:
    await everything(relay, office, case_id)
    document: Json = (await relay.client.get("/openapi.json")).json()
    states: list[Any] = []

    for asked in office.line.asked:
        operation = document["paths"][asked.path]["post"]
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        assert _faults(document, schema, asked.body) == [], asked.path
        assert asked.body["orgId"] == office.sandbox.salesforce.org.org_id
        assert str(asked.status) in operation["responses"]
        assert asked.status in (200, 202)
        states += asked.body.get("cases", [])

    assert {asked.path for asked in office.line.asked} == paths_in_the_apex()
    for state in states:
        assert _faults(document, {"$ref": "#/components/schemas/StateOfCase"}, state) == []
        assert set(state) <= set(document["components"]["schemas"]["StateOfCase"]["properties"])
    assert {(state["isClosed"], state["isDeleted"], "mergedInto" in state) for state in states} >= {
        (False, False, False),
        (False, True, True),
        (True, True, False),
    }


def _faults(document: Json, schema: Json, value: object) -> list[str]:
    validator = jsonschema_rs.validator_for({**schema, "components": document["components"]})
    return [f"{'/'.join(map(str, error.instance_path))}: {error.message}" for error in validator.iter_errors(value)]
