"""What the Apex asks for are routes of the relay, with the fields that they take."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

from starlette.requests import Request

from relay.routes.openapi import OpenApiRoutes
from tests.salesforce_package.tools import PACKAGE_DIRECTORIES, ROOT

PATH = re.compile(r"'(/[a-z]+)'")


def asked() -> set[str]:
    sources = [path for directory in PACKAGE_DIRECTORIES for path in (ROOT / directory / "classes").glob("*.cls")]
    return {path for source in sources for path in PATH.findall(source.read_text())}


def contract() -> dict[str, Any]:
    answer = asyncio.run(OpenApiRoutes().openapi(Request({"type": "http"})))
    document: dict[str, Any] = json.loads(bytes(answer.body))
    return document


def test_every_path_is_a_route_that_takes_the_orgs_secret() -> None:
    paths = contract()["paths"]
    assert asked() == {"/synccases", "/joingroup", "/leavegroup", "/deletegroup", "/usersig", "/history"}
    for path in asked():
        assert {"org": []} in paths[path]["post"]["security"], path


def test_a_job_does_not_wait_longer_than_salesforce_lets_it() -> None:
    """120 s for all callouts of a transaction; an HttpRequest does not tell its timeout to a test in Apex."""
    relay, job = ((ROOT / "apex/main/classes" / name).read_text() for name in ("ChatRelay.cls", "TIMCallouts.cls"))
    [milliseconds] = re.findall(r"TIMEOUT = (\d+);", relay)
    [calls] = re.findall(r"CALLS_A_JOB = (\d+);", job)
    assert "request.setTimeout(TIMEOUT);" in relay
    assert int(milliseconds) * int(calls) < 120_000


def test_the_states_have_the_fields_of_the_contract() -> None:
    state = contract()["components"]["schemas"]["StateOfCase"]
    source = (
        (ROOT / "apex/main/classes/ChatCaseStates.cls")
        .read_text()
        .partition("class State ")[2]
        .partition("private State")[0]
    )
    assert set(re.findall(r"public [\w<>]+ (\w+);", source)) == set(state["properties"])
