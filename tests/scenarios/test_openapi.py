"""/openapi.json: a valid OpenAPI 3.1 document of the routes that there are, and of no other."""

from __future__ import annotations

import re
from typing import Any

import httpx
import jsonschema_rs
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31

from tests.scenarios.conftest import Json, Relay, StartRelay
from tests.scenarios.wire import PROBLEM_KEYS, ask, operations

pytestmark = pytest.mark.anyio

CONTRACT = [
    ("POST", "/createticket"),
    ("GET", "/tickets/{ticketId}"),
    ("POST", "/usersig"),
    ("POST", "/joingroup"),
    ("POST", "/leavegroup"),
    ("POST", "/deletegroup"),
    ("POST", "/synccases"),
    ("POST", "/history"),
    ("POST", "/webhooks/im"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
]
"""Every route that there is or is to be; the document itself is not among them."""


async def document(relay: Relay) -> Json:
    answer = await relay.client.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    found: Json = answer.json()
    return found


async def test_it_is_a_valid_openapi_3_1_document(relay: Relay) -> None:
    found = await document(relay)
    assert found["openapi"].startswith("3.1.")
    validator = jsonschema_rs.validator_for(OPENAPI_31)
    assert [(error.instance_path, error.message) for error in validator.iter_errors(found)] == []
    for schema in found["components"]["schemas"].values():
        jsonschema_rs.meta.validate(schema)


async def test_every_reference_leads_somewhere(relay: Relay) -> None:
    found = await document(relay)
    references = list(_references(found))
    assert references
    for reference in references:
        part: Any = found
        for step in reference.removeprefix("#/").split("/"):
            part = part[step]


def _references(part: Any) -> list[str]:
    if isinstance(part, dict):
        here = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return here + [reference for value in part.values() for reference in _references(value)]
    return [reference for value in part for reference in _references(value)] if isinstance(part, list) else []


async def test_it_names_the_routes_that_exist_and_no_other(relay: Relay) -> None:
    named = {(operation.method, operation.path) for operation in await operations(relay)}
    there = set()
    for method, path in CONTRACT:
        answer = await relay.client.request(method, path.replace("{ticketId}", "a" * 26))
        if answer.status_code != 404 or "/openapi.json" not in answer.json()["detail"]:
            there.add((method, path))
    assert named == there


async def test_every_operation_has_a_name_of_its_own_that_a_generated_client_can_bear(relay: Relay) -> None:
    paths = (await document(relay))["paths"]
    names = [operation.get("operationId", "") for methods in paths.values() for operation in methods.values()]
    assert all(re.fullmatch("[a-z]+([A-Z][a-z]+)+", name) for name in names), names
    assert len(set(names)) == len(names)


async def test_every_operation_says_who_may_call_it(relay: Relay) -> None:
    for operation in await operations(relay):
        answer = await ask(relay, operation)
        assert (answer.status_code == 401) == bool(operation.callers), operation
        assert operation.callers <= {"app", "org"} or operation.callers == {"tencent"}


async def test_every_problem_has_the_contracts_keys(relay: Relay) -> None:
    found = await document(relay)
    for path, methods in found["paths"].items():
        for operation in methods.values():
            for status, response in operation["responses"].items():
                if int(status) < 400:
                    assert list(response["content"]) == ["application/json"]
                    continue
                [(media_type, content)] = response["content"].items()
                assert media_type == "application/problem+json", (path, status)
                name = content["schema"]["$ref"].rpartition("/")[2]
                assert set(found["components"]["schemas"][name]["required"]) == PROBLEM_KEYS


async def test_it_says_the_same_whatever_is_configured(start_relay: StartRelay) -> None:
    one = await start_relay()
    other = await start_relay(SALESFORCE_CASE_FIELDS="Type", RELAY_MAX_BODY="2048")
    assert await document(other) == await document(one)


async def test_every_answer_has_the_headers_that_it_names(start_relay: StartRelay) -> None:
    relay = await start_relay(RELAY_CREATE_WAIT="0")
    paths = (await document(relay))["paths"]

    def named(path: str, method: str, answer: httpx.Response) -> set[str]:
        return {name.lower() for name in paths[path][method]["responses"][str(answer.status_code)]["headers"]}

    for operation in await operations(relay):
        answer = await ask(relay, operation)
        wanted = named(operation.path, operation.method.lower(), answer)
        assert wanted <= set(answer.headers), operation
        assert ("www-authenticate" in wanted) == (answer.status_code == 401)

    pending = await relay.open_ticket()
    assert (
        named("/createticket", "post", pending) == {"x-request-id", "location", "retry-after"} <= set(pending.headers)
    )
